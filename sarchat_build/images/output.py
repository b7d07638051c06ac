"""Finished pictures: hash what they show, store them without loss."""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from zlib_ng import zlib_ng

Bytes = NDArray[np.uint8]

# PNG, third edition: 5.2 (signature), 5.3 (chunks), 9.2 (filters), 11.2.1 (header).
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH, _HEADER = struct.Struct(">I"), struct.Struct(">IIBBBBB")
_COLOR_TYPES = {"L": 0, "RGB": 2}
_NO_FILTER = 0
# What libpng takes where nobody asks for anything else.
_CHUNK_BYTES, _MEMORY_LEVEL = 8192, 8
_LEAST_WINDOW_BITS = 9


def pixel_sha256(picture: Image.Image) -> str:
    """Hash what a picture (gray or RGB) shows, whatever file it came in.

    Gray stored as three equal channels hashes like gray stored as one, so that copies of an image
    that other tools have rewritten are still found. The digest covers mode, size and rows.
    """
    gray = gray_of(picture)
    shown = picture if gray is None else gray
    return _start(shown.mode, picture.size, shown.tobytes()).hexdigest()


def gray_of(picture: Image.Image) -> Image.Image | None:
    """Give the one channel of an RGB picture whose three are equal, else None."""
    if picture.mode != "RGB":
        return None
    rgb = np.asarray(picture)
    red = rgb[..., 0]
    if np.array_equal(red, rgb[..., 1]) and np.array_equal(red, rgb[..., 2]):
        return Image.fromarray(np.ascontiguousarray(red))
    return None


class PixelHash:
    """`pixel_sha256` of a picture that comes in strips of rows, from the top."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._gray = _start("L", size)
        self._color = _start("RGB", size)
        self._is_gray = True

    def update(self, rows: Bytes) -> None:
        """Add rows: (height, width) for gray, (height, width, 3) for RGB."""
        if rows.ndim == 2:
            self._gray.update(rows.tobytes())
            return
        self._color.update(rows.tobytes())
        self._is_gray = self._is_gray and bool((rows == rows[..., :1]).all())
        if self._is_gray:
            self._gray.update(rows[..., 0].tobytes())

    def hexdigest(self) -> str:
        """Give the hash of all rows."""
        return (self._gray if self._is_gray else self._color).hexdigest()


def encode_png(picture: Image.Image) -> bytes:
    """Store a picture, gray or RGB, as PNG: without loss and without metadata.

    Speckle has no runs and no repeats: Huffman coding alone, of rows without a filter, gives within
    a tenth the size of a full search at a fraction of its time, and is read faster. Where nothing
    is searched for, nothing is left to choose: every zlib packs the same bytes.

    >>> import io
    >>> ramp = Image.linear_gradient("L")
    >>> with Image.open(io.BytesIO(encode_png(ramp))) as stored:
    ...     stored.format, stored.mode, stored.tobytes() == ramp.tobytes()
    ('PNG', 'L', True)
    """
    width_px, height_px = picture.size
    samples = np.asarray(picture).reshape(height_px, -1)
    rows = np.empty((height_px, 1 + samples.shape[1]), np.uint8)
    rows[:, 0], rows[:, 1:] = _NO_FILTER, samples
    # A window no larger than what it slides over, as libpng has it.
    window_bits = min(max((rows.size - 1).bit_length(), _LEAST_WINDOW_BITS), 15)
    packer = zlib_ng.compressobj(
        level=1, wbits=window_bits, memLevel=_MEMORY_LEVEL, strategy=zlib.Z_HUFFMAN_ONLY
    )
    packed = packer.compress(rows) + packer.flush()
    header = _HEADER.pack(width_px, height_px, 8, _COLOR_TYPES[picture.mode], 0, 0, 0)
    parts = (packed[start : start + _CHUNK_BYTES] for start in range(0, len(packed), _CHUNK_BYTES))
    chunks = [(b"IHDR", header), *((b"IDAT", part) for part in parts), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib_ng.crc32(data, zlib_ng.crc32(kind))
    return b"".join((_LENGTH.pack(len(data)), kind, data, _LENGTH.pack(checksum)))


def _start(mode: str, size: tuple[int, int], rows: bytes = b"") -> hashlib._Hash:
    digest = hashlib.sha256(f"{mode}:{size[0]}x{size[1]}:".encode())
    digest.update(rows)
    return digest
