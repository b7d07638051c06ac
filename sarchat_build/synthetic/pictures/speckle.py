"""Speckle, computed once per process as large tiles and cropped per picture.

Fully developed speckle is the sum of many random phasors in one resolution cell: a complex normal
field, band-limited to the radar's resolution. Its intensity is exponential with mean 1, and the
mean of L independent looks is gamma with mean 1 and variance 1 / L.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.synthetic.pictures.keyed import Numbers, keyed

Field: TypeAlias = npt.NDArray[np.float32]

TILE_PX = 1024
_HILLS_PX = (24.0, 72.0, 160.0)


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
    scales = np.stack([speckle_tile(2, (cell_px, cell_px)) for cell_px in _HILLS_PX])
    tile: Field = scales.mean(axis=0) / scales.mean()
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
