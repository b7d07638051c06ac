"""Inspect an image file: decode it to its last row, and report what it is and how it is shown."""

from __future__ import annotations

from sarchat_build.config.manifest import Pixels
from sarchat_build.errors import RecordError
from sarchat_build.images import raster
from sarchat_build.images.bands import bit_depth, choose_rendering, refuse_complex
from sarchat_build.images.hashing import PerceptualHash, perceptual_hash
from sarchat_build.images.output import PixelHash, pixel_sha256
from sarchat_build.images.picture import MAX_PIXELS, decode
from sarchat_build.reasons import Reason
from sarchat_build.sources.picture_file import PictureSource, file_sha256, head, size_bytes, sniff
from sarchat_build.types import PixelFacts

# 50,000 × 50,000: larger than any scene a sensor delivers as one file today.
MAX_SCENE_PIXELS = 2_500_000_000


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


def _inspect_raster(
    source: PictureSource, kind: str, rule: Pixels | None, tiled: bool, hash_min_variance: float
) -> PixelFacts:
    with raster.open_raster(source, kind) as dataset:
        width_px, height_px = dataset.width, dataset.height
        _check_size(width_px, height_px, kind, tiled)
        refuse_complex(dataset)
        raster.check_block_row(dataset)
        rendering = choose_rendering(dataset, rule)
        raster.read_unused_bands(dataset, rendering.bands)
        shown, likeness = PixelHash((width_px, height_px)), PerceptualHash((width_px, height_px))
        for piece in raster.pieces(dataset, rendering.bands, raster.whole(dataset)):
            rows = rendering.to_8_bit(piece)
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
            rendering=rendering.description,
            stretch=rendering.stretch,
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
