"""Survey of an unknown source: listing, formats, counts, pictures, and what numbers prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sarchat_build.errors import InputError, RecordError
from sarchat_build.onboarding.survey import sniffing
from sarchat_build.onboarding.survey.classes import coco_classes, is_class_list, listed_classes
from sarchat_build.onboarding.survey.conventions import (
    CoordinateEvidence,
    compare_to_sizes,
    shares_of_pictures,
)
from sarchat_build.onboarding.survey.listing import (
    DOCUMENT_EXTENSIONS,
    IMAGE_EXTENSIONS,
    FileGroup,
    by_path,
    group_files,
    split_in,
    stem_of,
)
from sarchat_build.onboarding.survey.matching import (
    Candidate,
    NamingScheme,
    choose,
    name_images,
    pictures_of,
    stem_suffix,
)
from sarchat_build.onboarding.survey.pictures import PictureSummary, read_headers
from sarchat_build.onboarding.survey.tally import tally
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import decode, read_all
from sarchat_build.sources.files import FileRef, SourceFiles, open_source
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Split


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Everything that was found; `documents` and `images` are what a manifest would read."""

    source_files: SourceFiles
    documents: tuple[Candidate, ...]
    images: tuple[FileGroup, ...]
    other_documents: tuple[Candidate, ...]
    other_images: tuple[FileGroup, ...]
    split_lists: tuple[tuple[FileRef, Split], ...]
    classes: Mapping[int, str]
    # Whether a document of many images does not name its categories.
    unnamed: bool
    pictures: PictureSummary
    coordinates: CoordinateEvidence
    names: NamingScheme

    @property
    def format(self) -> str:
        """The format of the chosen documents."""
        return self.documents[0].format

    @property
    def image_count(self) -> int:
        """Number of images that the chosen groups hold."""
        return sum(len(group.files) for group in self.images)

    @property
    def object_count(self) -> int:
        """Number of objects in the chosen documents."""
        return sum(candidate.tally.objects for candidate in self.documents)


def survey(
    path: str,
    *,
    picture_limit: int = 500,
    bar: ProgressBar = no_progress,
    repacked: Mapping[str, str] | None = None,
) -> Survey:
    """Survey a folder or archive: read every document, and the headers of some pictures.

    Args:
        path: path or URL of a folder, with archives in it or not, or of an archive.
        picture_limit: of how many pictures to read the header; 0: all.
        bar: shows progress.
        repacked: as for `open_source`.

    Raises:
        InputError: nothing is there, or no pictures, or no document of a format that can be read.
    """
    source_files = open_source(path, repacked)
    if not source_files.files:
        raise InputError(f"{path}: holds no file")
    pictures = group_files(source_files.files, IMAGE_EXTENSIONS)
    if not pictures:
        known = " ".join(IMAGE_EXTENSIONS)
        raise InputError(
            f"{path}: {len(source_files.files):,} files, none of them a picture ({known})"
        )
    candidates, classes, unnamed = _documents(source_files, listed_classes(source_files), bar)
    chosen = choose(candidates)
    if not chosen:
        faults = [fault for c in candidates for fault in c.tally.first_faults.values()]
        unread = f"; first of what cannot be read: {faults[0]}" if faults else ""
        raise InputError(
            f"{path}: no annotation document with an object in it ({', '.join(FORMATS)}); a new "
            f"format needs a reader, see CONTRIBUTING.md{unread}"
        )
    matched = [(c, pictures_of(c, pictures)) for c in chosen]
    images = tuple({g.template: g for _, g in matched if g is not None}.values())
    if not images:
        first = min(chosen[0].tally.stems, default="")
        raise InputError(
            f"{path}: no picture has the name of a document or of an image in one ({first!r}); "
            "is part of the release missing?"
        )
    files = [file for group in images for file in group.files]
    with bar("read headers of pictures", min(picture_limit or len(files), len(files))) as show:
        headers = read_headers(source_files, files, picture_limit, show)
    suffix = stem_suffix(chosen[0], images)
    framed = (item for c in chosen for item in c.tally.extents.items())
    extents = [(stem_of(image).removesuffix(suffix), extent) for image, extent in framed]
    names = name_images(images, chosen, suffix, FORMATS[chosen[0].format].many_images)
    # Where names repeat, a size belongs to more than one picture.
    sizes = {} if names.stem_folders else headers.size_by_stem
    if len(headers.sizes) == 1:
        sizes = dict.fromkeys((stem for stem, _ in extents), next(iter(headers.sizes)))
    extents = list(extents)
    shares = shares_of_pictures(extents, sizes)
    if shares:
        raise InputError(
            f"{path}: the numbers of the boxes are {shares} of the picture, but format "
            f'"{chosen[0].format}" counts in pixels; {Reason.SHARES_OF_PICTURE.advice}'
        )
    return Survey(
        source_files=source_files,
        documents=chosen,
        images=images,
        other_documents=tuple(c for c in candidates if c not in chosen),
        other_images=tuple(group for group in pictures if group not in images),
        split_lists=_split_lists(source_files, files),
        classes=classes,
        unnamed=unnamed,
        pictures=headers,
        coordinates=compare_to_sizes(extents, sizes),
        names=names,
    )


def _documents(
    source_files: SourceFiles, listed: Mapping[int, str], bar: ProgressBar
) -> tuple[list[Candidate], Mapping[int, str], bool]:
    sniffed = []
    files = [file for file in source_files.files if not _is_list(file)]
    for extension in DOCUMENT_EXTENSIONS:
        for group in group_files(files, [extension]):
            for part, split in _parts(group, extension):
                sniffed.append((part, split, sniffing.sniff_group(source_files, part)))
    stated = [coco_classes(source_files, g.files[0]) for g, _, s in sniffed if s.format == "coco"]
    classes = listed or {n: name for found in reversed(stated) for n, name in found.items()}
    readable = [(g, split, s) for g, split, s in sniffed if s.format in FORMATS]
    candidates = []
    for group, split, found in readable:
        title = f"read {PurePosixPath(group.template).name or found.format}"
        with bar(title, len(group.files)) as show:
            counted = tally(source_files, group, found.format, classes, show)
        candidates.append(Candidate(group, found.format, found.evidence, counted, split))
    splits = {c.split for c in candidates if c.split}
    if len(splits) < 2:  # a document called "test" alone splits nothing
        candidates = [Candidate(c.group, c.format, c.evidence, c.tally) for c in candidates]
    return candidates, classes, not all(stated)


def _parts(group: FileGroup, extension: str) -> Iterator[tuple[FileGroup, Split | None]]:
    if extension != ".json":
        yield group, None
        return
    # A JSON document is about many images: each one is a group of its own.
    for file in group.files:
        folder = file.path.rpartition("/")[0]
        split = split_in(PurePosixPath(file.path).stem)[1] or group.folders[folder]
        yield FileGroup(file.path, {folder: None}, (file,)), split


def _is_list(file: FileRef) -> bool:
    name = PurePosixPath(file.path)
    alone = split_in(name.stem)[0] == "{split}" and name.suffix.lower() == ".txt"
    return alone or is_class_list(file)


def _split_lists(
    source_files: SourceFiles, images: Sequence[FileRef]
) -> tuple[tuple[FileRef, Split], ...]:
    stems = {stem_of(file.path) for file in images}
    found = []
    for file in by_path(source_files.files):
        split = split_in(PurePosixPath(file.path).stem)[1]
        if split is None or not file.path.lower().endswith(".txt"):
            continue
        try:
            with source_files.open(file) as document:
                lines = decode(read_all(document), sniffing.ENCODINGS).split("\n")
        except RecordError:
            continue
        listed = [stem_of(line.strip()) for line in lines if line.strip()]
        if listed and 2 * sum(name in stems for name in listed) >= len(listed):
            found.append((file, split))
    return tuple(found) if len({split for _, split in found}) > 1 else ()
