"""Matching of documents with pictures: which to read, and how images are named."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sarchat_build.config.annotation_options import AnnotationFiles, AnnotationRule
from sarchat_build.onboarding.survey.listing import FileGroup, stem_of
from sarchat_build.onboarding.survey.tally import Tally
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.matching.image_names import parse_name
from sarchat_build.sources.matching.naming import name_by_folders
from sarchat_build.sources.matching.path_ends import PathEnds
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Split

# Whether pairs of pictures with one name each show the same.
CopyCheck = Callable[[Sequence[tuple[FileRef, FileRef]]], bool]


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

    @property
    def many_images(self) -> bool:
        """Whether each document holds many images, which it names."""
        return FORMATS[self.format].many_images


@dataclass(frozen=True)
class NamingScheme:
    """How an image's name is made of its path, and how many images and documents have no partner.

    The first three are the options of a manifest. `is_unique` is whether no two images share one.
    """

    stem_suffix: str
    stem_folders: int
    inner_folders: tuple[str, ...]
    without_document: int
    without_image: int
    is_unique: bool = True

    def rule(self) -> AnnotationRule:
        """Give the rule that calls images so."""
        return AnnotationRule(
            images=("*",),
            files=(AnnotationFiles(path="*"),),
            stem_suffix=self.stem_suffix,
            stem_folders=self.stem_folders,
            inner_folders=self.inner_folders,
        )


@dataclass
class Chosen:
    """The documents to read, each with its pictures."""

    documents: list[Candidate] = field(default_factory=list)
    images: dict[str, FileGroup] = field(default_factory=dict)


def choose(
    candidates: Sequence[Candidate], pictures: Sequence[FileGroup], are_copies: CopyCheck
) -> Chosen:
    """Choose documents of one format and their pictures, each picture spoken of once.

    Those with splits come first. Documents about names that were seen before are chosen too if
    other pictures are called so: releases number their images anew in each folder.
    """
    ranked = sorted(
        (c for c in candidates if c.tally.objects),
        key=lambda c: (-c.has_splits, -c.tally.objects, c.group.template),
    )
    chosen = Chosen()
    covered: dict[str, FileRef | None] = {}
    for candidate in ranked:
        if chosen.documents and candidate.format != chosen.documents[0].format:
            continue
        groups = pictures_of(candidate, pictures)
        spoken = _spoken_of(candidate, groups)
        again = sorted(spoken.keys() & covered.keys())
        if len(again) * 10 > len(spoken):
            pairs = [(a, b) for name in again if (a := covered[name]) and (b := spoken[name])]
            known = any(group.template in chosen.images for group in groups)
            if known or not pairs or are_copies(pairs):
                continue
        chosen.documents.append(candidate)
        chosen.images |= {group.template: group for group in groups}
        covered |= spoken
    chosen.documents.sort(key=lambda c: c.group.template)
    return chosen


def _spoken_of(candidate: Candidate, groups: Sequence[FileGroup]) -> dict[str, FileRef | None]:
    # What documents speak of, with the picture that a document of one image is about.
    if candidate.many_images:
        return dict.fromkeys(candidate.tally.names)
    pictures = {stem_of(file.path): file for group in groups for file in group.files}
    suffix = stem_suffix(candidate, groups) if groups else ""
    stems = (stem_of(name).removesuffix(suffix) for name in candidate.tally.names)
    return {stem: pictures.get(stem) for stem in stems}


def pictures_of(candidate: Candidate, pictures: Sequence[FileGroup]) -> list[FileGroup]:
    """Choose the pictures that a group of documents is about.

    Among folders that hold the same names it is the one with the same splits, then the one whose
    path is most like that of the documents; folders with the rest of their pictures are added.
    Documents of many images may speak of several folders: each one that has a picture of the
    written path, or of a name that no other has, is theirs.
    """
    documents = candidate.group
    suffix = stem_suffix(candidate, pictures)
    stems = {stem.removesuffix(suffix) for stem in candidate.tally.stems}

    def rank(group: FileGroup) -> tuple[float, ...]:
        shared = len(stems & {stem_of(file.path) for file in group.files})
        same_splits = set(group.splits) == set(documents.splits)
        return shared, same_splits, *_likeness(group.template, documents.template)

    ranked = sorted(pictures, key=lambda g: (*(-r for r in rank(g)), g.template))
    ranked = [group for group in ranked if rank(group)[0]]
    if not candidate.many_images:
        return _apart(ranked, stems)
    return _covering(candidate.tally.names, ranked)


def _apart(ranked: Sequence[FileGroup], stems: set[str]) -> list[FileGroup]:
    # The best one, and others that have other pictures of these names: never one twice.
    chosen: list[FileGroup] = []
    covered: set[str] = set()
    for group in ranked:
        own = stems & {stem_of(file.path) for file in group.files}
        if not own & covered:
            chosen.append(group)
            covered |= own
    return chosen


def _covering(names: Iterable[str], ranked: Sequence[FileGroup]) -> list[FileGroup]:
    # The groups by which all written names are found, each where its path fits best.
    number_by_file = {file: n for n, group in enumerate(ranked) for file in group.files}
    files = list(number_by_file)
    ends = PathEnds(
        files,
        lambda file: _folded(parse_name(file.path).folders),
        lambda file: stem_of(file.path),
    )
    left: list[frozenset[int]] = []
    for written in names:
        name = parse_name(written)
        for key in (name.stem, name.file):  # written with its extension, or without
            _, found = ends.longest(key, _folded(name.folders))
            if found:
                left.append(frozenset(number_by_file[files[position]] for position in found))
                break
    chosen = {number for numbers in left if len(numbers) == 1 for number in numbers}
    left = [numbers for numbers in left if not numbers & chosen]
    while left:
        votes = Counter(number for numbers in left for number in numbers)
        chosen.add(best := min(votes, key=lambda number: (-votes[number], number)))
        left = [numbers for numbers in left if best not in numbers]
    return [ranked[number] for number in sorted(chosen)]


def _folded(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(folder.casefold() for folder in folders)


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
    pictures: Sequence[FileGroup], documents: Sequence[Candidate], suffix: str
) -> NamingScheme:
    """Find out how many folders must belong to an image's name so that no two are called alike."""
    images = [file.path for group in pictures for file in group.files]
    stems = {stem for c in documents for stem in (*c.tally.stems, *c.tally.unread)}
    own = {stem_of(path) for path in images}
    if len(own) == len(images):
        written = {stem.removesuffix(suffix) for stem in stems}
        return NamingScheme(suffix, 0, (), len(own - written), len(written - own))
    # Documents of many images write names with their folders, or cannot tell images apart either.
    many = documents[0].many_images
    found = [] if many else [file.path for c in documents for file in c.group.files]
    naming = name_by_folders(images, found, suffix)
    if naming is None:
        return NamingScheme(suffix, 0, (), 0, 0, is_unique=False)
    return NamingScheme(
        suffix,
        naming.stem_folders,
        naming.inner_folders,
        naming.without_document,
        naming.without_image,
    )


def _likeness(a: str, b: str) -> tuple[int, int]:
    common = len(PurePosixPath(posixpath.commonpath([a, b])).parts)
    return len(set(a.split("/")) & set(b.split("/"))), common
