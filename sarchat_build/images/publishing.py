"""Images as they are published: whole, or chips cut out of an open scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

from PIL import Image

from sarchat_build.images import raster
from sarchat_build.images.bands import repeat_rendering
from sarchat_build.images.hashing import perceptual_hash
from sarchat_build.images.output import encode_png, pixel_sha256
from sarchat_build.images.picture import MAX_PIXELS, decode
from sarchat_build.sources.picture_file import PictureSource, head, open_bytes, sniff
from sarchat_build.types import AS_STORED, PixelFacts, Window


class PublishedImage(NamedTuple):
    """A picture as it is published, and the two hashes of what it shows."""

    picture: bytes
    pixel_sha256: str
    perceptual_hash: str


ChipCutter: TypeAlias = Callable[[Window], PublishedImage]


def published_whole(source: PictureSource, facts: PixelFacts) -> PublishedImage:
    """Give the file that is published for an image without tiling: its own, or a PNG."""
    if facts.rendering != AS_STORED:
        data = encode_png(_picture(source, facts))
    else:
        with open_bytes(source) as stream:
            data = stream.read()
    return PublishedImage(data, facts.pixel_sha256, facts.perceptual_hash)


@contextmanager
def open_scene(
    source: PictureSource, facts: PixelFacts, hash_min_variance: float = 0.0
) -> Iterator[ChipCutter]:
    """Open an inspected image for cutting.

    Yields:
        A function from a window to the chip there as a lossless PNG. What fits into memory as
        8 bits is decoded once, a larger scene is read window by window.
    """
    if facts.width_px * facts.height_px <= MAX_PIXELS:
        picture = _picture(source, facts)
        yield lambda window: _finish(picture.crop(window), hash_min_variance)
        return
    with raster.open_raster(source, sniff(head(source))) as dataset:
        rendering = repeat_rendering(dataset, facts.rendering, facts.stretch)
        yield lambda window: _finish(
            raster.paint(dataset, rendering.bands, window, rendering.to_8_bit), hash_min_variance
        )


def _finish(chip: Image.Image, hash_min_variance: float) -> PublishedImage:
    return PublishedImage(
        encode_png(chip), pixel_sha256(chip), perceptual_hash(chip, hash_min_variance)
    )


def _picture(source: PictureSource, facts: PixelFacts) -> Image.Image:
    kind = sniff(head(source))
    if kind == "picture":
        return decode(source).picture
    with raster.open_raster(source, kind) as dataset:
        rendering = repeat_rendering(dataset, facts.rendering, facts.stretch)
        return raster.paint(dataset, rendering.bands, raster.whole(dataset), rendering.to_8_bit)
