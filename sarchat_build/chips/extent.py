"""Where the boxes of one image lie when they are read as stated: evidence of a misreading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sarchat_build.config.annotation_options import AnnotationRule, CocoRule
from sarchat_build.errors import RecordError
from sarchat_build.geometry.conventions import to_pixel_box
from sarchat_build.types import BoxExtent, BoxFormat, PixelFacts, RawImage, RawInstance


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


def _may_be_corners(found: RawInstance, size_px: tuple[int, int]) -> bool:
    if found.bbox_format is not BoxFormat.XYWH_PX:
        return False
    x, y, w, h = found.bbox
    return x < w <= size_px[0] + 1 and y < h <= size_px[1] + 1
