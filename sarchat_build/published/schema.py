"""Columns and types of the published tables, and where a null may stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from sarchat_build.published.layout import TASKS

_STRINGS = pa.list_(pa.string())
_NUMBERS = pa.list_(pa.float64())


def _struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


# bbox: x_min, y_min, x_max, y_max in pixels of the stored picture, half-open.
# obb: x1, y1 … x4, y4 clockwise; segmentation: x1, y1 …; both empty where the source has none.
IMAGES = pa.schema(
    {
        "image": _struct(bytes=pa.binary(), path=pa.string()),
        "image_id": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "source": pa.string(),
        "scene_id": pa.string(),
        "split": pa.string(),
        "official_split": pa.string(),
        "license": pa.string(),
        "platforms": _STRINGS,
        "frequency_bands": _STRINGS,
        "polarizations": _STRINGS,
        "resolutions_m": _NUMBERS,
        "source_member": pa.string(),
        "window_xyxy_px": pa.list_(pa.int32()),
        "channels": pa.int32(),
        "bit_depth": pa.int32(),
        "rendering": pa.string(),
        "file_sha256": pa.string(),
        "pixel_sha256": pa.string(),
        "perceptual_hash": pa.string(),
        "categories_annotated": _STRINGS,
        "rejected_categories": _STRINGS,
        "cut_categories": _STRINGS,
        "objects": _struct(
            instance_id=_STRINGS,
            category=_STRINGS,
            source_category=_STRINGS,
            bbox=pa.list_(_NUMBERS),
            area=_NUMBERS,
            obb=pa.list_(_NUMBERS),
            segmentation=pa.list_(_NUMBERS),
            difficult=pa.list_(pa.bool_()),
            truncated=pa.list_(pa.bool_()),
        ),
    }
)

_SIZE_SHAPE_CELL = {"size": pa.string(), "shape": pa.string(), "cell": pa.string()}

# What each answer states. A field that a subtask does not use is null (or an empty list).
GROUND_TRUTH: dict[str, pa.DataType] = {
    "classification": _struct(categories=_STRINGS, asked=pa.string(), answer=pa.string()),
    "fine_grained_description": _struct(
        objects=pa.list_(
            _struct(
                instance_id=pa.string(), category=pa.string(), size=pa.string(), cell=pa.string()
            )
        )
    ),
    "instance_counting": _struct(category=pa.string(), count=pa.int32(), listed=pa.int32()),
    "spatial_grounding": _struct(
        groups=pa.list_(_struct(category=pa.string(), cell=pa.string(), count=pa.int32())),
        relations=pa.list_(_struct(direction=pa.string(), proximity=pa.string())),
        asked=pa.string(),
        cell=pa.string(),
        answer=pa.string(),
    ),
    # direction: how the first object lies to the second; for `nearest`, whose first object is the
    # one given, how the second (the nearest) lies to it.
    "cross_modal_identification": _struct(
        objects=pa.list_(_struct(category=pa.string(), **_SIZE_SHAPE_CELL)),
        direction=pa.string(),
        proximity=pa.string(),
        distance_px=pa.int32(),
        options=_STRINGS,
    ),
    # The phrase of `unique`: "leftmost" with rank 2 is "the second from the left"; `relation` is
    # "nearest" or a direction, to the only object of category `anchor`.
    "referring": _struct(
        category=pa.string(),
        **_SIZE_SHAPE_CELL,
        order=pa.string(),
        rank=pa.int32(),
        relation=pa.string(),
        anchor=pa.string(),
    ),
}


def dialogue_schema(task: str) -> pa.Schema:
    """Give the schema of one task's dialogues."""
    return pa.schema(
        {
            "dialogue_id": pa.string(),
            "image_id": pa.string(),
            "source": pa.string(),
            "split": pa.string(),
            "task": pa.string(),
            "subtask": pa.string(),
            "messages": pa.list_(_struct(role=pa.string(), content=pa.string())),
            "objects": _struct(ref=_STRINGS, bbox=pa.list_(_NUMBERS)),
            "instance_ids": _STRINGS,
            "template_ids": _STRINGS,
            "ground_truth": GROUND_TRUTH[task],
        }
    )


REJECTS = pa.schema(
    {
        "stage": pa.string(),
        "source": pa.string(),
        "file": pa.string(),
        "line": pa.int64(),
        "key": pa.string(),
        "reason": pa.string(),
        "detail": pa.string(),
        "images": pa.int64(),
        "instances": pa.int64(),
    }
)

DUPLICATES = pa.schema(
    {
        "group_id": pa.string(),
        "image_id": pa.string(),
        "source": pa.string(),
        "kept": pa.bool_(),
        "reason": pa.string(),
        "distance": pa.int32(),
        "label_conflict": pa.bool_(),
        "split": pa.string(),
        "official_split": pa.string(),
        "pixel_sha256": pa.string(),
        "instances": pa.int64(),
        "file": pa.string(),
    }
)

# `layout.INDEX_FILE`: the pictures of all shards in the order of shards and rows, one row group per
# shard that holds any. categories, sizes, subtasks ("task/subtask") and answer_forms
# ("task/subtask/form") are those that occur, in alphabetical order; first and count are rows of
# the shard's file of that task.
PICTURE_INDEX = pa.schema(
    {
        "image_id": pa.string(),
        "source": pa.string(),
        "split": pa.string(),
        "shard": pa.string(),
        "row": pa.int32(),
        "width": pa.int32(),
        "height": pa.int32(),
        "objects": pa.int32(),
        "categories": _STRINGS,
        "sizes": _STRINGS,
        "subtasks": _STRINGS,
        "answer_forms": _STRINGS,
        "dialogues": _struct(
            **{task: _struct(first=pa.int32(), count=pa.int32()) for task in TASKS}
        ),
    }
)

# Table → schema; `layout.table_path` gives the files of each.
SCHEMAS: dict[str, pa.Schema] = {
    "images": IMAGES,
    **{task: dialogue_schema(task) for task in TASKS},
    "rejects": REJECTS,
    "duplicates": DUPLICATES,
}

# Dotted paths that may be null; anywhere else a null is a hole in the data.
NULLABLE = frozenset(
    (
        "official_split",
        "line",
        *(f"ground_truth.{name}" for name in ("asked", "answer", "direction", "proximity")),
        *(f"ground_truth.{name}" for name in ("distance_px", "size", "shape", "cell")),
        *(f"ground_truth.{name}" for name in ("order", "rank", "relation", "anchor")),
        "ground_truth.relations.proximity",
    )
)


class ColumnFault(NamedTuple):
    """A column that is not what it must be; `usable` when the table can still be read."""

    column: str
    expected: str
    found: str
    usable: bool = False


def column_faults(found: pa.Schema, expected: pa.Schema) -> Iterator[ColumnFault]:
    """Compare a file's columns with those it must have; order and list item names do not count.

    >>> [fault.column for fault in column_faults(IMAGES.remove(0), IMAGES)]
    ['image']
    """
    for field in expected:
        positions = found.get_all_field_indices(field.name)
        if len(positions) != 1:
            number = f"{len(positions)} columns of this name"
            yield ColumnFault(field.name, str(field.type), number)
        else:
            yield from _type_faults(field.name, found.field(positions[0]).type, field.type)
    for field in found:
        if field.name not in expected.names:
            yield ColumnFault(field.name, "no such column", str(field.type), usable=True)


def _type_faults(path: str, found: pa.DataType, expected: pa.DataType) -> Iterator[ColumnFault]:
    """Name the innermost fields whose types differ; those of `objects` would not fit a line."""
    if pa.types.is_struct(expected) and pa.types.is_struct(found):
        names, wanted = ([field.name for field in kind] for kind in (found, expected))
        if names != wanted:
            yield ColumnFault(path, f"fields {', '.join(wanted)}", f"fields {', '.join(names)}")
            return
        for field, other in zip(expected, found, strict=True):
            yield from _type_faults(f"{path}.{field.name}", other.type, field.type)
    elif pa.types.is_list(expected) and pa.types.is_list(found):
        yield from _type_faults(path, found.value_type, expected.value_type)
    elif found != expected:
        yield ColumnFault(path, str(expected), str(found))


def to_table(rows: Sequence[Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    """Turn rows into a table, refusing a row that lacks a column or has one too many.

    Raises:
        ValueError: naming the columns; a silent null would be found by users only.
    """
    expected = set(schema.names)
    for row in rows:
        if row.keys() != expected:
            missing, extra = sorted(expected - row.keys()), sorted(row.keys() - expected)
            raise ValueError(f"row lacks columns {missing} and has unknown columns {extra}")
    return pa.Table.from_pylist(rows, schema=schema)
