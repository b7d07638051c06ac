"""Checks what only the whole dataset shows: identity, leakage, counts, duplicates, conservation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import BUILD_FILE, images_path, parse_table_path
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.validation.answers.wording import changing_words
from sarchat_build.validation.dataset.conservation import RejectRow, check_conservation, sum_up
from sarchat_build.validation.dataset.duplicates import (
    DuplicateRow,
    Member,
    Placed,
    check_duplicates,
)
from sarchat_build.validation.dataset.files import plan_shards
from sarchat_build.validation.findings import Finding, FindingLog, Plain, ShardReport
from sarchat_build.validation.pictures.images import SOURCE_ID
from sarchat_build.validation.pictures.likeness import close_across, likeness_rule
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.table_rows import table_rows

_BATCH_ROWS = 4096


def check_dataset(
    out_dir: str, build: Mapping[str, Any], reports: Iterable[ShardReport]
) -> tuple[Finding, ...]:
    """Check the whole against the reports of its shards, which may come in any order.

    Of the shards only the reports are used; the tables of rejects and duplicates are read here.
    Nothing is raised for a bad dataset. The findings inside the reports are not repeated.
    """
    log, folder = FindingLog(), DatasetFolder(out_dir)
    ordered = sorted(reports, key=lambda report: (report.split, report.shard))
    _check_all_there(ordered, build, log)
    placed = [
        Placed(fact, report.split, images_path(report.split, report.shard, report.shard_count))
        for report in ordered
        for fact in report.images
    ]
    _check_identity(placed, log)
    _check_leakage(placed, log)
    _check_near_leakage(placed, build, log)
    _check_counts(ordered, build, log)
    _check_wording(ordered, build, log)
    rejects = []
    for path, number, values in _rows(folder, "rejects", build, log):
        reject = RejectRow._make(values)
        rejects.append(reject)
        if not SOURCE_ID.fullmatch(reject.source):
            log.add("source_form", path, Plain("a-z, 0-9 and _"), reject.source, row=number)
        if not reject.reason or reject.images not in (0, 1) or reject.instances < 0:
            log.add("reject", path, Plain("a reason, 0 or 1 images"), reject, row=number)
    members = [
        Member(DuplicateRow._make(values), path, number)
        for path, number, values in _rows(folder, "duplicates", build, log)
    ]
    check_duplicates(placed, members, likeness_rule(build), log)
    sums = sum_up(placed, rejects, (member.row for member in members))
    check_conservation(sums, build, log)
    return log.findings


def _rows(
    folder: DatasetFolder, table: str, build: Mapping[str, Any], log: FindingLog
) -> Iterator[tuple[str, int, tuple[Any, ...]]]:
    for path in sorted(mapping_at(build, "files")):
        file = parse_table_path(path)
        if file and file.table == table:
            rows = table_rows(folder, path, SCHEMAS[table], build, log, batch_rows=_BATCH_ROWS)
            for number, values in rows:
                yield path, number, values


def _check_all_there(
    reports: Sequence[ShardReport], build: Mapping[str, Any], log: FindingLog
) -> None:
    planned = Counter(plan_shards(build))
    reported = Counter((report.split, report.shard, report.shard_count) for report in reports)
    for shard in sorted((planned - reported) + (reported - planned)):
        log.add("shard_checked", images_path(*shard), planned[shard], reported[shard])


def _check_identity(placed: Sequence[Placed], log: FindingLog) -> None:
    first: dict[str, Placed] = {}
    for image in placed:
        before = first.setdefault(image.fact.image_id, image)
        if before is not image:
            log.add(
                "image_id_unique",
                image.file,
                Plain(f"only {before}"),
                image.fact.image_id,
                row=image.fact.row,
                key=image.fact.image_id,
            )


def _check_leakage(placed: Sequence[Placed], log: FindingLog) -> None:
    """Find scenes and pictures on both sides of a split, and pictures twice on one side."""
    for column in ("scene_id", "pixel_sha256"):
        first: dict[tuple[str, str], Placed] = {}
        splits: dict[str, set[str]] = defaultdict(set)
        for image in placed:
            value = getattr(image.fact, column)
            before = first.setdefault((value, image.split), image)
            if before is not image and column == "pixel_sha256":
                log.add(
                    "picture_twice",
                    image.file,
                    Plain(f"only {before}"),
                    value,
                    row=image.fact.row,
                    key=image.fact.image_id,
                    severity="warning",
                )
            splits[value].add(image.split)
        for value, found in sorted(splits.items()):
            if len(found) > 1:
                one, *others = sorted(found)
                for other in others:
                    image, before = first[value, other], first[value, one]
                    log.add(
                        f"leakage_{column}",
                        image.file,
                        Plain(f"one split ({one}: {before})"),
                        value,
                        row=image.fact.row,
                        key=image.fact.image_id,
                    )


def _check_near_leakage(
    placed: Sequence[Placed], build: Mapping[str, Any], log: FindingLog
) -> None:
    """Find pictures on two sides of a split that are not equal but look the same.

    Whole pictures are what the build compares. Chips of two scenes that look the same are worth a
    warning: no build has promised that they do not.
    """
    rule = likeness_rule(build)
    if rule.near == "off":
        return
    seen = [image for image in placed if image.fact.perceptual_hash]
    pairs = close_across(
        [image.fact.perceptual_hash for image in seen],
        [image.split for image in seen],
        rule.distance,
    )
    for one, other, differing in sorted(pairs):
        first, second = seen[one], seen[other]
        whole = not (first.fact.is_chip or second.fact.is_chip)
        log.add(
            "leakage_near",
            second.file,
            Plain(f"more than {rule.distance} bits from {first} {first.fact.image_id!r}"),
            differing,
            row=second.fact.row,
            key=second.fact.image_id,
            severity="error" if whole else "warning",
        )


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
    for word, said in changing_words(answers, unknown):
        log.add(
            "unknown_word",
            word.file,
            Plain(f"in all {said} answers of {word.template_id} or in none"),
            Plain(f"{word.word!r} in {word.rows}"),
            row=word.row,
            key=word.key,
        )
