"""Agreement of a box with what its own record says beside it: area, outline, rotated box."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sarchat_build.geometry.quads import bounds
from sarchat_build.types import Box

# Tools draw outlines through the centers of pixels or around them, and differ by one in each side.
_PLAY_PX = 1.0
# Less of a common frame is another place, not another way to draw.
_SAME_PLACE = 0.5
# How much an area may exceed that of its box, and how exactly it equals that of two corners.
_AREA_PLAY = 1.05
# What is drawn from one side of its box to the other is nowhere thinner than half a pixel.
_THINNEST_PX = 0.5
_SAME_AREA = 0.01


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the share of two boxes x_min, y_min, x_max, y_max that is common, with a pixel of play.

    >>> overlap((0, 0, 10, 10), (0, 0, 10, 10)), overlap((0, 0, 9, 9), (100, 100, 109, 109))
    (1.0, 0.0)
    """
    a, b = (Box(*box[:2], *(value + 2 * _PLAY_PX for value in box[2:])) for box in (first, second))
    width = min(a.x_max_px, b.x_max_px) - max(a.x_min_px, b.x_min_px)
    height = min(a.y_max_px, b.y_max_px) - max(a.y_min_px, b.y_min_px)
    common = max(0.0, width) * max(0.0, height)
    union = a.area_px2 + b.area_px2 - common
    return common / union if union > 0 else 0.0


def contradiction(xywh: Sequence[float], area_px2: float | None, outline: Sequence[float]) -> str:
    """Say in words how corner, width and height contradict an area or an outline beside them.

    Args:
        xywh: the box.
        area_px2: the area of the object, which is never more than its box's; None where not stated.
        outline: all points x1, y1, x2, y2 … of it; it counts in place of the area where it has one.

    Returns:
        "" where nothing contradicts, or nothing is there to compare, as beside a box without area.

    >>> contradiction((10, 12, 34, 26), 336, ())
    'area 336 is that of two corners, but bbox (10, 12, 34, 26) is read as corner and size'
    >>> contradiction((10, 12, 24, 14), 900, ())
    'area 900 is more than bbox (10, 12, 24, 14) can hold'
    >>> contradiction((10, 12, 24, 14), 1, ())
    'area 1 is less than anything that reaches across bbox (10, 12, 24, 14) has'
    >>> contradiction((10, 12, 24, 14), 200, (10, 12, 34, 12, 34, 26))
    ''
    """
    x, y, w, h = xywh
    if w == 0 or h == 0:
        return ""
    written = f"bbox ({x:g}, {y:g}, {w:g}, {h:g})"
    corners = f"is that of two corners, but {written} is read as corner and size"
    if len(outline) >= 6 and all(map(math.isfinite, (*xywh, *outline))):
        around = bounds(outline)
        if overlap((x, y, x + w, y + h), around) >= _SAME_PLACE:
            return ""
        if w > x and h > y and overlap(xywh, around) >= _SAME_PLACE:
            return f"segmentation {corners}"
        return f"segmentation lies elsewhere than {written}"
    if area_px2 is None or not math.isfinite(area_px2):
        return ""
    if area_px2 <= 0 or area_px2 < _THINNEST_PX * max(w, h):
        return f"area {area_px2:g} is less than anything that reaches across {written} has"
    if area_px2 > _AREA_PLAY * (w + 1) * (h + 1):
        return f"area {area_px2:g} is more than {written} can hold"
    as_corners = ((w - x) * (h - y), (w - x + 1) * (h - y + 1))
    same = any(abs(area_px2 - area) <= _SAME_AREA * area for area in as_corners)
    if w > x and h > y and w * h > _AREA_PLAY * area_px2 and same:
        return f"area {area_px2:g} {corners}"
    return ""
