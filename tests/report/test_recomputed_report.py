"""`sarchat report`: the figures of a finished dataset, computed anew, are those of its build."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import miniatures as mini
import pyarrow.parquet as pq
import pytest
from conftest import sarchat

from pipelines.cli.arguments import check_report_file
from sarchat_build.config.recipe import Duplicates
from sarchat_build.dataset.output import json_text
from sarchat_build.errors import InputError
from sarchat_build.published.layout import FIGURES, figure_path
from sarchat_build.publishing.recompute import read_quality, read_record, recompute_quality
from sarchat_build.publishing.shard_reading import count_proofs
from sarchat_build.report.proofs import ProofCounts, ProofFigures, proof_figures
from sarchat_build.report.reading import join_dialogues
from sarchat_build.report.statistics.tallies import Group, Tallies
from sarchat_build.validation import check_dataset, check_shard, plan_shards


def test_the_command_prints_the_figures_of_the_build(built: Path, tmp_path: Path) -> None:
    published = (built / "report/quality.json").read_bytes()
    printed = sarchat("report", built, "--workers", 1)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.encode() == published
    file = tmp_path / "new" / "quality.json"
    done = sarchat("report", built.as_uri(), "--output", file, "--workers", 2)
    assert (done.returncode, done.stdout) == (0, f"Figures: {file}\n"), done.stderr
    assert file.read_bytes() == published


def test_a_file_of_figures_is_refused_before_rows_are_read(tmp_path: Path) -> None:
    check_report_file(str(tmp_path / "new" / "figures" / "a.json"))
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c").write_text("")
    for name, says in (("b.json", "is a folder"), ("c/a.md", "is a file, not a folder")):
        with pytest.raises(InputError, match=says):
            check_report_file(str(tmp_path / name))
    assert not (tmp_path / "new").exists()


def test_a_folder_gets_data_tables_and_pictures_as_the_build_wrote_them(
    built: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "figures"
    done = sarchat("report", built, "--output", folder, "--workers", 1, "--no-prove")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Figures: {folder}, 7 files; begin with {folder}/quality.md")
    written = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert sorted(written) == sorted(
        [*(figure_path(name).removeprefix("report/") for name in FIGURES), "quality.json",
         "quality.md"]
    )  # fmt: skip
    for path, data in written.items():
        if path.startswith("figures/"):
            assert data == (built / "report" / path).read_bytes()
    tables = written["quality.md"].decode()
    for title in ("Words and sentences", "Lengths", "Aspect ratios and areas", "Categories"):
        assert f"\n## {title}" in tables
    for link in re.findall(r"\]\(([^)]+)\)", tables):
        assert link in written


def test_figures_without_proof_are_those_of_a_build_without(raw: Path, tmp_path: Path) -> None:
    mini.build(raw, tmp_path / "dataset", prove=False)
    location = str(tmp_path / "dataset")
    found = recompute_quality(location, read_record(location), prove=False)
    published = (tmp_path / "dataset/report/quality.json").read_text(encoding="utf-8")
    assert json_text(found.model_dump(mode="json")) == published


def test_typed_files_are_written_as_they_are_read(built: Path) -> None:
    for path, parsed in (
        ("build.json", read_record(str(built))),
        ("report/quality.json", read_quality(str(built))),
    ):
        assert json_text(parsed.model_dump(mode="json")) == (built / path).read_text("utf-8")


def test_a_record_that_is_none_says_which_key_is_wrong(built: Path, tmp_path: Path) -> None:
    build = json.loads((built / "build.json").read_text(encoding="utf-8"))
    build["files"]["README.md"]["bytes"] = "many"
    build["recipe"]["duplicates"]["near"] = "guess"
    del build["sources"]["ssdd"]["license"]
    build["mood"] = "good"
    (tmp_path / "build.json").write_text(json.dumps(build), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_record(str(tmp_path))
    where = f"{tmp_path}/build.json › "
    faults = [line.removeprefix(where).partition(":")[0] for line in str(caught.value).splitlines()]
    assert sorted(faults) == [
        "files.README.md.bytes", "mood", "recipe.duplicates.near", "sources.ssdd.license",
    ]  # fmt: skip
    with pytest.raises(InputError, match="is this a finished dataset"):
        read_record(str(tmp_path / "nothing"))
    (tmp_path / "build.json").write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match=r"build\.json"):
        read_record(str(tmp_path))


def test_an_untrue_row_has_no_figures(built: Path, tmp_path: Path) -> None:
    location = tmp_path / "dataset"
    shutil.copytree(built, location)
    path = next(location.glob("dialogues/instance_counting/train-*.parquet"))
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0]["ground_truth"]["count"] += 1
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    done = sarchat("report", location, "--workers", 1)
    assert done.returncode == 3
    assert path.name in done.stderr
    assert "sarchat validate" in done.stderr
    assert done.stdout == ""


def test_a_dialogue_out_of_order_is_named_even_without_proof(built: Path, tmp_path: Path) -> None:
    location = tmp_path / "dataset"
    shutil.copytree(built, location)
    path = next(location.glob("dialogues/referring/train-*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.take(list(range(len(table)))[::-1]), path)
    record = read_record(str(location))
    with pytest.raises(InputError, match=rf"referring/{path.name}: dialogue .* order"):
        recompute_quality(str(location), record, prove=False)


def test_dialogues_of_no_picture_are_none_of_the_next() -> None:
    images = [{"image_id": "a"}, {"image_id": "c"}]
    rows = [{"image_id": name, "dialogue_id": f"{name}/1"} for name in "abc"]
    with pytest.raises(ValueError, match=r"file: dialogue 'b/1'"):
        list(join_dialogues(images, {"file": rows}))


# Near-duplicates: what is said must be what was done.


def _near(near: str, proven: ProofCounts | None) -> ProofFigures:
    images = Tallies()
    images.count(Group(), "images", "images", 50)
    figures = proof_figures(
        images=images,
        dialogues=Tallies(),
        duplicates=Duplicates.model_validate({"near": near}),
        proven=proven,
    )
    return next(f for f in figures if f.figure == "near-duplicate pictures across splits")


def _counts(near_compared: int | None, near_duplicates: int = 0) -> ProofCounts:
    return ProofCounts(
        dialogues=9,
        unique_phrases=1,
        scenes=3,
        pictures=50,
        near_compared=near_compared,
        near_duplicates=near_duplicates,
    )


@pytest.mark.parametrize("near", ["drop", "report"])
def test_near_duplicates_were_searched_for_and_the_checks_give_their_number(near: str) -> None:
    found = _near(near, _counts(40, 2))
    assert (found.faults, found.of, found.sound_percent) == (2, 40, 95.0)
    assert found.established.startswith("searched for by the build")
    assert f'duplicates.near = "{near}"' in found.established
    assert ("one is kept" in found.established) == (near == "drop")
    unproven = _near(near, None)
    assert (unproven.faults, unproven.of, unproven.sound_percent) == (None, 50, None)
    assert "not verified" in unproven.established


def test_near_duplicates_that_nobody_searched_for_are_not_claimed() -> None:
    for proven in (None, _counts(None)):
        found = _near("off", proven)
        assert (found.faults, found.sound_percent) == (None, None)
        assert found.established.startswith("not searched for")


def test_pictures_that_the_checks_call_alike_are_counted(built: Path) -> None:
    build = json.loads((built / "build.json").read_text(encoding="utf-8"))
    proofs = [check_shard(str(built), *shard, build) for shard in plan_shards(build)]
    # Nearly any two pictures are as near as this: what the checks then name is counted.
    build["recipe"]["duplicates"]["near_distance"] = 100
    whole = check_dataset(str(built), build, proofs)
    named = {(f.file, f.row) for f in whole if f.check == "leakage_near"}
    counts = count_proofs(proofs, whole, Duplicates())
    assert counts.near_duplicates == len(named) > 0
    assert counts.near_compared >= counts.near_duplicates
    assert count_proofs(proofs, (), Duplicates(near="off")).near_compared is None


@pytest.mark.quality(row=86)
def test_the_card_says_that_flipped_copies_are_not_found() -> None:
    assert "mirrored and turned ones not" in _near("drop", _counts(40)).established
