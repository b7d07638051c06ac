"""Damage to a finished dataset that hides behind right digests, and the check that must name it.

Each kind changes rows, files or build.json and then writes sizes, digests and numbers of rows anew,
so that only what follows from something else can still give it away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from sarchat_build.dataset.output import json_text
from sarchat_build.dataset.shards import write_parquet
from sarchat_build.published.layout import parse_table_path
from sarchat_build.published.schema import SCHEMAS

Row = dict[str, Any]


class Target:
    """A copy of a dataset to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opening = ""  # what stands before the text of build.json
        self.build: Row = json.loads((folder / "build.json").read_text(encoding="utf-8"))

    def paths(self, table: str) -> list[str]:
        """Give the files of a table that hold rows."""
        return [
            path
            for path, entry in self.build["files"].items()
            if path.startswith(f"{table}/") and entry["rows"]
        ]

    def rows(self, path: str) -> list[Row]:
        """Read one file."""
        return list(pq.read_table(self.folder / path).to_pylist())

    def write(self, path: str, rows: list[Row]) -> None:
        """Write one file as a build does, and enter it."""
        file = parse_table_path(path)
        assert file is not None
        size = self.build["recipe"]["output"]["images_per_row_group"]
        group = size if file.table == "images" else 10_000
        write_parquet(str(self.folder / path), SCHEMAS[file.table], rows, group)
        self.enter(path)

    def enter(self, path: str) -> None:
        """Write size, digest and rows of a file into build.json."""
        data = (self.folder / path).read_bytes()
        rows = pq.read_metadata(self.folder / path).num_rows if path.endswith(".parquet") else None
        digest = hashlib.sha256(data).hexdigest()
        self.build["files"][path] = {"bytes": len(data), "sha256": digest, "rows": rows}

    def text(self, path: str, change: Callable[[str], str]) -> None:
        """Change a text file, and enter it."""
        before = (self.folder / path).read_text(encoding="utf-8")
        after = change(before)
        assert after != before
        (self.folder / path).write_text(after, encoding="utf-8")
        self.enter(path)

    def seal(self) -> None:
        """Write build.json, as a build does."""
        text = self.opening + json_text(self.build)
        (self.folder / "build.json").write_text(text, encoding="utf-8")


class Damage(NamedTuple):
    """One kind: what it does, which checks may name it, and whether the first line must be one.

    A `warning` is no fault: something may be as it is, but nobody can tell.
    """

    do: Callable[[Target], object]
    checks: tuple[str, ...]
    first: bool = False
    warning: bool = False


def in_row(
    table: str, change: Callable[[Row], object], where: Callable[[Row], object] = bool
) -> Callable[[Target], None]:
    """Give a damage to the first row of a table that `where` holds of."""

    def damage(target: Target) -> None:
        for path in target.paths(table):
            rows = target.rows(path)
            chosen = next((row for row in rows if where(row)), None)
            if chosen is not None:
                before = json.dumps(chosen, default=repr)
                change(chosen)
                assert json.dumps(chosen, default=repr) != before
                target.write(path, rows)
                return
        raise AssertionError(f"no row of {table} can be damaged so")

    return damage


def put(column: str, value: Any) -> Callable[[Row], None]:
    """Give a change of one column; a function is given the value before."""

    def change(row: Row) -> None:
        row[column] = value(row[column]) if callable(value) else value

    return change


def put_object(column: str, value: Any) -> Callable[[Row], None]:
    """Give a change of one column of the first object."""

    def change(row: Row) -> None:
        values = row["objects"][column]
        values[0] = value(values[0]) if callable(value) else value

    return change


def in_rows(table: str, change: Callable[[list[Row]], object]) -> Callable[[Target], None]:
    """Give a damage to the list of rows of the first file that has two or more."""

    def damage(target: Target) -> None:
        path = next(p for p in target.paths(table) if target.build["files"][p]["rows"] > 1)
        rows = target.rows(path)
        change(rows)
        target.write(path, rows)

    return damage


def in_build(*path: Any, value: Any) -> Callable[[Target], None]:
    """Give a damage to one key of build.json; a function is given the value before."""

    def damage(target: Target) -> None:
        node: Any = target.build
        for key in path[:-1]:
            node = node[next(iter(node)) if key is ... else key]
        key = next(iter(node)) if path[-1] is ... else path[-1]
        before = node.get(key) if isinstance(node, dict) else node[key]
        node[key] = value(before) if callable(value) else value
        assert node[key] != before

    return damage


def without(*path: Any) -> Callable[[Target], None]:
    """Give a damage that takes one key out of build.json."""

    def damage(target: Target) -> None:
        node: Any = target.build
        for key in path[:-1]:
            node = node[next(iter(node)) if key is ... else key]
        del node[path[-1]]

    return damage


def is_chip(row: Row) -> bool:
    return bool(row["window_xyxy_px"]) and bool(row["objects"]["bbox"])


def is_whole(row: Row) -> bool:
    return not row["window_xyxy_px"] and bool(row["objects"]["bbox"])


def has_obb(row: Row) -> bool:
    return is_whole(row) and bool(row["objects"]["obb"][0])


def of(source: str) -> Callable[[Row], bool]:
    return lambda row: row["source"] == source and bool(row["objects"]["bbox"])


def swap_first_two(rows: list[Row]) -> None:
    rows[0], rows[1] = rows[1], rows[0]


def moved(box: list[float]) -> list[float]:
    return [value + 400.0 for value in box]
