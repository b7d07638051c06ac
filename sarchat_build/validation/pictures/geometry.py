"""Labels of boxes and ways between them: the arithmetic of the dataset's description, in pixels.

Boxes are (x_min, y_min, x_max, y_max) in pixels of the stored picture, 0-based and half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf, isfinite, isqrt, sqrt

import numpy as np
from numpy.typing import NDArray

from sarchat_build.validation.rules import Rules

Corners = tuple[float, ...]
Numbers = NDArray[np.float64]

# tan(67.5°): beyond it a direction is a plain one, within it a diagonal one (sectors of 45°).
_DIAGONAL = 1 + sqrt(2)
# So many boxes on either side are looked at first.
_FIRST_LOOK = 16


def round_half_up(value: float) -> int:
    """Round to the nearest integer, a half upwards.

    >>> round_half_up(0.5), round_half_up(1.5), round_half_up(2.4999)
    (1, 2, 2)
    """
    return floor(value + 0.5)


def box_text(box: Sequence[float]) -> str:
    """Write a box as an answer does.

    >>> box_text((10.5, 20, 30.2, 40.49))
    '{<11><20><30><40>}'
    """
    return "{" + "".join(f"<{round_half_up(value)}>" for value in box) + "}"


def box_fault(box: Sequence[float], width: int, height: int) -> str:
    """Name what makes a box impossible in a picture of `width` by `height` pixels, "" if nothing.

    >>> box_fault((0, 0, 10, 10), 10, 10), box_fault((0, 0, 10.5, 10), 10, 10)
    ('', 'outside the picture')
    """
    if len(box) != 4:
        return f"{len(box)} numbers"
    if not all(map(isfinite, box)):
        return "not finite"
    x_min, y_min, x_max, y_max = box
    if not (x_min < x_max and y_min < y_max):
        return "empty"
    if not (round_half_up(x_min) < round_half_up(x_max)) or not (
        round_half_up(y_min) < round_half_up(y_max)
    ):
        return "degenerate box text"
    if x_min < 0 or y_min < 0 or x_max > width or y_max > height:
        return "outside the picture"
    return ""


def center(box: Sequence[float]) -> tuple[float, float]:
    """Give the mean of the corners.

    >>> center((0, 0, 5, 10))
    (2.5, 5.0)
    """
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def cell(x: float, y: float, width: int, height: int) -> str:
    """Name the ninth of the picture a center lies in; a line belongs to the lower index.

    >>> cell(100, 200, 300, 300), cell(100.5, 200.5, 300, 300)
    ('middle left', 'bottom center')
    """
    column = "left" if 3 * x <= width else "center" if 3 * x <= 2 * width else "right"
    row = "top" if 3 * y <= height else "middle" if 3 * y <= 2 * height else "bottom"
    return f"{row} {column}"


def size(ratio: float, rules: Rules) -> str:
    """Name a share of the picture's area.

    >>> size(0.03, Rules()), size(0.029, Rules())
    ('small', 'very small')
    """
    if ratio >= rules.very_large_from:
        return "very large"
    if ratio >= rules.large_from:
        return "large"
    if ratio >= rules.medium_from:
        return "medium"
    return "small" if ratio >= rules.small_from else "very small"


def described_size(ratio: float, rules: Rules) -> str:
    """Name a share of the picture's area as descriptions do, which may have a scale of their own.

    >>> from sarchat_build.validation.rules import DescriptionScale
    >>> two_scales = Rules(description=DescriptionScale())
    >>> described_size(0.02, two_scales), described_size(0.02, Rules())
    ('small', 'very small')
    """
    scale = rules.description
    if scale is None:
        return size(ratio, rules)
    return (
        "small" if ratio < scale.small_below else "large" if ratio > scale.large_above else "medium"
    )


def area_ratio(box: Sequence[float], width: int, height: int) -> float:
    """Give the share of the picture's area that a box covers.

    >>> area_ratio((0, 0, 5, 10), 10, 10)
    0.5
    """
    return (box[2] - box[0]) * (box[3] - box[1]) / (width * height)


def aspect(box: Sequence[float]) -> float:
    """Give width to height.

    >>> aspect((0, 0, 3, 2))
    1.5
    """
    return (box[2] - box[0]) / (box[3] - box[1])


def shape(ratio: float, rules: Rules) -> str:
    """Name width to height.

    >>> shape(1.5, Rules()), shape(1.51, Rules()), shape(0.66, Rules())
    ('roughly square', 'wide', 'tall')
    """
    if ratio > rules.wide_above:
        return "wide"
    return "tall" if ratio < rules.tall_below else "roughly square"


def direction(dx: float, dy: float) -> str:
    """Name how a point lies that is `dx` to the right of and `dy` below another.

    >>> direction(-5, 0), direction(3, -3), direction(1, 3), direction(0, 0)
    ('left', 'upper_right', 'below', 'same')
    """
    if dx == 0 and dy == 0:
        return "same"
    if abs(dx) > _DIAGONAL * abs(dy):
        return "left" if dx < 0 else "right"
    if abs(dy) > _DIAGONAL * abs(dx):
        return "above" if dy < 0 else "below"
    return f"{'upper' if dy < 0 else 'lower'}_{'left' if dx < 0 else 'right'}"


def distance(dx: float, dy: float) -> float:
    """Give the length of a vector in pixels.

    >>> distance(3, -4)
    5.0
    """
    return sqrt(dx * dx + dy * dy)


def proximity(distance_px: float, width: int, height: int, rules: Rules) -> str:
    """Name a distance, short or long against a share of width plus height.

    >>> proximity(24.9, 100, 100, Rules()), proximity(25, 100, 100, Rules())
    ('near', 'far')
    """
    return "near" if distance_px < (width + height) / rules.near_divisor else "far"


def bounds(outline: Sequence[float]) -> tuple[float, float, float, float]:
    """Give the upright box around the points of an outline, x1, y1, x2, y2 ….

    >>> bounds((0, 5, 3, 1, 2, 9))
    (0, 1, 3, 9)
    """
    xs, ys = outline[::2], outline[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def signed_area(outline: Sequence[float]) -> float:
    """Give the area within points x1, y1, x2, y2 …; negative where they go counter-clockwise.

    >>> signed_area((0, 0, 4, 0, 4, 2, 0, 2)), signed_area((0, 0, 0, 2, 4, 2, 4, 0))
    (8.0, -8.0)
    """
    points = list(zip(outline[::2], outline[1::2], strict=True))
    turned = (*points[1:], points[0])
    return sum(x * v - u * y for (x, y), (u, v) in zip(points, turned, strict=True)) / 2


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
