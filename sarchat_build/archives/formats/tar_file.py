"""Tar files: plain ones are read at random, compressed ones from the first member to the last.

Headers are read by the standard library, from a stream that bounds it (`tar_headers`). libarchive
would not do instead: it is an optional package, it reads a plain tar only from its beginning (here
any member is one range of a local file or of a URL), and it skips what is damaged.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from sarchat_build.archives.archive import FileArchive, MemberStream
from sarchat_build.archives.formats.detection import TAR
from sarchat_build.archives.formats.inflate import inflate
from sarchat_build.archives.formats.packed import PackedArchive, PackedMember
from sarchat_build.archives.formats.shared_file import SharedFile, Slice
from sarchat_build.archives.formats.tar_headers import TarSource, read_headers
from sarchat_build.archives.limits import MemberJudge
from sarchat_build.archives.location import PerProcess, open_binary, reaching, size_bytes
from sarchat_build.archives.members import Member, Members
from sarchat_build.archives.ranges import Range
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason


class TarArchive(FileArchive):
    """An uncompressed tar file; a member's offset is that of its bytes."""

    kind = TAR

    def __init__(
        self, location: str, encodings: Sequence[str] = (), members: Members | None = None
    ) -> None:
        super().__init__(location)
        listed = self._list(encodings) if members is None else members
        self._members = listed
        self._file = PerProcess(partial(SharedFile, location, lambda: listed.edges))

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """As `Archive` has it: a member is one range of the file."""
        members = filter(None, map(self._members.find, paths))
        return self._file.get().ahead(Range(m.offset, m.offset + m.size_bytes) for m in members)

    def members(self) -> Members:
        """Every file, in the order of the archive."""
        return self._members

    def _list(self, encodings: Sequence[str]) -> Members:
        with reaching(self.location), open_binary(self.location) as stream:
            source = TarSource(stream, self.location, size_bytes(self.location), stream.seek)
            judge = MemberJudge(self.location, source.packed_bytes, encodings)
            members = Members.of(
                Member(path, info.size, info.offset_data, end=info.offset_data + info.size)
                for path, info in read_headers(source, judge)
            )
        self.foreign_names = judge.foreign_names
        return members

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; a tar has no checksum of its content."""
        member = self._members.find(path)
        if member is None:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
        try:
            content = Slice(self._file.get().read_at, member.offset, member.size_bytes)
        except OSError as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        return MemberStream(content, path, member.size_bytes)


class PackedTarArchive(PackedArchive):
    """A tar file inside a gzip, bzip2 or xz stream."""

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
                content = Slice(source.read_content, info.offset_data, info.size)
                yield PackedMember(path, info.size, content)
            source.exhaust()
