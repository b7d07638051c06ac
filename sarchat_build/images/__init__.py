"""Pixels: prove what an image file holds, show it as 8 bits of gray or RGB, cut chips out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

from PIL import Image

from sarchat_build.config.manifest import Pixels
from sarchat_build.errors import RecordError
from sarchat_build.images import raster
from sarchat_build.images.bands import bit_depth, find_look, known_look, refuse_complex
from sarchat_build.images.hashing import PerceptualHash, perceptual_hash
from sarchat_build.images.output import PixelHash, encode_png, pixel_sha256
from sarchat_build.images.picture import MAX_PIXELS, decode
from sarchat_build.reasons import Reason
from sarchat_build.sources.picture_file import PictureSource, file_sha256, head, size_bytes, sniff
from sarchat_build.types import AS_STORED, PixelFacts, Window

__all__ = [
    "MAX_PIXELS",
    "MAX_SCENE_PIXELS",
    "ChipCutter",
    "PictureSource",
    "PublishedImage",
    "inspect",
]
__all__ += ["open_scene", "published_whole"]

# 50,000 × 50,000: larger than any scene a sensor delivers as one file today.
MAX_SCENE_PIXELS = 2_500_000_000


class PublishedImage(NamedTuple):
    """A picture as it is published, and the two hashes of what it shows."""

    picture: bytes
    pixel_sha256: str
    perceptual_hash: str


ChipCutter: TypeAlias = Callable[[Window], PublishedImage]


def inspect(
    source: PictureSource,
    rule: Pixels | None = None,
    tiled: bool = False,
    hash_min_variance: float = 0.0,
) -> PixelFacts:
    """Decode an image file to its last row and report what it is and how it is shown.

    Args:
        source: the file's bytes, or a file on this machine.
        rule: how the source's manifest renders pixels that are not 8-bit.
        tiled: whether the image will be cut into chips, so that it may be larger than a picture.
        hash_min_variance: as `perceptual_hash`.

    Raises:
        RecordError: `empty_file`, `not_an_image`, `image_truncated`, `image_too_small`,
            `pixel_limit`, `unsupported_dtype` or `no_valid_pixels`.
    """
    kind = sniff(head(source))
    if kind != "picture":
        return _inspect_raster(source, kind, rule, tiled, hash_min_variance)
    decoded = decode(source)
    return PixelFacts(
        width_px=decoded.picture.width,
        height_px=decoded.picture.height,
        channels=decoded.channels,
        bit_depth=decoded.bit_depth,
        format=decoded.format,
        pixel_sha256=pixel_sha256(decoded.picture),
        file_sha256=file_sha256(source),
        file_bytes=size_bytes(source),
        rendering=decoded.rendering,
        perceptual_hash=perceptual_hash(decoded.picture, hash_min_variance),
    )


def published_whole(source: PictureSource, facts: PixelFacts) -> PublishedImage:
    """Give the file that is published for an image without tiling: its own, or a PNG."""
    if facts.rendering != AS_STORED:
        data = encode_png(_picture(source, facts))
    else:
        data = source if isinstance(source, bytes) else source.read_bytes()
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
        look = known_look(dataset, facts.rendering, facts.stretch)
        yield lambda window: _finish(
            raster.paint(dataset, look.bands, window, look.to_8_bit), hash_min_variance
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
        look = known_look(dataset, facts.rendering, facts.stretch)
        return raster.paint(dataset, look.bands, raster.whole(dataset), look.to_8_bit)


def _inspect_raster(
    source: PictureSource, kind: str, rule: Pixels | None, tiled: bool, hash_min_variance: float
) -> PixelFacts:
    with raster.open_raster(source, kind) as dataset:
        width_px, height_px = dataset.width, dataset.height
        _check_size(width_px, height_px, kind, tiled)
        refuse_complex(dataset)
        raster.check_block_row(dataset)
        look = find_look(dataset, rule)
        raster.read_unused_bands(dataset, look.bands)
        shown, likeness = PixelHash((width_px, height_px)), PerceptualHash((width_px, height_px))
        for piece in raster.pieces(dataset, look.bands, raster.whole(dataset)):
            rows = look.to_8_bit(piece)
            shown.update(rows)
            likeness.update(rows)
        return PixelFacts(
            width_px=width_px,
            height_px=height_px,
            channels=dataset.count,
            bit_depth=bit_depth(dataset),
            format="TIFF" if kind == "tiff" else "PNG",
            pixel_sha256=shown.hexdigest(),
            file_sha256=file_sha256(source),
            file_bytes=size_bytes(source),
            rendering=look.rendering,
            stretch=look.stretch,
            perceptual_hash=likeness.hexdigest(hash_min_variance),
        )


def _check_size(width_px: int, height_px: int, kind: str, tiled: bool) -> None:
    if width_px < 2 or height_px < 2:
        raise RecordError(Reason.IMAGE_TOO_SMALL, f"{width_px} × {height_px} pixels")
    by_windows = kind == "tiff" and tiled
    limit = MAX_SCENE_PIXELS if by_windows else MAX_PIXELS
    if width_px * height_px <= limit:
        return
    advice = "" if by_windows else "; set [tiling] in the manifest to cut it into chips"
    if kind != "tiff":
        advice = "; a scene of this size must be a TIFF"
    raise RecordError(
        Reason.PIXEL_LIMIT, f"{width_px:,} × {height_px:,} pixels, more than {limit:,}{advice}"
    )
