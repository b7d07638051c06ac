"""The tables of one dataset, with faults of their files turned into findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.parquet_layout import LayoutFault, layout_faults
from sarchat_build.published.reader import (
    UNREADABLE,
    Fault,
    NullFault,
    Row,
    UnreadableFault,
    read_rows,
)
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at

# Row groups of `images` are what the recipe says.
_ROWS_OF_OTHER_TABLES = 10_000


@dataclass(frozen=True, slots=True)
class Tables:
    """A dataset's folder and build.json, and the log that faults go to."""

    folder: DatasetFolder
    build: Mapping[str, Any]
    log: FindingLog

    def rows(self, table: str, path: str, *, batch_rows: int) -> Iterator[Row]:
        """Yield the sound rows of one file of a table, as `published.reader.read_rows` has them.

        Whatever is wrong with the file becomes a finding and ends the rows early; a row with a
        null where none may be becomes a finding and is left out. The number of rows must be that
        of build.json.
        """
        seen, readable = 0, True
        for found in read_rows(self.folder, path, SCHEMAS[table], batch_rows=batch_rows):
            seen += isinstance(found, Row | NullFault)
            if isinstance(found, Row):
                yield found
            else:
                readable &= self._report(path, found)
        listed = mapping_at(self.build, "files", path).get("rows")
        if readable and listed != seen:
            self.log.add("file_rows", path, listed, seen)
        if readable:
            self._check_layout(table, path)

    def _check_layout(self, table: str, path: str) -> None:
        """Record what of a readable file is not as published, beside its rows."""
        rows = mapping_at(self.build, "recipe", "output").get("images_per_row_group")
        version = mapping_at(self.build, "versions").get("pyarrow")
        faults = layout_faults(
            self.folder,
            path,
            SCHEMAS[table],
            row_group_rows=(rows if isinstance(rows, int) and rows > 0 else None)
            if table == "images"
            else _ROWS_OF_OTHER_TABLES,
            arrow_version=version if isinstance(version, str) else None,
        )
        try:
            by_check: dict[str, list[LayoutFault]] = defaultdict(list)
            for fault in faults:
                by_check[fault.check].append(fault)
            for check, (first, *others) in by_check.items():
                more = len({fault.column for fault in others} - {first.column})
                also = f", and the like in {more} more columns" if more else ""
                expected, found = Plain(first.expected), Plain(f"{first.found}{also}")
                self.log.add(check, path, expected, found, key=first.column)
        except (*UNREADABLE, ValueError) as error:
            found = Plain(f"{type(error).__name__}: {error}")
            self.log.add("unreadable", path, Plain("a Parquet file"), found)

    def _report(self, path: str, fault: Fault) -> bool:
        """Record a fault, and tell whether the other rows of the file can be read."""
        if isinstance(fault, NullFault):
            self.log.add("null", path, Plain("a value"), None, row=fault.row, key=fault.column)
            return True
        if isinstance(fault, UnreadableFault):
            self.log.add("unreadable", path, Plain("a Parquet file"), Plain(fault.error))
            return False
        self.log.add(
            "schema",
            path,
            Plain(fault.expected),
            Plain(fault.found),
            key=fault.column,
        )
        return fault.usable
