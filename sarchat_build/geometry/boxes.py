"""Upright boxes: repaired, clipped, measured, written as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.types import Box

# No box is so many times as wide or high as its picture, and no scene has so many pixels a side.
_ABSURD_SIZE = 10
_ABSURD_PX = 1e6
# A box that leaves the picture by less has only been rounded, by a text format or by a float.
ROUNDING_PX = 1e-3


def repair(
    corners: Sequence[float], width_px: int, height_px: int
) -> tuple[Box, tuple[Reason, ...]]:
    """Make two corners a box inside a picture, and say what had to be done.

    Returns:
        The box and the repairs, of `box_swapped` (corners in the wrong order) and `box_clipped`
        (part of the box lay outside).

    Raises:
        RecordError: `non_finite`, `degenerate` (no area once written in whole pixels, or absurdly
            large) or `outside` (no part in the picture).

    >>> repair((30, 20, 10, 40), 100, 100)
    (Box(x_min_px=10, y_min_px=20, x_max_px=30, y_max_px=40), (Reason.BOX_SWAPPED,))
    >>> repair((90, 20, 130, 40), 100, 100)
    (Box(x_min_px=90, y_min_px=20, x_max_px=100, y_max_px=40), (Reason.BOX_CLIPPED,))
    """
    x0, y0, x1, y1 = corners
    written = f"({x0:g}, {y0:g}, {x1:g}, {y1:g})"
    if not all(map(math.isfinite, corners)):
        raise RecordError(Reason.NON_FINITE, f"box {written}")
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    if not box.area_px2 > 0:  # two tiny sides can multiply to 0
        raise RecordError(Reason.DEGENERATE, f"box {written} has no area")
    wide, high = box.width_px > _ABSURD_SIZE * width_px, box.height_px > _ABSURD_SIZE * height_px
    if wide or high or max(map(abs, box)) > _ABSURD_PX:
        size = f"{width_px} × {height_px}"
        raise RecordError(Reason.DEGENERATE, f"box {written} is absurd in a picture of {size}")
    inside = clip(box, Box(0, 0, width_px, height_px))
    if inside is None:
        raise RecordError(Reason.OUTSIDE, f"box {written} in a picture of {width_px} × {height_px}")
    if not has_text_area(inside):
        text = box_text(inside)
        raise RecordError(Reason.DEGENERATE, f"box {written} is written {text} and has no area")
    repairs = []
    if (x0, y0) != (box.x_min_px, box.y_min_px):
        repairs.append(Reason.BOX_SWAPPED)
    if max(abs(a - b) for a, b in zip(inside, box, strict=True)) > ROUNDING_PX:
        repairs.append(Reason.BOX_CLIPPED)
    return inside, tuple(repairs)


def clip(box: Box, frame: Box) -> Box | None:
    """Clip `box` to `frame`; None when they share no area.

    >>> clip(Box(0, 0, 10, 10), Box(5, 5, 20, 20))
    Box(x_min_px=5, y_min_px=5, x_max_px=10, y_max_px=10)
    >>> clip(Box(0, 0, 10, 10), Box(10, 0, 20, 20)) is None
    True
    """
    x0, y0 = max(box.x_min_px, frame.x_min_px), max(box.y_min_px, frame.y_min_px)
    x1, y1 = min(box.x_max_px, frame.x_max_px), min(box.y_max_px, frame.y_max_px)
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def gap_px(first: Box, second: Box) -> float:
    """Give the shortest way from one box to another: 0 when they touch.

    >>> gap_px(Box(0, 0, 10, 10), Box(13, 14, 20, 20)), gap_px(Box(0, 0, 10, 10), Box(5, 5, 9, 20))
    (5.0, 0.0)
    """
    dx = max(0.0, first.x_min_px - second.x_max_px, second.x_min_px - first.x_max_px)
    dy = max(0.0, first.y_min_px - second.y_max_px, second.y_min_px - first.y_max_px)
    return math.sqrt(dx * dx + dy * dy)


def shift_points(points: Sequence[float], dx_px: float, dy_px: float) -> tuple[float, ...]:
    """Move a flat list x1, y1, x2, y2 … by (dx, dy).

    >>> shift_points((10, 20, 30, 40), -10, -20)
    (0, 0, 20, 20)
    """
    return tuple(value + (dy_px if i % 2 else dx_px) for i, value in enumerate(points))


def round_half_up(value: float) -> int:
    """Round to the nearest integer, halves up: the rule of every number in a dialogue.

    >>> round_half_up(2.5), round_half_up(3.49)
    (3, 3)
    """
    return math.floor(value + 0.5)


def has_text_area(box: Box) -> bool:
    """Whether a box still has an area when it is written in whole pixels.

    >>> has_text_area(Box(10, 10, 20, 10.4)), has_text_area(Box(10, 10.4, 20, 10.5))
    (False, True)
    """
    x0, y0, x1, y1 = map(round_half_up, box)
    return x0 < x1 and y0 < y1


def box_text(box: Box) -> str:
    """Write a box as the dialogues do: integers in pixels of the stored picture (paper, figure 3).

    >>> box_text(Box(393, 426, 469.5, 494.2))
    '{<393><426><470><494>}'
    """
    x0, y0, x1, y1 = map(round_half_up, box)
    return f"{{<{x0}><{y0}><{x1}><{y1}>}}"
