"""Tar files: plain ones are read at random, compressed ones from the first member to the last."""

from __future__ import annotations

import io
from collections.abc import Generator
from threading import Lock

from sarchat_build.archives.archive import FileArchive, Member, MemberStream
from sarchat_build.archives.formats import TAR
from sarchat_build.archives.inflate import InflatedStream
from sarchat_build.archives.location import (
    CHUNK_BYTES,
    PerProcess,
    open_binary,
    reaching,
    size_bytes,
)
from sarchat_build.archives.packed import PackedArchive, PackedMember
from sarchat_build.archives.tar_headers import TarSource, naming_faults, read_headers
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason

# Headers are small: unpack a piece, and take many from it.
_AHEAD_BYTES = 1 << 18


class TarArchive(FileArchive):
    """An uncompressed tar file; a member's offset is that of its bytes."""

    kind = TAR

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._file = PerProcess(lambda: _SharedFile(place))
        with reaching(place), open_binary(place) as stream:
            source = TarSource(stream, place, size_bytes(place), seeks=True)
            self._by_path = {
                path: Member(path, info.size, info.offset_data)
                for path, info in read_headers(source)
            }

    def members(self) -> tuple[Member, ...]:
        """Every file, in the order of the archive."""
        return tuple(self._by_path.values())

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; a tar has no checksum of its content."""
        member = self._by_path.get(path)
        if member is None:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
        try:
            source = _Slice(self._file.get(), member)
        except OSError as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        return MemberStream(source, path, member.size_bytes)


class PackedTarArchive(PackedArchive):
    """A tar file inside a gzip, bzip2 or xz stream."""

    def __init__(self, place: str, kind: str) -> None:
        super().__init__(place)
        self.kind = kind

    def unpack(self) -> Generator[PackedMember, None, None]:
        """Go through the archive once."""
        with reaching(self.location):
            packed = open_binary(self.location)
            size = size_bytes(self.location)
        inflated = InflatedStream(packed, self.kind.removeprefix("tar."))
        with io.BufferedReader(inflated, _AHEAD_BYTES) as stream:
            source = TarSource(stream, self.location, size, seeks=False)
            for path, info in read_headers(source):
                yield PackedMember(path, info.size, _Piece(source, path, info.size))
            source.exhaust()


class _SharedFile:
    # One handle per process, one read at a time.
    def __init__(self, place: str) -> None:
        self._stream = open_binary(place)
        self._lock = Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        with self._lock:
            self._stream.seek(offset)
            return self._stream.read(size)

    def __del__(self) -> None:
        # Nobody is told when the last reader is done.
        if hasattr(self, "_stream"):
            self._stream.close()


class _Slice:
    def __init__(self, file: _SharedFile, member: Member) -> None:
        self._file = file
        self._at = member.offset
        self._end = member.offset + member.size_bytes

    def read(self, size: int, /) -> bytes:
        chunk = self._file.read_at(self._at, min(size, self._end - self._at))
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        self._end = self._at


class _Piece:
    def __init__(self, source: TarSource, path: str, size: int) -> None:
        self._source = source
        self._path = path
        self._left = size

    def read(self, size: int, /) -> bytes:
        wanted = min(size, self._left, CHUNK_BYTES)
        with naming_faults(self._source.location):
            chunk = self._source.read(wanted) if wanted else b""
        if len(chunk) < wanted:
            raise InputError(
                f"{self._source.location}: cut off in the middle of {self._path!r}; fetch it "
                "again, and compare its size"
            )
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._left = 0
