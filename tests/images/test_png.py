"""Pictures as PNG: what comes out is what went in, in the bytes that any zlib packs."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from sarchat_build.images.output import encode_png

SIDES = st.integers(1, 70)


def noise(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Give samples without runs, as speckle has none."""
    count = int(np.prod(shape))
    return (np.arange(count) * 2654435761 % 4294967291 % 251).astype(np.uint8).reshape(shape)


def chunks_of(png: bytes) -> list[tuple[bytes, bytes]]:
    """Read the chunks behind the signature; their checksums hold."""
    found, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + data),)
        found.append((kind, data))
        at += 12 + length
    return found


@given(width_px=SIDES, height_px=SIDES, color=st.booleans(), constant=st.booleans())
def test_what_comes_out_is_what_went_in(
    width_px: int, height_px: int, color: bool, constant: bool
) -> None:
    shape = (height_px, width_px, 3) if color else (height_px, width_px)
    pixels = np.full(shape, 7, np.uint8) if constant else noise(shape)
    png = encode_png(Image.fromarray(pixels))
    with Image.open(io.BytesIO(png)) as stored:
        assert (stored.format, stored.mode) == ("PNG", "RGB" if color else "L")
        assert np.array_equal(np.asarray(stored), pixels)
        assert not stored.info
    with Image.open(io.BytesIO(png)) as stored:
        stored.verify()


@pytest.mark.parametrize("shape", [(512, 512), (300, 411, 3)])
def test_any_zlib_packs_the_same_bytes(shape: tuple[int, ...]) -> None:
    chunks = chunks_of(encode_png(Image.fromarray(noise(shape))))
    packed = b"".join(data for kind, data in chunks if kind == b"IDAT")
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 8, zlib.Z_HUFFMAN_ONLY)
    assert packed == packer.compress(zlib.decompress(packed)) + packer.flush()
    assert [kind for kind, _ in chunks if kind != b"IDAT"] == [b"IHDR", b"IEND"]
