"""Boxes that overlap, and which belong to which: IoU and maximum one-to-one matching."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

# x_min, y_min, x_max, y_max in pixels of the chip.
Rectangle: TypeAlias = tuple[float, float, float, float]
# x1, y1, x2, y2 … of the corners of a turned box, once round, in pixels of the chip.
Outline: TypeAlias = tuple[float, ...]


class Match(NamedTuple):
    """One prediction and the truth it was matched with, by their positions."""

    predicted: int
    true: int
    iou: float


def iou(a: Rectangle, b: Rectangle) -> float:
    """Give intersection over union, continuous: a box of one pixel has the area one.

    >>> iou((0, 0, 10, 10), (5, 0, 15, 10))
    0.3333333333333333
    """
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    area_a, area_b = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    return both / (area_a + area_b - both)


def iou_table(predicted: Sequence[Rectangle], true: Sequence[Rectangle]) -> list[list[float]]:
    """Give the IoU of every prediction with every truth, by row and column."""
    return [[iou(p, t) for t in true] for p in predicted]


def match(table: Sequence[Sequence[float]], threshold: float) -> list[Match]:
    """Match as many predictions as can be at IoU ≥ `threshold`, each with one truth.

    How many does not depend on the order of the boxes. Kuhn's augmenting paths, along pairs of high
    IoU first.

    >>> match([[0.9, 0.6], [0.8, 0.0]], 0.5)
    [Match(predicted=0, true=1, iou=0.6), Match(predicted=1, true=0, iou=0.8)]
    """
    wanted = [
        sorted((t for t, value in enumerate(row) if value >= threshold), key=lambda t: -row[t])
        for row in table
    ]
    owner: dict[int, int] = {}
    best = sorted(range(len(table)), key=lambda p: -max(table[p], default=0.0))
    for first in best:
        _augment(first, wanted, owner)
    return sorted(Match(p, t, table[p][t]) for t, p in owner.items())


def _augment(first: int, wanted: Sequence[Sequence[int]], owner: dict[int, int]) -> None:
    """Give prediction `first` a truth, moving others along one alternating path, if there is one.

    Breadth first and without recursion: a thousand boxes are no rarity.
    """
    came_from: dict[int, int] = {}
    waiting = [first]
    for predicted in waiting:
        for true in wanted[predicted]:
            if true in came_from:
                continue
            came_from[true] = predicted
            if true in owner:
                waiting.append(owner[true])
                continue
            held = {p: t for t, p in owner.items()}
            step: int | None = true
            while step is not None:
                taker = came_from[step]
                owner[step], step = taker, held.get(taker)
            return


def hull(outline: Sequence[float]) -> Rectangle:
    """Give the upright box around the corners of an outline.

    >>> hull((1, 5, 4, 2))
    (1, 2, 4, 5)
    """
    xs, ys = outline[0::2], outline[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def turned(box: Rectangle, degrees: float = 0.0) -> Outline:
    """Give the corners of a box that is turned about its center, clockwise on the screen.

    The first corner is what was the upper left one, the second the upper right one.

    >>> [round(value, 6) for value in turned((0.0, 0.0, 4.0, 2.0), 90)]
    [3.0, -1.0, 3.0, 3.0, 1.0, 3.0, 1.0, -1.0]
    """
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    across, down = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    corners = ((-across, -down), (across, -down), (across, down), (-across, down))
    # y grows downwards: what turns x towards y turns as the hands of a clock do.
    return tuple(
        value for dx, dy in corners for value in (x + dx * cos - dy * sin, y + dx * sin + dy * cos)
    )


def clipped(box: Rectangle, width_px: int, height_px: int) -> Rectangle | None:
    """Sort the corners and clip to the picture; None if nothing is left.

    >>> clipped((56.0, 78.0, -3.0, 34.0), 64, 64)
    (0.0, 34.0, 56.0, 64.0)
    """
    x1, x2 = sorted((box[0], box[2]))
    y1, y2 = sorted((box[1], box[3]))
    x1, x2 = (min(max(x, 0.0), float(width_px)) for x in (x1, x2))
    y1, y2 = (min(max(y, 0.0), float(height_px)) for y in (y1, y2))
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None
