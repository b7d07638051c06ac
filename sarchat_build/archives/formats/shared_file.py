"""A file that many readers share, and the part of it that one of them reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from sarchat_build.archives.location import open_binary
from sarchat_build.archives.ranges import Range, RemoteFile


class SharedFile:
    """One handle per process, one read at a time; `edges` as for `RemoteFile`."""

    def __init__(self, location: str, edges: Callable[[], Sequence[int]] = tuple) -> None:
        self._stream = open_binary(location)
        self._lock = Lock()
        stream: object = self._stream
        if isinstance(stream, RemoteFile):
            stream.edges = edges()

    def read_at(self, offset: int, size: int) -> bytes:
        """Give the bytes from a position on, fewer at the end of the file."""
        with self._lock:
            self._stream.seek(offset)
            return self._stream.read(size)

    def ahead(self, ranges: Iterable[Range]) -> AbstractContextManager[None]:
        """Fetch ranges at once where each would take a request."""
        stream: object = self._stream
        return stream.ahead(ranges) if isinstance(stream, RemoteFile) else nullcontext()

    def __del__(self) -> None:
        """Close it; nobody is told when the last reader is done."""
        if hasattr(self, "_stream"):
            self._stream.close()


class Slice:
    """The bytes of one member, as a stream."""

    def __init__(self, read_at: Callable[[int, int], bytes], offset: int, size: int) -> None:
        self._read_at = read_at
        self._at = offset
        self._end = offset + size

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes; none at the end."""
        chunk = self._read_at(self._at, min(size, self._end - self._at))
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        """Give no more."""
        self._end = self._at
