"""Where the boxes of one image lie when they are read as stated: evidence of a misreading."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from sarchat_build.config.annotation_options import AnnotationRule, CocoRule
from sarchat_build.errors import RecordError
from sarchat_build.geometry.boxes import has_text_area
from sarchat_build.geometry.conventions import MAX_SHARE, to_pixel_box
from sarchat_build.geometry.quads import bounds
from sarchat_build.types import Box, BoxExtent, BoxFormat, PixelFacts, RawImage, RawInstance

# Boxes that leave their picture by less were drawn up to a border that was stated a little too far.
_ROUGH_SHARE = 0.02


def box_extent(raw: RawImage, pixels: PixelFacts, rule: AnnotationRule) -> BoxExtent:
    """Measure how the boxes of an image lie in its pixels, the unusable ones left out."""
    # Unless it is stated, a box of corner and size is only supposed to be one.
    corners = bool(raw.instances) and isinstance(rule, CocoRule) and rule.bbox is None
    far_px, clipped = 0.0, 0
    size_px = (pixels.width_px, pixels.height_px)
    for x, y in far_corners(raw.instances, *size_px, rule):
        far_px = max(far_px, x, y)
        clipped += x > size_px[0] + 1 or y > size_px[1] + 1
    if corners:
        corners = all(_may_be_corners(found, size_px) for found in raw.instances)
    return BoxExtent(far_px, corners, clipped)


def far_corners(
    instances: Iterable[RawInstance], width_px: int, height_px: int, rule: AnnotationRule
) -> Iterator[tuple[float, float]]:
    """Give the largest x and y of each box that can be read, in a picture of this size."""
    for found in instances:
        try:
            box = to_pixel_box(
                found.bbox,
                found.bbox_format,
                rule.convention,
                width_px=width_px,
                height_px=height_px,
            )
        except RecordError:
            continue  # it has a reject of its own coming
        x0, y0, x1, y1 = box.corners_px
        yield max(x0, x1), max(y0, y1)


def drawn_elsewhere(raw: RawImage, pixels: PixelFacts, rule: AnnotationRule) -> str:
    """Say how boxes show that a document speaks of a picture of another size; "" if they do not.

    It is asked where a document states another size than its picture has.
    """
    real = pixels.width_px, pixels.height_px
    if _fits(raw, real, rule):
        return ""
    if not _fits(raw, (raw.width_px or 0, raw.height_px or 0), rule):
        return "the boxes fit neither"
    if _fits(raw, real, rule, _ROUGH_SHARE):
        return ""
    return "the boxes fit the stated size only: the picture was scaled or cut after they were drawn"


def is_in_pixels(found: RawInstance) -> bool:
    """Whether the numbers of a box are too large for shares of a picture."""
    numbers = found.bbox[: 8 if len(found.bbox) == 8 else 4]
    return all(map(math.isfinite, numbers)) and max(map(abs, numbers), default=0) > MAX_SHARE


def is_speck(found: RawInstance, in_pixels: bool) -> bool:
    """Whether numbers that could be shares are pixels all the same: what is left of a cut box.

    Args:
        found: a box within the first pixel, which is written without an area.
        in_pixels: whether other boxes beside it are in pixels; if not, it is what is left only in
            the corner of its picture.
    """
    if found.bbox_format is BoxFormat.QUAD_PX:
        x0, y0, x1, y1 = bounds(found.bbox)
    else:
        x0, y0, x1, y1 = found.bbox[:4]
    if found.bbox_format is BoxFormat.XYWH_PX:
        x1, y1 = x0 + x1, y0 + y1
    elif found.bbox_format is BoxFormat.CXCYWHA_PX:
        w, h = x1, y1
        x0, y0, x1, y1 = x0 - w / 2, y0 - h / 2, x0 + w / 2, y0 + h / 2
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    in_corner = box.x_min_px <= 0 and box.y_min_px <= 0
    return (in_pixels or in_corner) and not has_text_area(box)


def _fits(
    raw: RawImage, size_px: tuple[int, int], rule: AnnotationRule, play_share: float = 0
) -> bool:
    # One pixel of play: whether xmax may equal the width is the sources' own quarrel.
    last_x, last_y = (side * (1 + play_share) + 1 for side in size_px)
    return all(x <= last_x and y <= last_y for x, y in far_corners(raw.instances, *size_px, rule))


def _may_be_corners(found: RawInstance, size_px: tuple[int, int]) -> bool:
    if found.bbox_format is not BoxFormat.XYWH_PX:
        return False
    x, y, w, h = found.bbox
    return x < w <= size_px[0] + 1 and y < h <= size_px[1] + 1
