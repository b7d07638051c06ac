"""Checks of `report/quality.json`: its figures are the sums over the shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.validation.answers.measures import LENGTHS
from sarchat_build.validation.findings import Finding, FindingLog, Plain
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.shard_report import ShardReport

QUALITY_FILE = "report/quality.json"


def check_quality(
    out_dir: str, build: Mapping[str, Any], reports: Iterable[ShardReport]
) -> tuple[Finding, ...]:
    """Compare every figure of `report/quality.json` that the reports can tell with their sums.

    These are rows, words, negatives and longest texts of every group, pictures and objects, uses
    of phrasings, and of how many each proof speaks. Nothing is raised for a bad file; an entry
    whose names are no texts counts as none.
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
    for figure in _figures(quality, ordered):
        if figure.expected != figure.found:
            log.add("quality_figure", QUALITY_FILE, figure.expected, figure.found, key=figure.key)
    return log.findings


# What says of what an entry is a figure; a name that is left out stands for all.
_NAMES = ("split", "task", "subtask", "source", "side")


class Figure(NamedTuple):
    """One figure of the report: its name, what it must be, and what the file says."""

    key: str
    expected: object
    found: object


def _figures(quality: Any, reports: Sequence[ShardReport]) -> Iterator[Figure]:
    measures = [m for report in reports for m in report.measures]
    entries = _entries(quality, "dialogues")
    kinds = ("split", "task", "subtask", "source")
    leaves = {tuple(map(entry.get, kinds)) for entry in entries if all(map(entry.get, kinds))}
    yield Figure("dialogues", sorted({m[:4] for m in measures}), sorted(leaves, key=str))
    for entry in entries:
        chosen = [m for m in measures if all(entry.get(k) in (None, getattr(m, k)) for k in kinds)]
        key = "/".join(str(entry.get(kind) or "*") for kind in kinds)
        for name in ("rows", "words", "negatives"):
            yield Figure(f"{key} {name}", sum(getattr(m, name) for m in chosen), entry.get(name))
        for name in LENGTHS:
            most = max((getattr(m, name) for m in chosen), default=None)
            yield Figure(f"{key} {name}", most, mapping_at(entry, "lengths", name).get("max"))
    yield from _pictures(_entries(quality, "pictures"), reports)
    yield from _phrasings(_entries(quality, "phrasings"), reports)
    yield from _proofs(_entries(quality, "proofs"), reports)


def _entries(quality: Any, section: str) -> list[Mapping[str, Any]]:
    found = quality.get(section) if isinstance(quality, dict) else None
    entries = found if isinstance(found, list) else []
    return [e for e in entries if isinstance(e, dict) and all(map(_is_name, map(e.get, _NAMES)))]


def _is_name(value: object) -> bool:
    return value is None or isinstance(value, str)


def _pictures(
    entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]
) -> Iterator[Figure]:
    facts = [(report.split, fact) for report in reports for fact in report.images]
    for entry in entries:
        split, source = entry.get("split"), entry.get("source")
        chosen = [f for s, f in facts if split in (None, s) and source in (None, f.source)]
        key = f"{split or '*'}/{source or '*'}"
        yield Figure(f"{key} images", len(chosen), entry.get("images"))
        yield Figure(f"{key} objects", sum(f.objects for f in chosen), entry.get("objects"))


def _phrasings(
    entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]
) -> Iterator[Figure]:
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        for name, times in report.uses:
            uses[name.rpartition("/")[0]][name] += times
    for entry in entries:
        kind = "/".join(filter(None, (entry.get(k) for k in ("task", "subtask", "side"))))
        yield Figure(f"{kind} used", len(uses[kind]), entry.get("used"))
        if isinstance(entry.get("dead"), list):
            alive = sorted(name for name in uses[kind] if name in entry["dead"])
            yield Figure(f"{kind} dead", [], alive)
        if uses[kind]:
            yield Figure(f"{kind} most_used", max(uses[kind].values()), entry.get("most_used"))


def _proofs(
    entries: Sequence[Mapping[str, Any]], reports: Sequence[ShardReport]
) -> Iterator[Figure]:
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
        unit, found = str(entry.get("unit")), entry.get("of")
        if unit in of and found is not None:
            yield Figure(f"{entry.get('figure')}: of", of[unit], found)
