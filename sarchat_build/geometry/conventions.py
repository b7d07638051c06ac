"""Convert boxes of every format to pixels: 0-based, half-open; rotated ones to four corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sarchat_build.config.annotation_options import Convention
from sarchat_build.errors import RecordError
from sarchat_build.geometry.quads import bounds, clockwise
from sarchat_build.geometry.rotated import corners
from sarchat_build.reasons import Reason
from sarchat_build.types import BoxFormat

# Exports round shares, and labels may leave the picture by a little.
_SHARE_PLAY = 0.05
MAX_SHARE = 1 + _SHARE_PLAY
_NUMBERS = {
    BoxFormat.XYXY_PX: 4,
    BoxFormat.XYWH_PX: 4,
    BoxFormat.CXCYWH_REL: 4,
    BoxFormat.QUAD_PX: 8,
    BoxFormat.QUAD_REL: 8,
    BoxFormat.CXCYWHA_PX: 5,
}


@dataclass(frozen=True, slots=True)
class PixelBox:
    """A box in pixels, not yet compared with the picture.

    `corners_px` are x_min, y_min, x_max, y_max; `quad_px` the four corners of a rotated box,
    `repairs` what had to be done to get them.
    """

    corners_px: tuple[float, float, float, float]
    quad_px: tuple[float, ...] = ()
    repairs: tuple[Reason, ...] = ()


def to_pixel_box(
    box: Sequence[float],
    box_format: BoxFormat,
    convention: Convention,
    *,
    width_px: int,
    height_px: int,
) -> PixelBox:
    """Convert a box to pixels of a picture of `width_px` × `height_px`.

    Raises:
        RecordError: `bad_value` for a wrong number of numbers, `non_finite`, `degenerate`, or
            `contradicts_manifest` when the box cannot be of the stated convention.

    >>> ones = Convention(pixel_origin=1, max_edge_inclusive=True)
    >>> square = {"width_px": 100, "height_px": 100}
    >>> to_pixel_box((1, 1, 10, 10), BoxFormat.XYXY_PX, ones, **square).corners_px
    (0, 0, 10, 10)
    >>> to_pixel_box((0.5, 0.5, 0.5, 1), BoxFormat.CXCYWH_REL, Convention(), **square).corners_px
    (25.0, 0.0, 75.0, 100.0)
    """
    if len(box) != _NUMBERS[box_format]:
        raise RecordError(
            Reason.BAD_VALUE, f"box {tuple(box)} needs {_NUMBERS[box_format]} numbers"
        )
    if not all(map(math.isfinite, box)):
        raise RecordError(Reason.NON_FINITE, f"box {tuple(box)}")
    if box_format is BoxFormat.CXCYWH_REL:
        cx, cy, w, h = box
        left, right = (cx - w / 2) * width_px, (cx + w / 2) * width_px
        return PixelBox((left, (cy - h / 2) * height_px, right, (cy + h / 2) * height_px))
    if box_format is BoxFormat.QUAD_REL:
        sides_px = (width_px, height_px) * 4
        corners_px = [share * side for share, side in zip(box, sides_px, strict=True)]
        quad, repairs = to_pixel_quad(corners_px, convention)
        return PixelBox(bounds(quad), quad, repairs)
    if _are_shares(box[:8] if len(box) > 5 else box[:4]):
        numbers = ", ".join(f"{value:g}" for value in box)
        raise RecordError(
            Reason.SHARES_OF_PICTURE, f"({numbers}) are shares of the picture, not pixels"
        )
    if box_format in (BoxFormat.QUAD_PX, BoxFormat.CXCYWHA_PX):
        quad, repairs = to_pixel_quad(box, convention)
        return PixelBox(_half_open(bounds(quad), convention), quad, repairs)
    x, y, *far = box
    if convention.pixel_origin == 1 and (0 <= x < 1 or 0 <= y < 1):
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST, "annotations.pixel_origin = 1, but boxes start at 0"
        )
    x1, y1 = far if box_format is BoxFormat.XYXY_PX else (x + far[0], y + far[1])
    origin = convention.pixel_origin
    return PixelBox(_half_open((x - origin, y - origin, x1 - origin, y1 - origin), convention))


def to_pixel_quad(
    box: Sequence[float], convention: Convention
) -> tuple[tuple[float, ...], tuple[Reason, ...]]:
    """Convert a rotated box, four corners or center, size and angle, to corners in pixels.

    Returns:
        The corners clockwise, and `quad_hull` where they had to be put into order.

    Raises:
        RecordError: as `to_pixel_box`.
    """
    if not all(map(math.isfinite, box)):
        raise RecordError(Reason.NON_FINITE, f"corners {tuple(box)}")
    if len(box) == 5:
        if convention.angle is None:
            raise RecordError(
                Reason.CONTRADICTS_MANIFEST,
                "annotations.angle is not stated, but boxes have angles",
            )
        box = corners(box, convention.angle)
    quad, mended = clockwise([value - convention.pixel_origin for value in box])
    return quad, (Reason.QUAD_HULL,) if mended else ()


def _are_shares(numbers: Sequence[float]) -> bool:
    # A box inside the first pixel is no object; one of whole numbers may be that pixel.
    inside = all(-_SHARE_PLAY <= value <= MAX_SHARE for value in numbers)
    return inside and any(value != int(value) for value in numbers)


def _half_open(
    corners_px: tuple[float, float, float, float], convention: Convention
) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = corners_px
    return x0, y0, x1 + convention.max_edge_inclusive, y1 + convention.max_edge_inclusive
