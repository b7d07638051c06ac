"""The schemas as Hugging Face `datasets` reads them: in a Parquet file, and in a dataset card."""

from __future__ import annotations

import json

import pyarrow as pa

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
