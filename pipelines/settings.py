"""All settings of a build, read and checked together: manifests, a recipe, phrasings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates


@dataclass(frozen=True)
class Settings:
    """Everything that people write: manifests, a recipe, phrasings."""

    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]


def load_settings(
    recipe: str,
    manifest_folder: Path | None,
    template_folder: Path | None,
    stated: Sequence[str] = (),
    *,
    lint_built_in: bool = True,
    faulty: dict[str, tuple[Issue, ...]] | None = None,
) -> Settings:
    """Read and check all settings; `stated` is what the user says instead of a manifest.

    Manifests of `manifest_folder` are added to the built-in ones, or stand in for them by name.
    Phrasings are rendered on samples, which takes a second; without `lint_built_in` the caller does
    it for the built-in ones, when there is nothing quicker to complain of.

    `faulty` takes the faults of manifests of `manifest_folder`, by source id: where nothing else
    is wrong, they are not raised, since they matter only where such a source is asked for.

    Raises:
        ConfigurationError: every fault of every file at once.
    """
    issues: list[Issue] = []
    manifests: Mapping[str, Manifest] = {}
    templates: Mapping[str, str] = {}
    loaded: Recipe | None = None
    try:
        built_in = resource_folder("source_manifests")
        manifests = load_manifests(built_in, stated, manifest_folder, faulty)
    except ConfigurationError as error:
        issues.extend(error.issues)
    try:
        loaded = load_recipe(recipe_path(recipe))
    except ConfigurationError as error:
        issues.extend(error.issues)
    try:
        folder = template_folder or resource_folder("templates")
        templates = load_templates(folder)
        if lint_built_in or template_folder is not None:
            check_templates(templates, folder)
    except ConfigurationError as error:
        issues.extend(error.issues)
    if issues or loaded is None:
        left = (issue for found in (faulty or {}).values() for issue in found)
        raise ConfigurationError([*left, *issues])
    return Settings(manifests, loaded, templates)
