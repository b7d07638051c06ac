"""Exact order statistics of a scene that is read in pieces, by histograms of fixed size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason

BINS = 1 << 16
Pieces = Callable[[], Iterable[NDArray[np.generic]]]


def is_small(dtype: np.dtype[np.generic]) -> bool:
    """Tell whether every value of a type has its own bin: integers of up to 16 bits."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def every_value(dtype: np.dtype[np.generic]) -> NDArray[np.int64]:
    """Give all values of a small integer type, ascending."""
    count = 1 << 8 * dtype.itemsize
    first = -(count // 2) if dtype.kind == "i" else 0
    return np.arange(first, first + count)


def as_floats(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Convert to 32-bit floats, the precision in which other types are compared; -0 becomes 0."""
    # Too large is infinite, and a NaN may be one that signals: both are no measurements later on.
    with np.errstate(over="ignore", invalid="ignore"):
        singles = values.astype(np.float32)
        singles += np.float32(0)
    return singles


def float_keys(singles: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Map 32-bit floats to integers of the same order.

    >>> float_keys(np.array([-2.0, 0.0, 1.0, 1.5], np.float32)).argsort().tolist()
    [0, 1, 2, 3]
    """
    bits = singles.view(np.int32)
    # Negative: all bits flipped; positive: the sign bit alone.
    flip = (bits >> 31).view(np.uint32) | np.uint32(0x80000000)
    return np.asarray(bits.view(np.uint32) ^ flip)


def is_valid(
    values: NDArray[np.generic], singles: NDArray[np.float32], nodata: float | None
) -> NDArray[np.bool_]:
    """Tell which values are measurements: finite as 32-bit floats, and not the no-data value."""
    valid = np.isfinite(singles)
    if nodata is not None:
        with np.errstate(over="ignore"):
            valid &= values != nodata
    return np.asarray(valid)


def percentiles(
    pieces: Pieces,
    dtype: np.dtype[np.generic],
    percents: tuple[float, float],
    nodata: float | None,
    positive_only: bool,
) -> tuple[float, float]:
    """Find two percentiles of a scene exactly.

    The percentile p of n values is the one of rank ceil(p n / 100), at least 1, in ascending order
    (the nearest rank: always a value that occurs).

    Args:
        pieces: reads the scene, in pieces of any shape; called once for integers of up to 16 bits
            and twice for everything else, which is ordered as 32-bit floats.
        dtype: type of the pieces.
        percents: from 0 to 100.
        nodata: a value that does not count.
        positive_only: whether values of 0 and less do not count either.

    Raises:
        RecordError: `no_valid_pixels`.
    """
    if is_small(dtype):
        every = every_value(dtype)
        counts = _count_small(pieces(), every)
        if nodata is not None:
            counts[every == nodata] = 0
        if positive_only:
            counts[every <= 0] = 0
        low, high = (float(every[_rank_bin(counts, rank)[0]]) for rank in _ranks(counts, percents))
        return low, high

    def keys() -> Iterable[NDArray[np.uint32]]:
        for piece in pieces():
            singles = as_floats(piece)
            valid = is_valid(piece, singles, nodata)
            if positive_only:
                valid &= singles > 0
            yield float_keys(singles.ravel() if valid.all() else singles[valid])

    upper = _histogram(key >> np.uint32(16) for key in keys())
    found = [_rank_bin(upper, rank) for rank in _ranks(upper, percents)]
    lower = {bin_: np.zeros(BINS, np.int64) for bin_, _ in found}
    for key in keys():
        bins = key >> np.uint32(16)
        for bin_, counts in lower.items():
            counts += np.bincount(key[bins == bin_] & np.uint32(0xFFFF), minlength=BINS)
    low, high = (_float_of(bin_ << 16 | _rank_bin(lower[bin_], rank)[0]) for bin_, rank in found)
    return low, high


def _count_small(
    pieces: Iterable[NDArray[np.generic]], every: NDArray[np.int64]
) -> NDArray[np.int64]:
    counts = _histogram(piece.view(f"u{piece.itemsize}").ravel() for piece in pieces)
    # Bits of negative numbers count on after those of positive ones; bring them into order.
    return np.roll(counts[: len(every)], -int(every[0])) if every[0] < 0 else counts[: len(every)]


def _histogram(keys: Iterable[NDArray[np.generic]]) -> NDArray[np.int64]:
    counts = np.zeros(BINS, np.int64)
    for key in keys:
        counts += np.bincount(key, minlength=BINS)
    return counts


def _ranks(counts: NDArray[np.int64], percents: tuple[float, float]) -> list[int]:
    total = int(counts.sum())
    if not total:
        raise RecordError(Reason.NO_VALID_PIXELS, "every pixel is no-data, NaN or outside the rule")
    # As the manifest writes it: 99.9 is 999/10, not its nearest binary number.
    return [max(1, -(-Fraction(str(percent)) * total // 100)) for percent in percents]


def _rank_bin(counts: NDArray[np.int64], rank: int) -> tuple[int, int]:
    """Give the bin of a rank, and the rank inside that bin."""
    cumulative = np.cumsum(counts)
    bin_ = int(np.searchsorted(cumulative, rank))
    return bin_, rank - int(cumulative[bin_] - counts[bin_])


def _float_of(key: int) -> float:
    bits = key ^ 0x80000000 if key & 0x80000000 else key ^ 0xFFFFFFFF
    return float(np.array([bits], np.uint32).view(np.float32)[0])
