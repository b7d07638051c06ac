"""The published tables: one Arrow schema each, and the same as Hugging Face features."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa

from sarchat_build.types import TASKS, TaskName

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
GROUND_TRUTH: dict[TaskName, pa.DataType] = {
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


def dialogue_schema(task: TaskName) -> pa.Schema:
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

SCHEMAS: dict[str, pa.Schema] = {
    "images": IMAGES,
    **{task: dialogue_schema(task) for task in TASKS},
    "rejects": REJECTS,
    "duplicates": DUPLICATES,
}

_HF_NAMES = {"double": "float64", "bool": "bool"}


def with_hf_features(schema: pa.Schema) -> pa.Schema:
    """Add what `datasets` looks for in a Parquet file, so that pictures arrive decoded.

    The feature type is spelled `Sequence`: `List`, the newer word, fails on datasets 3.
    """
    info = {"info": {"features": {field.name: _feature(field) for field in schema}}}
    note = {
        "boxes": "bbox is x_min, y_min, x_max, y_max in pixels of the stored picture: 0-based, "
        "x right, y down, max edge exclusive; box text is the same, rounded half up",
        "dataset": "sarchat_build",
    }
    return schema.with_metadata({"huggingface": json.dumps(info), "sarchat": json.dumps(note)})


def card_features(schema: pa.Schema) -> list[dict[str, object]]:
    """Give the schema as the `features` of a dataset card's `dataset_info`."""
    return [{"name": field.name, **_card_type(field.name, field.type)} for field in schema]


def _is_picture(name: str, kind: pa.DataType) -> bool:
    return name == "image" and pa.types.is_struct(kind)


def _feature(field: pa.Field) -> object:
    if _is_picture(field.name, field.type):
        return {"_type": "Image"}
    return _feature_of(field.type)


def _feature_of(kind: pa.DataType) -> object:
    if pa.types.is_struct(kind):
        return {field.name: _feature_of(field.type) for field in kind}
    if pa.types.is_list(kind):
        item = _feature_of(kind.value_type)
        # A list of structs is written as a list; Sequence would turn it into a struct of lists.
        return (
            [item]
            if pa.types.is_struct(kind.value_type)
            else {"_type": "Sequence", "feature": item}
        )
    return {"dtype": _HF_NAMES.get(str(kind), str(kind)), "_type": "Value"}


def _card_type(name: str, kind: pa.DataType) -> dict[str, object]:
    if _is_picture(name, kind):
        return {"dtype": "image"}
    if pa.types.is_struct(kind):
        return {"struct": [{"name": f.name, **_card_type("", f.type)} for f in kind]}
    if pa.types.is_list(kind):
        if pa.types.is_struct(kind.value_type):
            item = [{"name": f.name, **_card_type("", f.type)} for f in kind.value_type]
            return {"list": item}
        inner = _card_type("", kind.value_type)
        return {"sequence": inner["dtype"] if set(inner) == {"dtype"} else inner}
    return {"dtype": _HF_NAMES.get(str(kind), str(kind))}


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
