"""Decode the 8-bit files that Pillow reads whole: JPEG, PNG, BMP, GIF, WebP."""

from __future__ import annotations

import struct
import warnings
from typing import NamedTuple

from PIL import ExifTags, Image, UnidentifiedImageError

from sarchat_build.errors import RecordError
from sarchat_build.images.output import gray_of
from sarchat_build.reasons import Reason
from sarchat_build.sources.picture_file import PictureSource, head, open_bytes, png_bits, size_bytes
from sarchat_build.types import AS_STORED

# Pillow's own limit; a larger scene is read by windows, never as one picture.
MAX_PIXELS = 89_478_485
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
_CHANNELS = {"1": 1, "L": 1, "P": 1, "LA": 2, "PA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
_WORDS = {
    "1": "1 bit",
    "P": "palette",
    "PA": "palette with alpha",
    "LA": "gray with alpha",
    "RGBA": "RGB with alpha",
    "CMYK": "CMYK",
}
_METADATA_WITH_ORIENTATION = ("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp")


class Decoded(NamedTuple):
    """A decoded picture, gray (mode L) or RGB, and what its file was."""

    picture: Image.Image
    format: str
    channels: int
    bit_depth: int
    rendering: str


def decode(source: PictureSource) -> Decoded:
    """Decode an 8-bit file fully, its pixels where they are stored, as gray or RGB.

    The header alone proves nothing: Pillow's `verify` passes a JPEG that ends in the middle.
    An orientation tag turns a picture in viewers and trainers, but not the boxes that were drawn on
    its stored pixels; such a file is not published as it is.

    Raises:
        RecordError: as `inspect`.
    """
    stored = _load(source)
    channels = _CHANNELS.get(stored.mode)
    if channels is None:
        raise RecordError(Reason.UNSUPPORTED_DTYPE, f"pixels of mode {stored.mode!r} are not 8-bit")
    if stored.width < 2 or stored.height < 2:
        raise RecordError(Reason.IMAGE_TOO_SMALL, f"{stored.width} × {stored.height} pixels")
    bit_depth = png_bits(head(source)) or (1 if stored.mode == "1" else 8)
    form = stored.format or ""
    shown = to_gray_or_rgb(stored)
    if shown is not stored:
        note = f"{_WORDS[stored.mode]} to {'gray' if shown.mode == 'L' else 'RGB'}, as PNG"
    elif _is_turned(stored):
        note = "orientation tag removed, as PNG"
        shown.info.clear()
    else:
        note = AS_STORED
    return Decoded(shown, form, channels, bit_depth, note)


def to_gray_or_rgb(picture: Image.Image) -> Image.Image:
    """Convert to gray, or to RGB where there is color; alpha is dropped, no pixel moves."""
    if picture.mode in ("L", "RGB"):
        return picture
    # Pillow warns about palettes with transparency, which is dropped anyway.
    picture.info.pop("transparency", None)
    if picture.mode in ("1", "LA"):
        return picture.convert("L")
    color = picture.convert("RGBA").convert("RGB") if picture.mode == "PA" else None
    color = color or picture.convert("RGB")
    return gray_of(color) or color


def _load(source: PictureSource) -> Image.Image:
    size = size_bytes(source)
    try:
        with warnings.catch_warnings(), open_bytes(source) as stream:
            warnings.simplefilter("ignore", UserWarning)  # odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(stream, formats=_FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                claim = f"claims {picture.width:,} × {picture.height:,} pixels"
                raise RecordError(Reason.PIXEL_LIMIT, f"{claim}, more than {MAX_PIXELS:,}")
            picture.load()
            return picture
    except UnidentifiedImageError:
        if head(source).startswith(_HEADS):
            raise RecordError(Reason.IMAGE_TRUNCATED, f"{size:,} bytes: a damaged header") from None
        raise RecordError(Reason.NOT_AN_IMAGE, f"begins with {head(source)[:24]!r}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RecordError(Reason.PIXEL_LIMIT, f"{error}; a larger scene must be a TIFF") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise RecordError(Reason.IMAGE_TRUNCATED, f"{size:,} bytes: {error}") from error


def _is_turned(picture: Image.Image) -> bool:
    if not any(key in picture.info for key in _METADATA_WITH_ORIENTATION):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return bool(picture.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error):
        # Metadata that cannot be read stops other readers, too.
        return True
