"""TOML to typed models: unknown keys and wrong types are errors, all of them told at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sarchat_build.errors import ConfigurationError, Issue

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Model(BaseModel):
    """Base of everything read from TOML: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


ModelT = TypeVar("ModelT", bound=Model)


def load_toml(path: Path, model: type[ModelT]) -> ModelT:
    """Read one TOML file into `model`.

    Raises:
        ConfigurationError: every fault of the file, each with its key path.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError([Issue(str(path), "", "no such file")]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([Issue(str(path), "", f"not valid TOML: {error}")]) from error
    try:
        return model.model_validate(_tuples(document))
    except ValidationError as error:
        raise ConfigurationError(
            Issue(str(path), ".".join(map(str, fault["loc"])), _plain(fault["type"], fault["msg"]))
            for fault in error.errors()
        ) from error


def _tuples(value: object) -> object:
    # Models are hashable all the way down, so TOML's arrays become tuples before validation.
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _plain(kind: str, message: str) -> str:
    known = {"extra_forbidden": "unknown key", "missing": "required key is missing"}
    return known.get(kind, message.removeprefix("Value error, "))
