"""Decode image files fully, prove what they hold, and cut chips out of them."""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from sarchat_build.errors import RecordError
from sarchat_build.perceptual_hash import perceptual_hash
from sarchat_build.types import PixelFacts, Window

# Pillow's own limit; a larger scene is read by windows, never as one picture.
MAX_PIXELS = 89_478_485
_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP")
_CHANNELS_8_BIT = {"L": 1, "P": 1, "RGB": 3, "RGBA": 4, "CMYK": 4}


def inspect(data: bytes, hash_min_variance: float) -> PixelFacts:
    """Decode an image file to its last row and report what it is.

    `hash_min_variance` is that of `perceptual_hash`.

    Raises:
        RecordError: `empty_file`, `not_an_image`, `image_truncated`, `image_too_small`,
            `pixel_limit` or `unsupported_dtype`.
    """
    picture = decode(data)
    return PixelFacts(
        width_px=picture.width,
        height_px=picture.height,
        channels=_CHANNELS_8_BIT[picture.mode],
        bit_depth=8,
        format=picture.format or "",
        pixel_sha256=pixel_sha256(picture),
        file_sha256=hashlib.sha256(data).hexdigest(),
        file_bytes=len(data),
        perceptual_hash=perceptual_hash(picture, hash_min_variance),
    )


def decode(data: bytes) -> Image.Image:
    """Decode an 8-bit image file fully; the errors are those of `inspect`.

    The header alone proves nothing: Pillow's `verify` passes a JPEG that ends in the middle.
    """
    if not data:
        raise RecordError("empty_file", "the file has 0 bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise RecordError("pixel_limit", _claim(picture.width, picture.height))
            picture.load()
    except UnidentifiedImageError:
        raise RecordError("not_an_image", f"begins with {data[:24]!r}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RecordError("pixel_limit", str(error)) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise RecordError("image_truncated", f"{len(data):,} bytes: {error}") from error
    if picture.mode not in _CHANNELS_8_BIT:
        raise RecordError("unsupported_dtype", f"pixels of mode {picture.mode!r} are not 8-bit")
    if picture.width < 2 or picture.height < 2:
        raise RecordError("image_too_small", f"{picture.width} × {picture.height} pixels")
    return picture


def pixel_sha256(picture: Image.Image) -> str:
    """Hash what a picture shows, whatever file it came in.

    Gray stored as three equal channels hashes like gray stored as one, so that copies of an image
    that other tools have rewritten are still found. The digest covers mode, size and rows.
    """
    if picture.mode == "RGB":
        rgb = np.asarray(picture)
        red = rgb[..., 0]
        if np.array_equal(red, rgb[..., 1]) and np.array_equal(red, rgb[..., 2]):
            return _digest("L", picture.size, np.ascontiguousarray(red).tobytes())
    return _digest(picture.mode, picture.size, picture.tobytes())


def cut(picture: Image.Image, window: Window, hash_min_variance: float) -> tuple[bytes, str, str]:
    """Cut a window out of a decoded picture.

    Returns:
        The chip as a lossless PNG, its pixel hash, and its perceptual hash.
    """
    chip = picture.crop(window)
    stream = io.BytesIO()
    # Speckle has no runs and no repeats: Huffman coding alone gives within a few per cent the size
    # of a full search at a fraction of its time.
    chip.save(stream, "PNG", compress_level=1, compress_type=zlib.Z_HUFFMAN_ONLY)
    return stream.getvalue(), pixel_sha256(chip), perceptual_hash(chip, hash_min_variance)


def _digest(mode: str, size: tuple[int, int], rows: bytes) -> str:
    digest = hashlib.sha256(f"{mode}:{size[0]}x{size[1]}:".encode())
    digest.update(rows)
    return digest.hexdigest()


def _claim(width_px: int, height_px: int) -> str:
    return f"claims {width_px:,} × {height_px:,} pixels, more than {MAX_PIXELS:,}"
