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
from PIL import Image

from sarchat_build.synthetic.pictures.keyed import keyed

Field: TypeAlias = npt.NDArray[np.float32]


@lru_cache(maxsize=32)
def speckle_tile(looks: int, cell_x_px: float, cell_y_px: float, side_px: int) -> Field:
    """Compute a square tile of speckle *amplitude*, the root of unit-mean L-look intensity.

    `cell_x_px` and `cell_y_px` (≥ 1) say how many pixels one resolution cell covers: with 1 the
    pixels are independent, as in a critically sampled picture.
    """
    numbers = keyed("speckle", looks, f"{cell_x_px:.2f}", f"{cell_y_px:.2f}", side_px)
    frequency = np.abs(np.fft.fftfreq(side_px))
    band = np.outer(frequency <= 0.5 / cell_y_px, frequency <= 0.5 / cell_x_px)
    intensity = np.zeros((side_px, side_px), np.float32)
    for _ in range(looks):
        spectrum = np.empty((side_px, side_px), np.complex64)
        numbers.standard_normal(dtype=np.float32, out=spectrum.view(np.float32))
        spectrum *= band
        signal = np.fft.ifft2(spectrum)
        intensity += signal.real**2 + signal.imag**2
    return _frozen(np.sqrt(intensity / intensity.mean()))


@lru_cache(maxsize=16)
def relief_tile(roughness: float, scale_px: float, side_px: int) -> Field:
    """Compute a square tile of smooth unit-mean reflectivity, log-normal with spread `roughness`.

    Below `scale_px` (the largest wave, in pixels) power falls with the fourth power of frequency:
    large shapes dominate, as in swell, slicks, fields and hills.
    """
    numbers = keyed("relief", f"{roughness:.2f}", f"{scale_px:.1f}", side_px)
    frequency = np.fft.fftfreq(side_px).astype(np.float32)
    spectrum = np.empty((side_px, side_px), np.complex64)
    numbers.standard_normal(dtype=np.float32, out=spectrum.view(np.float32))
    spectrum /= 1 + scale_px**2 * (frequency[:, None] ** 2 + frequency[None, :] ** 2) * 4
    field = np.fft.ifft2(spectrum).real
    shape = np.exp(field * (roughness / field.std()))
    return _frozen(shape / shape.mean())


def crop(numbers: np.random.Generator, tile: Field, height_px: int, width_px: int) -> Field:
    """Give a read-only view of a keyed window of `tile`, mirrored and transposed by the key.

    Raises:
        ValueError: the picture is larger than the tile.
    """
    side_px = tile.shape[0]
    if max(height_px, width_px) > side_px:
        raise ValueError(f"a {width_px} x {height_px} px crop does not fit a {side_px} px tile")
    y_px = int(numbers.integers(side_px - height_px + 1))
    x_px = int(numbers.integers(side_px - width_px + 1))
    window = tile[y_px : y_px + height_px, x_px : x_px + width_px]
    turn = int(numbers.integers(4))
    if turn & 1:
        window = window[::-1]
    return window[:, ::-1] if turn & 2 else window


def cover(numbers: np.random.Generator, tile: Field, height_px: int, width_px: int) -> Field:
    """Fill any size with crops of a speckle tile; speckle has no shape that a seam could cut."""
    side_px = tile.shape[0]
    if max(height_px, width_px) <= side_px:
        return crop(numbers, tile, height_px, width_px)
    filled = np.empty((height_px, width_px), np.float32)
    for y_px in range(0, height_px, side_px):
        for x_px in range(0, width_px, side_px):
            hole = filled[y_px : y_px + side_px, x_px : x_px + side_px]
            hole[:] = crop(numbers, tile, *hole.shape)
    return filled


def stretch(numbers: np.random.Generator, tile: Field, height_px: int, width_px: int) -> Field:
    """Give a crop of a relief tile, enlarged where the picture is larger than the tile."""
    factor = -(-max(height_px, width_px) // tile.shape[0])
    if factor == 1:
        return crop(numbers, tile, height_px, width_px)
    small = crop(numbers, tile, -(-height_px // factor), -(-width_px // factor))
    large = Image.fromarray(small).resize((width_px, height_px), Image.Resampling.BILINEAR)
    return np.asarray(large)


def _frozen(tile: npt.NDArray[np.floating]) -> Field:
    """Make the shared tile read-only: a picture that wrote to it would change the next one."""
    frozen = tile.astype(np.float32)
    frozen.setflags(write=False)
    return frozen
