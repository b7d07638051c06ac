"""Before any worker starts: read every setting, look at every input, refuse what cannot work."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from pipelines.cli.console import byte_progress
from pipelines.context import BuildContext
from pipelines.receipts import forget_record
from pipelines.transforms.publish import STOPPED
from sarchat_build.archives import (
    is_there,
    join,
    list_archives,
    needs_repacking,
    open_archive,
    repack,
)
from sarchat_build.archives.checksums import read_recorded
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.dataset import output
from sarchat_build.dataset.record import ArchiveEntry, BuildRecord, parse_document, parse_record
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates
from sarchat_build.report import quality
from sarchat_build.sources.index import index_source, layout_hint

RECIPES = Path(__file__).parent / "recipes"
# Path("gs://x") is "gs:/x".
_URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
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
    there = [source_id for source_id in manifests if is_there(join(raw, source_id))]
    absent = [source_id for source_id in wanted if source_id not in there]
    if absent or not there:
        hints = [f"  {join(raw, s)}: {layout_hint(manifests[s])}" for s in absent or manifests]
        raise InputError("not found in the raw folder:\n" + "\n".join(hints))
    chosen = sorted(wanted) if wanted else sorted(there)
    return {s: manifests[s] for s in chosen}, sorted(set(manifests) - set(there))


def prepare(
    settings: Settings,
    chosen: Mapping[str, Manifest],
    raw: str,
    out: str,
    strict: bool,
    *,
    keep_going: bool = False,
    repacked: str = "",
    prove: bool = True,
) -> BuildContext:
    """Index and fingerprint the inputs, make the output folder ready, and repack what needs it.

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

    Raises:
        ConfigurationError: sources that hold the same pictures (`refuse_mixed_releases`).
        InputError: an input is broken or not what was recorded, or the output folder cannot be
            written or holds something that is not a dataset of ours.
    """
    refuse_mixed_releases(chosen, settings.recipe)
    _refuse_output(out)
    failed: dict[str, str] = {}

    def each(look: Callable[[Manifest], T]) -> dict[str, T]:
        found = {}
        for source_id in [s for s in chosen if s not in failed]:
            try:
                found[source_id] = look(chosen[source_id])
            except InputError as error:
                failed[source_id] = str(error)
                if not keep_going:
                    raise
        if not found:
            raise InputError("\n".join(failed.values()))
        return found

    listed = each(lambda manifest: len(index_source(manifest, raw).images))
    inputs = each(lambda manifest: describe_archives(manifest, raw))
    _prepare_output(out)
    folder = repacked or join(out, output.WORK_FOLDER, "repacked")
    second = each(lambda manifest: repack_archives(join(raw, manifest.id), folder))
    return BuildContext(
        raw,
        out,
        {s: chosen[s] for s in second},
        settings.recipe,
        settings.templates,
        {s: inputs[s] for s in second},
        {s: listed[s] for s in second},
        strict,
        {place: made for archives in second.values() for place, made in archives.items()},
        failed,
        prove,
    )


def refuse_mixed_releases(chosen: Mapping[str, Manifest], recipe: Recipe) -> None:
    """Refuse a merged release beside a source that it contains.

    Both hold the same pictures. Under `duplicates.mixed_releases = "resolve"` they are found by
    their pixels and hashes, but only whole pictures: a release that holds the chips of a scene has
    no picture like the scene.

    Raises:
        ConfigurationError: names the sources and says what to do.
    """
    issues = []
    for release in chosen.values():
        within = [chosen[source_id] for source_id in release.contains if source_id in chosen]
        cut = [manifest.id for manifest in within if manifest.tiling]
        if within and recipe.duplicates.mixed_releases == "refuse":
            names = ", ".join(manifest.id for manifest in within)
            message = (
                f"holds the pictures of {names} again, under other names: one output would show "
                f"them twice. Build either {release.id} or its sources (--source), or set "
                'duplicates.mixed_releases = "resolve" in the recipe, which needs near = "drop"'
            )
        elif within and recipe.duplicates.near != "drop":
            message = (
                'duplicates.mixed_releases = "resolve" needs duplicates.near = "drop": the '
                "release is re-encoded, so that equal pictures are only near ones"
            )
        elif cut:
            message = (
                f"holds chips cut from the scenes of {', '.join(cut)}, which no comparison of "
                "whole pictures finds; leave these sources out (--source)"
            )
        else:
            continue
        issues.append(Issue("--source", release.id, message))
    if issues:
        raise ConfigurationError(issues)


def describe_archives(
    manifest: Manifest, raw: str, recorded: Mapping[str, str] | None = None
) -> list[ArchiveEntry]:
    """Name and digest a source's archives, and hold them against what was published or recorded.

    Args:
        manifest: the source's manifest.
        raw: path or URL of the raw folder.
        recorded: digests by name; None: those that lie beside the source's folder.

    Raises:
        InputError: a digest differs; both are named.
    """
    published = {archive.name: archive.sha256 for archive in manifest.archives if archive.sha256}
    known = read_recorded(raw, manifest.id) if recorded is None else recorded
    expected = {**published, **known}
    described = []
    for name, place in list_archives(join(raw, manifest.id)).items():
        archive = open_archive(place)
        with byte_progress(f"hash {name}", archive.digested_bytes()) as show:
            digest = archive.sha256(show)
        if name in expected and expected[name] != digest:
            raise InputError(
                f"{place}: sha256 is {digest}, expected {expected[name]}; "
                f"fetch it again, or run 'sarchat sources record' if the change is meant"
            )
        described.append(ArchiveEntry(name=name, kind=archive.kind, sha256=digest))
    return described


def finish(out: str) -> BuildRecord:
    """Look at what the run left behind.

    Returns:
        The record of the finished build.

    Raises:
        InputError: the build stopped before publishing; the message says why.
    """
    stopped: Any = output.read_json(out, STOPPED)
    if stopped:
        raise InputError(
            "nothing was published:\n" + "\n".join(f"  {reason}" for reason in stopped)
        )
    path = Path(out, "build.json")
    if not path.exists():
        raise InputError(f"{out}: the run ended without build.json; run the same command again")
    record = parse_record(path.read_bytes(), str(path))
    shutil.rmtree(Path(out, output.WORK_FOLDER, "progress"), ignore_errors=True)
    shutil.rmtree(Path(out, output.WORK_FOLDER, "tmp"), ignore_errors=True)
    return record


@contextmanager
def repacked_archives(source: str, folder: str = "") -> Iterator[dict[str, str]]:
    """Repack what needs it for one look; without a folder, for as long as the context lasts.

    Yields:
        As `repack_archives`.
    """
    with nullcontext(folder) if folder else TemporaryDirectory(prefix="sarchat-") as place:
        yield repack_archives(source, place)


def repack_archives(source: str, folder: str) -> dict[str, str]:
    """Repack the archives of a source whose members cannot be read at random.

    Args:
        source: path or URL of the source's folder, or of a single archive.
        folder: path or URL of the folder for what is made.

    Returns:
        Where each now lies, by its own location.

    Raises:
        InputError: an archive cannot be opened, or there is no room.
    """
    made = {}
    for name, place in list_archives(source).items():
        archive = open_archive(place)
        if needs_repacking(archive):
            total = sum(member.size_bytes for member in archive.members())
            with byte_progress(f"repack {name}", total) as show:
                made[archive.location] = repack(archive, folder, show)
    return made


def read_quality(out: str) -> quality.QualityFigures:
    """Give the quality figures of a finished build."""
    path = Path(out, quality.PATH)
    return parse_document(path.read_bytes(), quality.QualityFigures, str(path))


def _refuse_output(out: str) -> None:
    """Refuse what cannot become a dataset's folder before an input is read; makes nothing."""
    if _URL.match(out):
        raise InputError(
            f"{out}: a dataset is written to a folder of this machine; give one as --output, and "
            "copy the finished dataset from there"
        )
    folder = Path(out)
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise InputError(f"{out}: {there} cannot be written to; give another --output")
        ours = (folder / "build.json").exists() or (folder / output.WORK_FOLDER).exists()
        if there == folder and any(folder.iterdir()) and not ours:
            raise InputError(f"{out}: not empty and not an earlier build; give another --output")
    except OSError as error:
        raise _unwritable(out, error) from error


def _prepare_output(out: str) -> None:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = folder / output.WORK_FOLDER
        work.mkdir(exist_ok=True)
        forget_record(out)
        (folder / STOPPED).unlink(missing_ok=True)
        shutil.rmtree(work / "progress", ignore_errors=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: str, error: OSError) -> InputError:
    return InputError(f"{out}: cannot be written ({error.strerror}); give another --output")


def recipe_path(recipe: str) -> Path:
    """Give the file of a recipe: a path that ends in .toml, or the name of a built-in one."""
    return Path(recipe) if recipe.endswith(".toml") else RECIPES / f"{recipe}.toml"
