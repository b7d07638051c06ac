"""Damage to a finished dataset that hides behind right digests, and the check that must name it.

Each kind changes rows, files or build.json and then writes sizes, digests and numbers of rows anew,
so that only what follows from something else can still give it away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from sarchat_build.dataset.shards import write_parquet
from sarchat_build.published.layout import parse_table_path
from sarchat_build.published.schema import SCHEMAS

Row = dict[str, Any]


class Target:
    """A copy of a dataset to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        """Write build.json."""
        (self.folder / "build.json").write_text(json.dumps(self.build), encoding="utf-8")


class Damage(NamedTuple):
    """One kind: what it does, and which checks may name it."""

    do: Callable[[Target], object]
    checks: tuple[str, ...]


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


COLUMNS = {
    "license": in_row("images", put("license", "MIT")),
    "platforms": in_row("images", put("platforms", ["Landsat"])),
    "frequency_bands": in_row("images", put("frequency_bands", ["K"])),
    "polarizations": in_row("images", put("polarizations", lambda old: [*old, "LH"])),
    "resolutions_m": in_row("images", put("resolutions_m", [123.0])),
    "categories_annotated": in_row("images", put("categories_annotated", ["bridge"])),
    "rejected_categories": in_row(
        "images",
        put("rejected_categories", lambda old: ["ship"]),
        lambda row: "ship" in row["categories_annotated"] and not row["rejected_categories"],
    ),
    "official_split": in_row(
        "images", put("official_split", "train"), lambda row: row["official_split"] is None
    ),
    "source_member": in_row("images", put("source_member", "elsewhere/other.tif")),
    "scene_id": in_row("images", put("scene_id", lambda old: f"{old}x")),
    "bit_depth": in_row("images", put("bit_depth", 7), lambda row: row["bit_depth"] == 8),
    "channels": in_row("images", put("channels", 2), lambda row: row["rendering"] == "as stored"),
    "rendering": in_row(
        "images", put("rendering", "linear: 0…9 → 0…255"), lambda row: row["bit_depth"] > 8
    ),
    "image_path": in_row("images", lambda row: row["image"].update(path="picture.jpg")),
    "picture_bytes": in_row(
        "images", lambda row: row["image"].update(bytes=row["image"]["bytes"] + b"\0"), is_chip
    ),
    "truncated": in_row("images", put_object("truncated", True), of("hrsid")),
    "difficult_per_object": None,
    "source_category": in_row("images", put_object("source_category", "submarine")),
    "segmentation": in_row("images", put_object("segmentation", moved), of("hrsid")),
    "instance_order": in_row(
        "images",
        lambda row: [values.reverse() for values in row["objects"].values()],
        lambda row: len(row["objects"]["bbox"]) > 1,
    ),
    "window": in_row("images", put("window_xyxy_px", lambda old: [v + 1 for v in old]), is_chip),
}


def _no_checksums(target: Target) -> None:
    _rewrite(target, write_page_checksum=False)


def _rewrite(target: Target, **options: Any) -> None:
    path = target.paths("dialogues/referring")[0]
    schema = pq.read_schema(target.folder / path)
    table = pq.read_table(target.folder / path).cast(schema)
    as_published: dict[str, Any] = {
        "compression": "zstd",
        "write_page_index": True,
        "write_page_checksum": True,
    }
    metadata = options.pop("metadata", schema.metadata)
    pq.write_table(
        table.replace_schema_metadata(metadata), target.folder / path, **as_published | options
    )
    target.enter(path)


def _wrong_limits(target: Target) -> None:
    """Change a limit in the footer; the rows stay as they are."""
    path = target.paths("dialogues/referring")[0]
    data = bytearray((target.folder / path).read_bytes())
    length = int.from_bytes(data[-8:-4], "little")
    at = data.rindex(b"user", len(data) - 8 - length)
    data[at : at + 4] = b"zzzz"
    (target.folder / path).write_bytes(data)
    target.enter(path)


FORM = {
    "schema_metadata": Damage(lambda t: _rewrite(t, metadata=None), ("schema_metadata",)),
    "other schema_metadata": Damage(
        lambda t: _rewrite(t, metadata={"huggingface": "{}"}), ("schema_metadata",)
    ),
    "page checksums": Damage(_no_checksums, ("page_checksum",)),
    "page index": Damage(lambda t: _rewrite(t, write_page_index=False), ("page_index",)),
    "compression": Damage(lambda t: _rewrite(t, compression="snappy"), ("compression",)),
    "no statistics": Damage(lambda t: _rewrite(t, write_statistics=False), ("statistics",)),
    "row groups": Damage(lambda t: _rewrite(t, row_group_size=2), ("row_groups",)),
    "wrong limits": Damage(_wrong_limits, ("statistics",)),
}


def _obb_elsewhere(row: Row) -> None:
    row["objects"]["obb"][0] = [value + 3.0 for value in row["objects"]["obb"][0]]


def _cut_invented(row: Row) -> None:
    row["cut_categories"] = ["ship"]


def _object_dropped_from_chips(target: Target) -> None:
    """Take an object out of one of two chips that show it."""
    for path in target.paths("images"):
        rows = target.rows(path)
        whole = {
            one
            for row in rows
            for one, truncated in zip(
                row["objects"]["instance_id"], row["objects"]["truncated"], strict=True
            )
            if row["window_xyxy_px"] and not truncated
        }
        seen: set[str] = set()
        for row in rows:
            ids = row["objects"]["instance_id"]
            again = [i for i, one in enumerate(ids) if one in whole and one in seen]
            seen.update(ids if row["window_xyxy_px"] else ())
            if again and len(ids) > 1:
                for values in row["objects"].values():
                    values.pop(again[0])
                target.write(path, rows)
                return
    raise AssertionError("no object lies in two chips")


def _difficult_in_one_chip(target: Target) -> None:
    for path in target.paths("images"):
        rows = target.rows(path)
        seen: set[str] = set()
        for row in rows:
            for index, one in enumerate(row["objects"]["instance_id"]):
                if one in seen:
                    row["objects"]["difficult"][index] ^= True
                    target.write(path, rows)
                    return
            seen.update(row["objects"]["instance_id"])
    raise AssertionError("no object lies in two chips")


COLUMNS["difficult_per_object"] = _difficult_in_one_chip


def _empty_shard(target: Target) -> None:
    path = "images/train-00007-of-00008.parquet"
    write_parquet(str(target.folder / path), SCHEMAS["images"], [], 100)


def _link(target: Target) -> None:
    path = target.folder / target.paths("images")[0]
    path.rename(target.folder.parent / "elsewhere.parquet")
    path.symlink_to(target.folder.parent / "elsewhere.parquet")


def _fifo(target: Target) -> None:
    import os

    os.mkfifo(target.folder / "images" / "pipe.parquet")


def _plant(path: str, text: str = "x") -> Callable[[Target], object]:
    def damage(target: Target) -> None:
        (target.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (target.folder / path).write_text(text)

    return damage


def _without_file(path: str) -> Callable[[Target], object]:
    def damage(target: Target) -> None:
        (target.folder / path).unlink()
        del target.build["files"][path]

    return damage


FOLDER = {
    "a link": Damage(_link, ("irregular_file",)),
    "a FIFO": Damage(_fifo, ("irregular_file",)),
    "an empty folder": Damage(lambda t: (t.folder / "more").mkdir(), ("irregular_file",)),
    "a hidden file": Damage(_plant(".DS_Store"), ("foreign_file",)),
    "a hidden file inside": Damage(_plant("images/._x.parquet"), ("foreign_file",)),
    "a file among the working ones": Damage(_plant(".sarchat/x.parquet"), ("foreign_file",)),
    "an empty extra shard": Damage(_empty_shard, ("foreign_file",)),
    "no card": Damage(_without_file("README.md"), ("missing_file",)),
    "no figures": Damage(_without_file("report/quality.json"), ("missing_file", "quality_file")),
    "a receipt that leads out": Damage(
        _plant(".sarchat/receipts/x.json", '{"files": [{"path": "../../victim"}]}'),
        ("path_escape",),
    ),
    "a path that leads out": Damage(
        in_build("files", "../victim.txt", value={"bytes": 1, "sha256": "0" * 64, "rows": None}),
        ("path_escape",),
    ),
    "an absolute path": Damage(
        in_build("files", "/etc/passwd", value={"bytes": 1, "sha256": "0" * 64, "rows": None}),
        ("path_escape",),
    ),
}

RECORD = {
    "schema_version": Damage(in_build("schema_version", value=2), ("schema_version",)),
    "dataset_version": Damage(in_build("dataset_version", value="9.9.9"), ("versions",)),
    "a version": Damage(in_build("versions", "pyarrow", value="1.0.0"), ("file_writer",)),
    "no versions": Damage(without("versions"), ("build_json",)),
    "another section": Damage(in_build("note", value="x"), ("build_json",)),
    "a fingerprint": Damage(in_build("shards", ..., value="?"), ("shards",)),
    "a shard more": Damage(in_build("shards", "test-00005-of-00006", value="0" * 32), ("shards",)),
    "counts": Damage(in_build("counts", "train", "objects", value=lambda n: n + 1), ("counts",)),
    "a split more": Damage(in_build("counts", "dev", value={}), ("counts",)),
    "here": Damage(
        in_build("comparison", 0, "here", value=lambda c: c | {"images": c["images"] + 1}),
        ("comparison",),
    ),
    "published": Damage(
        in_build("comparison", 0, "published", "objects", value=7), ("comparison",)
    ),
    "a reason of a difference": Damage(
        in_build("comparison", 0, "reasons", ..., "images", value=12345), ("comparison",)
    ),
    "no comparison": Damage(in_build("comparison", value=[]), ("comparison",)),
    "left_out": Damage(in_build("left_out", value=["hrsid"]), ("left_out",)),
    "template digest": Damage(in_build("templates", "sha256", value="x"), ("templates",)),
    "template uses": Damage(
        in_build("templates", "uses", ..., value=lambda n: n + 1), ("template_uses",)
    ),
    "a license": Damage(in_build("sources", "hrsid", "license", value="MIT"), ("license",)),
    "no sar": Damage(without("sources", "hrsid", "sar"), ("source_facts",)),
    "a category's name": Damage(
        in_build("sources", "hrsid", "categories", "names", value={"boat": "ship"}),
        ("source_category",),
    ),
    "no archives": Damage(in_build("sources", "hrsid", "archives", value=[]), ("source_archives",)),
    "read": Damage(
        in_build("sources", "hrsid", "counts", "read", "images", value=lambda n: n + 1),
        ("conservation",),
    ),
    "images per shard": Damage(
        in_build("recipe", "output", "images_per_shard", value=2), ("shard_count",)
    ),
    "no output": Damage(without("recipe", "output"), ("recipe",)),
    "conflicts": Damage(
        in_build("sources", "ssdd", "fixes", "label_conflict", value=99), ("duplicate_labels",)
    ),
    "rows of a text": Damage(in_build("files", "README.md", "rows", value=3), ("build_json",)),
}

CARD = {
    "title": lambda text: text.replace("pretty_name: ", "pretty_name: My ", 1),
    "rows": lambda text: text.replace("num_examples: ", "num_examples: 1", 1),
    "bytes": lambda text: text.replace("num_bytes: ", "num_bytes: 1", 1),
    "dialogues": lambda text: text.replace("| classification | ", "| classification | 1", 1),
    "pictures": lambda text: text.replace("| *pictures* | ", "| *pictures* | 1", 1),
    "license": lambda text: text.replace("GPL-3.0", "MIT"),
    "config": lambda text: text.replace("config_name: referring", "config_name: refer", 1),
    "split": lambda text: text.replace("path: images/test-*", "path: images/train-*", 1),
    "everything": lambda text: "# A dataset\n",
}

_REJECT = {
    **{"stage": "normalize", "source": "hrsid", "file": "a", "line": None, "key": "hrsid/a#1"},
    **{"reason": "degenerate", "detail": "x", "images": 0, "instances": 1},
}


def _reject_more(**other: Any) -> Callable[[Target], object]:
    def damage(target: Target) -> None:
        path = "rejects/hrsid.parquet"
        target.write(path, [*target.rows(path), _REJECT | other])

    return damage


TABLES = {
    "an unknown reason": Damage(in_row("rejects", put("reason", "bad luck")), ("reject",)),
    "an unknown stage": Damage(in_row("rejects", put("stage", "later")), ("reject_stage",)),
    "another source": Damage(in_row("rejects", put("source", "ssdd")), ("reject_source",)),
    "another key": Damage(in_row("rejects", put("key", "x")), ("reject_key",)),
    "two images": Damage(in_row("rejects", put("images", 2)), ("reject",)),
    "a reject more": Damage(_reject_more(), ("conservation",)),
    "rejects out of order": Damage(_reject_more(stage="a", file=""), ("row_order",)),
    "two best": Damage(
        in_row("duplicates", put("reason", "kept"), lambda row: not row["kept"]),
        ("duplicate_kept",),
    ),
    "a group of one": Damage(
        in_row("duplicates", put("group_id", "zzz"), lambda row: not row["kept"]),
        ("duplicate_group",),
    ),
    "a group's name": Damage(
        in_rows("duplicates", lambda rows: [row.update(group_id="zzz") for row in rows[:2]]),
        ("duplicate_group",),
    ),
    "objects of a duplicate": Damage(
        in_row("duplicates", put("instances", 77), lambda row: row["kept"]),
        ("duplicate_instances",),
    ),
    "file of a duplicate": Damage(
        in_row("duplicates", put("file", "other.jpg"), lambda row: row["kept"]),
        ("duplicate_file",),
    ),
    "source of a duplicate": Damage(
        in_row("duplicates", put("source", "hrsid"), lambda row: row["source"] != "hrsid"),
        ("duplicate_source",),
    ),
    "official split of a duplicate": Damage(
        in_row(
            "duplicates",
            put("official_split", lambda old: "test" if old != "test" else "train"),
            lambda row: row["kept"],
        ),
        ("official_split",),
    ),
    "a duplicate published": Damage(
        in_row("duplicates", put("kept", True), lambda row: not row["kept"]), ("duplicate_kept",)
    ),
    "order of a group": Damage(in_rows("duplicates", swap_first_two), ("row_order",)),
    "images out of order": Damage(in_rows("images", swap_first_two), ("row_order",)),
    "dialogues out of order": Damage(
        in_rows("dialogues/cross_modal_identification", swap_first_two), ("row_order",)
    ),
}

OBJECTS = {
    "an oriented box": Damage(in_row("images", _obb_elsewhere, of("sived")), ("obb",)),
    "no oriented box": Damage(in_row("images", put_object("obb", []), of("sived")), ("obb",)),
    "counter-clockwise": Damage(
        in_row("images", put_object("obb", lambda q: [*q[6:], *q[4:6], *q[2:4], *q[:2]]), has_obb),
        ("obb",),
    ),
    "a box moved in one chip": Damage(
        in_row(
            "images",
            put_object("bbox", lambda b: [b[0], b[1], b[2] - 1, b[3]]),
            lambda row: is_chip(row) and row["objects"]["truncated"][0],
        ),
        ("area",),
    ),
    "an object missing in a chip": Damage(_object_dropped_from_chips, ("object_missing",)),
    "an invented cut": Damage(
        in_row("images", _cut_invented, lambda row: is_whole(row) and not row["cut_categories"]),
        ("cut_categories", "missing_dialogue", "recipe_cut"),
    ),
}


def kinds() -> Iterator[tuple[str, Damage]]:
    """Give every kind of damage with its name."""
    for column, do in COLUMNS.items():
        assert do is not None
        yield f"column {column}", Damage(do, (column,))
    for group, damages in {
        "form": FORM, "folder": FOLDER, "record": RECORD, "table": TABLES, "objects": OBJECTS,
    }.items():  # fmt: skip
        for name, damage in damages.items():
            yield f"{group}: {name}", damage
    for name, change in CARD.items():
        yield (
            f"card: {name}",
            Damage(lambda t, change=change: t.text("README.md", change), ("card",)),
        )
