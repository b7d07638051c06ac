"""Files of a source: in a folder, in archives inside it, or in one archive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import BinaryIO

from sarchat_build.archives import Archive, list_archives, name_of, open_archive
from sarchat_build.names import printable
from sarchat_build.sources.picture_file import PictureSource, open_bytes

# A larger file is a scene, or annotates a whole source: it is read from disk, piece by piece.
MAX_BYTES_IN_MEMORY = 64 << 20
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp")


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of a source: its archive ("." is the folder itself) and its path there."""

    archive: str
    path: str

    def __str__(self) -> str:
        """Give archive and path, as they stand in rejects."""
        return printable(self.path if self.archive == "." else f"{self.archive}/{self.path}")


@dataclass(frozen=True)
class SourceFiles:
    """Every file of a source, in reading order: archive by archive, as they lie in them.

    Attributes:
        location: path or URL of its folder, or of its only archive.
        archives: what holds the files, by name; "." is the folder itself.
        files: what a source may consist of; what unpackers leave behind is not among it.
        large: those that are not read into memory.
    """

    location: str
    archives: Mapping[str, Archive]
    files: tuple[FileRef, ...]
    large: frozenset[FileRef]

    @property
    def names(self) -> tuple[str, ...]:
        """What the archives are called; the folder's own name if it holds none."""
        return tuple(n for n in self.archives if n != ".") or (name_of(self.location),)

    @cached_property
    def inner_archives(self) -> tuple[FileRef, ...]:
        """Archives inside archives, and in folders below the top: what they hold is not read."""
        return tuple(
            FileRef(name, path)
            for name, archive in self.archives.items()
            for path in archive.inner_archives()
            if not is_clutter(path)
        )

    def in_reading_order(self, files: Iterable[FileRef]) -> list[FileRef]:
        """Put files into the order in which reading them goes through each archive once."""
        return sorted(files, key=self._positions.__getitem__)

    def read(self, file: FileRef) -> bytes:
        """Give a file's bytes; raises `RecordError` when it cannot be read."""
        return self.archives[file.archive].read(file.path)

    def start(self, file: FileRef, size_bytes: int) -> bytes:
        """Give a file's first bytes, or all if it has fewer; raises `RecordError` as `read`."""
        with self.archives[file.archive].open(file.path) as stream:
            return stream.read(size_bytes)

    @contextmanager
    def ahead(self, files: Iterable[FileRef]) -> Iterator[None]:
        """Fetch files that are about to be read at once, where each would take a request."""
        paths: dict[str, list[str]] = defaultdict(list)
        for file in files:
            if file not in self.large:
                paths[file.archive].append(file.path)
        with ExitStack() as fetched:
            for archive, members in paths.items():
                fetched.enter_context(self.archives[archive].ahead(members))
            yield

    @contextmanager
    def contents(self, file: FileRef) -> Iterator[PictureSource]:
        """Give a file's bytes, or, when it is large, a file on this machine to read from.

        Raises:
            RecordError: it cannot be read.
        """
        if file in self.large:
            with self.archives[file.archive].local_file(file.path) as path:
                yield path
        else:
            yield self.read(file)

    @contextmanager
    def open(self, file: FileRef) -> Iterator[BinaryIO]:
        """Open a file for reading at random; raises `RecordError` when it cannot be read."""
        with self.contents(file) as found, open_bytes(found) as stream:
            yield stream

    @cached_property
    def _positions(self) -> dict[FileRef, int]:
        return {file: position for position, file in enumerate(self.files)}


def open_source(
    location: str, repacked: Mapping[str, str] | None = None, encodings: Sequence[str] = ()
) -> SourceFiles:
    """List the files of a folder, with the archives that lie in it, or of a single archive.

    Args:
        location: path or URL.
        repacked: where an archive was repacked, the zip by the archive's own location. Members
            of one that needs it and has none are each unpacked with all that lies before them.
        encodings: as for `open_archive`.

    Raises:
        InputError: nothing is there, or an archive cannot be read.
    """
    archives = {
        name: open_archive(archive, (repacked or {}).get(archive, ""), encodings)
        for name, archive in list_archives(location).items()
    }
    sizes = {
        FileRef(name, member.path): member.size_bytes
        for name, archive in archives.items()
        for member in archive.members()
        if not is_clutter(member.path)
    }
    large = frozenset(file for file, size in sizes.items() if size > MAX_BYTES_IN_MEMORY)
    return SourceFiles(location, archives, tuple(sizes), large)


def is_picture_name(path: str) -> bool:
    """Whether a file has the extension of a picture.

    >>> is_picture_name("data/1.JPG"), is_picture_name("data/1.xml")
    (True, False)
    """
    return path.lower().endswith(IMAGE_EXTENSIONS)


def is_clutter(path: str) -> bool:
    """Whether macOS added a file to a zip: its resource forks carry the names of real images.

    >>> is_clutter("__MACOSX/data/._1.jpg"), is_clutter("data/1.jpg")
    (True, False)
    """
    return path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith("._")
