"""A file behind a URL, of which the bytes are fetched that are wanted, and hardly any others."""

from __future__ import annotations

import io
import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock
from types import TracebackType
from typing import Any, NamedTuple

from sarchat_build.errors import InputError

# What is fetched by one request at most.
BLOCK_BYTES = 8 << 20
# What is fetched at once, by several requests.
_BATCH_BYTES = 32 << 20
# A request takes as long as some hundred kB; what lies between two ranges is then fetched along,
# as long as all of that stays a small part of what is wanted.
_GAP_BYTES, _GAP_PARTS = 256 << 10, 5


class Range(NamedTuple):
    """Bytes of a file from `start` to before `end`."""

    start: int
    end: int


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Join ranges that touch, and those between which little lies.

    All that is fetched without need is at most a fifth of what is wanted.

    >>> merge([Range(90, 190), Range(0, 50), Range(50, 60), Range(900, 950)])
    [Range(start=0, end=190), Range(start=900, end=950)]
    """
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1].end:
            joined[-1] = Range(joined[-1].start, max(end, joined[-1].end))
        else:
            joined.append(Range(start, end))
    spare = sum(end - start for start, end in joined) // _GAP_PARTS
    gaps = sorted((after.start - r.end, i) for i, (r, after) in enumerate(pairwise(joined)))
    bridged = set()
    for gap, i in gaps:
        if gap > min(spare, _GAP_BYTES):
            break
        spare -= gap
        bridged.add(i)
    merged: list[Range] = []
    for i, (start, end) in enumerate(joined):
        if i - 1 in bridged:
            merged[-1] = Range(merged[-1].start, end)
        else:
            merged.append(Range(start, end))
    return merged


class RemoteFile(io.RawIOBase):
    """A file behind a URL, read at any position.

    What is read on and on is fetched in pieces that grow; where somebody jumps to, far away, only
    what is asked for. Whoever knows the parts of the file sets `edges`: then one is fetched as a
    whole.

    Attributes:
        edges: offsets in order, across which nothing is fetched unasked.
    """

    def __init__(self, stream: Any, location: str) -> None:
        super().__init__()
        self.edges: Sequence[int] = ()
        self._stream = stream  # fsspec's, without a cache
        self._location = location
        self._size = int(stream.size)
        self._at = 0
        self._block, self._block_start = b"", 0
        self._held: list[_Held] = []  # of all threads

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seekable(self) -> bool:
        """Any position can be read."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position; nothing is fetched."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Give `size` bytes, fewer only at the end; all that follow if it is negative.

        Raises:
            InputError: the store fails, or the file has changed.
        """
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        parts = []
        while self._at < end:
            part = self._some(end - self._at)
            if not part:
                raise InputError(
                    f"{self._location}: ends at byte {self._at:,} of {self._size:,}; run the same "
                    "command again"
                )
            parts.append(part)
            self._at += len(part)
        return b"".join(parts)

    def readall(self) -> bytes:
        """Give all that follow."""
        return self.read()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; gives the number of bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._stream.close()
        super().close()

    @contextmanager
    def ahead(self, ranges: Iterable[Range]) -> Iterator[None]:
        """Fetch ranges at once into a temporary file of this machine, and read them from there.

        What cannot be fetched is left to whoever reads it, and who is then told why.

        Raises:
            InputError: there is no room for the temporary file.
        """
        with Spool() as spool:
            held = _Held(spool)
            pieces = [(self._stream.path, piece) for piece in _pieces(merge(ranges))]
            for (_, piece), data in fetch(self._stream.fs, pieces):
                held.add(piece, data)
            self._held.append(held)
            try:
                yield
            finally:
                self._held.remove(held)

    def _some(self, size: int) -> bytes:
        """Give the next bytes, at most `size`."""
        for held in tuple(self._held):
            if data := held.get(self._at, size):
                return data
        skip = self._at - self._block_start
        if not 0 <= skip < len(self._block):
            end = min(self._at + max(size, self._wanted()), self._size)
            self._block, self._block_start = self._fetch(end), self._at
            skip = 0
        return self._block[skip : skip + size]

    def _fetch(self, end: int) -> bytes:
        """Fetch from where we are to `end`; a store that fails is no fault of what lies in it."""
        try:
            self._stream.seek(self._at)
            return bytes(self._stream.read(end - self._at))
        except Exception as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{self._location}: {why}; run the same command again") from error

    def _wanted(self) -> int:
        """Tell how many bytes are worth fetching here, whatever is asked for."""
        if self.edges:
            after = bisect_right(self.edges, self._at)
            edge = self.edges[after] if after < len(self.edges) else self._at
            return min(edge - self._at, BLOCK_BYTES)
        # A short way ahead is reading on, too: a tar is listed by headers between small members.
        ahead = self._at - self._block_start - len(self._block)
        goes_on = self._block and 0 <= ahead <= _GAP_BYTES
        return min(2 * len(self._block), BLOCK_BYTES) if goes_on else 0


class Spool:
    """A temporary file of this machine for what was fetched; gone when it is left.

    Threads may read at any time, also when it is gone: then they get nothing.
    """

    def __enter__(self) -> Spool:
        self._file = tempfile.TemporaryFile(prefix="sarchat-")
        self._lock = Lock()
        self._bytes = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._file.close()

    def add(self, data: bytes) -> int:
        """Keep some bytes; gives where.

        Raises:
            InputError: there is no room.
        """
        place, view = self._bytes, memoryview(data)
        try:
            while view:
                written = os.pwrite(self._file.fileno(), view, self._bytes)
                self._bytes += written
                view = view[written:]
        except OSError as error:
            raise InputError(
                f"{tempfile.gettempdir()}: no room for what was fetched ({error.strerror}); set "
                "TMPDIR to a folder with more room"
            ) from error
        return place

    def read(self, place: int, size: int) -> bytes:
        """Give bytes that were kept."""
        with self._lock:
            return b"" if self._file.closed else os.pread(self._file.fileno(), size, place)


class _Held:
    """Ranges of a file that lie in a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._starts: list[int] = []
        self._places: list[tuple[int, int]] = []  # end of the range, place in the spool

    def add(self, piece: Range, data: bytes) -> None:
        """Keep the bytes of a range that lies behind all others."""
        place = self._spool.add(data)
        self._starts.append(piece.start)
        self._places.append((piece.end, place))

    def get(self, at: int, size: int) -> bytes:
        """Give bytes from a position on, at most `size`; none if they are not held."""
        number = bisect_right(self._starts, at) - 1
        if number < 0:
            return b""
        end, place = self._places[number]
        if at >= end:
            return b""
        return self._spool.read(place + at - self._starts[number], min(size, end - at))


def fetch(
    system: Any, wanted: Iterable[tuple[str, Range]]
) -> Iterator[tuple[tuple[str, Range], bytes]]:
    """Fetch parts of files, many at once; one that is not given, or not whole, is left out.

    Args:
        system: a file system of fsspec.
        wanted: paths in it, and what of each.
    """
    for batch in _batches(wanted):
        found = system.cat_ranges(
            [path for path, _ in batch],
            [piece.start for _, piece in batch],
            [piece.end for _, piece in batch],
            on_error="return",
        )
        for item, data in zip(batch, found, strict=True):
            if isinstance(data, bytes) and len(data) == item[1].end - item[1].start:
                yield item, data


def _batches(wanted: Iterable[tuple[str, Range]]) -> Iterator[list[tuple[str, Range]]]:
    batch: list[tuple[str, Range]] = []
    size = 0
    for path, piece in wanted:
        if batch and size + piece.end - piece.start > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append((path, piece))
        size += piece.end - piece.start
    if batch:
        yield batch


def _pieces(ranges: Iterable[Range]) -> Iterator[Range]:
    """Cut ranges into pieces for one request each."""
    for whole in ranges:
        for start in range(whole.start, whole.end, BLOCK_BYTES):
            yield Range(start, min(start + BLOCK_BYTES, whole.end))
