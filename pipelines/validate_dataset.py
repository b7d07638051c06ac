"""Validation as a graph: one element a shard, then all reports of shards together."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from rich.markup import escape

from pipelines.console import console, errors
from pipelines.progress import report_done
from pipelines.progress_display import unit_progress
from pipelines.runners import engine_ready, run
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.names import display_line
from sarchat_build.published.layout import shard_name
from sarchat_build.publishing.documents import (
    Documents,
    check_documents,
    check_figures,
    check_presentation,
    known_text,
)
from sarchat_build.publishing.sample_faults import check_sample
from sarchat_build.report.reading import shard_statistics
from sarchat_build.report.statistics.tallies import Tallies
from sarchat_build.validation import (
    Finding,
    ShardReport,
    check_files,
    check_shard,
    check_whole,
    cut_off,
    lines_of,
    not_compared,
    plan_shards,
    read_build,
)

_SHOWN = 50


@dataclass
class CheckShards(beam.PTransform):
    """(split, shard, shard count) -> (ShardReport, its tallies where figures are counted)."""

    out: str
    build: Mapping[str, Any]
    work: str
    constant_text: Mapping[str, tuple[str, ...]]
    counted: BuildRecord | None

    def expand(self, shards: beam.PCollection) -> Any:
        """Wire the step."""
        return shards | "CheckShard" >> beam.Map(
            _check_shard, self.out, self.build, self.work, self.constant_text, self.counted
        )


@dataclass
class CheckDataset(beam.PTransform):
    """(ShardReport, tallies) -> a file with every finding and the number of errors."""

    out: str
    build: Mapping[str, Any]
    work: str
    documents: Documents | None

    def expand(self, reports: beam.PCollection) -> Any:
        """Wire the step."""
        return (
            reports
            | "KeyAll" >> beam.WithKeys("dataset")
            | "GatherAll" >> beam.GroupByKey()
            | "CheckWhole"
            >> beam.Map(_check_dataset, self.out, self.build, self.work, self.documents)
        )


def _check_shard(
    shard: tuple[str, int, int],
    out: str,
    build: Mapping[str, Any],
    work: str,
    constant_text: Mapping[str, tuple[str, ...]],
    counted: BuildRecord | None,
) -> tuple[ShardReport, bytes]:
    split, number, count = shard
    report = check_shard(out, split, number, count, build, constant_text)
    tallies = Tallies()
    if counted is not None and not report.errors:
        tasks, candidates = counted.recipe.tasks.enabled, counted.recipe.candidates
        name = shard_name(split, number, count)
        tallies = shard_statistics(out, name, tasks=tasks, candidates=candidates)
    report_done(work, "check", f"{split}-{number}")
    return report, tallies.pack()


def _check_dataset(
    element: tuple[str, Iterable[tuple[ShardReport, bytes]]],
    out: str,
    build: Mapping[str, Any],
    work: str,
    documents: Documents | None,
) -> None:
    both = list(element[1])
    reports = [report for report, _ in both]
    whole = [*check_whole(out, build, reports)]
    if documents and not any(report.errors for report in reports):
        whole += check_figures(documents, [tallies for _, tallies in both], reports, whole)
        whole += check_sample(out, documents, whole)
    findings = [finding for report in reports for finding in report.findings] + list(whole)
    result = {
        "findings": [asdict(finding) for finding in findings],
        "errors": sum(report.errors for report in reports)
        + sum(finding.severity == "error" for finding in whole),
        "images": sum(len(report.images) for report in reports),
        "dialogues": sum(c.dialogues for report in reports for c in report.dialogues),
    }
    Path(work, "result.json").write_text(json.dumps(result), encoding="utf-8")


def validate_folder(out: str, workers: int, *, figures: bool = False) -> bool:
    """Check a dataset, print what was found, and tell whether it is proven.

    Args:
        out: a path or a URL. It is only read: marks of progress go to a temporary folder.
        workers: processes, 0 for one per core.
        figures: whether the report's figures and the sample are computed anew from the rows, too.
    """
    with engine_ready("local", workers):
        return _validate(out, workers, figures=figures)


def _validate(out: str, workers: int, *, figures: bool) -> bool:
    build, early = read_build(out)
    if not build:
        return _report(early, len(early))
    documents = check_documents(out)
    presented = check_presentation(out, documents, drawn=figures)
    files = [*early, *check_files(out, build), *documents.findings, *presented]
    constant_text, other = known_text(build)
    files += other
    shards = [tuple(shard) for shard in plan_shards(build)]
    with tempfile.TemporaryDirectory(prefix="sarchat-validate-") as work:
        with unit_progress(work, "check", "check shards", len(shards)):
            run(
                lambda pipeline: (
                    pipeline
                    | "ListShards" >> beam.Create(shards)
                    | "CheckShards"
                    >> CheckShards(
                        out, build, work, constant_text, documents.record if figures else None
                    )
                    | "CheckDataset"
                    >> CheckDataset(out, build, work, documents if figures else None)
                ),
                "local",
                workers,
            )
        path = Path(work, "result.json")
        result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else _NO_SHARDS
    findings = [*files, *(Finding(**finding) for finding in result["findings"])]
    errors_found = sum(f.severity == "error" for f in files) + result["errors"]
    proven = _report(findings, errors_found)
    if proven:
        left = not_compared(findings)
        console.print(
            f"[bold green]proven:[/] {result['images']:,} pictures and {result['dialogues']:,} "
            f"dialogues in {len(build['files']):,} files; every answer follows from its boxes"
            f"{'; not compared: ' if left else ''}{', '.join(left)}",
            soft_wrap=True,
        )
    return proven


_NO_SHARDS: dict[str, Any] = {"findings": [], "errors": 0, "images": 0, "dialogues": 0}


def _report(findings: Sequence[Finding], errors_found: int) -> bool:
    lines = lines_of(findings)
    for severity, text in lines[:_SHOWN]:
        style = "red" if severity == "error" else "yellow"
        errors.print(f"[{style}]{severity}:[/] {escape(display_line(text))}")
    if len(lines) > _SHOWN:
        errors.print(f"… and {len(lines) - _SHOWN:,} more lines")
    if errors_found:
        plural = "fault" if errors_found == 1 else "faults"
        least = "at least " if cut_off(findings) else ""
        errors.print(f"[bold red]not proven:[/] {least}{errors_found:,} {plural}")
    return errors_found == 0
