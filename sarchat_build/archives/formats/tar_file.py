"""Tar files: plain ones are read at random, compressed ones from the first member to the last.

Headers are read by the standard library, from a stream that bounds it (`tar_headers`). libarchive
would not do instead: it is an optional package, it reads a plain tar only from its beginning (here
any member is one range of a local file or of a URL), and it skips what is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from sarchat_build.archives.archive import FileArchive, Member, MemberStream
from sarchat_build.archives.formats.detection import TAR
from sarchat_build.archives.formats.inflate import inflate
from sarchat_build.archives.formats.packed import PackedArchive, PackedMember
from sarchat_build.archives.formats.tar_headers import TarSource, read_headers
from sarchat_build.archives.limits import MemberJudge
from sarchat_build.archives.location import PerProcess, open_binary, reaching, size_bytes
from sarchat_build.archives.ranges import Range, RemoteFile
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason


class TarArchive(FileArchive):
    """An uncompressed tar file; a member's offset is that of its bytes."""

    kind = TAR

    def __init__(self, location: str, encodings: Sequence[str] = ()) -> None:
        super().__init__(location)
        self._file = PerProcess(lambda: _SharedFile(location))
        with reaching(location), open_binary(location) as stream:
            source = TarSource(stream, location, size_bytes(location), stream.seek)
            judge = MemberJudge(location, source.packed_bytes, encodings)
            self._by_path = {
                path: Member(path, info.size, info.offset_data)
                for path, info in read_headers(source, judge)
            }
        self.foreign_names = judge.foreign_names

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """As `Archive` has it: a member is one range of the file."""
        members = (self._by_path[path] for path in paths if path in self._by_path)
        return self._file.get().ahead(Range(m.offset, m.offset + m.size_bytes) for m in members)

    def members(self) -> tuple[Member, ...]:
        """Every file, in the order of the archive."""
        return tuple(self._by_path.values())

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; a tar has no checksum of its content."""
        member = self._by_path.get(path)
        if member is None:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
        try:
            content = _Slice(self._file.get().read_at, member.offset, member.size_bytes)
        except OSError as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        return MemberStream(content, path, member.size_bytes)


class PackedTarArchive(PackedArchive):
    """A tar file inside a gzip, bzip2 or xz stream."""

    def __init__(self, location: str, kind: str, encodings: Sequence[str] = ()) -> None:
        super().__init__(location, encodings)
        self.kind = kind

    def unpack(self) -> Generator[PackedMember, None, None]:
        """Go through the archive once."""
        with reaching(self.location):
            packed = open_binary(self.location)
            size = size_bytes(self.location)
        with packed:
            stream = inflate(packed, self.kind.removeprefix("tar."))
            source = TarSource(stream, self.location, size)
            judge = self.judge(size)
            for path, info in read_headers(source, judge):
                content = _Slice(source.read_content, info.offset_data, info.size)
                yield PackedMember(path, info.size, content)
            source.exhaust()


class _SharedFile:
    # One handle per process, one read at a time.
    def __init__(self, location: str) -> None:
        self._stream = open_binary(location)
        self._lock = Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        with self._lock:
            self._stream.seek(offset)
            return self._stream.read(size)

    def ahead(self, ranges: Iterable[Range]) -> AbstractContextManager[None]:
        stream: object = self._stream
        return stream.ahead(ranges) if isinstance(stream, RemoteFile) else nullcontext()

    def __del__(self) -> None:
        # Nobody is told when the last reader is done.
        if hasattr(self, "_stream"):
            self._stream.close()


class _Slice:
    # The bytes of one member.
    def __init__(self, read_at: Callable[[int, int], bytes], offset: int, size: int) -> None:
        self._read_at = read_at
        self._at = offset
        self._end = offset + size

    def read(self, size: int, /) -> bytes:
        chunk = self._read_at(self._at, min(size, self._end - self._at))
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        self._end = self._at
