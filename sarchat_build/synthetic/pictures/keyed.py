"""Numbers that look drawn but are computed: each is a function of a key and of its position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from sarchat_build.stable_hash import stable_hash

Numbers: TypeAlias = np.random.Generator

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def keyed(*parts: str | int) -> Numbers:
    """Give the number sequence that belongs to `parts`, the same on every machine and process.

    Philox is a block cipher run over a counter, so the n-th number is a function of (key, n). The
    key is the blake2b hash of `parts`: nothing is seeded globally, no sequence goes on where
    another stopped, and picture k is the same whoever computes it, before or after any other.

    >>> bool(keyed("a", 1).random() == keyed("a", 1).random())
    True
    """
    key = stable_hash(*parts, "high") << 64 | stable_hash(*parts, "low")
    return np.random.Generator(np.random.Philox(key=key))


def between(numbers: Numbers, low: float, high: float) -> float:
    """Take the next number, uniform in low ≤ value < high."""
    return float(low + (high - low) * numbers.random())


def one_in(numbers: Numbers, count: int) -> bool:
    """Say yes once in `count` times."""
    return bool(numbers.integers(count) == 0)


def at_quantile(share: float, values: Sequence[float]) -> float:
    """Read the inverse distribution `values`, tabulated at `QUANTILES`, at `share` (0 to 1)."""
    return float(np.interp(share, QUANTILES, values))


def geometric(mean: float, most: int) -> tuple[float, ...]:
    """Give weights of 1, 2, … `most` that fall by a constant factor and average about `mean`.

    The maximum entropy guess where a source publishes nothing but the average.
    """
    return tuple((1 - 1 / mean) ** beyond for beyond in range(most))


def weighted(numbers: Numbers, weights: Sequence[float]) -> int:
    """Pick an index of `weights`, each with its share of the sum."""
    ends = np.cumsum(weights)
    return int(np.searchsorted(ends, numbers.random() * ends[-1], side="right"))
