"""Reference pages of manifest and recipe: every key, explained, made from the models themselves.

`python -m sarchat_build.config.reference manifest` writes the page `docs/manifest.md`, and `recipe`
`docs/recipe.md`. A key's explanation is the string below its field; behind "Example:" that string
may give a value as TOML writes it.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo

from sarchat_build.config.annotation_options import RULES, AngleParts, AnnotationRule
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.toml import Model

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_HEADS: dict[str, tuple[type[Model], str, str]] = {
    "manifest": (
        Manifest,
        "Every key of a manifest",
        "A manifest is one TOML file, `<id>.toml`, that says what a source's archives hold. "
        "[CONTRIBUTING](../CONTRIBUTING.md#add-a-source) leads through making one; worked ones are "
        "in [`source_manifests/`](../source_manifests) and [`examples/`](../examples). Any key is "
        "set for one run with `--set ID.key.path=VALUE`, an entry of a list by its number: "
        "`--set hrsid.annotations.files.1.optional=true`.",
    ),
    "recipe": (
        Recipe,
        "Every key of a recipe",
        "A recipe is one TOML file with the choices of a build; what it leaves out has the value "
        "given here. Those that come with the project are in [`recipes/`](../recipes).",
    ),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its path, what it may be, and an example as TOML writes it."""

    path: str
    kind: str
    default: str
    meaning: str
    example: str
    field: FieldInfo


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file with its keys; `title` is its header."""

    title: str
    meaning: str
    keys: tuple[Key, ...]


def reference_page(name: str) -> str:
    """Write the page of `manifest` or `recipe`.

    >>> print(reference_page("manifest").splitlines()[0])
    # Every key of a manifest
    """
    model, title, introduction = _HEADS[name]
    lines = [f"# {title}", "", introduction]
    for section in sections(model):
        lines += ["", f"## {section.title}", "", *section.meaning.splitlines()]
        for key in section.keys:
            lines += ["", f"* **`{key.path.rpartition('.')[2]}`**: {key.kind}; {key.default}."]
            lines += [f"  {key.meaning}"] if key.meaning else []
            lines += [f"  Example: `{key.path.rpartition('.')[2]} = {key.example}`"]
    return "\n".join(lines) + "\n"


def sections(model: type[Model], path: str = "", header: str = "") -> Iterator[Section]:
    """Give the tables of a model, each before those inside of it."""
    tables = [(key, field) for key, field in model.model_fields.items() if _tables(field)]
    plain = {key: field for key, field in model.model_fields.items() if not _tables(field)}
    yield Section(header or "Top of the file", _meaning(model), _keys(model, plain, path))
    for key, field in tables:
        below = f"{path}.{key}" if path else key
        if key == "annotations":
            yield from _annotations(below)
            continue
        for table in _tables(field):
            many = get_origin(_without_none(field.annotation)) is tuple
            yield from sections(table, below, f"`[[{below}]]`" if many else f"`[{below}]`")


def _annotations(path: str) -> Iterator[Section]:
    # What every format has, then what each adds to it, then the table of parts of an angle.
    yield from sections(AnnotationRule, path, f"`[{path}]`")
    common = AnnotationRule.model_fields
    for name, rule in RULES.items():
        own = {k: f for k, f in rule.model_fields.items() if k not in common}
        title = f'`[{path}]` with `format = "{name}"`'
        yield Section(title, _meaning(rule), _keys(rule, own, path))
    angle = f"{path}.angle"
    yield Section(
        f"`[{angle}]`", _meaning(AngleParts), _keys(AngleParts, AngleParts.model_fields, angle)
    )


def _keys(model: type[Model], fields: Mapping[str, FieldInfo], path: str) -> tuple[Key, ...]:
    return tuple(_key(model, name, field, path) for name, field in fields.items())


def _key(model: type[Model], name: str, field: FieldInfo, path: str) -> Key:
    meaning, _, example = _explanation(model, name).partition("Example: ")
    literals = _literals(field.annotation)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if example:
        example = example.strip().strip("`")
    elif literals:
        example = _toml(next((value for value in literals if value != default), literals[0]))
    elif _without_none(field.annotation) is bool:
        example = "true"
    else:
        example = _toml(default)
    stated = "required" if field.is_required() else "left out by default"
    if default not in (None, {}):
        stated = f"default `{_toml(default)}`"
    return Key(f"{path}.{name}".lstrip("."), _kind(field), stated, meaning.strip(), example, field)


def _kind(field: FieldInfo) -> str:
    limits = [text for text in map(_limit, field.metadata) if text]
    return _type_text(field.annotation) + (f" ({', '.join(limits)})" if limits else "")


def _limit(limit: object) -> str:
    for kind, sign in ((Ge, "≥"), (Gt, ">"), (Le, "≤"), (Lt, "<")):
        if isinstance(limit, kind):
            return f"{sign} {getattr(limit, kind.__name__.lower())}"
    return f"at least {limit.min_length}" if isinstance(limit, MinLen) else ""


def _type_text(annotation: Any) -> str:
    annotation = _without_none(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{_toml(value)}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type_text(arguments[0])}"
    if origin is dict:
        return f"table of {_type_text(arguments[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_type_text(argument) for argument in arguments)
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return f"table of {', '.join(f'`{key}`' for key in annotation.model_fields)}"
    return _WORDS[annotation]


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        left = tuple(a for a in get_args(annotation) if a is not type(None))
        return left[0] if len(left) == 1 else Union[left]  # noqa: UP007
    return annotation


def _literals(annotation: Any) -> tuple[Any, ...]:
    annotation = _without_none(annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _tables(field: FieldInfo) -> tuple[type[Model], ...]:
    """Give the models that make a key a table of its own, or a list of tables."""
    annotation = _without_none(field.annotation)
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    rules = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, Model)]
    if len(rules) > 1:
        return tuple(rules)
    return (annotation,) if isinstance(annotation, type) and issubclass(annotation, Model) else ()


def _meaning(model: type[Model]) -> str:
    return inspect.cleandoc(model.__doc__ or "")


def _explanation(model: type[Model], name: str) -> str:
    for base in model.__mro__:
        text = _strings(base).get(name) if issubclass(base, Model) else None
        if text:
            return " ".join(text.split())
    return ""


@cache
def _strings(model: type[Model]) -> dict[str, str]:
    """Give the strings that stand below the fields of a class."""
    body = getattr(ast.parse(inspect.getsource(model)).body[0], "body", [])
    found = {}
    for field, below in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[field.target.id] = str(below.value.value)
    return found


def _toml(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, Model):
        return _toml(value.model_dump(exclude_defaults=True))
    if isinstance(value, dict):
        items = (f"{_toml_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {', '.join(items)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else json.dumps(key, ensure_ascii=False)


if __name__ == "__main__":
    print(reference_page(sys.argv[1]), end="")
