"""Records of a file of predictions: JSON lines, JSON, tables, spreadsheets, Parquet.

What a file is follows from its first bytes, never from its name.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import ijson
import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.errors import InputError
from sarchat_build.regular_files import open_regular

_HEAD_BYTES = 1 << 16
# Keys of documents that hold their records in a list.
_LISTS = ("logs", "data", "predictions", "results", "samples", "rows")
_XLSX = (
    "reading xlsx needs openpyxl: pip install 'sarchat-build[xlsx]'; or run VLMEvalKit with "
    "PRED_FORMAT=tsv"
)


class Record(NamedTuple):
    """One record and where it stands, for messages: "answers.jsonl:3"."""

    where: str
    fields: Mapping[str, Any]


def read_records(path: Path) -> Generator[Record, None, None]:
    """Yield the records of a file, one after the other and in bounded memory where it allows.

    Raises:
        InputError: it is not there, is none of the forms, or one of its records is broken.
    """
    try:
        with open_regular(path, _HEAD_BYTES) as raw:
            head = raw.read(4)
            raw.seek(0)
            if not head:
                raise InputError(f"{path}: is empty; give the predictions of a harness")
            if head[:2] == b"\x1f\x8b":
                with gzip.open(raw) as packed, io.BufferedReader(cast(Any, packed)) as unpacked:
                    yield from _records(path, unpacked)
            elif head == b"PAR1":
                yield from _parquet(path)
            elif head == b"PK\x03\x04":
                yield from _spreadsheet(path, raw)
            else:
                yield from _records(path, cast(io.BufferedReader, raw))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not UTF-8 text ({error.reason}); give JSON, TSV, xlsx or Parquet"
        ) from error
    except (OSError, EOFError) as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({said})") from error


def _records(path: Path, stream: io.BufferedReader) -> Iterator[Record]:
    head = stream.peek(_HEAD_BYTES)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return
    if start.startswith(b"["):
        yield from _array(path, stream)
        return
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        yield from _lines(path, text) if start.startswith(b"{") else _table(path, text)


def _array(path: Path, stream: io.BufferedReader) -> Iterator[Record]:
    number = 0
    try:
        for number, item in enumerate(
            ijson.items(_without_mark(stream), "item", use_float=True), 1
        ):
            yield _record(f"{path}, item {number}", item)
    except ijson.JSONError as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(
            f"{path}, item {number + 1}: is not JSON ({said}); was the harness stopped?"
        ) from error


def _without_mark(stream: io.BufferedReader) -> io.BufferedReader:
    if stream.peek(3).startswith(b"\xef\xbb\xbf"):
        stream.read(3)
    return stream


def _lines(path: Path, text: io.TextIOWrapper) -> Iterator[Record]:
    lines = ((number, line) for number, line in enumerate(text, 1) if line.strip())
    first_number, first = next(lines)
    try:
        record = json.loads(first)
    except ValueError:
        # One document over many lines, or lines of which the first is broken.
        following = next(lines, None)
        if following is not None and following[1].lstrip().startswith('{"'):
            raise InputError(_broken(path, first_number)) from None
        rest = "" if following is None else following[1] + text.read()
        yield from _document(path, first + rest)
        return
    if isinstance(record, dict) and (listed := _listed(record)) is not None:
        for number, item in enumerate(listed, 1):
            yield _record(f"{path}, item {number}", item)
        return
    yield _record(f"{path}:{first_number}", record)
    for number, line in lines:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(_broken(path, number)) from error
        yield _record(f"{path}:{number}", record)


def _broken(path: Path, number: int) -> str:
    return (
        f"{path}:{number}: is not JSON; if the harness was stopped there, run it again, "
        "or remove the line"
    )


def _document(path: Path, text: str) -> Iterator[Record]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); was the harness stopped?") from error
    listed = _listed(document) if isinstance(document, dict) else None
    for number, item in enumerate([document] if listed is None else listed, 1):
        yield _record(f"{path}, item {number}", item)


def _listed(document: Mapping[str, Any]) -> list[Any] | None:
    """Give the records that a document holds, as a list or by columns; None if it is one itself."""
    for key in _LISTS:
        if isinstance(document.get(key), list) and all(isinstance(r, dict) for r in document[key]):
            return list(document[key])
    if document and all("/" in name for name in document):  # ids, each with its answer
        return [
            {"dialogue_id": name, **(said if isinstance(said, dict) else {"prediction": said})}
            for name, said in document.items()
        ]
    names, rows = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(rows, list):  # as pandas splits a table
        return [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]
    columns = document.get("prediction")
    if isinstance(columns, dict):
        return [
            {name: column.get(key) for name, column in document.items() if isinstance(column, dict)}
            for key in columns
        ]
    named = isinstance(document.get("dialogue_id", document.get("id")), str | int)
    if isinstance(columns, list) and not named:  # else these are several answers to one dialogue
        whole = {
            n: c for n, c in document.items() if isinstance(c, list) and len(c) == len(columns)
        }
        return [{name: column[i] for name, column in whole.items()} for i in range(len(columns))]
    return None


def _record(where: str, item: Any) -> Record:
    if not isinstance(item, dict):
        raise InputError(f"{where}: is a {type(item).__name__}, not an object with fields")
    return Record(where, item)


def _table(path: Path, text: io.TextIOWrapper) -> Iterator[Record]:
    header = text.readline()
    delimiter = "\t" if "\t" in header else max(",;", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    if len(names) < 2 or not all(name.isprintable() for name in names):
        raise InputError(
            f"{path}: is neither JSON nor a table with a header; "
            "give JSON lines, JSON, TSV, CSV, xlsx or Parquet"
        )
    csv.field_size_limit(min(sys.maxsize, 1 << 31 - 1))
    names = [name.strip() for name in names]
    rows = csv.reader(text, delimiter=delimiter)
    try:
        for row in rows:
            if not row:
                continue
            if len(row) != len(names):
                raise InputError(
                    f"{path}:{rows.line_num + 1}: has {len(row)} cells, its header {len(names)}"
                )
            yield Record(f"{path}:{rows.line_num + 1}", dict(zip(names, row, strict=True)))
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num + 1}: {error}") from error


def _parquet(path: Path) -> Iterator[Record]:
    number = 0
    try:
        with pq.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(4096):
                for row in batch.to_pylist():
                    number += 1
                    yield Record(f"{path}, row {number}", row)
    except pa.ArrowException as error:
        raise InputError(f"{path}: is not Parquet ({error})") from error


def _spreadsheet(path: Path, stream: BinaryIO) -> Iterator[Record]:
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(f"{path}: {_XLSX}") from error
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except Exception as error:  # a zip of anything raises anything
        raise InputError(f"{path}: is a zip file but no xlsx workbook ({error})") from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = [str(name) if name is not None else "" for name in next(rows, ())]
        for number, row in enumerate(rows, 2):
            if any(value is not None for value in row):
                yield Record(f"{path}:{number}", dict(zip(names, row, strict=False)))
    finally:
        book.close()
