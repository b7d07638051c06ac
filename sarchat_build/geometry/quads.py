"""Four corners: which way round they go, and what becomes of corners that cross or line up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason

Point = tuple[float, float]


def clockwise(quad: Sequence[float]) -> tuple[tuple[float, ...], bool]:
    """Put four corners into clockwise order (y down), the first one first where it can stay.

    A bow-tie, a dented quadrilateral and one with three corners in line are replaced by their
    convex hull; where that is a triangle its last corner stands twice.

    Returns:
        x1, y1 … x4, y4, and whether the hull had to be taken.

    Raises:
        RecordError: `degenerate` when all corners lie in one line.

    >>> clockwise((0, 0, 0, 5, 9, 5, 9, 0))
    ((0, 0, 9, 0, 9, 5, 0, 5), False)
    >>> clockwise((0, 0, 9, 5, 9, 0, 0, 5))
    ((0, 0, 9, 0, 9, 5, 0, 5), True)
    """
    points = list(zip(quad[0::2], quad[1::2], strict=True))
    turns = [
        _turn(a, b, c)
        for a, b, c in zip(points, points[1:] + points[:1], points[2:] + points[:2], strict=True)
    ]
    if all(turn > 0 for turn in turns):
        return _flat(points), False
    if all(turn < 0 for turn in turns):
        return _flat([points[0], *reversed(points[1:])]), False
    hull = _hull(points)
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise([*hull, hull[0]])) / 2
    if len(hull) < 3 or not area > 0:
        raise RecordError(Reason.DEGENERATE, f"corners {tuple(quad)} enclose no area")
    if points[0] in hull:
        start = hull.index(points[0])
        hull = hull[start:] + hull[:start]
    return _flat((hull + hull[-1:])[:4]), True


def bounds(points: Sequence[float]) -> tuple[float, float, float, float]:
    """Give the smallest and largest x and y of x1, y1, x2, y2 … as x_min, y_min, x_max, y_max.

    >>> bounds((3, 1, 9, 4, 5, 8))
    (3, 1, 9, 8)
    """
    return min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2])


def _hull(points: Sequence[Point]) -> list[Point]:
    # Andrew's monotone chain; with y down the lower chain first gives clockwise order.
    ordered = sorted(set(points))
    chains: list[Point] = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[Point] = []
        for point in sequence:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains += chain[:-1]
    return chains or ordered


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def _flat(points: Sequence[Point]) -> tuple[float, ...]:
    return tuple(value for point in points for value in point)
