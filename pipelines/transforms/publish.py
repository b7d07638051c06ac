"""The last step: write rejects and duplicates, prove conservation, then the card and the record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.receipts import remove_leftovers
from sarchat_build.curation.splits import split_rules
from sarchat_build.dataset import output
from sarchat_build.dataset.conservation import balance, imbalances
from sarchat_build.dataset.record import BuildRecord, build_record
from sarchat_build.dataset.shards import ShardReceipt, write_parquet
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.published.layout import table_path
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.publishing.shard_reading import (
    ShardReading,
    add_up_tallies,
    count_proofs,
)
from sarchat_build.report import quality
from sarchat_build.report.card import render_card
from sarchat_build.report.comparison import compare
from sarchat_build.types import ReadCount, Reject
from sarchat_build.validation import Finding, ShardReport, check_dataset

STOPPED = f"{output.WORK_FOLDER}/stopped.json"
_SHOWN = 20


@dataclass
class Publish(beam.PTransform):
    """Named collections of small records -> the finished dataset's `build.json`.

    receipts: ShardReceipt · readings: ShardReading · rejects: (source id, tuple of Reject) ·
    duplicates: list of rows · read: tuple of ReadCount · accounts: tuple of SplitChange ·
    fixes: {source id: {reason: count}} · stop: tuple of reasons
    """

    context: BuildContext

    def expand(self, collections: dict[str, beam.PCollection]) -> Any:
        """Wire the step."""
        named = [
            records | f"Name {name}" >> beam.WithKeys(name)
            for name, records in sorted(collections.items())
        ]
        return (
            named
            | "AllRecords" >> beam.Flatten()
            | "KeyAll" >> beam.WithKeys("dataset")
            | "GatherAll" >> beam.GroupByKey()  # ("dataset", [(name, record)])
            | "WriteRecord" >> beam.Map(_publish, self.context)
        )


def _publish(element: tuple[str, Iterable[tuple[str, Any]]], context: BuildContext) -> None:
    records: dict[str, list[Any]] = defaultdict(list)
    for name, record in element[1]:
        records[name].append(record)
    rejects = _rejects_by_source(records["rejects"], context)
    files = list(_write_rejects(rejects, context))
    stop = [reason for reasons in records["stop"] for reason in reasons]
    if stop:
        output.write_json(context.out, STOPPED, stop)
        return
    duplicates = [row for rows in records["duplicates"] for row in rows]
    files.append(_write_table(context, "duplicates", "duplicates", duplicates))
    receipts: list[ShardReceipt] = records["receipts"]
    read = [ReadCount(s, images, 0) for s, images in context.images_listed.items()]
    read += [count for counts in records["read"] for count in counts]
    books = balance(read, rejects, duplicates, receipts)
    faults = imbalances(books)
    if faults:
        output.write_json(context.out, STOPPED, list(faults))
        return
    files.extend(file for receipt in receipts for file in receipt.files)
    phrasing = Phrasing(context.templates, context.recipe.phrasing.held_out_percent)
    record = build_record(
        recipe=context.recipe,
        manifests=context.manifests,
        archives=context.inputs,
        counts=books,
        receipts=receipts,
        fixes=_add_up(records["fixes"]),
        phrasing=phrasing,
        comparison=compare(
            manifests=context.manifests,
            rules=split_rules(context.manifests, context.recipe),
            counts=books,
            receipts=receipts,
            changes=[account for accounts in records["accounts"] for account in accounts],
        ),
        files=files,
        left_out=context.failed,
    )
    readings: list[ShardReading] = records["readings"]
    proven = None
    if context.prove:
        proofs = [reading.proof for reading in readings if reading.proof]
        whole = check_dataset(context.out, record.model_dump(mode="json"), proofs)
        disproved = _disproved(proofs, whole)
        if disproved:
            output.write_json(context.out, STOPPED, disproved)
            return
        proven = count_proofs(proofs, whole, context.recipe.duplicates)
    figures = quality.quality_report(
        tallies=add_up_tallies(readings),
        recipe=context.recipe,
        template_ids=context.templates,
        proven=proven,
    )
    record = _report(record, figures, context)
    remove_leftovers(context.out, record.files, record.shards)
    output.write_json(context.out, "build.json", record.model_dump(mode="json"))


def _disproved(proofs: Sequence[ShardReport], whole: Sequence[Finding]) -> list[str]:
    """Give the faults that the checks found in the shards and in the whole."""
    found = [*(f for p in sorted(proofs, key=_position) for f in p.findings), *whole]
    faults = [finding for finding in found if finding.severity == "error"]
    total = sum(p.errors for p in proofs) + sum(f.severity == "error" for f in whole)
    if not total:
        return []
    kinds = Counter(finding.check for finding in faults).most_common()
    return [
        *(finding.message for finding in faults[:_SHOWN]),
        f"{total:,} faults of the build itself, not of its input; please report them. "
        f"By check: {', '.join(f'{kind} {n:,}' for kind, n in kinds)}",
    ]


def _position(proof: ShardReport) -> tuple[str, int]:
    return proof.split, proof.shard


def _report(
    record: BuildRecord, figures: quality.QualityFigures, context: BuildContext
) -> BuildRecord:
    """Write the figures and the card, and enter both into the record."""
    return record.with_files(
        (
            output.write_json(context.out, quality.PATH, figures.model_dump(mode="json")),
            output.write_text(context.out, "README.md", render_card(record, figures)),
        )
    )


def _rejects_by_source(
    groups: Iterable[tuple[str, tuple[Reject, ...]]], context: BuildContext
) -> dict[str, list[Reject]]:
    # Every source has its file, so that "nothing was rejected" can be read and not only assumed.
    rejects: dict[str, list[Reject]] = {source_id: [] for source_id in sorted(context.manifests)}
    for source_id, found in groups:
        rejects[source_id].extend(found)
    for members in rejects.values():
        members.sort(key=lambda r: (r.stage, r.file, r.line or 0, r.key, r.reason, r.detail))
    return rejects


def _write_rejects(
    rejects: Mapping[str, list[Reject]], context: BuildContext
) -> Iterator[output.WrittenFile]:
    for source_id, members in rejects.items():
        rows = [
            {
                "stage": r.stage,
                "source": r.source_id,
                "file": r.file,
                "line": r.line,
                "key": r.key,
                "reason": r.reason,
                "detail": r.detail,
                "images": r.images,
                "instances": r.instances,
            }
            for r in members
        ]
        yield _write_table(context, "rejects", source_id, rows)


def _write_table(
    context: BuildContext, table: str, name: str, rows: Sequence[Mapping[str, object]]
) -> output.WrittenFile:
    return output.write_whole(
        context.out,
        table_path(table, name),
        lambda target: write_parquet(target, SCHEMAS[table], rows, 10_000),
    )


def _add_up(tallies: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for tally in tallies:
        for source_id, counts in tally.items():
            total[source_id].update(counts)
    return {source_id: dict(sorted(c.items())) for source_id, c in sorted(total.items())}
