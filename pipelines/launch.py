"""Before any worker starts: read every setting, look at every input, refuse what cannot work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.context import BuildContext
from pipelines.receipts import forget_record
from pipelines.transforms.publish import STOPPED
from sarchat_build import storage
from sarchat_build.archives import open_archive
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.manifest import Manifest, load_manifests
from sarchat_build.phrasing import load_templates
from sarchat_build.phrasing_lint import check_templates
from sarchat_build.recipe import Recipe, load_recipe
from sarchat_build.report import quality
from sarchat_build.resources import resource_folder
from sarchat_build.source_index import archive_names, index_source, layout_hint

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Settings:
    """Everything that people write: manifests, a recipe, phrasings."""

    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]


def load_settings(
    recipe: str, manifest_folder: Path | None, template_folder: Path | None
) -> Settings:
    """Read and check all settings.

    Raises:
        ConfigurationError: every fault of every file at once.
    """
    issues: list[Issue] = []
    manifests: Mapping[str, Manifest] = {}
    templates: Mapping[str, str] = {}
    loaded: Recipe | None = None
    try:
        manifests = load_manifests(manifest_folder or resource_folder("source_manifests"))
    except ConfigurationError as error:
        issues.extend(error.issues)
    try:
        loaded = load_recipe(recipe_path(recipe))
    except ConfigurationError as error:
        issues.extend(error.issues)
    try:
        folder = template_folder or resource_folder("templates")
        templates = load_templates(folder)
        check_templates(templates, folder)
    except ConfigurationError as error:
        issues.extend(error.issues)
    if issues or loaded is None:
        raise ConfigurationError(issues)
    return Settings(manifests, loaded, templates)


def choose_sources(
    manifests: Mapping[str, Manifest], raw: str, wanted: Sequence[str]
) -> tuple[dict[str, Manifest], list[str]]:
    """Pick the sources to build: those asked for, or every one that lies in the raw folder.

    Returns:
        The chosen manifests by id, and the ids that were not found.

    Raises:
        ConfigurationError: a source is asked for that no manifest describes.
        InputError: a source asked for is not there, or none is.
    """
    unknown = [source_id for source_id in wanted if source_id not in manifests]
    if unknown:
        known = ", ".join(manifests)
        raise ConfigurationError(
            Issue("--source", s, f"no such source; known: {known}") for s in unknown
        )
    there = [source_id for source_id in manifests if is_there(raw, source_id)]
    absent = [source_id for source_id in wanted if source_id not in there]
    if absent or not there:
        hints = [
            f"  {os.path.join(raw, s)}: {layout_hint(manifests[s])}" for s in absent or manifests
        ]
        raise InputError("not found in the raw folder:\n" + "\n".join(hints))
    chosen = sorted(wanted) if wanted else sorted(there)
    return {s: manifests[s] for s in chosen}, sorted(set(manifests) - set(there))


def is_there(raw: str, source_id: str) -> bool:
    """Tell whether a source's folder exists and holds something."""
    try:
        return bool(archive_names(os.path.join(raw, source_id)))
    except InputError:
        return False


def prepare(
    settings: Settings,
    chosen: dict[str, Manifest],
    raw: str,
    out: str,
    strict: bool,
    prove: bool = True,
) -> BuildContext:
    """Index and fingerprint the inputs, and make the output folder ready.

    Raises:
        InputError: an input is broken or not what was recorded, or the output folder cannot be
            written or holds something that is not a dataset of ours.
    """
    listed = {s: len(index_source(manifest, raw).images) for s, manifest in chosen.items()}
    inputs = {s: describe_archives(manifest, raw) for s, manifest in chosen.items()}
    _prepare_output(out)
    return BuildContext(
        raw, out, chosen, settings.recipe, settings.templates, inputs, listed, strict, prove
    )


def describe_archives(manifest: Manifest, raw: str) -> list[dict[str, Any]]:
    """Name and digest a source's archives, and hold them against what was published or recorded.

    Raises:
        InputError: a digest differs; both are named.
    """
    folder = os.path.join(raw, manifest.id)
    published = {archive.name: archive.sha256 for archive in manifest.archives if archive.sha256}
    expected = published | read_recorded(raw, manifest.id)
    described = []
    for name in archive_names(folder):
        archive = open_archive(os.path.join(folder, name))
        digest = archive.sha256()
        if name in expected and expected[name] != digest:
            raise InputError(
                f"{os.path.join(folder, name)}: sha256 is {digest}, expected {expected[name]}; "
                f"fetch it again, or run 'sarchat sources record' if the change is meant"
            )
        described.append({"name": name, "kind": archive.kind, "sha256": digest})
    return described


def recorded_path(raw: str, source_id: str) -> Path:
    """Give the file beside a source's folder that holds its recorded checksums."""
    return Path(raw, f"{source_id}.sha256")


def read_recorded(raw: str, source_id: str) -> dict[str, str]:
    """Read recorded checksums, in the format of `sha256sum`; empty when none were recorded."""
    path = recorded_path(raw, source_id)
    if not path.is_file():
        return {}
    lines = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {name.removeprefix(f"{source_id}/"): digest for digest, name in lines}


def finish(out: str) -> Any:
    """Look at what the run left behind.

    Returns:
        The record of the finished build.

    Raises:
        InputError: the build stopped before publishing; the message says why.
    """
    stopped: Any = storage.read_json(out, STOPPED)
    if stopped:
        raise InputError(
            "nothing was published:\n" + "\n".join(f"  {reason}" for reason in stopped)
        )
    record: Any = storage.read_json(out, "build.json")
    if not isinstance(record, dict):
        raise InputError(f"{out}: the run ended without build.json; run the same command again")
    shutil.rmtree(Path(out, storage.WORK_FOLDER, "progress"), ignore_errors=True)
    shutil.rmtree(Path(out, storage.WORK_FOLDER, "tmp"), ignore_errors=True)
    return record


def read_quality(out: str) -> Any:
    """Give the quality figures of a finished build."""
    return storage.read_json(out, quality.PATH)


def _prepare_output(out: str) -> None:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = (folder / "build.json").exists() or (folder / storage.WORK_FOLDER).exists()
        if any(folder.iterdir()) and not ours:
            raise InputError(f"{out}: not empty and not an earlier build; give another --output")
        work = folder / storage.WORK_FOLDER
        work.mkdir(exist_ok=True)
        forget_record(out)
        (folder / STOPPED).unlink(missing_ok=True)
        shutil.rmtree(work / "progress", ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"{out}: cannot be written ({error.strerror}); give another --output"
        ) from error


def recipe_path(recipe: str) -> Path:
    """Give the file of a recipe: a path that ends in .toml, or the name of a built-in one."""
    return Path(recipe) if recipe.endswith(".toml") else RECIPES / f"{recipe}.toml"
