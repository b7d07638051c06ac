"""The rows of one published file, with whatever is wrong with it as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.published.columns import null_rows, rows_of
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.schema import ColumnFault, column_faults

# What Arrow raises over bytes that are no Parquet, or no longer the Parquet they were.
# (KeyError and TypeError are no part of it: those would be faults of ours.)
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)


class Row(NamedTuple):
    """One row without forbidden nulls: its number from 0, and a value for each column read.

    A struct is a tuple in the order of its fields, or where that was asked a dict; a list a list.
    """

    number: int
    values: tuple[Any, ...]


class NullFault(NamedTuple):
    """A null where none may be: number of the row, which is left out, and dotted path."""

    row: int
    column: str


class UnreadableFault(NamedTuple):
    """A file that is missing or damaged, in the words of the reader; it ends the rows."""

    error: str


Fault: TypeAlias = ColumnFault | NullFault | UnreadableFault


def read_rows(
    folder: DatasetFolder,
    path: str,
    schema: pa.Schema,
    *,
    only: Sequence[str] | None = None,
    batch_rows: int,
    mappings: bool = False,
    measure: Callable[[int], None] | None = None,
) -> Iterator[Row | Fault]:
    """Yield the rows of one Parquet file, and every fault where it is found.

    All columns of the file are compared with `schema`; a `ColumnFault` that is not usable ends the
    rows. Checksums of pages are verified. Nothing is raised for a bad file.

    Args:
        folder: the dataset.
        path: the file, relative to the dataset.
        schema: what the file must hold, as in `schema.SCHEMAS`.
        only: names of the columns to read, in the order of `Row.values`; by default those of
            `schema`. Nulls are looked for in these. `image.path` is a struct of that field alone.
        batch_rows: how many rows are held in memory.
        mappings: whether structs are dicts.
        measure: is told, piece by piece, how many bytes all columns take in Arrow. Of columns that
            are not read it is what Parquet states of them before compression: of picture files,
            which no dictionary holds, the same but for the headers of pages.
    """
    paths = list(schema.names if only is None else only)
    names = [path.partition(".")[0] for path in paths]
    first = 0
    try:
        with (
            folder.open(path) as stream,
            pq.ParquetFile(stream, page_checksum_verification=True) as parquet,
        ):
            faults = list(column_faults(parquet.schema_arrow, schema))
            yield from faults
            if not all(fault.usable for fault in faults):
                return
            if measure is not None:
                measure(_unread_bytes(parquet.metadata, paths))
            for batch in parquet.iter_batches(batch_rows, columns=paths, use_threads=False):
                if measure is not None:
                    measure(batch.nbytes)
                yield from _batch_rows(batch, first, names, mappings)
                first += batch.num_rows
    except UNREADABLE as error:
        yield UnreadableFault(f"{type(error).__name__}: {error}")


def read_sound_rows(
    folder: DatasetFolder,
    path: str,
    schema: pa.Schema,
    *,
    only: Sequence[str] | None = None,
    batch_rows: int,
    mappings: bool = False,
    measure: Callable[[int], None] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of every row of a file that must be sound, as `read_rows` reads them.

    Raises:
        ValueError: the file has a fault; it is named. Extra columns are none.
    """
    for found in read_rows(
        folder,
        path,
        schema,
        only=only,
        batch_rows=batch_rows,
        mappings=mappings,
        measure=measure,
    ):
        if isinstance(found, Row):
            yield found.values
        elif not (isinstance(found, ColumnFault) and found.usable):
            raise ValueError(f"{path}: {found}; run `sarchat validate` for all faults")


def _unread_bytes(metadata: pq.FileMetaData, paths: Sequence[str]) -> int:
    """Add up the columns that are not read, as they are before compression."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    chunks = (group.column(number) for group in groups for number in range(group.num_columns))
    return sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if not any(f"{chunk.path_in_schema}.".startswith(f"{path}.") for path in paths)
    )


def _batch_rows(
    batch: pa.RecordBatch, first: int, names: list[str], mappings: bool
) -> Iterator[Row | NullFault]:
    nulls = null_rows(batch)
    for row, column in sorted(nulls.items()):
        yield NullFault(first + row, column)
    whole = [row for row in range(batch.num_rows) if row not in nulls]
    if nulls:
        batch = batch.take(pa.array(whole, pa.int64()))
    for row, values in zip(whole, rows_of(batch, names, mappings=mappings), strict=True):
        yield Row(first + row, values)
