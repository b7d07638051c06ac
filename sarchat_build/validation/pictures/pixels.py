"""Decoding of a stored picture, in full, into the facts that its row states."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from typing import NamedTuple

from PIL import Image

from sarchat_build.validation.pictures.near_duplicates import perceptual_hash

# Everything Pillow raises over bytes that are no picture (SyntaxError: "broken PNG file").
UNDECODABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, OverflowError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


_ORIENTATION, _UPRIGHT = 0x0112, 1


class Picture(NamedTuple):
    """Facts of one decoded picture.

    `gray` tells that three equal channels were read as one, which is how the hash sees them;
    `mode` and `format` are Pillow's words, `turned` that readers turn it as its metadata asks.
    """

    width: int
    height: int
    channels: int
    gray: bool
    pixel_sha256: str
    mode: str
    format: str
    turned: bool
    perceptual_hash: str


def decode(data: bytes, min_variance: float) -> Picture:
    """Decode every pixel; a header alone proves nothing.

    The hash is sha256 over "<mode>:<width>x<height>:" and the rows without padding, where an RGB
    picture with three equal channels counts as its one channel. `min_variance` is that of
    `perceptual_hash`.

    Raises:
        One of `UNDECODABLE`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data))
    with image:
        image.load()
        channels, gray = len(image.getbands()), False
        if image.mode == "RGB":
            red, *others = (image.getchannel(channel).tobytes() for channel in range(3))
            gray = all(other == red for other in others)
        plain = image.getchannel(0) if gray else image
        digest = hashlib.sha256(f"{plain.mode}:{plain.width}x{plain.height}:".encode())
        digest.update(plain.tobytes())
        return Picture(
            *(image.width, image.height, channels, gray, digest.hexdigest()),
            *(image.mode, image.format or "", _is_turned(image)),
            perceptual_hash(plain, min_variance),
        )


def _is_turned(image: Image.Image) -> bool:
    # The same reading of EXIF and XMP that `datasets` takes before it turns a picture.
    carriers = {"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"}
    if not carriers & {str(key) for key in image.info}:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return bool(image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT)
