"""Pages of a Parquet file, and bytes that nothing in it refers to, which readers pass over.

The footer says where each column chunk and its indexes lie, and each page has a header. They are
Thrift structs in the compact form, of which no library at hand reports all: here they are read as
plain numbers by field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

_MAGIC_BYTES, _TAIL_BYTES = 4, 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12
_LISTS = (9, 10)
# Fields of the structs of `parquet.thrift`.
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3
_OFFSET_INDEX, _COLUMN_INDEX = (4, 5), (6, 7)
_CHUNK_BYTES, _DATA_PAGE, _DICTIONARY_PAGE = 7, 9, 11
_PAGES, _PAGE_AT, _PAGE_BYTES = 1, 1, 2

_PAGE_TYPE, _PAGE_SIZE, _CHECKSUM, _OF_DATA, _OF_DICTIONARY = 1, 3, 4, 5, 7
_VALUES, _ENCODING = 1, 2
_DATA_PAGE_TYPE, _DICTIONARY_PAGE_TYPE = 0, 2
# Headers are some tens of bytes, and more where they repeat the limits of their values.
_HEADER_BYTES, _LONGEST_HEADER_BYTES = 256, 1 << 20

Struct = Mapping[int, Any]


class Page(NamedTuple):
    """One page of a column chunk by its header; other than data of version 1 has no encoding."""

    is_dictionary: bool
    has_checksum: bool
    values: int
    encoding: int | None


def pages(stream: pa.NativeFile, start: int, end: int) -> Iterator[Page]:
    """Yield the pages between two positions, as their headers describe them.

    Raises:
        ValueError: a header is not what `parquet.thrift` says.
    """
    at = start
    while at < end:
        header, length = _header(stream, at, end)
        kind, size = header.get(_PAGE_TYPE), header.get(_PAGE_SIZE)
        if not isinstance(size, int) or size < 0:
            raise ValueError("a page without a size")
        at += length + size
        is_dictionary = kind == _DICTIONARY_PAGE_TYPE
        found = header.get(_OF_DICTIONARY if is_dictionary else _OF_DATA)
        if not isinstance(found, Mapping) or not (is_dictionary or kind == _DATA_PAGE_TYPE):
            found = {}
        values, encoding = found.get(_VALUES, 0), found.get(_ENCODING)
        yield Page(is_dictionary, _CHECKSUM in header, values, encoding)


def _header(stream: pa.NativeFile, at: int, end: int) -> tuple[Struct, int]:
    size = _HEADER_BYTES
    while True:
        stream.seek(at)
        try:
            return _struct(stream.read(min(size, end - at)), 0)
        except (IndexError, RecursionError) as error:
            if size >= min(end - at, _LONGEST_HEADER_BYTES):
                raise ValueError("a page without a header") from error
            size *= 16


def unreferenced_bytes(stream: pa.NativeFile) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of everything between the parts of a readable file that is no part.

    Overlapping parts give an end before its start.

    Raises:
        ValueError: the footer is not what `parquet.thrift` says.
    """
    size = stream.size()
    stream.seek(size - _TAIL_BYTES)
    length = int.from_bytes(stream.read(4), "little")
    footer_at = size - _TAIL_BYTES - length
    stream.seek(footer_at)
    try:
        footer, _ = _struct(stream.read(length), 0)
        columns = [column for group in footer[_ROW_GROUPS] for column in group[_COLUMNS]]
        spans = sorted(span for column in columns for span in _spans(column))
        ends = {chunk_end: column for column in columns for _, chunk_end in [_chunk(column)]}
        at = _MAGIC_BYTES
        for start, end in [*spans, (footer_at, footer_at)]:
            if start != at:
                yield at, start
            at = end
        for chunk_end, column in ends.items():
            pages_end = _pages_end(stream, column)
            if pages_end is not None and pages_end != chunk_end:
                yield pages_end, chunk_end
    except (KeyError, IndexError, TypeError, RecursionError) as error:
        raise ValueError(f"a footer without {error}") from error


def _spans(column: Struct) -> Iterator[tuple[int, int]]:
    yield _chunk(column)
    for at, length in (_OFFSET_INDEX, _COLUMN_INDEX):
        if at in column:
            yield column[at], column[at] + column[length]


def _chunk(column: Struct) -> tuple[int, int]:
    about = column[_META_DATA]
    start = min(about[_DATA_PAGE], about.get(_DICTIONARY_PAGE, about[_DATA_PAGE]))
    return start, start + about[_CHUNK_BYTES]


def _pages_end(stream: pa.NativeFile, column: Struct) -> int | None:
    at, length = (column.get(field) for field in _OFFSET_INDEX)
    if at is None or length is None:
        return None
    stream.seek(at)
    index, _ = _struct(stream.read(length), 0)
    last = index[_PAGES][-1] if index[_PAGES] else None
    return None if last is None else int(last[_PAGE_AT] + last[_PAGE_BYTES])


def _struct(data: bytes, at: int) -> tuple[Struct, int]:
    """Read a struct; give its fields by number, and where it ends."""
    found: dict[int, Any] = {}
    number = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        found[number], at = _value(data, at, head & 15)
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _STRUCT:
        return _struct(data, at)
    if kind == _BYTE:
        return data[at], at + 1
    if kind == _DOUBLE:
        _ = data[at + 7]
        return None, at + 8
    if kind == _BINARY:
        length, at = _varint(data, at)
        return None, at + length
    if kind in _LISTS:
        head, at = data[at], at + 1
        length = head >> 4
        if length == 15:
            length, at = _varint(data, at)
        values = []
        for _ in range(length):
            # The elements of a list of booleans have a byte each.
            of = _BYTE if head & 15 in (_TRUE, _FALSE) else head & 15
            value, at = _value(data, at, of)
            values.append(value)
        return values, at
    return _integer(data, at)


def _integer(data: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte, at = data[at], at + 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
