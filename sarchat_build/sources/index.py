"""Index of a source: images in blocks, annotation documents, and which image a name means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sarchat_build.archives import escapes, join
from sarchat_build.config.annotation_options import AnnotationRule
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.patterns import compile_glob
from sarchat_build.errors import InputError, NotAnArchiveError, RecordError
from sarchat_build.names import printable
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import decode
from sarchat_build.sources.files import FileRef, SourceFiles, open_source
from sarchat_build.types import Split

# One block is one unit of work for a reader: large enough that the engine's cost per element
# vanishes, small enough that two workers finish together.
BLOCK_IMAGES = 128


@dataclass(frozen=True, slots=True)
class Document:
    """An annotation document and the official split that its path states."""

    file: FileRef
    split: Split | None


@dataclass(frozen=True, kw_only=True)
class SourceIndex:
    """Every file of one source that its manifest claims, in reading order.

    Images are known by the name that the rule gives them. `names_by_file_name` finds them by the
    last part of their path, as documents write it.
    """

    source_id: str
    rule: AnnotationRule
    files: SourceFiles
    images: tuple[FileRef, ...]
    documents: tuple[Document, ...]
    split_by_name: dict[str, Split]
    position_by_name: dict[str, int]
    names_by_file_name: dict[str, tuple[str, ...]]

    @property
    def image_blocks(self) -> int:
        """Number of blocks of images."""
        return _blocks(self.images)

    @property
    def document_blocks(self) -> int:
        """Number of blocks of annotation documents."""
        return _blocks(self.documents)

    def images_of_block(self, block: int) -> tuple[FileRef, ...]:
        """Give the images of one block, in the order in which they lie in their archives."""
        return self.images[block * BLOCK_IMAGES : (block + 1) * BLOCK_IMAGES]

    def documents_of_block(self, block: int) -> tuple[Document, ...]:
        """Give the documents of one block."""
        return self.documents[block * BLOCK_IMAGES : (block + 1) * BLOCK_IMAGES]

    def block_of(self, name: str) -> int:
        """Give the number of the block that holds the image `name`."""
        return self.position_by_name[name] // BLOCK_IMAGES

    def image_of(self, name: str) -> FileRef:
        """Give the file of an image."""
        return self.images[self.position_by_name[name]]

    def resolve(self, filename: str | None, document: FileRef) -> tuple[str, Reason | None]:
        """Find the image that a document of one image belongs to.

        The document's own name wins over the one written inside it: copies of these datasets are
        renamed more often than they are reordered.

        Args:
            filename: what the document calls its image, "" if it does not say, None if its
                format never does.
            document: where the document lies.

        Returns:
            The name of the image, and `filename_absent` or `filename_differs` if that is so.

        Raises:
            RecordError: `path_escape` for a name that climbs out of its folder, `image_missing`
                when neither name is an image of the source.
        """
        own = self.rule.document_name(document.path)
        written = _written_path(filename or "")
        if own not in self.position_by_name:
            named = f"names {filename!r}" if filename else "names no image"
            otherwise = f"the document {named}; no image has its stem either"
            return self.find(filename or "", otherwise)[0], Reason.FILENAME_DIFFERS
        if not filename:
            return own, None if filename is None else Reason.FILENAME_ABSENT
        exact = written.name == self._file_name(own)
        return own, None if exact else Reason.FILENAME_DIFFERS

    def find(self, filename: str, otherwise: str = "") -> tuple[str, Reason | None]:
        """Find the image that a document of many images calls `filename`.

        The whole file name is tried first, then the name without its extension.

        Returns:
            The name of the image, and `filename_differs` if that is so.

        Raises:
            RecordError: `path_escape` as in `resolve`; `image_missing`, with `otherwise` for a
                detail; `image_ambiguous` when images of several folders are called so.
        """
        written = _written_path(filename)
        same = self.names_by_file_name.get(written.name, ())
        name = self.rule.image_name(str(written))
        if name not in self.position_by_name and len(same) > 1:
            raise RecordError(Reason.IMAGE_AMBIGUOUS, f"{filename!r} is one of {', '.join(same)}")
        if name not in self.position_by_name and same:
            name = same[0]
        if name not in self.position_by_name:
            detail = otherwise or f"the document names {filename!r}; no image is called so"
            raise RecordError(Reason.IMAGE_MISSING, detail)
        return name, None if name in same else Reason.FILENAME_DIFFERS

    def _file_name(self, name: str) -> str:
        return printable(PurePosixPath(self.image_of(name).path).name)


def _written_path(filename: str) -> PurePosixPath:
    if escapes(filename):
        raise RecordError(Reason.PATH_ESCAPE, f"the document names the image {filename!r}")
    return PurePosixPath(printable(filename.replace("\\", "/")))


def index_source(
    manifest: Manifest, raw: str, repacked: Mapping[str, str] | None = None
) -> SourceIndex:
    """List `raw/<id>/` and match its files against the manifest's patterns.

    Args:
        manifest: the source's manifest.
        raw: path or URL of the raw folder.
        repacked: where an archive was repacked, the zip by the archive's own location.

    Raises:
        InputError: nothing is there, the layout is another one, or two images share a name.
    """
    folder = join(raw, manifest.id)
    try:
        source = open_source(folder, repacked)
    except NotAnArchiveError as error:
        raise InputError(f"{error}; {layout_hint(manifest)}") from error
    listing = source.files
    rule = manifest.annotations
    images = _matching(listing, rule.images)
    found = [(entry, _matching(listing, (entry.path,))) for entry in rule.files]
    documents = tuple(Document(file, entry.split) for entry, files in found for file in files)
    if not images or not documents:
        missing = "images" if not images else "annotations"
        raise InputError(
            f"{folder}: {len(listing)} files, but no {missing}; {layout_hint(manifest)}"
        )
    for number, (entry, files) in enumerate(found):
        if not files and not entry.optional:
            raise InputError(
                f"{folder}: no file matches {entry.path}; if this copy lacks that part, say "
                f"--set {manifest.id}.annotations.files.{number}.optional=true"
            )
    positions: dict[str, int] = {}
    by_file_name: dict[str, list[str]] = defaultdict(list)
    for position, file in enumerate(images):
        name = rule.image_name(file.path)
        if name in positions:
            raise InputError(
                f"{folder}: two images are called {name!r}, {images[positions[name]]} and {file}; "
                "keep either the archive or its unpacked folder; or, if these are two images, "
                f"say --set {manifest.id}.annotations.stem_folders=1"
            )
        positions[name] = position
        by_file_name[printable(PurePosixPath(file.path).name)].append(name)
    return SourceIndex(
        source_id=manifest.id,
        rule=rule,
        files=source,
        images=images,
        documents=documents,
        split_by_name=_split_lists(manifest, source),
        position_by_name=positions,
        names_by_file_name={name: tuple(images) for name, images in by_file_name.items()},
    )


def layout_hint(manifest: Manifest) -> str:
    """Say in a sentence what belongs into the source's folder and where to get it."""
    return (
        f"expected {', '.join(archive.name for archive in manifest.archives)} (any file name, or "
        f"its unpacked folder) holding {manifest.annotations.images[0]}; "
        f"get it from {manifest.homepage}"
    )


def _matching(listing: Iterable[FileRef], patterns: Sequence[str]) -> tuple[FileRef, ...]:
    # Unpackers on other systems change the case of folders and extensions.
    regexes = [compile_glob(pattern) for pattern in patterns]
    return tuple(file for file in listing if any(regex.search(file.path) for regex in regexes))


def _split_lists(manifest: Manifest, source: SourceFiles) -> dict[str, Split]:
    rule = manifest.annotations
    lists = [(entry, _matching(source.files, (entry.path,))) for entry in rule.split_lists]
    absent = [entry.path for entry, files in lists if not files]
    if absent and len(absent) < len(lists):
        raise InputError(
            f"{manifest.id}: no file matches {', '.join(absent)}, but other split lists are there; "
            "add what is missing, or remove them all to split by scene"
        )
    splits: dict[str, Split] = {}
    conflicts: dict[str, str] = {}
    for entry, files in lists:
        for file in files:
            for line in _lines(source, file, rule.encodings):
                if not line.strip():
                    continue
                name = rule.image_name(line.strip())
                if splits.setdefault(name, entry.split) != entry.split:
                    conflicts[name] = f"{splits[name]} and {entry.split}"
    if conflicts:
        listed = ", ".join(f"{name} ({sides})" for name, sides in sorted(conflicts.items()))
        raise InputError(
            f"{manifest.id}: official lists put {len(conflicts):,} images into two splits: "
            f"{listed}; remove each from one of them"
        )
    return splits


def _lines(source: SourceFiles, file: FileRef, encodings: Sequence[str]) -> list[str]:
    try:
        return decode(source.read(file), encodings).splitlines()
    except RecordError as error:
        raise InputError(f"{file}: not a readable list of names ({error})") from error


def _blocks(items: Sequence[object]) -> int:
    return -(-len(items) // BLOCK_IMAGES)
