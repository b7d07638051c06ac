"""Clip rotated boxes and outlines to a frame: what a chip shows of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely
from shapely.affinity import rotate

from sarchat_build.geometry.quads import bounds, ring_clockwise
from sarchat_build.types import Box

# No picture is as wide; numbers beyond are mistakes, and overflow in the search for intersections.
_FARTHEST_PX = 1e7


def clip_outline(outline: Sequence[float], frame: Box) -> tuple[float, ...]:
    """Cut an outline x1, y1, x2, y2 … exactly to a frame.

    Returns:
        An outline inside the frame as it is; else the part inside, clockwise from its leftmost,
        topmost corner. Nothing where no part is inside, or where several are: one ring cannot hold
        them, and a part alone would pass for the whole (readers do the same).

    >>> clip_outline((1, 1, 8, 1, 8, 6), Box(0, 0, 10, 10))
    (1, 1, 8, 1, 8, 6)
    >>> clip_outline((0, 0, 8, 0, 8, 8), Box(4, 0, 10, 10))
    (4.0, 0.0, 8.0, 0.0, 8.0, 8.0, 4.0, 4.0)
    >>> clip_outline((0, 0, 8, 4, 0, 8, 4, 4), Box(0, 0, 3, 8))  # a notch: two parts
    ()
    """
    if _is_inside(outline, frame):
        return tuple(outline)
    visible = _visible(outline, frame)
    parts = [part for part in shapely.get_parts(visible).tolist() if part.area > 0]
    if len(parts) != 1 or shapely.get_num_interior_rings(parts[0]):
        return ()
    x0, y0, x1, y1 = frame
    return tuple(
        value
        for x, y in ring_clockwise(parts[0])
        for value in (min(max(x, x0), x1), min(max(y, y0), y1))  # GEOS may miss by a last digit
    )


def clip_oriented_box(corners: Sequence[float], frame: Box) -> tuple[float, ...]:
    """Cut a rotated box to a frame: the smallest box of its own direction around what is inside.

    What a frame leaves of a rotated box is in general no rectangle, but trainers expect one. Of all
    rectangles around it this one is taken because it keeps the heading of the object (the smallest
    of any direction turns with the cut), and never reaches where the uncut rectangle did not.
    A corner may still lie outside the frame, since the sides are not parallel to the frame's.

    Args:
        corners: x1, y1 … x4, y4, clockwise.
        frame: what is shown.

    Returns:
        Four corners in the order of the given ones, the first still the first; a box inside the
        frame as it is, nothing where no part is inside.

    >>> clip_oriented_box((8, 2, 8, 6, 2, 6, 2, 2), Box(0, 0, 5, 9))
    (5.0, 2.0, 5.0, 6.0, 2.0, 6.0, 2.0, 2.0)
    """
    if _is_inside(corners, frame):
        return tuple(corners)
    visible = _visible(corners, frame)
    if not visible.area > 0:
        return ()
    x0, y0, x1, y1 = _near(corners[:4])
    heading = math.atan2(y1 - y0, x1 - x0)
    upright = rotate(visible, -heading, origin=(x0, y0), use_radians=True)
    left, top, right, bottom = upright.bounds
    box = shapely.linestrings([(left, top), (right, top), (right, bottom), (left, bottom)])
    turned = rotate(box, heading, origin=(x0, y0), use_radians=True)
    return tuple(shapely.get_coordinates(turned).ravel().tolist())


def visible_area_px2(outline: Sequence[float], frame: Box) -> float:
    """Give the area of an outline inside a frame.

    >>> visible_area_px2((0, 0, 8, 0, 8, 8), Box(4, 0, 10, 10))
    24.0
    """
    return float(_visible(outline, frame).area)


def _is_inside(points: Sequence[float], frame: Box) -> bool:
    if not points:
        return True
    x0, y0, x1, y1 = bounds(points)
    return (
        frame.x_min_px <= x0
        and frame.y_min_px <= y0
        and x1 <= frame.x_max_px
        and y1 <= frame.y_max_px
    )


def _visible(points: Sequence[float], frame: Box) -> shapely.Geometry:
    if len(points) < 6:  # no area, which no frame shows
        return shapely.Polygon()
    near = _near(points)
    outline = shapely.Polygon(zip(near[0::2], near[1::2], strict=True))
    # One that crosses itself was traced by hand; its area is what it goes round.
    return shapely.intersection(shapely.make_valid(outline), shapely.box(*frame))


def _near(points: Sequence[float]) -> list[float]:
    return [min(max(value, -_FARTHEST_PX), _FARTHEST_PX) for value in points]
