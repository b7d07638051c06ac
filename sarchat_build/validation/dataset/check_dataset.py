"""Checks of the whole dataset: identity, leakage, counts, duplicates, conservation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import BUILD_FILE, images_path, parse_table_path
from sarchat_build.validation.dataset.check_files import plan_shards
from sarchat_build.validation.dataset.conservation import check_conservation, sum_up
from sarchat_build.validation.dataset.documents.comparison import check_comparison
from sarchat_build.validation.dataset.documents.picture_index import check_index
from sarchat_build.validation.dataset.documents.quality import check_quality
from sarchat_build.validation.dataset.duplicates import (
    DuplicateRow,
    LocatedImage,
    Member,
    check_duplicates,
)
from sarchat_build.validation.dataset.leakage import (
    check_identity,
    check_leakage,
    check_near_leakage,
)
from sarchat_build.validation.dataset.rejects import LocatedReject, RejectRow, check_rejects
from sarchat_build.validation.dataset.splits import check_splits
from sarchat_build.validation.findings import Finding, FindingLog, Plain
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.shard_report import ShardReport
from sarchat_build.validation.tables import Tables
from sarchat_build.validation.texts.wording import changing_words

_BATCH_ROWS = 4096


def check_whole(
    out_dir: str, build: Mapping[str, Any], reports: Sequence[ShardReport]
) -> tuple[Finding, ...]:
    """Make every check of a published dataset that needs the reports of all its shards.

    Beside those of `check_dataset` these are the report and the index, which a build writes last.
    """
    return (
        *check_dataset(out_dir, build, reports),
        *check_quality(out_dir, build, reports),
        *check_index(out_dir, build, reports),
    )


def check_dataset(
    out_dir: str, build: Mapping[str, Any], reports: Iterable[ShardReport]
) -> tuple[Finding, ...]:
    """Check the whole against the reports of its shards, which may come in any order.

    Of the shards only the reports are used; the tables of rejects and duplicates are read here.
    Nothing is raised for a bad dataset. The findings inside the reports are not repeated.
    """
    log = FindingLog()
    tables = Tables(DatasetFolder(out_dir), build, log)
    ordered = sorted(reports, key=lambda report: (report.split, report.shard))
    _check_all_there(ordered, build, log)
    images = [
        LocatedImage(
            fact, report.split, images_path(report.split, report.shard, report.shard_count)
        )
        for report in ordered
        for fact in report.images
    ]
    check_identity(images, log)
    check_leakage(images, log)
    check_near_leakage(images, build, log)
    _check_counts(ordered, build, log)
    _check_wording(ordered, build, log)
    rejects = [
        LocatedReject(RejectRow._make(values), path, number)
        for path, number, values in _rows(tables, "rejects")
    ]
    cuts = [cut for report in ordered for cut in report.cuts]
    members = [
        Member(DuplicateRow._make(values), path, number)
        for path, number, values in _rows(tables, "duplicates")
    ]
    duplicates = {member.row.image_id for member in members}
    check_rejects(rejects, images, duplicates, cuts, build, log)
    check_duplicates(images, members, build, log)
    check_splits(images, members, build, log)
    sums = sum_up(images, (r.row for r in rejects), (member.row for member in members))
    check_conservation(sums, build, log)
    check_comparison(images, build, log)
    return log.findings


def _rows(tables: Tables, table: str) -> Iterator[tuple[str, int, tuple[Any, ...]]]:
    """Yield (path, row number, values) of all listed files of a table."""
    for path in sorted(mapping_at(tables.build, "files")):
        file = parse_table_path(path)
        if file and file.table == table:
            for number, values in tables.rows(table, path, batch_rows=_BATCH_ROWS):
                yield path, number, values


def _check_all_there(
    reports: Sequence[ShardReport], build: Mapping[str, Any], log: FindingLog
) -> None:
    planned = Counter(plan_shards(build))
    reported = Counter((report.split, report.shard, report.shard_count) for report in reports)
    for shard in sorted((planned - reported) + (reported - planned)):
        log.add("shard_checked", images_path(*shard), planned[shard], reported[shard])


def _check_counts(
    reports: Sequence[ShardReport], build: Mapping[str, Any], log: FindingLog
) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        sums = found[report.split]
        sums["images"] += len(report.images)
        sums["objects"] += sum(fact.objects for fact in report.images)
        for kind in report.dialogues:
            sums[kind.task] += kind.dialogues
    declared = mapping_at(build, "counts")
    for split in sorted(set(declared) | set(found)):
        counts = mapping_at(declared, split)
        for unit in ("images", "objects", *rules_of(build).tasks):
            if counts.get(unit, 0) != found[split][unit]:
                log.add(
                    "counts",
                    BUILD_FILE,
                    counts.get(unit),
                    found[split][unit],
                    key=f"{split}.{unit}",
                )


def _check_wording(
    reports: Sequence[ShardReport], build: Mapping[str, Any], log: FindingLog
) -> None:
    """Recount phrasings, and find words that only some answers of a phrasing hold."""
    uses: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for report in reports:
        uses.update(dict(report.uses))
        answers.update(dict(report.answers))
    declared = mapping_at(build, "templates", "uses")
    for template_id in sorted(set(declared) | set(uses)):
        if declared.get(template_id) != uses[template_id]:
            expected, found = declared.get(template_id), uses[template_id]
            log.add("template_uses", BUILD_FILE, expected, found, key=template_id)
    unknown = (word for report in reports for word in report.unknown_words)
    for word, number in changing_words(answers, unknown):
        log.add(
            "unknown_word",
            word.file,
            Plain(f"in all {number} answers of {word.template_id} or in none"),
            Plain(f"{word.word!r} in {word.rows}"),
            row=word.row,
            key=word.key,
        )
