"""Which of some boxes lies nearest to each of others, and how clearly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sarchat_build.geometry.boxes import gap_px
from sarchat_build.types import Box

# Up to here all are compared with all: nearly every picture, and quicker than to prepare a search.
_MAX_PAIRS = 2048


class Nearest(NamedTuple):
    """For each of some boxes: which other one is nearest, how near, and how much nearer it is.

    `lead_px` is infinite where there is no second one, and `place` is -1 where there is not one.
    The lead is what is known of it: it tells whether it reaches a margin, and need not be exact.
    """

    place: list[int]
    gap_px: list[float]
    lead_px: list[float]


def nearest(
    boxes: Sequence[Box], others: Sequence[Box], margin_px: float, itself: Sequence[int] = ()
) -> Nearest:
    """Find, for each box, the nearest of the others, and whether the next is farther by a margin.

    Gaps are those of `boxes.gap_px`: 0 where two boxes touch. Of equally near ones the first is
    given. Time grows as n · log n for boxes that lie spread, whatever their sizes.

    Args:
        boxes: from which the way begins; `center_box` makes it begin in the middle.
        others: to which it leads.
        margin_px: a lead of so much, or of less if it is not above 0, is all that must be known.
        itself: for each of `boxes`, its own place in `others`, or -1: no box is near itself.

    >>> row = [Box(x, 0, x + 10, 10) for x in (0, 13, 100)]
    >>> found = nearest(row, row, 4.0, itself=(0, 1, 2))
    >>> found.place, found.gap_px, [lead >= 4 for lead in found.lead_px]
    ([1, 0, 1], [3.0, 3.0, 77.0], [True, True, True])
    """
    own = itself or [-1] * len(boxes)
    if len(boxes) * len(others) > _MAX_PAIRS:
        # numpy: what only asks for names and rules does not wait for it.
        from sarchat_build.geometry.crowds import nearest_in_crowd

        return Nearest(*nearest_in_crowd(boxes, others, margin_px, own))
    found = Nearest([], [], [])
    for box, but in zip(boxes, own, strict=True):
        place, least, second = -1, math.inf, math.inf
        for at, other in enumerate(others):
            if at != but:
                gap = gap_px(box, other)
                if gap < least:
                    place, least, second = at, gap, least
                elif gap < second:
                    second = gap
        found.place.append(place)
        found.gap_px.append(least)
        found.lead_px.append(second - least if place >= 0 else math.inf)
    return found


def center_box(box: Box) -> Box:
    """Give a box's center as a box without sides: gaps between these are from center to center."""
    x, y = box.center_px
    return Box(x, y, x, y)
