"""Quadrilaterals: corners put into clockwise order, also where they cross or line up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason


def clockwise(quad: Sequence[float]) -> tuple[tuple[float, ...], bool]:
    """Put four corners into clockwise order (y down), the first one first where it can stay.

    A bow-tie, a dented quadrilateral and one with three corners in line are replaced by their
    convex hull; where that is a triangle its last corner stands twice.

    Returns:
        x1, y1 … x4, y4, and whether the hull had to be taken.

    Raises:
        RecordError: `degenerate` when all corners lie in one line.

    >>> clockwise((0, 0, 0, 5, 9, 5, 9, 0))
    ((0.0, 0.0, 9.0, 0.0, 9.0, 5.0, 0.0, 5.0), False)
    >>> clockwise((0, 0, 9, 5, 9, 0, 0, 5))
    ((0.0, 0.0, 9.0, 0.0, 9.0, 5.0, 0.0, 5.0), True)
    """
    corners = list(zip(quad[0::2], quad[1::2], strict=True))
    with np.errstate(over="ignore"):  # of numbers near the largest; their area is infinite
        hull = shapely.convex_hull(shapely.multipoints(corners))
    if not hull.area > 0:
        raise RecordError(Reason.DEGENERATE, f"corners {tuple(quad)} enclose no area")
    ring = ring_clockwise(hull)
    if corners[0] in ring:
        start = ring.index(corners[0])
        ring = ring[start:] + ring[:start]
    # Four corners of a convex hull stand in order exactly if the third lies opposite the first.
    in_order = len(ring) == 4 and ring[0] == corners[0] and ring[2] == corners[2]
    return tuple(value for corner in (ring + ring[-1:])[:4] for value in corner), not in_order


def ring_clockwise(polygon: shapely.Polygon) -> list[tuple[float, float]]:
    """Give the corners of a polygon once round, clockwise (y down), from the leftmost, topmost.

    >>> ring_clockwise(shapely.box(0, 0, 2, 1))
    [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)]
    """
    # The normal form turns the other way; its last corner is the first again.
    normal = shapely.get_exterior_ring(shapely.normalize(polygon))
    return [(x, y) for x, y in shapely.get_coordinates(normal)[:0:-1].tolist()]


def bounds(points: Sequence[float]) -> tuple[float, float, float, float]:
    """Give the smallest and largest x and y of x1, y1, x2, y2 … as x_min, y_min, x_max, y_max.

    >>> bounds((3, 1, 9, 4, 5, 8))
    (3, 1, 9, 8)
    """
    return min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2])
