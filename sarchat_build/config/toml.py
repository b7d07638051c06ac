"""Reader of TOML files into typed models: all unknown keys and wrong types are reported at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from sarchat_build.config.known_keys import all_paths, keys_at
from sarchat_build.config.overrides import Override
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.regular_files import read_regular
from sarchat_build.suggestions import advice, nearest

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
    overrides = tuple(overrides)
    issues = [issue for override in overrides for issue in override.apply_to(document)]
    try:
        loaded = model.model_validate(_tuples(document))
    except ValidationError as error:
        issues.extend(_issue(path, model, document, overrides, fault) for fault in error.errors())
    if issues:
        raise ConfigurationError(issues)
    return loaded


def _issue(
    path: Path,
    model: type[Model],
    document: object,
    overrides: Iterable[Override],
    fault: ErrorDetails,
) -> Issue:
    """Name the key, and the option of the command line where that is what set it."""
    key, text = _key(document, fault), _plain(fault["type"], fault["msg"])
    kind, location = fault["type"], fault["loc"]
    if kind == "extra_forbidden":
        text += _meant(model, str(location[-1]), keys_at(model, location[:-1]))
    for override in overrides:
        stated = ".".join(override.keys)
        # What is unknown may be a table that the option made; what is wrong may lie below it.
        if f"{key}.".startswith(f"{stated}.") or (
            kind in ("extra_forbidden", "union_tag_invalid") and stated.startswith(f"{key}.")
        ):
            unnamed = "" if stated.startswith(key) else key
            return Issue(f"--set {override.text}", unnamed, text)
    return Issue(str(path), key, text)


def _meant(model: type[Model], written: str, here: Sequence[str]) -> str:
    """Say which key was meant: one that is known here, one of another table, or which there are."""
    if nearest(written, here):
        return advice(written, here)
    for path in all_paths(model):
        if _folded(path.rpartition(".")[2]) == _folded(written):
            return f"; did you mean {path!r}?"
    return f"; known: {', '.join(here)}"


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


def _key(document: object, fault: ErrorDetails) -> str:
    # A location names the chosen member of a union too, which is no key of the file; one that is
    # missing is none either.
    parts: list[str] = []
    last = len(fault["loc"]) - 1
    for position, part in enumerate(fault["loc"]):
        try:
            document = document[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            if position < last or fault["type"] != "missing":
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
