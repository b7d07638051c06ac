"""Unpack a gzip, bzip2 or xz stream piece by piece, never more than is asked for."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import BinaryIO

from sarchat_build.archives.archive import ByteStream

_AHEAD_BYTES = 1 << 17
# What an xz stream may demand for its dictionary; `xz -9` takes 65 MiB to unpack.
_XZ_MEMORY_BYTES = 512 << 20
# What the streams raise when the file is damaged, or ends in the middle (`EOFError`).
FAULTS = (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def inflate(packed: BinaryIO, method: str) -> ByteStream:
    """Give what a compressed file holds; several streams one after the other are one.

    Args:
        packed: the file; the caller closes it.
        method: `gz`, `bz2` or `xz`.
    """
    if method == "gz":
        return gzip.GzipFile(fileobj=packed, mode="rb")
    return bz2.BZ2File(packed) if method == "bz2" else _XzFile(packed)


class _XzFile:
    # `lzma.LZMAFile` takes no limit for its memory.
    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._inflater: lzma.LZMADecompressor | None = None
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while True:
            data, self._rest = self._rest, b""
            if not data and (self._inflater is None or self._inflater.needs_input):
                data = self._packed.read(_AHEAD_BYTES)
                if not data and self._inflater is None:
                    return b""
                if not data:
                    raise EOFError("it ends in the middle of the compressed data")
            if self._inflater is None:
                data = data.lstrip(b"\0")  # padding between streams
                if not data:
                    continue
                self._inflater = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)
            found = self._inflater.decompress(data, size)
            if self._inflater.eof:
                self._rest, self._inflater = self._inflater.unused_data, None
            if found:
                return found

    def close(self) -> None:
        pass
