"""What did not become a picture of its own: rejects, and groups of duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import parse_table_path
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.published.schema import SCHEMAS

_SEARCHED = {
    "rejects": ("file", "key", "reason", "detail"),
    "duplicates": ("image_id", "group_id", "file"),
}


class SideTables:
    """Rejects and duplicates of a dataset, read when they are first asked for.

    Args:
        location: the dataset, as a path or a URL.
        build: the content of `build.json`.
    """

    def __init__(self, location: str, build: Mapping[str, Any]) -> None:
        self._location = location
        self._build = build

    def rejects(
        self, *, source: str = "", reason: str = "", text: str = "", offset: int, limit: int
    ) -> dict[str, Any]:
        """Give some rejects, how many there are of that kind, and counts of all by source, reason.

        Raises:
            InputError: a file cannot be read.
        """
        table = _containing(self._rejects, "rejects", text)
        for name, value in (("source", source), ("reason", reason)):
            if value:
                table = table.filter(pc.equal(table[name], value))
        return {
            "total": table.num_rows,
            "rows": table.slice(offset, limit).to_pylist(),
            "kinds": self._kinds,
        }

    def duplicates(
        self, positions: Mapping[str, int], *, text: str = "", offset: int, limit: int
    ) -> dict[str, Any]:
        """Give some groups of pictures that show the same, and how many there are.

        A group is there whole if one of its pictures is found. `position` of a member is its place
        in the index, if it was published.

        Raises:
            InputError: the file cannot be read.
        """
        found = _containing(self._duplicates, "duplicates", text)
        names = pc.unique(found["group_id"])
        chosen = self._duplicates.filter(
            pc.is_in(self._duplicates["group_id"], value_set=names.slice(offset, limit))
        )
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in chosen.to_pylist():
            member = {**row, "position": positions.get(row["image_id"])}
            groups.setdefault(row["group_id"], []).append(member)
        return {"total": len(names), "groups": list(groups.values())}

    @cached_property
    def _rejects(self) -> pa.Table:
        return self._read("rejects")

    @cached_property
    def _duplicates(self) -> pa.Table:
        return self._read("duplicates")

    @cached_property
    def _kinds(self) -> list[dict[str, Any]]:
        sums = [("images", "sum"), ("instances", "sum"), ("reason", "count")]
        grouped = self._rejects.group_by(["source", "reason"], use_threads=False).aggregate(sums)
        rows = [
            {
                "source": row["source"],
                "reason": row["reason"],
                "rows": row["reason_count"],
                "images": row["images_sum"],
                "objects": row["instances_sum"],
            }
            for row in grouped.to_pylist()
        ]
        return sorted(rows, key=lambda row: (row["source"], -row["rows"], row["reason"]))

    def _read(self, table: str) -> pa.Table:
        folder, parts = DatasetFolder(self._location), [SCHEMAS[table].empty_table()]
        for path in sorted(self._build["files"]):
            file = parse_table_path(path)
            if file is None or file.table != table:
                continue
            try:
                with folder.open(path) as stream:
                    found = pq.read_table(stream, columns=SCHEMAS[table].names)
                parts.append(found.cast(SCHEMAS[table]))
            except (*UNREADABLE, ValueError) as error:
                raise InputError(f"{self._location}/{path}: cannot be read ({error})") from error
        return pa.concat_tables(parts).combine_chunks()


def _containing(rows: pa.Table, table: str, text: str) -> pa.Table:
    """Keep the rows in which a text stands, in capitals or not."""
    if not text:
        return rows
    hits = [pc.match_substring(rows[name], text, ignore_case=True) for name in _SEARCHED[table]]
    found = hits[0]
    for more in hits[1:]:
        found = pc.or_(found, more)
    return rows.filter(pc.fill_null(found, False))
