"""Survey of an unknown source: listing, formats, counts, pictures, and what numbers prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from sarchat_build.errors import InputError
from sarchat_build.onboarding.survey import sniffing
from sarchat_build.onboarding.survey.conventions import (
    CoordinateEvidence,
    compare_to_sizes,
    shares_of_pictures,
)
from sarchat_build.onboarding.survey.listing import (
    DOCUMENT_EXTENSIONS,
    FileGroup,
    extension_of_name,
    group_files,
    split_in,
    stem_of,
)
from sarchat_build.onboarding.survey.lists import (
    coco_classes,
    find_split_lists,
    is_class_list,
    listed_classes,
    names_split,
)
from sarchat_build.onboarding.survey.matching import (
    Candidate,
    NamingScheme,
    choose,
    name_images,
    stem_suffix,
)
from sarchat_build.onboarding.survey.pictures import (
    PictureSummary,
    TwinFormat,
    are_copies,
    one_format_each,
    read_headers,
)
from sarchat_build.onboarding.survey.scenes import (
    SceneProposal,
    ScenesBeside,
    propose_scenes,
    without_scenes,
)
from sarchat_build.onboarding.survey.tally import tally
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.reasons import Reason
from sarchat_build.sources.files import IMAGE_EXTENSIONS, FileRef, SourceFiles, open_source
from sarchat_build.sources.matching.statements import unknown_names, unread_archives
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
    # What lies there once more, or is what others were cut from, and is left out.
    twins: tuple[TwinFormat, ...]
    scenes_of: tuple[ScenesBeside, ...]
    scene: SceneProposal | None
    foreign_encodings: tuple[str, ...]
    # A name that is not UTF-8, as each encoding reads it that fits all of them.
    name_readings: tuple[str, ...]

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
    source_files = open_source(path, repacked, ("utf-8",))
    _, encodings = unknown_names(source_files, source_files.files, ("utf-8",))
    first: InputError | None = None
    for encoding in encodings:
        # Which one it is, names in documents may tell: those of the wrong one fit no picture.
        try:
            read = open_source(path, repacked, ("utf-8", encoding))
            return _survey(path, read, picture_limit, bar, encodings)
        except InputError as error:
            first = first or error
    if first is not None:
        raise first
    return _survey(path, source_files, picture_limit, bar)


def _survey(
    path: str,
    source_files: SourceFiles,
    picture_limit: int,
    bar: ProgressBar,
    encodings: Sequence[str] = (),
) -> Survey:
    archives = unread_archives(source_files)
    inside = f"; {archives}" if archives else ""
    if not source_files.files:
        raise InputError(f"{path}: holds no file{inside}")
    pictures = group_files(source_files.files, IMAGE_EXTENSIONS)
    if not pictures:
        known = " ".join(IMAGE_EXTENSIONS)
        raise InputError(
            f"{path}: {len(source_files.files):,} files, none of them a picture ({known}){inside}"
        )
    candidates, classes, unnamed, unread = _documents(
        source_files, listed_classes(source_files), bar
    )
    if not any(candidate.tally.objects for candidate in candidates):
        known = "".join(f"; {group.template}: {guess.evidence}" for group, guess in unread)
        faults = [fault for c in candidates for fault in c.tally.first_faults.values()]
        first_fault = f"; first of what cannot be read: {faults[0]}" if faults else ""
        raise InputError(
            f"{path}: no annotation document with an object in it ({', '.join(FORMATS)}){known}"
            f"{inside}; a new format needs a reader, see CONTRIBUTING.md{first_fault}"
        )
    chosen, scenes_of = without_scenes(
        choose(candidates, pictures, partial(are_copies, source_files))
    )
    documents = tuple(chosen.documents)
    if not chosen.images:
        first = min(documents[0].tally.stems, default="")
        raise InputError(
            f"{path}: no picture has the name of a document or of an image in one ({first!r}); "
            f"is part of the release missing?{inside}{_unknown(source_files)}"
        )
    written = frozenset(extension_of_name(name) for c in documents for name in c.tally.names)
    images, twins = one_format_each(tuple(chosen.images.values()), written)
    files = [file for group in images for file in group.files]
    with bar("read headers of pictures", min(picture_limit or len(files), len(files))) as show:
        headers = read_headers(source_files, files, picture_limit, show)
    suffix = stem_suffix(documents[0], images)
    framed = (item for c in documents for item in c.tally.extents.items())
    extents = [(stem_of(image).removesuffix(suffix), extent) for image, extent in framed]
    names = name_images(images, documents, suffix)
    # Where names repeat, a size belongs to more than one picture.
    sizes = {} if names.stem_folders else headers.size_by_stem
    if len(headers.sizes) == 1:
        sizes = dict.fromkeys((stem for stem, _ in extents), next(iter(headers.sizes)))
    extents = list(extents)
    shares = shares_of_pictures(extents, sizes)
    if shares:
        raise InputError(
            f"{path}: the numbers of the boxes are {shares} of the picture, but format "
            f'"{documents[0].format}" counts in pixels; {Reason.SHARES_OF_PICTURE.advice}'
        )
    templates = {group.template for group in images} | {s.group.template for s in scenes_of}
    return Survey(
        source_files=source_files,
        documents=documents,
        images=images,
        other_documents=tuple(c for c in candidates if c not in documents),
        other_images=tuple(group for group in pictures if group.template not in templates),
        split_lists=find_split_lists(source_files, files, names),
        classes=classes,
        unnamed=unnamed,
        pictures=headers,
        coordinates=compare_to_sizes(extents, sizes),
        names=names,
        twins=twins,
        scenes_of=scenes_of,
        scene=propose_scenes(
            [names.rule().image_name(file.path) for file in files],
            [stem_of(file.path) for s in scenes_of for file in s.group.files],
        ),
        foreign_encodings=_foreign_encodings(source_files),
        name_readings=_name_readings(source_files, encodings),
    )


def _unknown(source_files: SourceFiles) -> str:
    text, _ = unknown_names(source_files, source_files.files, sniffing.ENCODINGS)
    return f"; {text}: unpack the archive with the right names, and give the folder" if text else ""


def _foreign_encodings(source_files: SourceFiles) -> tuple[str, ...]:
    names = (archive.foreign_names for archive in source_files.archives.values())
    return tuple(sorted({encoding for found in names for encoding in found.values() if encoding}))


def _name_readings(source_files: SourceFiles, encodings: Sequence[str]) -> tuple[str, ...]:
    for archive in source_files.archives.values():
        for path, encoding in sorted(archive.foreign_names.items()):
            if encoding in encodings:
                written = path.encode(encoding)
                return tuple(f"{written.decode(e, 'replace')!r} in {e}" for e in encodings)
    return ()


def _documents(
    source_files: SourceFiles, listed: Mapping[int, str], bar: ProgressBar
) -> tuple[list[Candidate], Mapping[int, str], bool, list[tuple[FileGroup, sniffing.FormatGuess]]]:
    sniffed: list[tuple[FileGroup, Split | None, sniffing.FormatGuess]] = []
    files = [file for file in source_files.files if not _is_list(file)]
    for extension in DOCUMENT_EXTENSIONS:
        for group in group_files(files, [extension]):
            guess = sniffing.sniff_group(source_files, group)
            one_image = guess.format and not FORMATS[guess.format].many_images
            if extension != ".json" or one_image:
                sniffed.append((group, None, guess))
                continue
            for part, split in _parts(group):
                sniffed.append((part, split, sniffing.sniff_group(source_files, part)))
    stated = [coco_classes(source_files, g.files[0]) for g, _, s in sniffed if s.format == "coco"]
    classes = listed or {n: name for found in reversed(stated) for n, name in found.items()}
    readable = [(g, split, s) for g, split, s in sniffed if s.format]
    candidates = []
    for group, split, found in readable:
        title = f"read {PurePosixPath(group.template).name or found.format}"
        with bar(title, len(group.files)) as show:
            counted = tally(source_files, group, found.format, classes, show)
        candidates.append(Candidate(group, found.format, found.evidence, counted, split))
    splits = {c.split for c in candidates if c.split}
    if len(splits) < 2:  # a document called "test" alone splits nothing
        candidates = [Candidate(c.group, c.format, c.evidence, c.tally) for c in candidates]
    unread = [(g, s) for g, _, s in sniffed if s.evidence and not s.format]
    return candidates, classes, not all(stated), unread


def _parts(group: FileGroup) -> Iterator[tuple[FileGroup, Split | None]]:
    # Each document about many images is a group of its own.
    for file in group.files:
        folder = file.path.rpartition("/")[0]
        split = split_in(PurePosixPath(file.path).stem)[1] or group.folders[folder]
        yield FileGroup(file.path, {folder: None}, (file,)), split


def _is_list(file: FileRef) -> bool:
    name = PurePosixPath(file.path)
    alone = split_in(name.stem)[0] == "{split}" and names_split(file) is not None
    return alone or is_class_list(file)
