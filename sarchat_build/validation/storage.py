"""Reaching the files of a dataset, on disk or in a bucket, through Arrow's file systems."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from sarchat_build.validation.columns import null_rows, rows_of
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.tables import Columns, schema_faults

# What Arrow raises over bytes that are no Parquet, or no longer the Parquet they were.
# (KeyError and TypeError are no part of it: those would be faults of ours.)
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)
_BLOCK_BYTES = 1 << 20


class Folder:
    """The root of one dataset: `out_dir` is a path, or a URL that Arrow or fsspec knows."""

    def __init__(self, out_dir: str) -> None:
        scheme, separator, _ = out_dir.partition("://")
        if not separator:
            self._files: pafs.FileSystem = pafs.LocalFileSystem()
            self._root = Path(out_dir).absolute().as_posix()
        else:
            own = scheme in ("file", "gs", "gcs", "s3", "abfs", "hdfs") or scheme.startswith(
                "fsspec+"
            )
            url = out_dir if own else f"fsspec+{out_dir}"
            self._files, self._root = pafs.FileSystem.from_uri(url)

    def open(self, path: str) -> pa.NativeFile:
        """Open a file for reading at any place.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        return self._files.open_input_file(f"{self._root.rstrip('/')}/{path}")

    def list(self) -> dict[str, int]:
        """Give every file below the root with its size in bytes, by relative path.

        Raises:
            OSError: the root is not there, or cannot be listed.
        """
        selector = pafs.FileSelector(self._root, recursive=True)
        return {
            PurePosixPath(info.path).relative_to(self._root).as_posix(): info.size
            for info in self._files.get_file_info(selector)
            if info.type == pafs.FileType.File
        }

    def sha256(self, path: str) -> tuple[int, str]:
        """Read a file once: its size in bytes and its hash.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        digest, size = hashlib.sha256(), 0
        with self.open(path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def json(self, path: str) -> Any:
        """Read a JSON document.

        Raises:
            OSError: it is not there, or cannot be read.
            ValueError: it is not UTF-8, or not JSON.
        """
        with self.open(path) as stream:
            return json.loads(stream.read())


def table_rows(
    folder: Folder,
    path: str,
    columns: Columns,
    build: Mapping[str, Any],
    log: FindingLog,
    *,
    batch_rows: int,
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield (row number, values in the order of `columns`) of one Parquet file.

    Whatever is wrong with the file becomes a finding and ends the rows early; a row with a null
    where none may be becomes a finding and is left out.
    """
    seen = 0
    try:
        with (
            folder.open(path) as stream,
            pq.ParquetFile(stream, page_checksum_verification=True) as parquet,
        ):
            faults = list(schema_faults(parquet.schema_arrow, columns))
            for fault in faults:
                log.add(
                    "schema",
                    path,
                    Plain(fault.expected),
                    Plain(fault.found),
                    key=fault.column,
                    severity="warning" if fault.usable else "error",
                )
            if not all(fault.usable for fault in faults):
                return
            names = list(columns)
            for batch in parquet.iter_batches(batch_rows, columns=names, use_threads=False):
                yield from _batch_rows(batch, seen, names, path, log)
                seen += batch.num_rows
    except UNREADABLE as error:
        log.add(
            "unreadable", path, Plain("a Parquet file"), Plain(f"{type(error).__name__}: {error}")
        )
        return
    listed = mapping_at(build, "files", path).get("rows")
    if listed != seen:
        log.add("file_rows", path, listed, seen)


def _batch_rows(
    batch: pa.RecordBatch, first: int, names: list[str], path: str, log: FindingLog
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    holes = null_rows(batch)
    for row, column in sorted(holes.items()):
        log.add("null", path, Plain("a value"), None, row=first + row, key=column)
    whole = [row for row in range(batch.num_rows) if row not in holes]
    if holes:
        batch = batch.take(pa.array(whole, pa.int64()))
    for row, values in zip(whole, rows_of(batch, names), strict=True):
        yield first + row, values
