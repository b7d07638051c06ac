"""Objects along an axis of their picture, so that the nearest are found without looking at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

Corners = tuple[float, ...]
Numbers = NDArray[np.float64]

# So many objects on either side are looked at first.
_FIRST_LOOK = 16


class Neighborhood:
    """Boxes sorted along the axis on which they lie farther apart."""

    def __init__(self, boxes: Sequence[Corners]) -> None:
        edges = np.array(boxes, np.float64).reshape(-1, 4)
        middles = (edges[:, :2] + edges[:, 2:]) / 2
        self._axis = int(np.ptp(middles[:, 1]) > np.ptp(middles[:, 0])) if len(edges) else 0
        self._order = np.argsort(middles[:, self._axis], kind="stable")
        self._edges, self._middles = edges[self._order], middles[self._order]
        along = self._edges[:, 2 + self._axis] - self._edges[:, self._axis]
        self._half = float(along.max(initial=0.0)) / 2

    def nearest(
        self, box: Corners, margin_px: float, *, by_edge: bool, but: int | None = None
    ) -> tuple[int, float, float]:
        """Give the place of the nearest box, how near it is, and how much farther the next one is.

        Of two that are equally near the first in the given order counts, and the last number is
        infinite where there is no other. A lead below the margin may be that of another box than
        the second. `but` is the place of a box that does not count.

        >>> row = Neighborhood([(0, 0, 2, 2), (5, 0, 7, 2), (9, 0, 11, 2)])
        >>> row.nearest((5, 0, 7, 2), 1.0, by_edge=True, but=1)
        (2, 2.0, 1.0)
        """
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        at = middle[self._axis]
        place = int(np.searchsorted(self._middles[:, self._axis], at))
        # A box begins before its middle, so one that lies farther off may still be nearer.
        more = self._half + (box[2 + self._axis] - box[self._axis]) / 2 if by_edge else 0.0
        measure: Callable[[slice], Numbers] = (
            (lambda part: _edge_distances(self._edges[part], box))
            if by_edge
            else (lambda part: _lengths(np.abs(self._middles[part] - middle)))
        )
        n, look = len(self._order), _FIRST_LOOK
        while True:
            part = slice(max(0, place - look), min(n, place + look))
            places, distances = self._order[part], measure(part)
            if but is not None:
                places, distances = places[places != but], distances[places != but]
            least, second = (*np.sort(distances)[:2].tolist(), inf, inf)[:2]
            unseen = min(
                at - self._middles[part.start - 1, self._axis] if part.start else inf,
                self._middles[part.stop, self._axis] - at if part.stop < n else inf,
            )
            enough = min(second, least + margin_px) if margin_px > 0 else least
            if unseen == inf or unseen - more > enough:
                break
            look *= 2
        if least == inf:
            return -1, inf, inf
        return int(places[distances == least].min()), least, second - least


def _edge_distances(boxes: Numbers, box: Corners) -> Numbers:
    before, behind = boxes[:, :2] - box[2:], np.array(box[:2]) - boxes[:, 2:]
    return _lengths(np.maximum(np.maximum(before, behind), 0.0))


def _lengths(offsets: Numbers) -> Numbers:
    return np.asarray(np.sqrt(offsets[:, 0] * offsets[:, 0] + offsets[:, 1] * offsets[:, 1]))
