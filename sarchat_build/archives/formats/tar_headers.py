"""Read the headers of a tar, one after the other, from an untrusted stream."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sarchat_build.archives.archive import ByteStream
from sarchat_build.archives.formats.inflate import FAULTS
from sarchat_build.archives.limits import MemberJudge, bomb, budget_bytes
from sarchat_build.archives.location import CHUNK_BYTES
from sarchat_build.errors import InputError

_FAULTS = (tarfile.TarError, RecursionError, OverflowError, *FAULTS)
_BLOCK = tarfile.BLOCKSIZE


class TarSource:
    """What tarfile reads from: forward only, counted, and never much at once.

    Args:
        stream: the tar; it may give fewer bytes than asked for, and none at its end only.
        location: how errors call it.
        packed_bytes: size of the archive as it lies on disk.
        seek: how `stream` skips what need not be read; without it all is, and counts as unpacked.
    """

    def __init__(
        self,
        stream: ByteStream,
        location: str,
        packed_bytes: int,
        seek: Callable[[int], object] | None = None,
    ) -> None:
        self.location = location
        self.packed_bytes = packed_bytes
        self.last = b""
        self._stream = stream
        self._seek = seek
        self._at = 0
        self._put_back = b""

    def tell(self) -> int:
        """Give the offset in the unpacked tar."""
        return self._at

    def read(self, size: int) -> bytes:
        """Give `size` bytes, fewer only at the end."""
        if size > CHUNK_BYTES:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        self.last = self._take(size)
        return self.last

    def seek(self, offset: int) -> None:
        """Go ahead, or back by the one byte that tarfile wants to see again."""
        if offset == self._at - 1 and self.last:
            self._at, self._put_back = offset, self.last[-1:]
        elif offset < self._at:
            raise tarfile.ReadError("a header that leads back")
        elif self._seek:
            self._seek(offset)
            self._at, self._put_back = offset, b""
        else:
            while self._at < offset:
                if not self._take(min(offset - self._at, CHUNK_BYTES)):
                    raise EOFError("unexpected end of data")

    def read_content(self, offset: int, size: int) -> bytes:
        """Give bytes of the member that was reached; `offset` is where reading stands.

        Raises:
            InputError: the tar is cut off or damaged there.
        """
        wanted = min(size, CHUNK_BYTES)
        with naming_faults(self.location):
            found = self._take(wanted)
            if len(found) < wanted:
                raise EOFError(f"it ends in the middle of a member, at byte {self._at:,}")
        return found

    def exhaust(self) -> None:
        """Read to the end: the checksum of a compressed stream stands there."""
        with naming_faults(self.location):
            while self._take(CHUNK_BYTES):
                pass

    def _take(self, size: int) -> bytes:
        chunks = [self._put_back[:size]]
        missing = size - len(chunks[0])
        self._put_back = self._put_back[size:]
        while missing and (chunk := self._stream.read(missing)):
            chunks.append(chunk)
            missing -= len(chunk)
        found = b"".join(chunks)
        self._at += len(found)
        if not self._seek and self._at > budget_bytes(self.packed_bytes):
            raise bomb(self.location, self.packed_bytes)
        return found


def read_headers(source: TarSource, judge: MemberJudge) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """Give path and header of every file, as `judge` admits them; each at its first byte.

    Raises:
        InputError: the tar is cut off or damaged, or a member may not be unpacked.
    """
    with naming_faults(source.location):
        tar = tarfile.TarFile(fileobj=source, mode="r")  # type: ignore[arg-type]
    while True:
        with naming_faults(source.location):
            info = tar.next()
        tar.members = []  # type: ignore[attr-defined]  # else it keeps every header for ever
        if info is None:
            break
        if info.issparse() or not (info.isreg() or info.isdir()):
            kind = "sparse" if info.issparse() else "a link, a device or of an unknown kind"
            raise judge.refuse(info.name, f"is {kind}")
        if info.isreg():
            yield judge.admit(info.name, info.size), info
    # tarfile takes any header that it cannot read for the end; only zeros are one.
    if len(source.last) != _BLOCK or source.last.strip(b"\0"):
        at = source.tell() - len(source.last)
        raise InputError(
            f"{source.location}: cut off or damaged at byte {at:,} of the tar, where a header or "
            "the end mark should be; fetch it again, and compare its size"
        )


@contextmanager
def naming_faults(location: str) -> Iterator[None]:
    """Turn every fault of a tar into one error that names the file."""
    try:
        yield
    except _FAULTS as error:
        raise InputError(
            f"{location}: not a whole tar file ({error or type(error).__name__}), cut off or "
            "damaged; fetch it again, and compare its size"
        ) from error
