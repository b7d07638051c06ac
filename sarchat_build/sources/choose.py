"""Which sources a build reads: those asked for, or all that are there; never the same one twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sarchat_build.archives import is_there, join
from sarchat_build.archives.location import is_folder, list_folder, local_path, name_of
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.resources import refuse_unknown_sources
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.suggestions import nearest


def choose_sources(
    manifests: Mapping[str, Manifest],
    raw: str,
    wanted: Sequence[str],
    faulty: Mapping[str, tuple[Issue, ...]] = MappingProxyType({}),
) -> tuple[dict[str, Manifest], list[str]]:
    """Choose the sources to build: those asked for, or every one that lies in the raw folder.

    Args:
        manifests: all known manifests by source id.
        raw: path or URL of the raw folder.
        wanted: ids that the user asks for; empty: all that are there.
        faulty: faults of manifests that cannot be read, by source id.

    Returns:
        The chosen manifests by id, and the ids that were not found.

    Raises:
        ConfigurationError: a source is asked for that no manifest describes, or the manifest of
            one that is to be read is faulty.
        InputError: a source asked for is not there, or none is; or the folder cannot be reached.
    """
    refuse_unknown_sources(wanted, [*manifests, *faulty])
    issues = [issue for source_id in wanted for issue in faulty.get(source_id, ())]
    if issues:
        raise ConfigurationError(issues)
    if not wanted:  # else what is wanted is named below, with its layout
        refuse_missing_folder(raw)
    # Only what is asked for is looked for: what cannot be reached is named by its own place.
    looked_for = wanted or manifests
    found = [source_id for source_id in looked_for if is_there(join(raw, source_id))]
    absent = [source_id for source_id in wanted if source_id not in found]
    if absent:
        hints = (f"{join(raw, s)}; {manifests[s].layout_hint}" for s in absent)
        raise InputError(*(f"not found in the raw folder: {hint}" for hint in hints))
    if not found:
        raise InputError(f"{raw}: {_no_source(raw, manifests)}")
    chosen = sorted(wanted) if wanted else sorted(found)
    return {s: manifests[s] for s in chosen}, sorted(set(manifests) - set(found))


def refuse_idle_settings(chosen: Mapping[str, Manifest], stated: Sequence[str]) -> None:
    """Refuse what is said of a source that is not read: it would do nothing.

    Args:
        chosen: the manifests of what is read.
        stated: overrides as `SOURCE.key.path=VALUE`, which were parsed before.

    Raises:
        ConfigurationError: names each, and the sources that are read.
    """
    read = ", ".join(chosen)
    issues = [
        Issue(f"--set {text}", "", f"does nothing: the sources read here are {read}; leave it out")
        for text in stated
        if text.partition("=")[0].strip().split(".")[0] not in chosen
    ]
    if issues:
        raise ConfigurationError(issues)


def refuse_missing_folder(raw: str) -> None:
    """Refuse a raw folder that is not there, that is a file, or that cannot be reached.

    Raises:
        InputError: says which of them.
    """
    path = local_path(raw)
    if path is None:
        is_folder(raw)  # raises where nothing is reached; a store may have folders without listing
    elif path.exists() and not path.is_dir():
        raise InputError(f"{raw}: is a file; {_RAW}")
    elif not path.exists():
        raise InputError(f"{raw}: no such folder; {_RAW}")


_RAW = "RAW is a folder that holds one folder per source id (see 'sarchat sources list')"


def _no_source(raw: str, manifests: Mapping[str, Manifest]) -> str:
    """Say why a folder holds no source, and what to do."""
    if name_of(raw) in manifests:
        return f"is the folder of a source; give the one above it as --raw; {_RAW}"
    folders = [entry.name for entry in list_folder(raw) if entry.is_folder]
    for folder in folders:
        if meant := nearest(folder, manifests):
            return f"its folder {folder!r} is no source id; did you mean {meant!r}? {_RAW}"
    if folders:
        return f"none of its folders is called as a source: {', '.join(folders[:8])}; {_RAW}"
    return f"holds no folder of a source; {_RAW}"


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
