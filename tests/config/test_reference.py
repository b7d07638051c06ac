"""Every key of manifest and recipe stands on its page, explained, with an example that is valid."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from conftest import REPOSITORY
from pydantic import BaseModel, TypeAdapter

from sarchat_build.config.annotation_options import RULES
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.reference import Key, reference_page, sections

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES: dict[str, type[Any]] = {"manifest": Manifest, "recipe": Recipe}


def keys(name: str) -> list[Key]:
    return [key for section in sections(PAGES[name]) for key in section.keys]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_the_one_in_the_repository(name: str) -> None:
    page = (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert page == reference_page(name), f"docs/{name}.md is stale: make docs"


def fields_of(model: type[BaseModel], seen: set[type]) -> set[str]:
    """Names of the fields of a model and of every model in it, found without the page's code."""
    if model in seen:
        return set()
    seen.add(model)
    names = set(model.model_fields)
    schema = model.model_json_schema()
    for definition in schema.get("$defs", {}).values():
        names |= set(definition.get("properties", {}))
    return names


@pytest.mark.parametrize("name", PAGES)
def test_page_names_every_key(name: str) -> None:
    page = reference_page(name)
    tables = {
        part for found in re.findall(r"## `\[+([\w.]+)\]+`", page) for part in found.split(".")
    }
    listed = set(re.findall(r"^\* \*\*`(\w+)`\*\*", page, flags=re.M))
    assert fields_of(PAGES[name], set()) <= listed | tables
    if name == "manifest":
        assert all(f'`[annotations]` with `format = "{known}"`' in page for known in RULES)


@pytest.mark.parametrize("name", PAGES)
def test_every_example_is_valid(name: str) -> None:
    found = keys(name)
    assert len(found) > 60
    for key in found:
        value = tuples(tomllib.loads(f"x = {key.example}")["x"])
        annotated = TypeAdapter(key.field.rebuild_annotation())
        annotated.validate_python(value), key.path


def tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def test_every_key_of_a_manifest_is_explained() -> None:
    assert not [key.path for key in keys("manifest") if not key.meaning]


def test_every_key_of_a_recipe_is_explained_or_its_table_is() -> None:
    for section in sections(Recipe):
        unexplained = [key.path for key in section.keys if not key.meaning]
        assert not unexplained or len(section.meaning) > 40, (section.title, unexplained)
