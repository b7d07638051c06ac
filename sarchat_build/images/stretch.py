"""Render values of one band to 8 bits: exactly, and alike on every machine.

A level is the number of thresholds that a value reaches. The 255 thresholds come from two numbers
found once per scene (`low`, `high`), and from nothing that differs between processors: logarithms
are taken in decimal arithmetic, never by a mathematical library.
"""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sarchat_build.images import order
from sarchat_build.types import Stretch

LEVELS = 256
_EXACT = Context(prec=50)
_LOWER_BITS = np.uint32(14)
_BINS = 1 << 18
_NEVER = np.uint32(0xFFFFFFFF)


def thresholds(stretch: Stretch) -> NDArray[np.float64]:
    """Give the 255 values at which the next level begins, ascending.

    Level k begins half a step before the value that would be exactly k, so that levels round to
    the nearest. Without a range (`low == high`), what lies above it is 255 and the rest 0.

    >>> from sarchat_build.types import Stretch
    >>> thresholds(Stretch("linear", 1, 0.0, 510.0))[:3].tolist()
    [1.0, 3.0, 5.0]
    """
    low, high = stretch.low, stretch.high
    if low >= high:
        return np.full(LEVELS - 1, np.nextafter(high, np.inf))
    if not stretch.logarithmic:
        steps = range(1, 2 * LEVELS - 2, 2)
        return np.array([low + (high - low) * step / (2 * LEVELS - 2) for step in steps])
    ratio = _EXACT.divide(Decimal(high), Decimal(low))
    half_step = _EXACT.exp(_EXACT.divide(_EXACT.ln(ratio), Decimal(2 * LEVELS - 2)))
    step = _EXACT.multiply(half_step, half_step)
    begins = [_EXACT.multiply(Decimal(low), half_step)]
    for _ in range(LEVELS - 2):
        begins.append(_EXACT.multiply(begins[-1], step))
    return np.array([float(begin) for begin in begins])


class Renderer:
    """Renders arrays of one stretch and one type; made once per scene.

    Integers of up to 16 bits go through one table of every value. Everything else is compared as
    32-bit floats through a table of its upper 18 bits, each with at most one threshold inside
    unless the range is narrow against its values (`high` below twice `low`).
    """

    def __init__(self, stretch: Stretch, dtype: np.dtype[np.generic]) -> None:
        self._nodata = stretch.nodata
        self._small = order.is_small(dtype)
        begins = thresholds(stretch)
        if self._small:
            self._table = _integer_table(begins, dtype, stretch.nodata)
            return
        singles = _not_below(begins)
        self._singles = singles
        edges = order.float_keys(singles)
        bins = edges >> _LOWER_BITS
        self._one_each = all(a != b for a, b in pairwise(bins.tolist()))
        if self._one_each:
            count = np.bincount(bins, minlength=_BINS).astype(np.uint8)
            self._start = np.cumsum(count, dtype=np.uint8) - count
            self._edge = np.full(_BINS, _NEVER)
            self._edge[bins] = edges

    def __call__(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Render values of any shape; no-data, NaN and infinities become 0."""
        if self._small:
            return np.asarray(self._table[values.view(f"u{values.itemsize}")])
        singles = order.as_floats(values)
        if self._one_each:
            keys = order.float_keys(singles)
            bins = keys >> _LOWER_BITS
            levels = self._start[bins] + (keys >= self._edge[bins])
        else:
            levels = np.searchsorted(self._singles, singles, side="right").astype(np.uint8)
        levels[~order.is_valid(values, singles, self._nodata)] = 0
        return np.asarray(levels, dtype=np.uint8)


def _integer_table(
    begins: NDArray[np.float64], dtype: np.dtype[np.generic], nodata: float | None
) -> NDArray[np.uint8]:
    every = order.every_value(dtype)
    levels = np.searchsorted(begins, every, side="right").astype(np.uint8)
    if nodata is not None:
        levels[every == nodata] = 0
    # From order of value to order of bits, by which pixels index.
    table = np.empty_like(levels)
    table[every.astype(dtype).view(f"u{dtype.itemsize}")] = levels
    return table


def _not_below(values: NDArray[np.float64]) -> NDArray[np.float32]:
    # The smallest 32-bit float that reaches a threshold reaches exactly what the threshold does.
    # Past the largest of them comes infinity, which no pixel reaches: as it must be.
    with np.errstate(over="ignore"):
        singles = values.astype(np.float32)
        below = singles.astype(np.float64) < values
        singles[below] = np.nextafter(singles[below], np.float32(np.inf))
    return singles
