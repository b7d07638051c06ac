"""Columns and types that every published table must have, written down independently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa

Columns = Mapping[str, pa.DataType]

_STRINGS = pa.list_(pa.string())
_DOUBLES = pa.list_(pa.float64())
_BOXES = pa.list_(_DOUBLES)
_FLAGS = pa.list_(pa.bool_())


def _struct(**fields: pa.DataType) -> pa.StructType:
    return pa.struct(list(fields.items()))


IMAGES: Columns = {
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
    "resolutions_m": _DOUBLES,
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
        bbox=_BOXES,
        area=_DOUBLES,
        obb=_BOXES,
        segmentation=_BOXES,
        difficult=_FLAGS,
        truncated=_FLAGS,
    ),
}

GROUND_TRUTH: Mapping[str, pa.StructType] = {
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
    "cross_modal_identification": _struct(
        objects=pa.list_(
            _struct(category=pa.string(), size=pa.string(), shape=pa.string(), cell=pa.string())
        ),
        direction=pa.string(),
        proximity=pa.string(),
        distance_px=pa.int32(),
        options=_STRINGS,
    ),
    "referring": _struct(
        category=pa.string(),
        size=pa.string(),
        shape=pa.string(),
        cell=pa.string(),
        order=pa.string(),
        rank=pa.int32(),
        relation=pa.string(),
        anchor=pa.string(),
    ),
}

DIALOGUES: Mapping[str, Columns] = {
    task: {
        "dialogue_id": pa.string(),
        "image_id": pa.string(),
        "source": pa.string(),
        "split": pa.string(),
        "task": pa.string(),
        "subtask": pa.string(),
        "messages": pa.list_(_struct(role=pa.string(), content=pa.string())),
        "objects": _struct(ref=_STRINGS, bbox=_BOXES),
        "instance_ids": _STRINGS,
        "template_ids": _STRINGS,
        "ground_truth": truth,
    }
    for task, truth in GROUND_TRUTH.items()
}

REJECTS: Columns = {
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

DUPLICATES: Columns = {
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


class SchemaFault(NamedTuple):
    """A column that is not what it must be; `usable` when the table can still be read."""

    column: str
    expected: str
    found: str
    usable: bool = False


def schema_faults(schema: pa.Schema, columns: Columns) -> Iterator[SchemaFault]:
    """Compare a file's columns with those it must have; order and list item names do not count."""
    for name, expected in columns.items():
        places = schema.get_all_field_indices(name)
        if len(places) != 1:
            yield SchemaFault(name, str(expected), f"{len(places)} columns of this name")
        elif not _same_type(schema.field(places[0]).type, expected):
            yield SchemaFault(name, str(expected), str(schema.field(places[0]).type))
    for name in schema.names:
        if name not in columns:
            yield SchemaFault(name, "no such column", str(schema.field(name).type), usable=True)


def _same_type(found: pa.DataType, expected: pa.DataType) -> bool:
    if pa.types.is_struct(expected):
        return (
            pa.types.is_struct(found)
            and [field.name for field in found] == [field.name for field in expected]
            and all(_same_type(a.type, b.type) for a, b in zip(found, expected, strict=True))
        )
    if pa.types.is_list(expected):
        return pa.types.is_list(found) and _same_type(found.value_type, expected.value_type)
    return bool(found == expected)
