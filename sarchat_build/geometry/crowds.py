"""Which of many boxes lies nearest to each of many others, without comparing all with all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sarchat_build.types import Box

# So many boxes that lie side by side are compared at once.
_BLOCK = 64

Edges = NDArray[np.float64]
Indices = NDArray[np.intp]


def nearest_in_crowd(
    boxes: Sequence[Box], others: Sequence[Box], margin_px: float, itself: Sequence[int]
) -> tuple[list[int], list[float], list[float]]:
    """Do what `nearest.nearest` does: give places, gaps and leads, without comparing all with all.

    >>> row = [Box(x, 0, x + 10, 10) for x in (0, 13, 100)]
    >>> nearest_in_crowd(row, row, 4.0, (0, 1, 2))[:2]
    ([1, 0, 1], [3.0, 3.0, 77.0])
    """
    own, far = (np.array(given, np.float64).reshape(-1, 4) for given in (boxes, others))
    selves = np.array(itself, np.intp)
    places, gaps_px, leads_px = np.full(len(own), -1), *np.full((2, len(own)), math.inf)
    blocks = _side_by_side(far)
    frames = np.array([_frame(far[block]) for block in blocks]).reshape(-1, 4)
    for rows in _side_by_side(own):
        least, second = np.full(len(rows), math.inf), np.full(len(rows), math.inf)
        index = np.full(len(rows), -1)
        reach = _gaps(_frame(own[rows])[None], frames)[0]
        for block in np.argsort(reach, kind="stable"):
            # Nothing that lies so far, or farther, changes what is known.
            beyond = np.minimum(second, least + margin_px) if margin_px > 0 else (
                np.nextafter(least, math.inf)
            )  # fmt: skip
            if (beyond <= reach[block]).all():
                second = np.minimum(second, np.maximum(least, reach[block]))
                break
            columns = blocks[block]
            gaps = _gaps(own[rows], far[columns])
            gaps[selves[rows][:, None] == columns] = math.inf
            at = gaps.argmin(axis=1)
            here = gaps[range(len(rows)), at]
            gaps[range(len(rows)), at] = math.inf
            second = np.minimum(np.minimum(second, gaps.min(axis=1)), np.maximum(least, here))
            nearer = (here < least) | ((here == least) & (columns[at] < index))
            index = np.where(nearer & (here < math.inf), columns[at], index)
            least = np.minimum(least, here)
        places[rows], gaps_px[rows] = index, least
        leads_px[rows] = second - np.where(index < 0, 0.0, least)
    return places.tolist(), gaps_px.tolist(), leads_px.tolist()


def _gaps(some: Edges, others: Edges) -> Edges:
    """Give the gap between each of some boxes and each of others: a row for each of the former."""
    low, high = some[:, None, :2], some[:, None, 2:]
    apart = np.maximum(low - others[:, 2:], others[:, :2] - high).clip(min=0.0)
    return np.asarray(np.sqrt(apart[..., 0] * apart[..., 0] + apart[..., 1] * apart[..., 1]))


def _frame(boxes: Edges) -> Edges:
    return np.concatenate((boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)))


def _side_by_side(boxes: Edges) -> list[Indices]:
    """Cut boxes into blocks of neighbors: into columns by x, and each column by y."""
    if len(boxes) <= _BLOCK:
        return [np.arange(len(boxes))] if len(boxes) else []
    x, y = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    columns = np.array_split(
        np.argsort(x, kind="stable"), math.ceil(math.sqrt(len(boxes) / _BLOCK))
    )
    return [
        np.sort(block)
        for column in columns
        for block in np.array_split(
            column[np.argsort(y[column], kind="stable")], math.ceil(len(column) / _BLOCK)
        )
    ]
