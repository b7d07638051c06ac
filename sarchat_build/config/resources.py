"""Folders of the files that people edit: at the top of a checkout, or inside the package.

Names of recipes and sources are looked up without reading a file: a wrong one is told at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.regular_files import list_settings
from sarchat_build.suggestions import advice

_PACKAGE = Path(__file__).parents[1]


def resource_folder(name: str) -> Path:
    """Give the folder `source_manifests`, `templates` or `recipes`."""
    checkout = _PACKAGE.parent / name
    return checkout if checkout.is_dir() else _PACKAGE / "_data" / name


def recipe_path(recipe: str) -> Path:
    """Give the file of a recipe: a path that ends in .toml, or the name of a built-in one.

    Raises:
        ConfigurationError: no recipe is called so; the nearest name, or all are named.
    """
    if recipe.endswith(".toml"):
        if Path(recipe).is_dir():
            raise ConfigurationError([Issue("--recipe", recipe, "is a folder, not a file")])
        return Path(recipe)
    folder = resource_folder("recipes")
    path = folder / f"{recipe}.toml"
    if not path.is_file():
        known = sorted(built_in.stem for built_in in folder.glob("*.toml"))
        folder_named = "; a folder is called so, and a file is needed"
        hint = folder_named if Path(recipe).is_dir() else advice(recipe, known)
        message = f"no such recipe{hint}; a file of your own is a path that ends in .toml"
        raise ConfigurationError([Issue("--recipe", recipe, message.replace("?;", "?"))])
    return path


def manifest_paths(folder: Path) -> dict[str, Path]:
    """List the manifests of a folder by source id, sorted.

    >>> manifest_paths(resource_folder("source_manifests"))["ssdd"].name
    'ssdd.toml'

    Raises:
        ConfigurationError: the folder cannot be listed.
    """
    try:
        return {path.stem: path for path in list_settings(folder, ".toml", below=False)}
    except OSError as error:
        raise ConfigurationError([Issue(str(error.filename), "", str(error.strerror))]) from error


def refuse_unknown_sources(wanted: Iterable[str], known: Collection[str]) -> None:
    """Refuse ids of sources that no manifest describes.

    Raises:
        ConfigurationError: names each, with the nearest known one.
    """
    issues = [
        Issue("--source", source_id, f"no such source{advice(source_id, known)}")
        for source_id in wanted
        if source_id not in known
    ]
    if issues:
        raise ConfigurationError(issues)
