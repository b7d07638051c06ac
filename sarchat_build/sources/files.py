"""Files of a source: in a folder, in archives inside it, or in one archive."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import PurePosixPath
from typing import BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from sarchat_build.archives import Archive, Members, list_archives, name_of, open_archive
from sarchat_build.names import printable
from sarchat_build.sources.picture_file import PictureSource, open_bytes

# A larger file is a scene, or annotates a whole source: it is read from disk, piece by piece.
MAX_BYTES_IN_MEMORY = 64 << 20
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp")
_NONE = np.empty(0, np.int32)
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of a source: its archive ("." is the folder itself) and its path there."""

    archive: str
    path: str

    def __str__(self) -> str:
        """Give archive and path, as they stand in rejects."""
        return printable(self.path if self.archive == "." else f"{self.archive}/{self.path}")


class FileRefs(Sequence[FileRef]):
    """Some files of a source: a number for each, and the file itself when somebody asks for it.

    Attributes:
        numbers: which files of all archives together, these in order, each as it lists its members.
    """

    def __init__(
        self, members: Mapping[str, Members] | None = None, numbers: NDArray[np.int32] = _NONE
    ) -> None:
        """Take the members of each archive by its name, and which of them are meant."""
        self._members = members or {}
        self._names = tuple(self._members)
        self._starts = list(accumulate((len(m) for m in self._members.values()), initial=0))
        self.numbers = numbers

    @classmethod
    def listed(cls, members: Mapping[str, Members]) -> FileRefs:
        """Give all files but what unpackers leave behind."""
        paths = (path for listed in members.values() for path in listed.paths())
        kept = (number for number, path in enumerate(paths) if not is_clutter(path))
        return cls(members, np.fromiter(kept, np.int32))

    def these(self, numbers: NDArray[np.int32]) -> FileRefs:
        """Give other files of the same archives."""
        return FileRefs(self._members, numbers)

    def select(self, files: Iterable[FileRef]) -> FileRefs:
        """Give some of the files, in the order in which they are named."""
        number_of = dict(zip(self, self.numbers.tolist(), strict=True))
        return self.these(np.fromiter(map(number_of.__getitem__, files), np.int32))

    def number(self, file: FileRef) -> int:
        """Give a file's number.

        Raises:
            KeyError: there is no such file.
        """
        position = self._members[file.archive].position(file.path)
        if position is None:
            raise KeyError(file)
        return self._starts[self._names.index(file.archive)] + position

    def size_bytes(self, file: FileRef) -> int:
        """Give a file's size; 0 if there is none."""
        members = self._members.get(file.archive)
        member = members.find(file.path) if members is not None else None
        return member.size_bytes if member else 0

    def __len__(self) -> int:
        """Number of files."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[FileRef]:
        """Go through all files."""
        for first in range(0, len(self), _AT_ONCE):
            numbers = self.numbers[first : first + _AT_ONCE]
            archives = np.searchsorted(self._starts, numbers, side="right") - 1
            # Mostly one run: files of one archive stand together.
            for run in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(archives)) + 1):
                archive = int(archives[run[0]])
                name, members = self._names[archive], self._members[self._names[archive]]
                for path in members.paths(numbers[run] - self._starts[archive]):
                    yield FileRef(name, path)

    @overload
    def __getitem__(self, position: int) -> FileRef: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[FileRef, ...]: ...
    def __getitem__(self, position: int | slice) -> FileRef | tuple[FileRef, ...]:
        """Give one file, or several."""
        if isinstance(position, slice):
            return tuple(map(self._file, self.numbers[position]))
        return self._file(self.numbers[position])

    def _file(self, number: np.int32) -> FileRef:
        archive = bisect_right(self._starts, int(number)) - 1
        name = self._names[archive]
        return FileRef(name, self._members[name].path(int(number) - self._starts[archive]))


@dataclass(frozen=True)
class SourceFiles:
    """Every file of a source, in reading order: archive by archive, as they lie in them.

    Attributes:
        location: path or URL of its folder, or of its only archive.
        archives: what holds the files, by name; "." is the folder itself.
        files: what a source may consist of; what unpackers leave behind is not among it.
    """

    location: str
    archives: Mapping[str, Archive]
    files: FileRefs = field(default_factory=FileRefs)

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
        return sorted(files, key=self.files.number)

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
            if not self.is_large(file):
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
        if self.is_large(file):
            with self.archives[file.archive].local_file(file.path) as path:
                yield path
        else:
            yield self.read(file)

    @contextmanager
    def open(self, file: FileRef) -> Iterator[BinaryIO]:
        """Open a file for reading at random; raises `RecordError` when it cannot be read."""
        with self.contents(file) as found, open_bytes(found) as stream:
            yield stream

    def is_large(self, file: FileRef) -> bool:
        """Whether a file is not read into memory."""
        return self.files.size_bytes(file) > MAX_BYTES_IN_MEMORY


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
    members = {name: archive.members() for name, archive in archives.items()}
    return SourceFiles(location, archives, FileRefs.listed(members))


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
