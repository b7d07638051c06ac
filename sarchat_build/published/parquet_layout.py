"""The form of a published Parquet file: what holds beside its rows, and whatever is otherwise.

Metadata that trainers read, row groups, compression, checksums of pages, page index, and the
statistics by which readers skip row groups: all of it can be wrong while every row is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.hf_features import with_hf_features
from sarchat_build.published.parquet_spans import Page, pages, unreferenced_bytes

# Pictures are compressed already, and their smallest and largest bytes tell nobody anything.
PICTURE = "image.bytes"
COMPRESSION = "ZSTD"
# Parquet leaves out the limits of longer values.
_LONGEST_LIMIT_BYTES = 1024
_CREATED_BY = re.compile(r"parquet-cpp-arrow version (\S+)")
# Numbers of `parquet.thrift`.
_PLAIN, _DICTIONARY = 0, 8


class LayoutFault(NamedTuple):
    """One thing about a file that is not as published: what, in which column, and both values."""

    check: str
    column: str
    expected: str
    found: str


def layout_faults(
    folder: DatasetFolder,
    path: str,
    schema: pa.Schema,
    *,
    row_group_rows: int | None,
    arrow_version: str | None,
) -> Iterator[LayoutFault]:
    """Yield whatever of a readable file is not as published; its pictures are not read.

    Args:
        folder: the dataset.
        path: the file, relative to the dataset.
        schema: the schema of its table.
        row_group_rows: how many rows each row group but the last must have, if that is known.
        arrow_version: the version of Arrow that must have written it, if that is known.

    Raises:
        pyarrow.ArrowException, OSError, ValueError: the file cannot be read, which
            `reader.read_rows` says too, or its footer is none of a Parquet file.
    """
    with folder.open(path) as stream, pq.ParquetFile(stream) as parquet:
        found = parquet.schema_arrow
        yield from _metadata_faults(found.metadata or {}, with_hf_features(schema).metadata)
        yield from _field_faults(found, schema)
        if found.names != schema.names:
            yield LayoutFault("column_order", "", f"{schema.names}", f"{found.names}")
        footer = parquet.metadata
        created = _CREATED_BY.match(footer.created_by or "")
        if arrow_version is not None and (created is None or created[1] != arrow_version):
            yield LayoutFault(
                "file_writer", "", f"pyarrow {arrow_version}, as versions", f"{footer.created_by}"
            )
        yield from _row_group_faults(footer, row_group_rows)
        for group in range(footer.num_row_groups):
            yield from _column_faults(stream, footer.row_group(group), group)
        yield from _value_faults(stream, parquet)
        for start, end in unreferenced_bytes(stream):
            found_at = f"bytes {start:,} to {end:,} belong to nothing"
            yield LayoutFault("hidden_bytes", "", "pages, indexes and footer only", found_at)


def _metadata_faults(
    found: Mapping[bytes, bytes], expected: Mapping[bytes, bytes]
) -> Iterator[LayoutFault]:
    for key in sorted(found.keys() | expected.keys()):
        if found.get(key) != expected.get(key):
            wanted, there = (_metadata_text(values.get(key)) for values in (expected, found))
            yield LayoutFault("schema_metadata", key.decode("utf-8", "replace"), wanted, there)


def _field_faults(found: pa.Schema, expected: pa.Schema) -> Iterator[LayoutFault]:
    """Compare what fields say beside their types: that they may be null, and no remarks."""
    for field in expected:
        pairs = zip(_remarks(found.field(field.name)), _remarks(field), strict=True)
        for (_, there), (path, wanted) in pairs:
            if there != wanted:
                yield LayoutFault("schema_metadata", path, wanted, there)


def _remarks(field: pa.Field, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and remarks of a field and of all below it; items of a list have its path."""
    path = path or field.name
    own = sorted((field.metadata or {}).items())
    texts = [f"{_metadata_text(key)}={_metadata_text(value)}" for key, value in own]
    yield path, ", ".join(["may be null" if field.nullable else "never null", *texts])
    if pa.types.is_struct(field.type):
        for below in field.type:
            yield from _remarks(below, f"{path}.{below.name}")
    elif pa.types.is_list(field.type):
        yield from _remarks(field.type.value_field, path)


def _metadata_text(value: bytes | None) -> str:
    return "none" if value is None else value.decode("utf-8", "replace")


def _row_group_faults(footer: pq.FileMetaData, wanted: int | None) -> Iterator[LayoutFault]:
    sizes = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
    for group in range(footer.num_row_groups):
        if footer.row_group(group).sorting_columns:
            yield LayoutFault("row_groups", "", "no claim of an order", f"one in group {group}")
            break
    if wanted is None:
        return
    whole, rest = divmod(footer.num_rows, wanted)
    expected = [wanted] * whole + [rest] * bool(rest)
    if sizes != expected:
        yield LayoutFault("row_groups", "", f"{expected} rows", f"{sizes} rows")


def _column_faults(
    stream: pa.NativeFile, row_group: pq.RowGroupMetaData, group: int
) -> Iterator[LayoutFault]:
    for index in range(row_group.num_columns):
        column = row_group.column(index)
        name = column.path_in_schema
        compression = "UNCOMPRESSED" if name == PICTURE else COMPRESSION
        if column.compression != compression:
            yield LayoutFault("compression", name, compression, column.compression)
        # Without statistics, which is said elsewhere, there is no index of columns either.
        indexed = column.has_column_index or not column.is_stats_set
        if not column.has_offset_index or not indexed:
            yield LayoutFault("page_index", name, "a page index", f"none in row group {group}")
        found = list(_pages(stream, column))
        if not all(page.has_checksum for page in found):
            yield LayoutFault("page_checksum", name, "checksums", f"none in row group {group}")
        packed = (_DICTIONARY, _PLAIN) if name != PICTURE else (_PLAIN,)
        other = [
            page
            for page in found
            if page.encoding not in ((_PLAIN,) if page.is_dictionary else packed)
        ]
        # Arrow gives up a dictionary that grows too long, but never does without from the start.
        has_dictionary = name != PICTURE and column.physical_type != "BOOLEAN"
        if other or any(page.is_dictionary for page in found) != has_dictionary:
            known = "pages of version 1, plain or by a dictionary"
            yield LayoutFault("page_form", name, known, f"others in row group {group}")


def _pages(stream: pa.NativeFile, column: pq.ColumnChunkMetaData) -> Iterator[Page]:
    start = column.dictionary_page_offset or column.data_page_offset
    return pages(stream, start, start + column.total_compressed_size)


def _value_faults(stream: pa.NativeFile, parquet: pq.ParquetFile) -> Iterator[LayoutFault]:
    """Compare the limits, null counts and dictionaries of every row group with its values."""
    footer = parquet.metadata
    names = [footer.schema.column(i).path for i in range(len(footer.schema.names))]
    wanted = [name for name in names if name != PICTURE]
    for group in range(footer.num_row_groups):
        table = parquet.read_row_group(group, columns=wanted, use_threads=False)
        leaves = [
            leaf
            for column in table.combine_chunks().columns
            for chunk in column.chunks
            for leaf in _leaves(chunk)
        ]
        row_group = footer.row_group(group)
        columns = [row_group.column(i) for i in range(row_group.num_columns)]
        for column, values in zip(
            (c for c in columns if c.path_in_schema != PICTURE), leaves, strict=True
        ):
            fault = _statistics_fault(column, values)
            if fault:
                expected, found = (f"{_limits(value)} in row group {group}" for value in fault)
                yield LayoutFault("statistics", column.path_in_schema, expected, found)
            entries = sum(p.values for p in _pages(stream, column) if p.is_dictionary)
            if entries > (used := _distinct(values)):
                expected, found = f"{used} entries, which are used", f"{entries}"
                where = f"{found} in row group {group}"
                yield LayoutFault("dictionary", column.path_in_schema, expected, where)
        for column in columns:
            if column.path_in_schema == PICTURE and column.is_stats_set:
                yield LayoutFault("statistics", PICTURE, "none", "limits of picture files")


def _limits(value: tuple[Any, ...] | str) -> str:
    if isinstance(value, str):
        return value
    nulls, *limits = value
    return f"{nulls} nulls, {' to '.join(map(repr, limits))}"


def _distinct(values: pa.Array) -> int:
    """Count different values; those of numbers that differ in a bit are different."""
    values = values.drop_null()
    if pa.types.is_floating(values.type):
        values = values.view({32: pa.int32(), 64: pa.int64()}[values.type.bit_width])
    return int(pc.count_distinct(values).as_py())


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the values of each leaf column, in the order of the file's columns."""
    if pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _leaves(child)
    elif pa.types.is_list(array.type):
        yield from _leaves(array.flatten())
    else:
        yield array


def _statistics_fault(
    column: pq.ColumnChunkMetaData, values: pa.Array
) -> tuple[tuple[Any, ...], tuple[Any, ...] | str] | None:
    """Give (nulls, least, greatest) as they are and as the file states them, if they differ.

    A null counts, and so does a list without values, which takes a slot in the column too; where
    no value is null, Arrow sometimes leaves these out.
    """
    there = len(values) - values.null_count
    limits = pc.min_max(values).as_py()
    nulls = column.num_values - there
    stated = column.statistics
    if stated is not None and stated.null_count == values.null_count:
        nulls = values.null_count
    expected = (nulls, limits["min"], limits["max"])
    if stated is None or not stated.has_null_count:
        return expected, "no statistics"
    if stated.has_min_max:
        found = (stated.null_count, stated.min, stated.max)
        return None if found == expected else (expected, found)
    if stated.null_count != expected[0]:
        return expected, (stated.null_count, None, None)
    sizes = [len(v.encode()) for v in expected[1:] if isinstance(v, str)]
    if there and (not sizes or max(sizes) <= _LONGEST_LIMIT_BYTES):
        return expected, (stated.null_count, "no limits")
    return None
