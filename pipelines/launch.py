"""The launcher: reads all settings, checks all inputs, refuses what cannot work; no workers yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipelines.context import BuildContext
from sarchat_build.archives import join
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe, recipe_path
from sarchat_build.config.resources import resource_folder
from sarchat_build.dataset.fingerprint import digest_code
from sarchat_build.dataset.folder import prepare_folder, refuse_folder
from sarchat_build.dataset.output import WORK_FOLDER
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.sources.choose import refuse_mixed_releases
from sarchat_build.sources.index import index_source
from sarchat_build.sources.inputs import describe_archives, repack_archives

T = TypeVar("T")


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
) -> Settings:
    """Read and check all settings; `stated` is what the user says instead of a manifest.

    Manifests of `manifest_folder` are added to the built-in ones, or stand in for them by name.

    Raises:
        ConfigurationError: every fault of every file at once.
    """
    issues: list[Issue] = []
    manifests: Mapping[str, Manifest] = {}
    templates: Mapping[str, str] = {}
    loaded: Recipe | None = None
    try:
        manifests = load_manifests(resource_folder("source_manifests"), stated, manifest_folder)
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


def prepare(
    settings: Settings,
    chosen: Mapping[str, Manifest],
    *,
    raw: str,
    out: str,
    strict: bool = False,
    keep_going: bool = False,
    repacked: str = "",
    prove: bool = True,
    progress: ProgressBar = no_progress,
) -> BuildContext:
    """Index and digest the inputs, make the output folder ready, and repack what needs it.

    Args:
        settings: manifests, recipe and phrasings.
        chosen: manifests of the sources to build.
        raw: path or URL of the raw folder.
        out: folder for the dataset.
        strict: whether other counts than the published ones stop the build.
        keep_going: whether a source that cannot be read is left out instead of stopping the
            build; the context's `failed` names it.
        repacked: path or URL of the folder for repacked archives; "": inside `out`.
        prove: whether what was written is read back and checked before it is published.
        progress: shows the bytes of archives that have been digested or repacked.

    Raises:
        ConfigurationError: sources that hold the same pictures (`refuse_mixed_releases`).
        InputError: an input is broken or not what was recorded, or the output folder cannot be
            written or holds something that is not a dataset of ours.
    """
    refuse_mixed_releases(chosen, settings.recipe)
    refuse_folder(out)
    failed: dict[str, InputError] = {}

    def each(read: Callable[[Manifest], T]) -> dict[str, T]:
        results = {}
        for source_id in [s for s in chosen if s not in failed]:
            try:
                results[source_id] = read(chosen[source_id])
            except InputError as error:
                failed[source_id] = error
                if not keep_going:
                    raise
        if not results:
            raise InputError(*(line for error in failed.values() for line in error.args))
        return results

    listed = each(lambda manifest: len(index_source(manifest, raw).images))
    inputs = each(lambda manifest: describe_archives(manifest, raw, progress=progress))
    prepare_folder(out)
    folder = repacked or join(out, WORK_FOLDER, "repacked")
    zips = each(lambda manifest: repack_archives(join(raw, manifest.id), folder, progress))
    return BuildContext(
        raw=raw,
        out=out,
        manifests={s: chosen[s] for s in zips},
        recipe=settings.recipe,
        templates=settings.templates,
        inputs={s: inputs[s] for s in zips},
        images_listed={s: listed[s] for s in zips},
        strict=strict,
        code_digest=digest_code(),
        repacked={location: made for found in zips.values() for location, made in found.items()},
        failed={source_id: str(error) for source_id, error in failed.items()},
        prove=prove,
    )
