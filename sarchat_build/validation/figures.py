"""Measures a shard's dialogues anew, and holds `report/quality.json` against the sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.validation.findings import (
    DialogueMeasure,
    Finding,
    FindingLog,
    Plain,
    ShardReport,
)
from sarchat_build.validation.rules import mapping_at

QUALITY_FILE = "report/quality.json"
_OPENING = r"^<image>\n(\[[a-z]+\] )?"
_LENGTHS = ("question_chars", "question_words", "answer_chars", "answer_words")


def measure(folder: DatasetFolder, path: str, task: str, split: str) -> tuple[DialogueMeasure, ...]:
    """Measure one dialogues file that is known to be sound."""
    names = ["subtask", "source", "image_id", "messages", "ground_truth"]
    with folder.open(path) as stream:
        table = pq.read_table(stream, columns=names).combine_chunks()
    if not table.num_rows:
        return ()
    columns = {"subtask": table["subtask"], "source": table["source"], **_lengths(table)}
    columns["negatives"] = pc.cast(_negative(table["ground_truth"]), pa.int64())
    columns["words"] = pc.add(columns["question_words"], columns["answer_words"])
    sums = [("words", "sum"), ("negatives", "sum"), ("subtask", "count")]
    grouped = pa.table(columns).group_by(["subtask", "source"])
    longest: list[tuple[str, str]] = [(name, "max") for name in _LENGTHS]
    return tuple(
        DialogueMeasure(
            split,
            task,
            row["subtask"],
            row["source"],
            row["subtask_count"],
            row["negatives_sum"],
            row["words_sum"],
            *(row[f"{name}_max"] for name in _LENGTHS),
        )
        for row in grouped.aggregate([*sums, *longest]).to_pylist()
    )


def _lengths(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    found = {}
    for place, side in enumerate(("question", "answer")):
        text = pc.struct_field(pc.list_element(table["messages"], place), "content")
        text = pc.replace_substring_regex(text, pattern=_OPENING, replacement="")
        found[f"{side}_chars"] = pc.utf8_length(text)
        found[f"{side}_words"] = pc.list_value_length(pc.utf8_split_whitespace(text))
    return found


def _negative(truth: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell which answers deny something: "no", a count of none, no category."""
    names = [field.name for field in truth.type]
    denied = pa.chunked_array([pa.array([False] * len(truth))])
    if "answer" in names:
        no = pc.equal(pc.struct_field(truth, "answer"), "no")
        denied = pc.or_(denied, pc.fill_null(no, False))
    if "count" in names:
        denied = pc.or_(denied, pc.equal(pc.struct_field(truth, "count"), 0))
    if "categories" in names:
        none = pc.equal(pc.list_value_length(pc.struct_field(truth, "categories")), 0)
        asked_for_all = pc.is_null(pc.struct_field(truth, "asked"))
        denied = pc.or_(denied, pc.and_(none, asked_for_all))
    return denied


def check_quality(
    out_dir: str, build: Mapping[str, Any], reports: Iterable[ShardReport]
) -> tuple[Finding, ...]:
    """Compare every figure of `report/quality.json` that the reports can tell with their sums.

    These are rows, words, negatives and longest texts of every group, pictures and objects, uses
    of phrasings, and of how many each proof speaks. Nothing is raised for a bad file.
    """
    log, ordered = FindingLog(), list(reports)
    if QUALITY_FILE not in mapping_at(build, "files"):
        log.add("quality_file", QUALITY_FILE, Plain("listed in build.json"), Plain("not listed"))
        return log.findings
    try:
        quality = DatasetFolder(out_dir).json(QUALITY_FILE)
    except (OSError, ValueError) as error:
        log.add("unreadable", QUALITY_FILE, Plain("a JSON document"), Plain(f"{error}"))
        return log.findings
    for told in _told(quality, ordered):
        if told.expected != told.found:
            log.add("quality_figure", QUALITY_FILE, told.expected, told.found, key=told.key)
    return log.findings


class Told(NamedTuple):
    """A figure: where it stands, what it must be, and what the file says."""

    key: str
    expected: object
    found: object


def _told(quality: Any, reports: Sequence[ShardReport]) -> Iterator[Told]:
    measures = [m for report in reports for m in report.measures]
    entries = _entries(quality, "dialogues")
    kinds = ("split", "task", "subtask", "source")
    leaves = {tuple(map(entry.get, kinds)) for entry in entries if all(map(entry.get, kinds))}
    yield Told("dialogues", sorted({m[:4] for m in measures}), sorted(leaves, key=str))
    for entry in entries:
        chosen = [m for m in measures if all(entry.get(k) in (None, getattr(m, k)) for k in kinds)]
        key = "/".join(str(entry.get(kind) or "*") for kind in kinds)
        for name in ("rows", "words", "negatives"):
            yield Told(f"{key} {name}", sum(getattr(m, name) for m in chosen), entry.get(name))
        for name in _LENGTHS:
            most = max((getattr(m, name) for m in chosen), default=None)
            yield Told(f"{key} {name}", most, mapping_at(entry, "lengths", name).get("max"))
    yield from _pictures(_entries(quality, "pictures"), reports)
    yield from _phrasings(_entries(quality, "phrasings"), reports)
    yield from _proofs(_entries(quality, "proofs"), reports)


def _entries(quality: Any, section: str) -> list[Mapping[str, Any]]:
    found = quality.get(section) if isinstance(quality, dict) else None
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def _pictures(
    entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]
) -> Iterator[Told]:
    facts = [(report.split, fact) for report in reports for fact in report.images]
    for entry in entries:
        split, source = entry.get("split"), entry.get("source")
        chosen = [f for s, f in facts if split in (None, s) and source in (None, f.source)]
        key = f"{split or '*'}/{source or '*'}"
        yield Told(f"{key} images", len(chosen), entry.get("images"))
        yield Told(f"{key} objects", sum(f.objects for f in chosen), entry.get("objects"))


def _phrasings(
    entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]
) -> Iterator[Told]:
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        for name, times in report.uses:
            uses[name.rpartition("/")[0]][name] += times
    for entry in entries:
        place = "/".join(filter(None, (entry.get(k) for k in ("task", "subtask", "side"))))
        yield Told(f"{place} used", len(uses[place]), entry.get("used"))
        if isinstance(entry.get("dead"), list):
            alive = sorted(set(entry["dead"]) & set(uses[place]))
            yield Told(f"{place} dead", [], alive)
        if uses[place]:
            yield Told(f"{place} most_used", max(uses[place].values()), entry.get("most_used"))


def _proofs(entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]) -> Iterator[Told]:
    counted = [count for report in reports for count in report.dialogues]
    facts = [fact for report in reports for fact in report.images]
    dialogues = sum(c.dialogues for c in counted)
    of = {
        "dialogues": dialogues,
        "texts": 2 * dialogues,
        "phrases": sum(c.dialogues for c in counted if c.subtask == "unique"),
        "objects": sum(fact.objects for fact in facts),
        "scenes": len({fact.scene_id for fact in facts}),
    }
    for entry in entries:
        unit, said = str(entry.get("unit")), entry.get("of")
        if unit in of and said is not None:
            yield Told(f"{entry.get('figure')}: of", of[unit], said)
