"""A finished dataset proven by plain functions: no pipeline, no engine."""

from __future__ import annotations

from pathlib import Path

from sarchat_build.publishing.documents import check_documents, check_presentation, known_text
from sarchat_build.validation import (
    check_files,
    check_shard,
    check_whole,
    lines_of,
    plan_shards,
    read_build,
)


def faults(out: Path) -> list[str]:
    """What a stranger finds in a dataset: what `sarchat validate --no-figures` does."""
    record, early = read_build(str(out))
    if not record:
        return [text for _, text in lines_of(early)]
    constant_text, other = known_text(record)
    documents = check_documents(str(out))
    found = [*early, *check_files(str(out), record), *documents.findings, *other]
    found += check_presentation(str(out), documents, drawn=False)
    reports = [
        check_shard(str(out), *shard, record, constant_text) for shard in plan_shards(record)
    ]
    found += (finding for report in reports for finding in report.findings)
    found += check_whole(str(out), record, reports)
    return [text for severity, text in lines_of(found) if severity == "error"]
