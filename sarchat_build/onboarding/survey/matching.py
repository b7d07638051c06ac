"""Matching of documents with pictures: which to read, and how images are named."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sarchat_build.onboarding.survey.listing import FileGroup, split_in, stem_of
from sarchat_build.onboarding.survey.tally import Tally
from sarchat_build.types import Split

MAX_STEM_FOLDERS = 3


@dataclass(frozen=True)
class Candidate:
    """A group of documents with what it holds; `split` is that of a document of many images."""

    group: FileGroup
    format: str
    evidence: str
    tally: Tally
    split: Split | None = None

    @property
    def has_splits(self) -> bool:
        """Whether its path says to which split an image belongs."""
        return self.split is not None or bool(self.group.splits)


@dataclass(frozen=True)
class NamingScheme:
    """How an image's name is made of its path, and how many images and documents have no partner.

    The first three are the options of a manifest.
    """

    stem_suffix: str
    stem_folders: int
    inner_folders: tuple[str, ...]
    without_document: int
    without_image: int


def choose(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Choose documents of one format, each image spoken of once: those with splits come first."""
    ranked = sorted(
        (c for c in candidates if c.tally.objects),
        key=lambda c: (-c.has_splits, -c.tally.objects, c.group.template),
    )
    chosen: list[Candidate] = []
    covered: set[str] = set()
    for candidate in ranked:
        same = not chosen or candidate.format == chosen[0].format
        images = candidate.tally.names
        if same and len(images & covered) * 10 <= len(images):
            chosen.append(candidate)
            covered |= images
    return tuple(sorted(chosen, key=lambda c: c.group.template))


def pictures_of(candidate: Candidate, pictures: Sequence[FileGroup]) -> FileGroup | None:
    """Choose the pictures that a group of documents is about.

    Among folders that hold the same names it is the one with the same splits, then the one that
    lies nearest.
    """
    documents = candidate.group
    suffix = stem_suffix(candidate, pictures)
    stems = {stem.removesuffix(suffix) for stem in candidate.tally.stems}

    def rank(group: FileGroup) -> tuple[float, ...]:
        shared = len(stems & {stem_of(file.path) for file in group.files})
        same_splits = set(group.splits) == set(documents.splits)
        return shared, same_splits, _common(group.template, documents.template)

    ranked = sorted(pictures, key=lambda g: (*(-r for r in rank(g)), g.template))
    return ranked[0] if ranked and rank(ranked[0])[0] else None


def stem_suffix(candidate: Candidate, pictures: Iterable[FileGroup]) -> str:
    """Find what the names of documents have at their end beyond those of their images."""
    stems = {stem_of(file.path) for group in pictures for file in group.files}
    if any(stem in stems for stem in candidate.tally.stems):
        return ""
    suffixes: Counter[str] = Counter()
    for stem in candidate.tally.stems:
        cut = next((n for n in range(len(stem) - 1, 0, -1) if stem[:n] in stems), None)
        if cut is not None:
            suffixes[stem[cut:]] += 1
    return min(suffixes, key=lambda s: (-suffixes[s], s)) if suffixes else ""


def name_images(
    pictures: Sequence[FileGroup], documents: Sequence[Candidate], suffix: str, many_images: bool
) -> NamingScheme:
    """Find out how many folders must belong to an image's name so that no two are called alike."""
    images = [PurePosixPath(file.path) for group in pictures for file in group.files]
    found = [PurePosixPath(f.path) for c in documents for f in c.group.files]
    stems = {stem for c in documents for stem in (*c.tally.stems, *c.tally.unread)}
    unique = len({stem_of(path.name) for path in images}) == len(images)
    if many_images and not unique:
        # Such documents write names with their folders, or cannot tell the images apart either.
        depths = range(1, MAX_STEM_FOLDERS + 1)
        count = next((n for n in depths if _all_differ(images, n)), 0)
        return NamingScheme(suffix, count, (), 0, 0)
    if unique:
        own = {stem_of(path.name) for path in images}
        written = {stem.removesuffix(suffix) for stem in stems}
        return NamingScheme(suffix, 0, (), len(own - written), len(written - own))
    # Folders that hold only pictures or only labels do not tell images apart.
    inner = _last_folders(images) ^ _last_folders(found)
    inner = {name for name in inner if split_in(name)[1] is None}
    best: NamingScheme | None = None
    for count in range(1, MAX_STEM_FOLDERS + 1):
        own = {_name(path, count, inner, "") for path in images}
        written = {_name(path, count, inner, suffix) for path in found}
        names = NamingScheme(
            suffix, count, tuple(sorted(inner)), len(own - written), len(written - own)
        )
        if len(own) == len(images) and (best is None or _lost(names) < _lost(best)):
            best = names
    return best or NamingScheme(suffix, 0, (), 0, 0)


def _name(path: PurePosixPath, count: int, inner: set[str], suffix: str) -> str:
    # The rule of `AnnotationRule`, before there is one.
    folders = list(path.parts[:-1])
    while folders and folders[-1] in inner:
        folders.pop()
    return "/".join((*folders[-count:], stem_of(path.name).removesuffix(suffix)))


def _all_differ(images: Sequence[PurePosixPath], count: int) -> bool:
    return len({_name(path, count, set(), "") for path in images}) == len(images)


def _lost(names: NamingScheme) -> int:
    return names.without_document + names.without_image


def _last_folders(paths: Iterable[PurePosixPath]) -> set[str]:
    return {path.parent.name for path in paths} - {""}


def _common(a: str, b: str) -> int:
    return len(PurePosixPath(posixpath.commonpath([a, b])).parts)
