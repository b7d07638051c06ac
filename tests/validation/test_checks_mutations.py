"""No false dialogue survives: faults planted in rows of a really built dataset, each one named.

Every fault is planted in several rows of every subtask it applies to, in different phrasings;
then the whole dataset is checked once, as a stranger would, and every planted row must be named.
"""

from __future__ import annotations

import copy
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from miniatures import build
from mixed_source import write_manifests, write_mixed
from mutation_kinds import ALL, ELSEWHERE, KINDS
from mutation_words import CATEGORIES, Fault, Row, another

from sarchat_build import validation as checks
from sarchat_build.config.resources import resource_folder
from sarchat_build.synthetic import synthesize
from sarchat_build.validation.dataset import shard
from sarchat_build.validation.findings import FindingLog
from sarchat_build.validation.rules import rules_of
from sarchat_build.validation.vocabulary import SUBTASKS

# Rows, in different phrasings, that each fault is planted in.
PHRASINGS = 3


class Planted(NamedTuple):
    """A fault in one row, and the row after it."""

    kind: str
    question_kind: str
    file: str
    row: int
    text: str


class Dataset(NamedTuple):
    """A built dataset in memory."""

    folder: Path
    build: dict[str, Any]
    tables: dict[str, list[Row]]
    pictures: dict[str, Row]
    by_kind: dict[str, list[tuple[str, int]]]  # task/subtask → (file, row)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("mutations")
    write_mixed(folder / "raw", 140)
    synthesize("ssdd", folder / "raw", 20)
    manifests = write_manifests(resource_folder("source_manifests"), folder / "manifests")
    record = build(folder / "raw", folder / "dataset", manifests=manifests, prove=False)
    tables, pictures = {}, {}
    by_kind: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path in sorted((folder / "dataset").glob("images/*.parquet")):
        rows = pq.read_table(path, columns=["image_id", "objects"]).to_pylist()
        pictures |= {row["image_id"]: row for row in rows}
    for path in sorted((folder / "dataset").glob("dialogues/*/*.parquet")):
        name = path.relative_to(folder / "dataset").as_posix()
        tables[name] = pq.read_table(path).to_pylist()
        for number, row in enumerate(tables[name]):
            by_kind[f"{row['task']}/{row['subtask']}"].append((name, number))
    return Dataset(folder / "dataset", record, tables, pictures, by_kind)


def findings_of(folder: Path) -> list[checks.Finding]:
    record, _ = checks.read_build(str(folder))
    reports = [
        checks.check_shard(str(folder), *plan, record) for plan in checks.plan_shards(record)
    ]
    found = [finding for report in reports for finding in report.findings]
    return found + list(checks.check_dataset(str(folder), record, reports))


def test_the_build_itself_is_sound(dataset: Dataset) -> None:
    assert set(dataset.by_kind) == set(ALL)
    assert [f.message for f in findings_of(dataset.folder) if f.severity == "error"] == []


def _answer_of_another(data: Dataset, question_kind: str, row: Row) -> bool:
    for file, number in data.by_kind[question_kind]:
        other = data.tables[file][number]
        answers = [one["messages"][1]["content"] for one in (row, other)]
        if (
            row["image_id"] != other["image_id"]
            and row["template_ids"][2] == other["template_ids"][2]
            and answers[0] != answers[1]
        ):
            row["messages"][1]["content"] = answers[1]
            return True
    return False


def _held_out(data: Dataset, question_kind: str, row: Row) -> bool:
    names = [one for one in rules_of(data.build).held_out if one.startswith(f"{question_kind}/")]
    if row["split"] == "test" or not names:
        return False
    row["template_ids"][0] = names[0]
    return True


def _faults(data: Dataset) -> Iterator[tuple[str, str, Callable[[Row, Row], bool]]]:
    for kind, (fault, question_kinds) in KINDS.items():
        yield from ((kind, question_kind, fault) for question_kind in question_kinds)
    for question_kind in ALL:
        another, held_out = (
            partial(
                lambda row, picture, change, question_kind: change(data, question_kind, row),
                question_kind=question_kind,
                change=c,
            )
            for c in (_answer_of_another, _held_out)
        )
        yield "the answer of another picture", question_kind, another
        yield "a phrasing held out", question_kind, held_out


def _plant(data: Dataset, fault: Fault, kind: str, question_kind: str, taken: set[tuple[str, int]]):
    """Plant one fault in rows of one subtask that no other fault is in."""
    worded: set[str] = set()
    for file, number in data.by_kind[question_kind]:
        if len(worded) == PHRASINGS:
            return
        original = data.tables[file][number]
        answer_id = original["template_ids"][2]
        if (file, number) in taken or answer_id in worded:
            continue
        row = copy.deepcopy(original)
        if fault(row, data.pictures[row["image_id"]]) and row != original:
            worded.add(answer_id)
            taken.add((file, number))
            text = " | ".join(message["content"] for message in row["messages"])
            yield Planted(kind, question_kind, file, number, text), row


@pytest.fixture(scope="module")
def outcome(
    dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Planted], set[Planted]]:
    """All planted faults, and those that no finding names; several rounds, as rows run out."""
    planted: list[Planted] = []
    missed: set[Planted] = set()
    waiting = list(_faults(dataset))
    while waiting:
        taken: set[tuple[str, int]] = set()
        changed: dict[str, dict[int, Row]] = defaultdict(dict)
        here, later = [], []
        for kind, question_kind, fault in waiting:
            found = list(_plant(dataset, fault, kind, question_kind, taken))
            if not found and taken.intersection(dataset.by_kind[question_kind]):
                later.append((kind, question_kind, fault))
            for one, row in found:
                here.append(one)
                changed[one.file][one.row] = row
        named = _named(dataset, changed, tmp_path_factory.mktemp("round") / "dataset")
        missed |= {one for one in here if (one.file, one.row) not in named}
        # A row whose fault is in its place in the file shows in the order of the next one.
        strangers = {
            (file, row)
            for file, row in set(named) - taken
            if not (": row_order:" in named[file, row] and (file, (row or 0) - 1) in taken)
        }
        assert not strangers, [named[stranger] for stranger in sorted(strangers)[:3]]
        planted += here
        waiting = later if len(later) < len(waiting) else []
    return planted, missed


_OF_TWO = ("conflicting_answers", "duplicate_dialogue", "dialogue_id_unique")


def _named(
    data: Dataset, changed: dict[str, dict[int, Row]], target: Path
) -> dict[tuple[str, int | None], str]:
    """Write the dataset with changed rows, check it, and give a finding for each row named."""
    shutil.copytree(data.folder, target)
    for file, rows in changed.items():
        table = [rows.get(number, row) for number, row in enumerate(data.tables[file])]
        schema = pq.read_schema(target / file)
        pq.write_table(pa.Table.from_pylist(table, schema), target / file)
    # A changed answer may lack a word that its phrasing always has: that names any of its rows. A
    # changed question or id may be that of a sound row, which is then named as the second of two.
    return {
        (finding.file, finding.row): finding.message
        for finding in findings_of(target)
        if finding.row is not None
        and finding.check not in _OF_TWO
        and (finding.check != "unknown_word" or "humongous" in finding.found)
    }


@pytest.mark.parametrize("kind", [*KINDS, *ELSEWHERE])
def test_no_fault_survives(outcome: tuple[list[Planted], set[Planted]], kind: str) -> None:
    planted, missed = outcome
    assert [one for one in planted if one.kind == kind and one in missed] == []


@pytest.mark.parametrize("kind", [*KINDS, *ELSEWHERE])
def test_the_fault_was_planted(outcome: tuple[list[Planted], set[Planted]], kind: str) -> None:
    planted, _ = outcome
    question_kinds = KINDS[kind][1] if kind in KINDS else ELSEWHERE[kind]
    found = {one.question_kind for one in planted if one.kind == kind}
    assert set(question_kinds) - found == set()


def columns_moved(picture: Row) -> None:
    for box in picture["objects"]["bbox"]:
        shift = -2 if box[2] + 2 > picture["width"] else 2
        box[0], box[2] = max(box[0] + shift, 0.0), box[2] + shift


def object_dropped(picture: Row) -> None:
    for values in picture["objects"].values():
        values.pop(0)


def category_changed(picture: Row) -> None:
    named = picture["objects"]["category"]
    named[0] = another(named[0], CATEGORIES)


def mirrored(picture: Row) -> None:
    for box in picture["objects"]["bbox"]:
        box[0], box[2] = picture["width"] - box[2], picture["width"] - box[0]


def category_rejected(picture: Row) -> None:
    picture["rejected_categories"] = sorted(set(picture["objects"]["category"]))


def nothing_annotated(picture: Row) -> None:
    picture["categories_annotated"] = ["ship"]


PICTURES = {
    "boxes moved by 2 px": columns_moved,
    "an object dropped": object_dropped,
    "a category": category_changed,
    "left and right": mirrored,
    "a category rejected": category_rejected,
    "classes nobody annotated": nothing_annotated,
}


@pytest.mark.parametrize("kind", PICTURES)
def test_dialogues_of_another_picture_are_named(
    dataset: Dataset, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the columns say is changed; every picture must have a dialogue that no longer holds."""
    monkeypatch.setattr(shard, "FindingLog", partial(FindingLog, cap=1_000_000))
    target = shutil.copytree(dataset.folder, tmp_path / "dataset")
    changed: set[str] = set()
    for path in sorted(target.glob("images/*.parquet")):
        rows = pq.read_table(path).to_pylist()
        for row in rows:
            # Of an unlisted category nothing is said that a rejected object would make false.
            unlisted = {*row["cut_categories"], *row["rejected_categories"]}
            known = kind == "a category rejected" and unlisted.issuperset(
                row["objects"]["category"]
            )
            if row["objects"]["bbox"] and row["source"] == "mixed" and not known:
                PICTURES[kind](row)
                changed.add(row["image_id"])
        pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
    named = {
        f.key[: f.key.find(f"/{task}/")]
        for f in findings_of(target)
        for task in SUBTASKS
        if f.file.startswith(f"dialogues/{task}/") and f"/{task}/" in f.key
    }
    assert changed
    if kind == "classes nobody annotated":  # it matters only where something is said to be absent
        assert named
    else:
        assert changed - named == set()
