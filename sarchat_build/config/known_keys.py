"""The keys that a model knows at one location of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel


def keys_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Give the keys of the models that may stand at a location of pydantic's.

    Args:
        model: the model of the whole document.
        location: keys, positions in arrays, and names of members of a union.

    >>> from pydantic import create_model
    >>> inner = create_model("Inner", band=(str, ...))
    >>> keys_at(create_model("Outer", sar=(tuple[inner, ...], ())), ("sar", 0))
    ['band']
    """
    here = [model]
    for part in location:
        below = [
            found
            for candidate in here
            if part in candidate.model_fields
            for found in _models(candidate.model_fields[str(part)].annotation)
        ]
        # A position, or which member of a union was tried, is no key.
        here = below or here
    return list(dict.fromkeys(key for candidate in here for key in candidate.model_fields))


def all_paths(model: type[BaseModel]) -> Iterator[str]:
    """Give every key that a model knows, in its tables too; arrays of tables are left out.

    >>> from pydantic import create_model
    >>> inner = create_model("Inner", band=(str, ...))
    >>> list(all_paths(create_model("Outer", sar=(inner, ...), id=(str, ...))))
    ['sar', 'sar.band', 'id']
    """
    for name, field in model.model_fields.items():
        yield name
        if get_origin(field.annotation) is not tuple:
            below = (path for found in _models(field.annotation) for path in all_paths(found))
            yield from dict.fromkeys(f"{name}.{path}" for path in below)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
