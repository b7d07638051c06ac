"""Speckle and slow reflectivity, computed once per process as large tiles and cropped per picture.

Fully developed speckle is the sum of many random phasors in one resolution cell: a complex normal
field, band-limited to the radar's resolution. Its intensity is exponential with mean 1, and the
mean of L independent looks is gamma with mean 1 and variance 1 / L.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.synthetic.pictures.keyed import keyed

Field: TypeAlias = npt.NDArray[np.float32]

TILE_PX = 1024
# The largest wave of the relief.
_RELIEF_PX = 100.0


@lru_cache(maxsize=32)
def speckle_tile(looks: int, cell_px: tuple[float, float], side_px: int = TILE_PX) -> Field:
    """Compute a square tile of speckle *amplitude*, the root of unit-mean L-look intensity.

    `cell_px` (≥ 1) says how many columns and rows one resolution cell covers: with (1, 1) the
    pixels are independent, as in a critically sampled picture.
    """
    numbers = keyed("speckle", looks, *(f"{cell:.2f}" for cell in cell_px), side_px)
    frequency = np.abs(np.fft.fftfreq(side_px))
    band = np.outer(frequency <= 0.5 / cell_px[1], frequency <= 0.5 / cell_px[0])
    intensity = np.zeros((side_px, side_px), np.float32)
    for _ in range(looks):
        intensity += np.abs(np.fft.ifft2(_noise(numbers, side_px) * band)) ** 2
    return _tile(np.sqrt(intensity / intensity.mean()))


@lru_cache(maxsize=8)
def relief_tile(roughness: float, side_px: int = TILE_PX) -> Field:
    """Compute a square tile of smooth unit-mean reflectivity, log-normal with spread `roughness`.

    Power falls with the fourth power of frequency: large shapes dominate, as in swell and hills.
    """
    numbers = keyed("relief", f"{roughness:.2f}", side_px)
    squares = np.fft.fftfreq(side_px)[:, None] ** 2 + np.fft.fftfreq(side_px) ** 2
    field = np.fft.ifft2(_noise(numbers, side_px) / (1 + 4 * _RELIEF_PX**2 * squares)).real
    shape = np.exp(field * (roughness / field.std()))
    return _tile(shape / shape.mean())


def crop(numbers: np.random.Generator, tile: Field, height_px: int, width_px: int) -> Field:
    """Give a keyed window of `tile`; a larger one than the tile repeats it, without a seam.

    Tiles are periodic, being made by a Fourier transform. A window that fits is a read-only view.

    >>> crop(keyed("doc"), speckle_tile(1, (1.0, 1.0), 64), 100, 20).shape
    (100, 20)
    """
    side_px = tile.shape[0]
    y_px = int(numbers.integers(max(1, side_px - height_px + 1)))
    x_px = int(numbers.integers(max(1, side_px - width_px + 1)))
    if max(height_px, width_px) > side_px:
        more_px = ((0, max(0, size_px - side_px)) for size_px in (height_px, width_px))
        tile = np.pad(tile, tuple(more_px), mode="wrap")
    return tile[y_px : y_px + height_px, x_px : x_px + width_px]


def _noise(numbers: np.random.Generator, side_px: int) -> npt.NDArray[np.complex64]:
    spectrum = np.empty((side_px, side_px), np.complex64)
    numbers.standard_normal(dtype=np.float32, out=spectrum.view(np.float32))
    return spectrum


def _tile(values: npt.NDArray[np.floating]) -> Field:
    """Make the shared tile read-only: a picture that wrote to it would change the next one."""
    frozen = values.astype(np.float32)
    frozen.setflags(write=False)
    return frozen
