"""Unpack a gzip, bzip2 or xz stream piece by piece, never more than is asked for."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

# What is read ahead is copied with every step.
_AHEAD_BYTES = 1 << 17
# What an xz stream may demand for its dictionary; `xz -9` takes 65 MiB to unpack.
_XZ_MEMORY_BYTES = 512 << 20
FAULTS = (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Gzip:
    # zlib's own object, with the manners of the other two: it keeps what it was not asked for.
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._kept = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        found = self._inner.decompress(self._kept + data, max_length)
        self._kept = self._inner.unconsumed_tail
        return found


_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "gz": _Gzip,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES),
}


class InflatedStream(io.RawIOBase):
    """What a compressed file holds; several streams one after the other are one.

    Raises:
        EOFError: while reading, when the file ends in the middle of a stream.
        zlib.error, OSError, lzma.LZMAError: the stream is damaged.
    """

    def __init__(self, packed: BinaryIO, method: str) -> None:
        super().__init__()
        self._packed = packed
        self._make = _MAKERS[method]
        self._inflater = self._make()
        self._ahead = b""

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as one step goes; 0 at the end."""
        found = b""
        while not found:
            if self._inflater.eof and not self._next_stream():
                return 0
            found = self._inflater.decompress(self._ahead, len(buffer))
            self._ahead = b""
            if not found and not self._inflater.eof:
                self._ahead = self._packed.read(_AHEAD_BYTES)
                if not self._ahead:
                    raise EOFError("it ends in the middle of the compressed data")
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the packed file too."""
        if not self.closed:
            self._packed.close()
        super().close()

    def _next_stream(self) -> bool:
        # Padding with zeros between streams is allowed, and tapes have it at the end.
        rest = self._inflater.unused_data.lstrip(b"\0")
        while not rest:
            chunk = self._packed.read(_AHEAD_BYTES)
            if not chunk:
                return False
            rest = chunk.lstrip(b"\0")
        self._ahead = rest
        self._inflater = self._make()
        return True
