"""Crowds of boxes that lie in ways that mislead a search for neighbors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sarchat_build.types import Box


def spread(n: int) -> list[Box]:
    """One box in each square of a grid, of many sizes."""
    columns = math.isqrt(n - 1) + 1
    offsets = np.random.default_rng(7).integers(0, 40, (n, 4)) / 2
    return [
        Box(x + dx, y + dy, x + dx + 1 + w, y + dy + 1 + h)
        for i, (dx, dy, w, h) in enumerate(offsets.tolist())
        for x, y in [(i % columns * 30, i // columns * 30)]
    ]


def column(n: int) -> list[Box]:
    """All above each other."""
    return [Box(0, 9 * i + i % 5, 5, 9 * i + i % 5 + 3) for i in range(n)]


def nested(n: int) -> list[Box]:
    """Each inside the one before."""
    return [Box(i / 8, i / 8, 9000 - i / 8, 9000 - i / 8) for i in range(n)]


def under_a_giant(n: int) -> list[Box]:
    """One box that holds all others."""
    return [Box(0, 0, 10**5, 10**5), *spread(n - 1)]


LAYOUTS: tuple[Callable[[int], list[Box]], ...] = (spread, column, nested, under_a_giant)
