"""Archives as the rest of the build sees them: members to list, open and read, of any format."""

from __future__ import annotations

import io
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO, Protocol, cast

from sarchat_build.archives.limits import MAX_READ_BYTES, is_archive_name
from sarchat_build.archives.location import CHUNK_BYTES, digest, size_bytes
from sarchat_build.archives.members import Members
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason


class Archive(ABC):
    """A set of files to read from; threads share it, and forked processes may go on using it.

    Attributes:
        kind: `folder`, `zip`, `tar`, `tar.gz`, `tar.bz2`, `tar.xz`, `7z` or `rar`.
        location: the path or URL it was opened from.
        foreign_names: paths of members whose names are not UTF-8, known where they are listed,
            each with the encoding that it was read in; "" if none of those stated fits.
    """

    kind: str
    location: str
    foreign_names: Mapping[str, str] = MappingProxyType({})

    @abstractmethod
    def members(self) -> Members:
        """Every file, in reading order."""

    def inner_archives(self) -> tuple[str, ...]:
        """Files that are archives themselves, by their names: what they hold is not read."""
        return tuple(m.path for m in self.members() if is_archive_name(m.path))

    @abstractmethod
    def sha256(self, progress: Callable[[int], None] | None = None) -> str:
        """Digest of the whole content; `progress` hears how many bytes are done."""

    @abstractmethod
    def digested_bytes(self) -> int:
        """How many bytes `sha256` goes through, for progress."""

    @abstractmethod
    def open_raw(self, path: str) -> MemberStream:
        """Open one member as an unbuffered stream; see `open`."""

    def open(self, path: str) -> BinaryIO:
        """Open one member as a stream from its beginning, in bounded memory.

        Raises:
            RecordError: here or while reading, when that member cannot be read.
        """
        return cast(BinaryIO, io.BufferedReader(self.open_raw(path), 1 << 16))

    def read(self, path: str) -> bytes:
        """Give one member's bytes; raises `RecordError` when that member cannot be read."""
        with self.open_raw(path) as stream:
            return stream.readall()

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """Fetch members that are about to be read at once, where each would take a request.

        On this machine there is nothing to do.
        """
        del paths
        return nullcontext()

    @contextmanager
    def local_file(self, path: str) -> Iterator[Path]:
        """Give a real file with one member's bytes, for readers that take nothing else.

        It may be a temporary copy: it is gone afterwards, and must not be written to.

        Raises:
            RecordError: that member cannot be read.
            InputError: there is no room for the copy.
        """
        suffix = PurePosixPath(path).suffix[:16]
        with tempfile.NamedTemporaryFile(prefix="sarchat-", suffix=suffix) as copy:
            with self.open_raw(path) as stream:
                try:
                    shutil.copyfileobj(stream, copy, CHUNK_BYTES)
                    copy.flush()
                except OSError as error:
                    raise InputError(
                        f"{copy.name}: cannot hold {path} ({error.strerror}); set TMPDIR to a "
                        "folder with more room"
                    ) from error
            yield Path(copy.name)


class FileArchive(Archive):
    """An archive that is one file."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._sha256 = ""

    def digested_bytes(self) -> int:
        """Size of the file itself."""
        return size_bytes(self.location)

    def sha256(self, progress: Callable[[int], None] | None = None) -> str:
        """Digest of the file itself, as `sha256sum` prints it."""
        self._sha256 = self._sha256 or digest(self.location, progress)
        return self._sha256


def chunks(stream: ByteStream) -> Iterator[bytes]:
    """Give what is left of a stream in pieces of at most a MiB."""
    return iter(lambda: stream.read(CHUNK_BYTES), b"")


class ByteStream(Protocol):
    """The little that is asked of what a member's bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes; none at the end."""

    def close(self) -> None:
        """Let go of it."""


class MemberStream(io.RawIOBase):
    """The bytes of one member: as many as its header says, and every fault a `RecordError`."""

    def __init__(
        self,
        source: ByteStream,
        path: str,
        size_bytes: int,
        faults: tuple[type[Exception], ...] = (OSError,),
        reason: Reason = Reason.ARCHIVE_MEMBER,
    ) -> None:
        super().__init__()
        self._source = source
        self._path = path
        self._size = size_bytes
        self._left = size_bytes
        self._faults = faults
        self._reason = reason

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; gives the number of bytes, 0 at the end."""
        chunk = self._next(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def readall(self) -> bytes:
        """Give everything that is left.

        Raises:
            RecordError: also when that is too much for memory.
        """
        if self._left > MAX_READ_BYTES:
            raise RecordError(Reason.TOO_LARGE, f"{self._path} claims {self._size:,} bytes")
        return b"".join(iter(lambda: self._next(CHUNK_BYTES), b""))

    def close(self) -> None:
        """Let go of the source."""
        if not self.closed:
            self._source.close()
        super().close()

    def _next(self, size: int) -> bytes:
        try:
            chunk = self._source.read(min(size, CHUNK_BYTES))
        except self._faults as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise RecordError(self._reason, f"{self._path}: {why}") from error
        self._left -= len(chunk)
        if self._left < 0 or (not chunk and size and self._left):
            read = self._size - self._left
            raise RecordError(
                self._reason,
                f"{self._path}: its header says {self._size:,} bytes, but it has "
                f"{'more' if self._left < 0 else f'{read:,}'}",
            )
        return chunk
