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


def rows_of(
    batch: pa.RecordBatch, names: Sequence[str], *, mappings: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a batch without forbidden nulls, with values as `to_python` gives them."""
    return zip(*(to_python(batch.column(name), mappings=mappings) for name in names), strict=True)


def to_python(array: pa.Array, *, mappings: bool = False) -> list[Any]:
    """Turn an array into Python values; a struct becomes a tuple in the order of its fields.

    Args:
        array: of any type that a published file has.
        mappings: whether a struct becomes a dict of its fields instead.

    >>> to_python(pa.array([{"a": [1, 2], "b": "x"}, {"a": [], "b": None}]))
    [([1, 2], 'x'), ([], None)]
    >>> to_python(pa.array([{"a": [1, 2], "b": "x"}]), mappings=True)
    [{'a': [1, 2], 'b': 'x'}]
    """
    if pa.types.is_struct(array.type):
        columns = [to_python(child, mappings=mappings) for child in array.flatten()]
        if not mappings:
            return list(zip(*columns, strict=True))
        names = [field.name for field in array.type]
        # Every row has a value for every name: zip need not compare their numbers.
        return [dict(zip(names, row)) for row in zip(*columns, strict=True)]  # noqa: B905
    if pa.types.is_list(array.type):
        values = to_python(array.flatten(), mappings=mappings)
        ends = np.cumsum(array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)).tolist()
        starts = [0, *ends][:-1]
        return [values[start:end] for start, end in zip(starts, ends, strict=True)]
    if array.null_count:
        return list(array.to_pylist())
    return list(array.to_numpy(zero_copy_only=False).tolist())
