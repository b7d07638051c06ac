"""Numbers that look drawn but are computed, and speckle made of them.

Each number is a function of a key and of its position. Fully developed speckle is the sum of many
random phasors in one resolution cell: a complex normal field, band-limited to the radar's
resolution. Its intensity is exponential with mean 1, and the mean of L independent looks is gamma
with mean 1 and variance 1 / L.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.stable_hash import stable_hash

Numbers: TypeAlias = np.random.Generator
Field: TypeAlias = npt.NDArray[np.float32]

TILE_PX = 1024
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


@lru_cache(maxsize=32)
def speckle_tile(looks: int, cell_px: tuple[float, float], side_px: int = TILE_PX) -> Field:
    """Compute a square tile of speckle *amplitude*, the root of unit-mean L-look intensity.

    `cell_px` (≥ 1) says how many columns and rows one resolution cell covers: with (1, 1) the
    pixels are independent, as in a critically sampled picture.
    The tile is read-only: a picture that wrote to it would change the next one.
    """
    numbers = keyed("speckle", looks, *(f"{cell:.2f}" for cell in cell_px), side_px)
    frequency, spectrum = np.abs(np.fft.fftfreq(side_px)), np.empty((side_px, side_px), "c8")
    band = np.outer(frequency <= 0.5 / cell_px[1], frequency <= 0.5 / cell_px[0])
    intensity = np.zeros((side_px, side_px), np.float32)
    for _ in range(looks):
        numbers.standard_normal(dtype=np.float32, out=spectrum.view(np.float32))
        intensity += np.abs(np.fft.ifft2(spectrum * band)) ** 2
    tile: Field = np.sqrt(intensity / intensity.mean())
    tile.setflags(write=False)
    return tile


@lru_cache(maxsize=1)
def relief_tile() -> Field:
    """Compute a tile of smooth unit-mean reflectivity: speckle of cells as large as hills."""
    scales = [speckle_tile(2, (cell_px, cell_px)) for cell_px in (24.0, 72.0, 160.0)]
    tile: Field = np.mean(scales, axis=0) / np.mean(scales)
    tile.setflags(write=False)
    return tile


def crop(numbers: Numbers, tile: Field, height_px: int, width_px: int) -> Field:
    """Give a keyed window of `tile`; a larger one than the tile repeats it, without a seam.

    Tiles are periodic, being made by a Fourier transform. A window that fits is a read-only view.

    >>> crop(keyed("doc"), speckle_tile(1, (1.0, 1.0), 64), 100, 20).shape
    (100, 20)
    """
    y_px, x_px = (int(numbers.integers(max(1, len(tile) - px + 1))) for px in (height_px, width_px))
    if max(height_px, width_px) > len(tile):
        more_px = (max(0, height_px - len(tile)), max(0, width_px - len(tile)))
        tile = np.pad(tile, ((0, more_px[0]), (0, more_px[1])), mode="wrap")
    return tile[y_px : y_px + height_px, x_px : x_px + width_px]
