"""Archives that are one stream: members come by one after the other, from the first to the last."""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from sarchat_build.archives.archive import ByteStream, FileArchive, MemberStream, chunks
from sarchat_build.archives.limits import MemberJudge
from sarchat_build.archives.members import Member, Members
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason

_IN_MEMORY_BYTES = 16 << 20


@dataclass(frozen=True)
class PackedMember:
    """A member as it comes by: its bytes can be read until the next one is asked for."""

    path: str
    size_bytes: int
    stream: ByteStream


class PackedArchive(FileArchive):
    """An archive that is one stream: listing and copying are cheap, single members are not.

    Reading a member unpacks everything before it. Whoever wants many repacks the archive first
    (`repack.repack`).
    """

    def __init__(
        self,
        location: str,
        kind: str,
        encodings: Sequence[str] = (),
        members: Members | None = None,
    ) -> None:
        super().__init__(location)
        self.kind = kind
        self._members = members
        self._encodings = tuple(encodings)

    def judge(self, packed_bytes: int) -> MemberJudge:
        """Make the judge of one passage through the archive."""
        judge = MemberJudge(self.location, packed_bytes, self._encodings)
        self.foreign_names = judge.foreign_names
        return judge

    @abstractmethod
    def unpack(self) -> Generator[PackedMember, None, None]:
        """Go through the archive once; every member is judged before it comes by.

        Raises:
            InputError: the archive is cut off or damaged, or not one that may be opened.
        """

    def members(self) -> Members:
        """Every file, in the order of the archive.

        Raises:
            InputError: the archive is cut off or damaged, or not one that may be opened.
        """
        if self._members is None:
            self._members = Members.of(
                Member(packed.path, packed.size_bytes, number)
                for number, packed in enumerate(self.unpack())
            )
        return self._members

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; it is unpacked into a temporary file first."""
        try:
            with closing(self.unpack()) as unpacked:
                for packed in unpacked:
                    if packed.path == path:
                        copy = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
                        for piece in chunks(packed.stream):
                            copy.write(piece)  # `writelines` would go to disk when all is written
                        copy.seek(0)
                        return MemberStream(copy, path, packed.size_bytes)
        except InputError as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
