"""The quality figures: against a recomputation from the files, and against planted defects."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import miniatures as mini
import pyarrow as pa
import pytest
from conftest import digests
from report_defects import (
    answer_otherwise,
    answer_twice,
    call_it_otherwise,
    deny_what_is_there,
    deny_what_nobody_annotated,
    draw_outside,
    draw_thin,
    say_it_badly,
)
from report_figures import (
    Row,
    all_counts,
    counts_of,
    dialogues,
    entries,
    iou,
    is_no,
    of_one_picture,
    pictures,
    quality,
    rounded,
    section_columns,
)
from rich.console import Console

from pipelines.cli.build_tables import quality_table
from sarchat_build.config.resources import resource_folder
from sarchat_build.phrasing.proofreading import grammar_faults
from sarchat_build.publishing.recompute import read_quality
from sarchat_build.report.reading import shard_statistics
from sarchat_build.report.statistics.boxes import FORMATS
from sarchat_build.report.statistics.tallies import Tallies
from sarchat_build.report.statistics.texts import proofread
from sarchat_build.types import CATEGORIES, TASKS


@pytest.fixture(scope="module")
def counted(built: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All dialogues with the texts that count, in a table `d`."""
    with duckdb.connect() as db:
        db.execute(
            r"""
            create table d as
            select split, task, subtask, source, image_id, template_ids,
                   regexp_replace(messages[1].content, '^<image>\n(\[[a-z]+\] )?', '') as question,
                   messages[2].content as answer
            from read_parquet(?, union_by_name = true)
            """,
            [f"{built}/dialogues/*/*.parquet"],
        )
        yield db


def test_rows_words_and_lengths_are_those_of_the_files(
    built: Path, counted: duckdb.DuckDBPyConnection
) -> None:
    lengths = ", ".join(
        f"quantile_disc(length({side}), {q}), quantile_disc(len(string_split({side}, ' ')), {q})"
        for side in ("question", "answer")
        for q in (0.5, 0.99, 1.0)
    )
    rows = counted.execute(
        f"""
        select split, task, subtask, source, count(*),
               sum(len(string_split(question, ' ')) + len(string_split(answer, ' '))), {lengths}
        from d group by cube (split, task, subtask, source)
        """
    ).fetchall()
    recomputed = {tuple(row[:4]): row[4:] for row in rows}
    found = entries(built)
    leaves = {key for key in recomputed if None not in key}
    assert leaves == {key for key in found if None not in key}
    assert len(leaves) > 15
    for key, entry in found.items():
        count, words, *quantiles = recomputed[key]
        assert (entry["rows"], entry["words"]) == (count, words), key
        told = [
            entry["lengths"][f"{side}_{unit}"][q]
            for side in ("question", "answer")
            for q in ("p50", "p99", "max")
            for unit in ("chars", "words")
        ]
        assert told == quantiles, key


def test_presence_and_counting_answers_are_those_of_the_files(built: Path) -> None:
    answers: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    by_category: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in dialogues(built):
        truth, key = row["ground_truth"], (row["split"], row["task"], row["subtask"])
        if row["subtask"] == "presence":
            answers[key][truth["answer"]] += 1
        elif row["task"] == "instance_counting":
            answers[key][str(truth["count"])] += 1
            by_category[row["split"], truth["category"]][str(truth["count"])] += 1
    found = entries(built)
    assert len(answers) >= 4
    for (split, task, subtask), counts in answers.items():
        entry, total = found[split, task, subtask, None], sum(counts.values())
        bits = -sum(n / total * math.log2(n / total) for n in counts.values())
        assert entry["answers"]["entropy_bits"] == pytest.approx(bits, abs=1e-4)
        assert entry["answers"]["distinct"] == len(counts)
        majority = 100 * max(counts.values()) / total
        assert entry["answers"]["majority_percent"] == pytest.approx(majority, abs=1e-4)
        negative = counts["no"] + counts["0"]
        assert entry["negatives"] == negative
        if subtask == "presence":
            balance = 100 * counts["yes"] / total
            assert entry["balance_percent"] == pytest.approx(balance, abs=1e-4)
    # Someone who only remembers the usual count of each category.
    right = total = 0
    for (split, category), counts in by_category.items():
        if split == "test":
            learned = by_category["train", category] or answers["train", "instance_counting", "all"]
            guess = min(learned, key=lambda count: (-learned[count], count))
            right, total = right + counts[guess], total + sum(counts.values())
    blind = found["test", "instance_counting", "all", None]["blind_percent"]
    assert blind == pytest.approx(100 * right / total, abs=1e-4)


def test_what_the_prompt_gives_away_is_counted_from_the_boxes_in_it(built: Path) -> None:
    found = entries(built)
    task = "cross_modal_identification"
    assert found[None, task, "single", None]["facts_in_prompt_percent"] == 75
    assert found[None, task, "multi", None]["facts_in_prompt_percent"] == 60
    assert found[None, task, "category", None]["facts_in_prompt_percent"] == 0
    asked = [row for row in dialogues(built) if row["task"] == task and row["subtask"] == "single"]
    row = asked[0]
    row["messages"][0]["content"] = re.sub(r"\{.*\}", "the middle", row["messages"][0]["content"])
    assert counts_of([row], built)["facts_in_prompt"] == 0


def test_crowding_is_that_of_the_files(built: Path) -> None:
    per_picture: dict[str, Counter[str]] = defaultdict(Counter)
    for row in dialogues(built):
        per_picture[row["split"]][row["image_id"]] += 1
    for split, counts in per_picture.items():
        entry = entries(built, "crowding", ("split", "task", "source"))[split, None, None]
        ordered = sorted(counts.values(), reverse=True)
        top = sum(ordered[: math.ceil(len(ordered) / 100)])
        assert entry["max"] == ordered[0]
        assert entry["pictures"] == len(ordered)
        assert entry["top_1_percent_share"] == pytest.approx(100 * top / sum(ordered), abs=1e-4)
        share = 100 * ordered[0] / sum(ordered)
        assert entry["max_share_percent"] == pytest.approx(share, abs=1e-4)


def test_phrasing_use_is_that_of_the_files(built: Path, counted: duckdb.DuckDBPyConnection) -> None:
    rows = counted.execute("select unnest(template_ids), count(*) from d group by 1").fetchall()
    uses = dict(rows)
    there = {
        path.relative_to(resource_folder("templates")).with_suffix("").as_posix()
        for path in resource_folder("templates").rglob("*.jinja")
    }
    told: set[str] = set()
    for entry in quality(built)["phrasings"]:
        place = "/".join(filter(None, (entry["task"], entry["subtask"], entry["side"])))
        ids = {name for name in there if name.rpartition("/")[0] == place}
        told |= ids
        assert entry["phrasings"] == len(ids) > 0
        assert set(entry["dead"]) == ids - set(uses)
        assert entry["held_out_in_training"] == 0
    assert told >= set(uses)


def test_what_box_formats_keep_is_what_remains_of_each_box(built: Path) -> None:
    images = pictures(built)
    (whole,) = [e for e in quality(built)["pictures"] if not e["split"] and not e["source"]]
    assert set(whole["box_text_iou"]) == set(FORMATS)
    for name, entry in whole["box_text_iou"].items():
        kept = []
        for image in images:
            sides = (image["width"], image["height"]) * 2
            for box in image["objects"]["bbox"]:
                kept.append(iou(tuple(box), rounded(name, tuple(box), sides)))
        assert entry["boxes"] == len(kept) > 100
        assert entry["mean_iou"] == pytest.approx(sum(kept) / len(kept), abs=1.1e-3)
        assert entry["min_iou"] == pytest.approx(min(kept), abs=1.1e-3)
        below = 100 * sum(1 for value in kept if value < 0.5) / len(kept)
        assert entry["below_half_percent"] == pytest.approx(below, abs=0.5)


def test_every_text_is_proofread_as_if_read_alone(built: Path) -> None:
    rows = dialogues(built)
    texts = [
        message["content"].removeprefix("<image>\n") for r in rows for message in r["messages"]
    ]
    assert len(texts) > 2000
    texts += [re.sub(r"\b(ship|tank|bridge)s\b", r"\1", text) for text in texts]
    found = proofread(pa.array(texts))
    for text, number in zip(texts, found.of_text, strict=True):
        assert found.different[number].faults == len(list(grammar_faults(text))), text
    assert any(reading.faults for reading in found.different)


# Planted defects: one row or picture is changed, and exactly the figure that is meant moves.
@pytest.mark.parametrize(
    ("plant", "figure"),
    [
        (deny_what_is_there, "wrong_negatives"),
        (deny_what_nobody_annotated, "wrong_negatives"),
        (answer_twice, "duplicates"),
        (answer_otherwise, "conflicts"),
        (call_it_otherwise, "contradictions"),
        (draw_outside, "invalid_boxes"),
        (draw_thin, "degenerate_texts"),
        (say_it_badly, "grammar_faults"),
    ],
)
def test_a_planted_defect_moves_its_figure(
    built: Path, plant: Callable[[Row, list[Row]], None], figure: str
) -> None:
    image, rows = of_one_picture(built, is_no)
    assert all_counts(image, rows)[figure] == 0
    plant(image, rows)
    assert all_counts(image, rows)[figure] > 0


def test_all_that_must_be_zero_is_zero_and_says_of_how_many(built: Path) -> None:
    proofs = {proof["figure"]: proof for proof in quality(built)["proofs"]}
    assert {name: proof["faults"] for name, proof in proofs.items()} == dict.fromkeys(proofs, 0)
    rows = dialogues(built)
    assert proofs["answers that do not follow from the boxes"]["of"] == len(rows)
    unique = sum(row["subtask"] == "unique" for row in rows)
    assert proofs["referring phrases that fit more than one object"]["of"] == unique > 0
    assert proofs["grammar errors"]["of"] == 2 * len(rows)
    assert proofs["wrong negatives"]["of"] > 0
    hashed = sum(bool(image["perceptual_hash"]) for image in pictures(built))
    assert proofs["near-duplicate pictures across splits"]["of"] == hashed > 0


# One report whatever the order: any number of workers, a resumed run.


def test_same_figures_for_two_workers_and_after_a_resume(
    raw: Path, built: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    mini.build(raw, out, workers=2)
    assert digests(out) == digests(built)
    kept, *lost = sorted(out.glob("dialogues/referring/*.parquet"))
    for path in lost:
        path.unlink()
    written = kept.stat().st_mtime_ns
    (out / "report/quality.json").unlink()
    mini.build(raw, out)
    assert lost
    assert kept.stat().st_mtime_ns == written, "a finished shard was built again"
    assert digests(out) == digests(built)


def test_sums_of_shards_add_up_in_any_order_and_survive_their_journey(built: Path) -> None:
    names = [path.stem for path in sorted(built.glob("images/*.parquet"))]
    parts = [
        shard_statistics(str(built), name, tasks=TASKS, candidates=CATEGORIES) for name in names
    ]
    assert len(parts) > 1
    forward, backward = Tallies(), Tallies()
    for part in parts:
        forward.merge(part)
    for part in reversed(parts):
        backward.merge(part)
    assert json.dumps(forward.to_json()) == json.dumps(backward.to_json())
    assert Tallies.unpack(forward.pack()) == forward
    rows = sum(forward.get(group, "rows")["rows"] for group in forward.groups())
    assert rows == len(dialogues(built))


# The paper's counts, the card, the console.


def test_differences_from_the_paper_add_up(built: Path) -> None:
    told = quality(built)["paper"]
    rows = [row for row in dialogues(built) if row["split"] != "validation"]  # the paper has none
    assert told["totals"]["dialogues"]["here"] == len(rows)
    assert told["totals"]["dialogues"]["paper"] == 2_063_548
    here = Counter((row["task"], row["split"]) for row in rows)
    assert len(told["tasks"]) == 12
    for entry in told["tasks"]:
        assert entry["here"] == here[entry["task"], entry["split"]]
        assert sum(entry["because"].values()) == entry["difference"]
        assert entry["difference"] == entry["here"] - entry["paper"]


def test_card_and_console_show_the_figures(built: Path) -> None:
    section = (built / "report/quality.md").read_text(encoding="utf-8")
    assert (
        len(re.findall(r"^## ", section, re.MULTILINE)) == 10
    )  # and the paper's counts, at its size
    assert "cross_modal_identification/nearest" in section
    for line in section.splitlines():
        if line.startswith("|"):
            assert line.count("|") == section_columns(section, line)
    console = Console(width=80, record=True, force_terminal=False)
    console.print(quality_table(read_quality(str(built))))
    shown = console.export_text()
    assert "…" not in shown
    assert "identification/nearest" in shown
