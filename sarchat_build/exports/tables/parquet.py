"""Parquet whose rows hold their picture, stored once for all rows about it.

The column of picture files is encoded by a dictionary, and a row group ends where a picture's rows
end: so each file stands in the table once, however many dialogues there are about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.dataset.record import SourceRecord
from sarchat_build.exports.reading import Picture
from sarchat_build.published.hf_features import with_hf_features
from sarchat_build.report.origin import synthetic_line

PICTURE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
# The same as positions in a dictionary: how a row group is handed to Arrow.
_SHARED_PICTURE = pa.struct([(f.name, pa.dictionary(pa.int32(), f.type)) for f in PICTURE])
# A row group is closed at the first picture after so many rows.
_ROW_GROUP_ROWS = 1000
# Pictures of a row group that are held in memory, should few rows be about each.
_ROW_GROUP_PICTURES = 200
_NO_LIMIT = 1 << 31 - 1
# Where a file says what its rows are, in its footer.
_SIZES = b"sarchat.sizes_by_task"
_OFFSET_BYTES = 4


class TaskSize(NamedTuple):
    """The rows of one task in a file, and how large they are in Arrow."""

    rows: int
    arrow_bytes: int


class PictureRows(NamedTuple):
    """All rows about one picture, without the picture."""

    picture: Picture
    rows: list[dict[str, Any]]


def write_picture_rows(
    name: str, schema: pa.Schema, pictures: Iterable[PictureRows], *, by_task: bool = False
) -> int:
    """Write rows with their pictures; gives the number of rows.

    Args:
        name: the file.
        schema: its columns; the first is `image`, or `images`, a list of one.
        pictures: the rows of each picture, in order.
        by_task: whether the file says in its footer what `sizes_by_task` reads.
    """
    first = schema.field(0)
    leaf = "image" if first.name == "image" else "images.list.element"
    columns = [f"{leaf}.{field.name}" for field in PICTURE] + _leaves(list(schema)[1:])
    total = 0
    sizes: dict[str, TaskSize] = {}
    shared = _shared(schema)
    with pq.ParquetWriter(
        name,
        shared,
        # Without Arrow's own schema a reader sees plain values, and no dictionary of them; what
        # `datasets` looks for is then to be added by hand.
        store_schema=False,
        compression={column: "NONE" if column == columns[0] else "ZSTD" for column in columns},
        use_dictionary=True,
        dictionary_pagesize_limit=_NO_LIMIT,
        write_statistics=columns[2:],
        write_page_index=True,
        write_page_checksum=True,
    ) as writer:
        for group in _groups(pictures):
            table = _table(group, shared)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            total += table.num_rows
            if by_task:
                _add_sizes(sizes, group, table)
        writer.add_key_value_metadata(shared.metadata)
        if by_task:
            writer.add_key_value_metadata({_SIZES: json.dumps(sizes, sort_keys=True)})
    return total


def _add_sizes(sizes: dict[str, TaskSize], group: list[PictureRows], table: pa.Table) -> None:
    """Add the rows of a group, each with its picture for itself, as a reader has them."""
    files = [len(of.picture.content) + 2 * _OFFSET_BYTES for of in group for _ in of.rows]
    names = [len(of.picture.image_id + of.picture.suffix) for of in group for _ in of.rows]
    tasks = table["task"].to_pylist()
    rest = table.select(range(1, table.num_columns))
    for task in dict.fromkeys(tasks):
        chosen = [place for place, of in enumerate(tasks) if of == task]
        known = sizes.get(task, TaskSize(0, 0))
        size = rest.take(pa.array(chosen)).nbytes + sum(files[i] + names[i] for i in chosen)
        sizes[task] = TaskSize(known.rows + len(chosen), known.arrow_bytes + size)


def sizes_by_task(stream: BinaryIO) -> dict[str, TaskSize]:
    """Read from a file's footer how many rows of each task it has, and their bytes in Arrow."""
    metadata = pq.read_metadata(stream).metadata or {}
    return {task: TaskSize(*of) for task, of in json.loads(metadata.get(_SIZES, b"{}")).items()}


def _groups(pictures: Iterable[PictureRows]) -> Iterator[list[PictureRows]]:
    group: list[PictureRows] = []
    rows = 0
    for of in pictures:
        if of.rows:
            group.append(of)
            rows += len(of.rows)
        if rows >= _ROW_GROUP_ROWS or len(group) >= _ROW_GROUP_PICTURES:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _table(group: list[PictureRows], schema: pa.Schema) -> pa.Table:
    positions = pa.array([i for i, of in enumerate(group) for _ in of.rows], pa.int32())
    files = pa.array([of.picture.content for of in group], pa.binary())
    paths = pa.array([of.picture.image_id + of.picture.suffix for of in group], pa.string())
    column = pa.StructArray.from_arrays(
        [pa.DictionaryArray.from_arrays(positions, values) for values in (files, paths)],
        ["bytes", "path"],
    )
    if pa.types.is_list(schema.field(0).type):
        column = pa.ListArray.from_arrays(pa.array(range(len(column) + 1), pa.int32()), column)
    rows = [row for of in group for row in of.rows]
    rest = pa.Table.from_pylist(rows, schema=pa.schema(list(schema)[1:]))
    return pa.Table.from_arrays([column, *rest.columns], schema=schema)


def _shared(schema: pa.Schema) -> pa.Schema:
    """Give the schema of row groups, with what `datasets` looks for in a file.

    The type of a list is spelled as datasets 3 knows it.
    """
    described = with_hf_features(schema)
    info = json.loads(described.metadata[b"huggingface"])
    if schema.field(0).name == "images":
        picture = {"_type": "Sequence", "feature": {"_type": "Image"}}
        info["info"]["features"]["images"] = picture
    is_list = pa.types.is_list(schema.field(0).type)
    kind = pa.list_(_SHARED_PICTURE) if is_list else _SHARED_PICTURE
    shared = schema.set(0, pa.field(schema.field(0).name, kind))
    return shared.with_metadata({"huggingface": json.dumps(info)})


def _leaves(fields: Iterable[pa.Field], prefix: str = "") -> list[str]:
    found = []
    for field in fields:
        if pa.types.is_struct(field.type):
            found += _leaves(field.type, f"{prefix}{field.name}.")
        elif pa.types.is_list(field.type):
            found += _leaves([pa.field("element", field.type.value_type)],
                             f"{prefix}{field.name}.list.")  # fmt: skip
        else:
            found.append(prefix + field.name)
    return found


def card_header(
    configs: Iterable[Mapping[str, Any]],
    sources: Mapping[str, SourceRecord],
    infos: Iterable[Mapping[str, Any]] = (),
) -> str:
    """Give the top of a card: YAML that names its configurations, and who made the pictures.

    Args:
        configs: the configurations.
        sources: the sources of the pictures.
        infos: features and sizes of the configurations, where they are stated.
    """
    import yaml

    note = synthetic_line(sources)
    header = {
        "license": "other",
        "license_name": "per-source",
        "license_link": "LICENSES.md",
        "language": ["en"],
        "task_categories": [
            "image-text-to-text", "visual-question-answering", "object-detection",
        ],
        "tags": ["sar", "synthetic-aperture-radar", "remote-sensing", "grounding", "counting",
                 "referring-expressions", *(["synthetic"] if note else [])],
        "configs": list(configs),
    }  # fmt: skip
    sizes = list(infos)
    if sizes:
        header["dataset_info"] = sizes
    head = f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n"
    return f"{head}\n{note}\n" if note else head
