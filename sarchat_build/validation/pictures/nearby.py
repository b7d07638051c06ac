"""Objects along an axis of their picture, so that the nearest are found without looking at all."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isqrt

import numpy as np
from numpy.typing import NDArray

Corners = tuple[float, ...]
Numbers = NDArray[np.float64]

# So many boxes on either side are looked at first.
_FIRST_LOOK = 16


class Neighborhood:
    """Boxes sorted along the axis on which they lie farther apart; a few longest ones apart."""

    def __init__(self, boxes: Sequence[Corners]) -> None:
        self._edges = np.array(boxes, np.float64).reshape(-1, 4)
        self._middles = (self._edges[:, :2] + self._edges[:, 2:]) / 2
        self._axis = int(np.argmax(np.ptp(self._middles, axis=0))) if boxes else 0
        lengths = self._edges[:, 2 + self._axis] - self._edges[:, self._axis]
        by_length = np.argsort(-lengths, kind="stable")
        # One box across the whole picture must not make all others look as long.
        self._longest, rest = np.split(by_length, [isqrt(len(boxes))])
        self._half = float(lengths[rest].max(initial=0.0)) / 2
        self._sorted = rest[np.argsort(self._middles[rest, self._axis], kind="stable")]
        self._along = self._middles[self._sorted, self._axis]

    def nearest(
        self, box: Corners, margin_px: float, *, by_edge: bool, but: int | None = None
    ) -> tuple[int, float, float]:
        """Give the place of the nearest box, how near it is, and how much farther the next one is.

        Of two that are equally near the first in the given order counts, and the last number is
        infinite where there is no other; whether it reaches the margin is true, more of it need not
        be. `but` is the place of a box that does not count.

        >>> row = Neighborhood([(0, 0, 2, 2), (5, 0, 7, 2), (9, 0, 11, 2)])
        >>> row.nearest((5, 0, 7, 2), 1.0, by_edge=True, but=1)
        (2, 2.0, 1.0)
        """
        at = (box[self._axis] + box[2 + self._axis]) / 2
        # A box begins before its middle, so one that lies farther off may still be nearer.
        more = self._half + (box[2 + self._axis] - box[self._axis]) / 2 if by_edge else 0.0
        middle, n, look = int(np.searchsorted(self._along, at)), len(self._sorted), _FIRST_LOOK
        while True:
            first, last = max(0, middle - look), min(n, middle + look)
            places = np.concatenate((self._longest, self._sorted[first:last]))
            places = places if but is None else places[places != but]
            distances = self._distances(places, box, by_edge)
            least, second = (*np.sort(distances)[:2].tolist(), inf, inf)[:2]
            unseen = min(
                at - self._along[first - 1] if first else inf,
                self._along[last] - at if last < n else inf,
            )
            beyond = max(0.0, unseen - more)
            enough = min(second, least + margin_px) if margin_px > 0 else np.nextafter(least, inf)
            if beyond >= enough or unseen == inf:
                break
            look *= 2
        if least == inf:
            return -1, inf, inf
        second = min(second, max(least, beyond))
        return int(places[distances == least].min()), least, second - least

    def _distances(self, places: NDArray[np.intp], box: Corners, by_edge: bool) -> Numbers:
        if by_edge:
            before = self._edges[places, :2] - box[2:]
            behind = np.array(box[:2]) - self._edges[places, 2:]
            return _lengths(np.maximum(np.maximum(before, behind), 0.0))
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return _lengths(self._middles[places] - middle)


def _lengths(offsets: Numbers) -> Numbers:
    return np.asarray(np.sqrt(offsets[:, 0] * offsets[:, 0] + offsets[:, 1] * offsets[:, 1]))
