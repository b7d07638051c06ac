"""Statements of a manifest that nothing here fits: right, it may be, for all of a release."""

from __future__ import annotations

from collections.abc import Collection

from sarchat_build.config.manifest import Manifest, fold
from sarchat_build.sources.files import SourceFiles
from sarchat_build.sources.matching.naming import fitting
from sarchat_build.sources.matching.part_matches import PartMatch, part_match


def idle_statements(
    manifest: Manifest, files: SourceFiles, names: Collection[str]
) -> list[PartMatch]:
    """Find alternatives that are not used: a part of a release, a sample, has no use for all.

    Args:
        manifest: the source's manifest.
        files: the files of the source.
        names: the names of categories that its objects have.
    """
    rule, categories = manifest.annotations, manifest.categories
    patterns = {
        "annotations.images": rule.images,
        "annotations.files": tuple(entry.path for entry in rule.files),
        "annotations.split_lists": tuple(entry.path for entry in rule.split_lists),
    }
    found = [
        part_match(key, "patterns", idle, len(stated), "patterns fit no file here")
        for key, stated in patterns.items()
        if (idle := [pattern for pattern in stated if not fitting(files.files, (pattern,))])
    ]
    folded = {fold(name) for name in names}
    unused = [name for name in categories.names if fold(name) not in folded]
    if unused:
        meaning = "names are those of no object here"
        found.append(
            part_match("categories.names", "names", unused, len(categories.names), meaning)
        )
    lookup = categories.by_folded_name()
    seen = {lookup.get(name) for name in folded}
    absent = [category for category in categories.annotated if category not in seen]
    if absent:
        meaning = "categories have no object here, and their absence is claimed of every picture"
        total = len(categories.annotated)
        found.append(part_match("categories.annotated", "categories", absent, total, meaning))
    return found
