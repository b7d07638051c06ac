"""The rows of one published file, with its faults turned into findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.reader import NullFault, Row, UnreadableFault, read_rows
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at


def table_rows(
    folder: DatasetFolder,
    path: str,
    schema: pa.Schema,
    build: Mapping[str, Any],
    log: FindingLog,
    *,
    batch_rows: int,
) -> Iterator[Row]:
    """Yield the sound rows of one file; `published.reader.read_rows` says which those are.

    Whatever is wrong with the file becomes a finding and ends the rows early; a row with a null
    where none may be becomes a finding and is left out. The number of rows must be that of
    build.json.
    """
    seen, usable = 0, True
    for found in read_rows(folder, path, schema, batch_rows=batch_rows):
        if isinstance(found, Row):
            seen += 1
            yield found
        elif isinstance(found, NullFault):
            seen += 1
            log.add("null", path, Plain("a value"), None, row=found.row, key=found.column)
        elif isinstance(found, UnreadableFault):
            log.add("unreadable", path, Plain("a Parquet file"), Plain(found.error))
            return
        else:
            log.add(
                "schema",
                path,
                Plain(found.expected),
                Plain(found.found),
                key=found.column,
                severity="warning" if found.usable else "error",
            )
            usable &= found.usable
    listed = mapping_at(build, "files", path).get("rows")
    if usable and listed != seen:
        log.add("file_rows", path, listed, seen)
