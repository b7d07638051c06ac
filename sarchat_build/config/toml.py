"""Reader of TOML files into typed models: all unknown keys and wrong types are reported at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sarchat_build.config.overrides import Override
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.regular_files import read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Model(BaseModel):
    """Base of everything read from TOML: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


ModelT = TypeVar("ModelT", bound=Model)


def load_toml(path: Path, model: type[ModelT], overrides: Iterable[Override] = ()) -> ModelT:
    """Read one TOML file into `model`, with `overrides` in place of what the file says.

    Raises:
        ConfigurationError: every fault of the file, each with its key path.
    """
    try:
        document = tomllib.loads(read_regular(path).decode())
    except FileNotFoundError:
        raise ConfigurationError([Issue(str(path), "", "no such file")]) from None
    except OSError as error:
        raise ConfigurationError([Issue(str(path), "", str(error.strerror))]) from error
    except ValueError as error:  # of UTF-8, of TOML, or an integer of a million digits
        raise ConfigurationError([Issue(str(path), "", f"not valid TOML: {error}")]) from error
    except RecursionError:
        raise ConfigurationError([Issue(str(path), "", "tables nested too deeply")]) from None
    issues = [issue for override in overrides for issue in override.apply_to(document)]
    try:
        loaded = model.model_validate(_tuples(document))
    except ValidationError as error:
        issues.extend(
            Issue(str(path), _key(document, fault["loc"]), _plain(fault["type"], fault["msg"]))
            for fault in error.errors()
        )
    if issues:
        raise ConfigurationError(issues)
    return loaded


def _key(document: object, location: tuple[int | str, ...]) -> str:
    # A location names the chosen member of a union too, which is no key of the file.
    parts: list[str] = []
    for position, part in enumerate(location):
        try:
            document = document[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            if position < len(location) - 1:
                continue
        parts.append(str(part))
    return ".".join(parts)


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
