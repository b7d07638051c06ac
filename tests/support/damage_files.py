"""Damage to the form of files, and to the folder they lie in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from damage import Damage, Target, in_build

from sarchat_build.dataset.shards import write_parquet
from sarchat_build.published.schema import SCHEMAS


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


def _hidden_bytes(target: Target) -> None:
    """Put bytes between the last index and the footer, which every reader passes over."""
    path = target.paths("dialogues/referring")[0]
    data = (target.folder / path).read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    (target.folder / path).write_bytes(data[:footer] + b"hidden" + data[footer:])
    target.enter(path)


def _unused_entry(target: Target) -> None:
    """Write a dictionary with an entry that no row has."""
    path = target.paths("dialogues/referring")[0]
    table = pq.read_table(target.folder / path)
    written = pq.read_metadata(target.folder / path).metadata
    task = pa.DictionaryArray.from_arrays(
        pa.array([0] * len(table), pa.int32()), pa.array(["referring", "hidden"])
    )
    table = table.set_column(table.schema.get_field_index("task"), "task", task)
    table = table.replace_schema_metadata(None)
    with pq.ParquetWriter(
        target.folder / path,
        table.schema,
        compression="zstd",
        write_page_index=True,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(written)
    target.enter(path)


def _fields(target: Target, **other: Any) -> None:
    """Say of a column what is said of none."""
    path = target.paths("dialogues/referring")[0]
    table = pq.read_table(target.folder / path)
    number = table.schema.get_field_index("split")
    field = table.schema.field(number)
    if other.pop("never_null", False):
        field = field.with_nullable(nullable=False)
    field = field.with_metadata(other)
    pq.write_table(
        table.cast(table.schema.set(number, field)),
        target.folder / path,
        compression="zstd",
        write_page_index=True,
        write_page_checksum=True,
    )
    target.enter(path)


FORM = {
    "a column that is never null": Damage(
        lambda t: _fields(t, never_null=True), ("schema_metadata",), first=True
    ),
    "a remark on a column": Damage(
        lambda t: _fields(t, note="hidden"), ("schema_metadata",), first=True
    ),
    "a claim of an order": Damage(
        lambda t: _rewrite(t, sorting_columns=[pq.SortingColumn(0)]), ("row_groups",), first=True
    ),
    "no dictionaries": Damage(
        lambda t: _rewrite(t, use_dictionary=False), ("page_form",), first=True
    ),
    "an unused entry": Damage(_unused_entry, ("dictionary",), first=True),
    "pages of another version": Damage(
        lambda t: _rewrite(t, data_page_version="2.0"), ("page_form",), first=True
    ),
    "pages in another encoding": Damage(
        lambda t: _rewrite(
            t, use_dictionary=False, column_encoding={"image_id": "DELTA_BYTE_ARRAY"}
        ),
        ("page_form",),
        first=True,
    ),
    "schema_metadata": Damage(lambda t: _rewrite(t, metadata=None), ("schema_metadata",)),
    "other schema_metadata": Damage(
        lambda t: _rewrite(t, metadata={"huggingface": "{}"}), ("schema_metadata",)
    ),
    "page checksums": Damage(_no_checksums, ("page_checksum",)),
    "page index": Damage(lambda t: _rewrite(t, write_page_index=False), ("page_index",)),
    "compression": Damage(lambda t: _rewrite(t, compression="snappy"), ("compression",)),
    "no statistics": Damage(lambda t: _rewrite(t, write_statistics=False), ("statistics",)),
    "row groups": Damage(lambda t: _rewrite(t, row_group_size=2), ("row_groups",)),
    "hidden bytes": Damage(_hidden_bytes, ("hidden_bytes",), first=True),
    "wrong limits": Damage(_wrong_limits, ("statistics",)),
}


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
