"""Arrow columns to plain Python rows: exact, and an order of magnitude faster than `to_pylist`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sarchat_build.published.schema import NULLABLE


def null_rows(batch: pa.RecordBatch) -> dict[int, str]:
    """Find rows with a null where none may be, and the dotted path of the first one."""
    rows: dict[int, str] = {}
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        for path, row in _nulls(array, name):
            rows.setdefault(row, path)
    return rows


def _nulls(array: pa.Array, path: str) -> Iterator[tuple[str, int]]:
    """Yield (path, row) of each forbidden null at any depth of `array`."""
    if array.null_count and path not in NULLABLE:
        for index in np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False)):
            yield path, int(index)
    if pa.types.is_struct(array.type):
        # `field` and not `flatten`: a null struct is reported above, once.
        for position, field in enumerate(array.type):
            yield from _nulls(array.field(position), f"{path}.{field.name}")
    elif pa.types.is_list(array.type):
        inner = array.flatten()
        if inner.null_count or pa.types.is_nested(inner.type):
            parents: list[int] | None = None
            for below, row in _nulls(inner, path):
                parents = parents or pc.list_parent_indices(array).to_pylist()
                yield below, int(parents[row])


def rows_of(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a batch without forbidden nulls: structs as tuples, lists as lists."""
    return zip(*(to_python(batch.column(name)) for name in names), strict=True)


def to_python(array: pa.Array) -> list[Any]:
    """Turn an array into Python values; a struct becomes a tuple in the order of its fields.

    >>> to_python(pa.array([{"a": [1, 2], "b": "x"}, {"a": [], "b": None}]))
    [([1, 2], 'x'), ([], None)]
    """
    if pa.types.is_struct(array.type):
        return list(zip(*(to_python(child) for child in array.flatten()), strict=True))
    if pa.types.is_list(array.type):
        values = to_python(array.flatten())
        ends = np.cumsum(array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)).tolist()
        starts = [0, *ends][:-1]
        return [values[start:end] for start, end in zip(starts, ends, strict=True)]
    if array.null_count:
        return list(array.to_pylist())
    return list(array.to_numpy(zero_copy_only=False).tolist())
