"""What a source holds: images in blocks, annotation documents, and which image a name means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from fsspec.utils import glob_translate

from sarchat_build.archives import Archive, escapes, join, list_entries, open_archive
from sarchat_build.errors import InputError, RecordError
from sarchat_build.manifest import Manifest
from sarchat_build.pixels.source import PictureSource
from sarchat_build.types import Split

# One block is one unit of work for a reader: large enough that the engine's cost per element
# vanishes, small enough that two workers finish together.
BLOCK_IMAGES = 128

# A larger image file is a scene: it is read from disk, window by window.
MAX_BYTES_IN_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of a source: its archive ("." is the folder itself) and its path there."""

    archive: str
    path: str

    @property
    def stem(self) -> str:
        """File name without folder and extension; see `stem_of`."""
        return stem_of(self.path)

    def __str__(self) -> str:
        """Name the file as a person would look for it."""
        return self.path if self.archive == "." else f"{self.archive}/{self.path}"


def stem_of(path: str) -> str:
    r"""Give the key of an image: its file's name without folder and extension, in Unicode's NFC.

    macOS decomposes accented letters in file names, and the documents beside them do not.

    >>> stem_of("JPEGImages/Que\u0301bec.jpg") == "Qu\u00e9bec"
    True
    """
    return unicodedata.normalize("NFC", PurePosixPath(path).stem)


@dataclass(frozen=True, slots=True)
class Document:
    """An annotation document and the official split that its place in the archive states."""

    file: FileRef
    split: Split | None


@dataclass(frozen=True)
class SourceIndex:
    """Every file of one source that its manifest claims, in reading order."""

    source_id: str
    archives: dict[str, Archive]
    images: tuple[FileRef, ...]
    documents: tuple[Document, ...]
    split_by_stem: dict[str, Split]
    position_by_stem: dict[str, int]
    large: frozenset[FileRef] = frozenset()

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

    def read(self, file: FileRef) -> bytes:
        """Give a file's bytes; raises `RecordError` when it cannot be read."""
        return self.archives[file.archive].read(file.path)

    @contextmanager
    def picture(self, file: FileRef) -> Iterator[PictureSource]:
        """Give an image file's bytes, or, when it is large, a file on this machine to read from.

        Raises:
            RecordError: it cannot be read.
        """
        if file in self.large:
            with self.archives[file.archive].local_file(file.path) as path:
                yield path
        else:
            yield self.read(file)

    def block_of(self, stem: str) -> int:
        """Give the number of the block that holds the image `stem`."""
        return self.position_by_stem[stem] // BLOCK_IMAGES

    def image_of(self, stem: str) -> FileRef:
        """Give the image file of a stem."""
        return self.images[self.position_by_stem[stem]]

    def resolve(self, filename: str, document: FileRef) -> tuple[str, str]:
        """Find the image an annotation belongs to.

        The document's own stem wins over the name written inside it: copies of these datasets are
        renamed more often than they are reordered.

        Args:
            filename: what the document calls its image, "" if it does not say.
            document: where the document lies.

        Returns:
            The stem of the image, and `""`, `filename_absent` or `filename_differs`.

        Raises:
            RecordError: `path_escape` for a name that climbs out of its folder, `image_missing`
                when neither name is an image of the source.
        """
        if escapes(filename):
            raise RecordError("path_escape", f"the document names the image {filename!r}")
        name = PurePosixPath(filename.replace("\\", "/"))
        for stem in (document.stem, stem_of(name.name)):
            if stem in self.position_by_stem:
                image = PurePosixPath(self.image_of(stem).path)
                if not filename:
                    return stem, "filename_absent"
                exact = stem == document.stem and name.name == image.name
                return stem, "" if exact else "filename_differs"
        named = f"names {filename!r}" if filename else "names no image"
        raise RecordError("image_missing", f"the document {named}; no image has its stem either")


def index_source(
    manifest: Manifest, raw: str, repacked: Mapping[str, str] | None = None
) -> SourceIndex:
    """Look through `raw/<id>/` and match its files against the manifest's patterns.

    Args:
        manifest: the source's manifest.
        raw: path or URL of the raw folder.
        repacked: where an archive was repacked, the zip by the archive's own location.

    Raises:
        InputError: nothing is there, the layout is another one, or two images share a name.
    """
    folder = join(raw, manifest.id)
    archives = {}
    for name in list_entries(folder):
        place = join(folder, name)
        archives[name] = open_archive(place, (repacked or {}).get(place, ""))
    sizes = {
        FileRef(name, member.path): member.size_bytes
        for name, archive in archives.items()
        for member in archive.members()
        if not _is_clutter(member.path)
    }
    listing = list(sizes)
    images = _matching(listing, manifest.annotations.images)
    documents = tuple(
        Document(file, entry.split)
        for entry in manifest.annotations.files
        for file in _matching(listing, (entry.path,))
    )
    if not images or not documents:
        missing = "images" if not images else "annotations"
        raise InputError(
            f"{folder}: {len(listing)} files, but no {missing}; {layout_hint(manifest)}"
        )
    positions: dict[str, int] = {}
    for position, file in enumerate(images):
        if file.stem in positions:
            raise InputError(
                f"{folder}: two images are called {file.stem!r}, one of them {file}; "
                "keep either the archive or its unpacked folder"
            )
        positions[file.stem] = position
    splits = _split_lists(manifest, archives, listing)
    large = frozenset(file for file in images if sizes[file] > MAX_BYTES_IN_MEMORY)
    return SourceIndex(manifest.id, archives, images, documents, splits, positions, large)


def layout_hint(manifest: Manifest) -> str:
    """Say in a sentence what belongs into the source's folder and where to get it."""
    return (
        f"expected {', '.join(archive.name for archive in manifest.archives)} (any file name, or "
        f"its unpacked folder) holding {manifest.annotations.images[0]}; "
        f"get it from {manifest.homepage}"
    )


def _matching(listing: Iterable[FileRef], patterns: Sequence[str]) -> tuple[FileRef, ...]:
    regexes = [re.compile(glob_translate(pattern)) for pattern in patterns]
    return tuple(file for file in listing if any(regex.match(file.path) for regex in regexes))


def _split_lists(
    manifest: Manifest, archives: dict[str, Archive], listing: list[FileRef]
) -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for entry in manifest.annotations.split_lists:
        for file in _matching(listing, (entry.path,)):
            for line in _lines(archives[file.archive], file):
                stem = stem_of(line.strip())
                if not stem:
                    continue
                if splits.setdefault(stem, entry.split) != entry.split:
                    raise InputError(
                        f"{manifest.id}: {file} puts {stem!r} into {entry.split}, another list "
                        f"into {splits[stem]}; remove it from one of them"
                    )
    return splits


def _lines(archive: Archive, file: FileRef) -> list[str]:
    try:
        return archive.read(file.path).decode("utf-8-sig").splitlines()
    except (RecordError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable list of names ({error})") from error


def _is_clutter(path: str) -> bool:
    # Resource forks that macOS adds to zips carry the names of real images.
    return path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith("._")


def _blocks(items: Sequence[object]) -> int:
    return -(-len(items) // BLOCK_IMAGES)
