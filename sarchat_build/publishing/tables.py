"""Tables beside the shards: rejects by source, and duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sarchat_build.dataset.output import WrittenFile, write_whole
from sarchat_build.dataset.shards import write_parquet
from sarchat_build.published.layout import table_path
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.types import Reject

_ROW_GROUP = 10_000


def sort_rejects(
    source_ids: Iterable[str], rejects: Iterable[Reject]
) -> dict[str, tuple[Reject, ...]]:
    """Sort rejects by source, and within it by everything that they say.

    Every source has its entry, so that "nothing was rejected" can be read and not only assumed.
    """
    by_source: dict[str, list[Reject]] = {source_id: [] for source_id in sorted(source_ids)}
    for reject in rejects:
        by_source[reject.source_id].append(reject)
    return {source_id: tuple(sorted(r, key=_sort_key)) for source_id, r in by_source.items()}


def write_rejects(out: str, rejects: Mapping[str, Sequence[Reject]]) -> Iterator[WrittenFile]:
    """Write `rejects/<source id>.parquet` for each source."""
    for source_id, members in rejects.items():
        rows = [reject_row(reject) for reject in members]
        yield _write_table(out, "rejects", source_id, rows)


def write_duplicates(out: str, rows: Sequence[Mapping[str, object]]) -> WrittenFile:
    """Write `duplicates/duplicates.parquet`."""
    return _write_table(out, "duplicates", "duplicates", rows)


def reject_row(reject: Reject) -> dict[str, object]:
    """Make the published row of a reject."""
    return {
        "stage": reject.stage,
        "source": reject.source_id,
        "file": reject.file,
        "line": reject.line,
        "key": reject.key,
        "reason": reject.reason,
        "detail": reject.detail,
        "images": reject.images,
        "instances": reject.instances,
    }


def _sort_key(reject: Reject) -> tuple[str, str, int, str, str, str]:
    return (
        reject.stage,
        reject.file,
        reject.line or 0,
        reject.key,
        reject.reason,
        reject.detail,
    )


def _write_table(
    out: str, table: str, name: str, rows: Sequence[Mapping[str, object]]
) -> WrittenFile:
    return write_whole(
        out,
        table_path(table, name),
        lambda target: write_parquet(target, SCHEMAS[table], rows, _ROW_GROUP),
    )
