"""Land seen from above: parcels, tracks, and villages of loud corners."""

from __future__ import annotations

from math import pi

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.scene import add_points, point_response, strings_of_points
from sarchat_build.synthetic.pictures.speckle import (
    Field,
    cover,
    relief_tile,
    speckle_tile,
    stretch,
)
from sarchat_build.synthetic.pictures.target import rectangle

_TILE_PX = 1024
# Parcels are drawn in whole gray levels; sixteen of them per unit of amplitude.
_LEVELS = 16
CELL_PX = (1.4, 1.4)


def speckle(numbers: np.random.Generator, width_px: int, height_px: int, looks: int) -> Field:
    """Give unit-mean speckle of land products, read-only."""
    return cover(numbers, speckle_tile(looks, *CELL_PX, _TILE_PX), height_px, width_px)


def countryside(
    numbers: np.random.Generator,
    width_px: int,
    height_px: int,
    *,
    level: float,
    looks: int,
    built: float,
) -> Field:
    """Paint land of mean amplitude `level`; `built` is the number of corners per 1,000 pixels."""
    angle = between(numbers, 0.0, pi / 2)
    canvas = _parcels(numbers, width_px, height_px, angle)
    canvas *= np.float32(level)
    canvas *= stretch(numbers, relief_tile(0.35, 90.0, _TILE_PX), height_px, width_px)
    canvas *= speckle(numbers, width_px, height_px, looks)
    count = int(width_px * height_px * built / 7000)
    # Villages: corners gather around a few places.
    centers = numbers.random((3, 2)) * (width_px, height_px)
    spread = between(numbers, 0.04, 0.2) * max(width_px, height_px)
    starts = centers[numbers.integers(3, size=count)] + numbers.normal(0.0, spread, (count, 2))
    x, y, loudness = strings_of_points(numbers, starts[:, 0], starts[:, 1], angle, 4.0)
    add_points(canvas, x, y, loudness * (1.3 * level), point_response(*CELL_PX, 2))
    return canvas


def _parcels(numbers: np.random.Generator, width_px: int, height_px: int, angle: float) -> Field:
    """Draw the mean amplitude of fields and tracks, 1 on average ground."""
    image = Image.new("L", (width_px, height_px), _LEVELS)
    draw = ImageDraw.Draw(image)
    longest = max(width_px, height_px)
    for _ in range(int(numbers.integers(6, 16))):
        center = (float(numbers.random()) * width_px, float(numbers.random()) * height_px)
        sides = between(numbers, 0.08, 0.4) * longest, between(numbers, 0.08, 0.3) * longest
        turn = angle + numbers.normal(0.0, 0.05)
        corners = rectangle(center, *sides, turn)
        draw.polygon(
            [(x, y) for x, y in corners.tolist()], fill=int(_LEVELS * between(numbers, 0.5, 1.7))
        )
    for _ in range(int(numbers.integers(0, 3))):
        center = (float(numbers.random()) * width_px, float(numbers.random()) * height_px)
        track = rectangle(
            center, 3.0 * longest, between(numbers, 2, 6), angle + pi / 2 * int(numbers.integers(2))
        )
        draw.polygon([(x, y) for x, y in track.tolist()], fill=int(_LEVELS * 0.45))
    return np.asarray(image).astype(np.float32) / np.float32(_LEVELS)
