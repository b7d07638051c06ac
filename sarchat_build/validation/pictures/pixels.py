"""Decoding of a stored picture, in full, into the facts that its row states, and its pixels."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures.image_row import RowLog
from sarchat_build.validation.pictures.near_duplicates import perceptual_hash

# Everything Pillow raises over bytes that are no picture (SyntaxError: "broken PNG file").
UNDECODABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, OverflowError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


_ORIENTATION, _UPRIGHT = 0x0112, 1


class Picture(NamedTuple):
    """Facts of one decoded picture.

    `shown` is what the hashes see: three equal channels are one. `mode` and `format` are Pillow's
    words, `turned` that readers turn it as its metadata asks.
    """

    width: int
    height: int
    channels: int
    shown: Image.Image
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
            red, *others = image.split()
            gray = all(other.tobytes() == red.tobytes() for other in others)
        plain = image.getchannel(0) if gray else image
        digest = hashlib.sha256(f"{plain.mode}:{plain.width}x{plain.height}:".encode())
        digest.update(plain.tobytes())
        return Picture(
            *(image.width, image.height, channels, plain, digest.hexdigest()),
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


@dataclass(slots=True)
class _Kept:
    """The lower part of a chip, which chips that come later may show too."""

    left: int
    top: int
    pixels: NDArray[np.uint8]
    log: RowLog

    @property
    def right(self) -> int:
        return self.left + int(self.pixels.shape[1])

    @property
    def bottom(self) -> int:
        return self.top + int(self.pixels.shape[0])

    def part(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        rows = slice(top - self.top, bottom - self.top)
        part = self.pixels[rows, left - self.left : right - self.left]
        return part if part.ndim == 3 else part[..., np.newaxis]


class Overlaps:
    """The pixels that several chips of a scene show, which must be the same in each.

    Chips come row by row, as they lie in a file. Of those above only what a later one may reach is
    kept: memory holds one row of chips, however high the scene.
    """

    def __init__(self) -> None:
        self._scene = ""
        self._kept: list[_Kept] = []
        self._differing: list[tuple[RowLog, RowLog]] = []

    def add(self, scene: str, window: Sequence[int], picture: Picture, log: RowLog) -> None:
        """Compare a chip with those of its scene that came before."""
        if scene != self._scene:
            self.report()
            self._scene, self._kept = scene, []
        pixels = np.asarray(picture.shown)
        if len(window) != 4 or pixels.shape[:2] != (window[3] - window[1], window[2] - window[0]):
            return  # which is a fault of its own
        chip = _Kept(window[0], window[1], pixels, log)
        self._kept = [kept for kept in self._kept if kept.bottom > chip.top]
        for kept in self._kept:
            if kept.top < chip.top:
                # A copy lets go of the rows above.
                kept.pixels, kept.top = kept.pixels[chip.top - kept.top :].copy(), chip.top
            left, top = max(kept.left, chip.left), max(kept.top, chip.top)
            right, bottom = min(kept.right, chip.right), min(kept.bottom, chip.bottom)
            if left < right and top < bottom:
                common = left, top, right, bottom
                if (kept.part(*common) != chip.part(*common)).any():
                    self._differing.append((kept.log, log))
        self._kept.append(chip)

    def report(self) -> None:
        """Name the chips of the scene that others contradict, those with most of them first."""
        while self._differing:
            times = Counter(log for pair in self._differing for log in pair)
            wrong = max(times, key=lambda log: (times[log], log.row))
            others = [log.key for pair in self._differing if wrong in pair for log in pair]
            shown = ", ".join(sorted(repr(key) for key in {*others} - {wrong.key})[:3])
            wrong.add(
                "overlap",
                Plain(f"the pixels of {shown} where both show the same of their scene"),
                Plain("others"),
            )
            self._differing = [pair for pair in self._differing if wrong not in pair]
