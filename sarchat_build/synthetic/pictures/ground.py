"""What targets stand on: sea, land with fields and villages, shores, rivers, airports."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.canvas import Canvas, Mask
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.speckle import Field, crop, relief_tile, speckle_tile
from sarchat_build.synthetic.pictures.targets import Floats, Point, rectangle, toward

# Slabs are drawn in whole gray levels; sixteen of them per unit of amplitude.
_LEVELS = 16


class Slabs(NamedTuple):
    """Rectangles on the ground: how many, sides as shares of the picture's, relative amplitude."""

    number: tuple[int, int]
    long: tuple[float, float]
    broad: tuple[float, float]
    level: tuple[float, float]


_FIELDS = Slabs((6, 16), (0.08, 0.4), (0.08, 0.3), (0.5, 1.7))
_ROADS = Slabs((0, 3), (3.0, 3.1), (0.006, 0.015), (0.4, 0.5))
_VILLAGES = Slabs((2, 7), (0.08, 0.5), (0.05, 0.3), (0.6, 1.3))
GRASS = Slabs((1, 4), (0.2, 0.7), (0.12, 0.4), (1.4, 2.6))
RUNWAYS = Slabs((1, 4), (1.5, 2.5), (0.02, 0.05), (0.5, 0.9))
TERMINALS = Slabs((1, 4), (0.15, 0.6), (0.05, 0.2), (0.5, 0.6))


def new_canvas(
    numbers: np.random.Generator,
    size_px: tuple[int, int],
    *,
    level: float,
    looks: int,
    cell_px: tuple[float, float] = (1.4, 1.4),
    roughness: float,
    quality: int = 75,
) -> Canvas:
    """Start a picture of `size_px` (width, height): speckle on slow relief, of mean `level`."""
    shape, tile = size_px[::-1], speckle_tile(looks, cell_px)
    amplitude = crop(numbers, tile, *shape) * np.float32(level)
    amplitude *= crop(numbers, relief_tile(roughness, 100.0), *shape)
    return Canvas(numbers, amplitude, crop(numbers, tile, *shape), cell_px, level, quality)


def landscape(numbers: np.random.Generator, side_px: int) -> Canvas:
    """Paint countryside of fields and roads, dry and without villages."""
    level, looks = between(numbers, 25, 75), int(numbers.choice((1, 4)))
    canvas = new_canvas(numbers, (side_px, side_px), level=level, looks=looks, roughness=0.35)
    lay_slabs(canvas, between(numbers, 0.0, pi), _FIELDS, _ROADS)
    return canvas


def _slabs(canvas: Canvas, angle: float, kind: Slabs) -> Iterator[tuple[Floats, float]]:
    """Draw slabs of one kind, along `angle` or square to it: corners and level of each."""
    numbers, side_px = canvas.numbers, max(canvas.size_px)
    for _ in range(int(numbers.integers(*kind.number))):
        sides = between(numbers, *kind.long) * side_px, between(numbers, *kind.broad) * side_px
        turn = angle + pi / 2 * int(numbers.integers(2))
        corners = rectangle(*sides, turn, numbers.random(2) * canvas.size_px)
        yield corners, between(numbers, *kind.level)


def lay_slabs(canvas: Canvas, angle: float, *kinds: Slabs) -> None:
    """Change the amplitude of the ground on slabs along `angle` or square to it."""
    image = Image.new("L", canvas.size_px, _LEVELS)
    for corners, level in (slab for kind in kinds for slab in _slabs(canvas, angle, kind)):
        ImageDraw.Draw(image).polygon(corners.ravel().tolist(), fill=int(_LEVELS * level))
    canvas.amplitude *= np.asarray(image).astype(np.float32) / np.float32(_LEVELS)


def build_up(canvas: Canvas, angle: float, kind: Slabs, level: float) -> Mask:
    """Fill slabs with rows of scatterers, on land only, and give the ground they stand on.

    Walls, cranes, fences and lamp rows answer as evenly spaced points on few common directions.
    """
    numbers, image = canvas.numbers, Image.new("1", canvas.size_px)
    for corners, share in _slabs(canvas, angle, kind):
        ImageDraw.Draw(image).polygon(corners.ravel().tolist(), fill=1)
        deep, along = corners[1] - corners[0], corners[3] - corners[0]
        rows = np.arange(0.0, 1.0, 9 / max(9.0, float(np.hypot(*deep))))
        steps = np.arange(0.0, 1.0, 5 / max(5.0, float(np.hypot(*along))))
        loudness = level * share * numbers.lognormal(-0.3, 1.0, (rows.size, steps.size // 6 + 1))
        loudness *= numbers.random(loudness.shape) < between(numbers, 0.05, 0.35)
        loudness = loudness.repeat(6, axis=1)[:, : steps.size].ravel()
        points = corners[0] + (rows[:, None, None] * deep + steps[:, None] * along).reshape(-1, 2)
        points, loudness = points[loudness > 0], loudness[loudness > 0]
        points += numbers.normal(0.0, 0.8, points.shape)
        if canvas.land is not None:
            x, y = np.clip(points, 0, np.array(canvas.size_px) - 1).astype(int).T
            loudness = loudness * canvas.land[y, x]
        canvas.scatter(points, loudness * numbers.lognormal(0.0, 0.8, loudness.size))
    return np.asarray(image)


def build_villages(canvas: Canvas) -> None:
    """Build up a few places on land."""
    build_up(canvas, between(canvas.numbers, 0.0, pi), _VILLAGES, canvas.level)


def distance_to(
    canvas: Canvas, center_px: Point | Floats, heading: float, bend: float, jetties: int = 0
) -> Field:
    """Give how far each pixel lies to the right of a line through a point, in pixels.

    The line swings by a share `bend` of the picture's side, and goes around `jetties`.
    """
    numbers, (width_px, height_px) = canvas.numbers, canvas.size_px
    side_px, reach = max(canvas.size_px), 2 * (width_px + height_px)
    along, swing_px = np.arange(-reach, reach + 1) / side_px, np.zeros(2 * reach + 1)
    for wave in range(1, 8):
        phase = pi * (wave * along + 2 * numbers.random())
        swing_px += between(numbers, 0.0, bend) * side_px / wave * np.sin(phase)
    swing_px -= swing_px[reach]
    for _ in range(jetties):
        start = reach + int(between(numbers, -0.4, 0.4) * side_px)
        swing_px[start : start + int(numbers.integers(3, 14))] += (
            numbers.uniform(0.05, 0.2) * side_px
        )
    c, s = np.float32(cos(heading)), np.float32(sin(heading))
    x = np.arange(width_px, dtype=np.float32) - np.float32(center_px[0])
    y = np.arange(height_px, dtype=np.float32)[:, None] - np.float32(center_px[1])
    return y * c - x * s - swing_px.astype(np.float32)[(x * c + y * s).astype(np.int32) + reach]


def flood(canvas: Canvas, depth: Field, level: float) -> None:
    """Cover land with water of mean amplitude `level` where `depth` is positive, and build it up.

    Embankments and quays face the radar like walls: a brighter line along the water.
    """
    np.copyto(canvas.amplitude, canvas.texture * np.float32(level), where=depth > 0)
    canvas.land = depth <= 0
    line = canvas.land & (depth > -1.5)
    canvas.amplitude[line] *= np.float32(between(canvas.numbers, 1.3, 2.5))
    build_villages(canvas)


def flood_coast(canvas: Canvas, level: float) -> None:
    """Flood the most of a picture: land stays along one side, with bays, headlands and jetties."""
    numbers, heading = canvas.numbers, between(canvas.numbers, 0.0, 2 * pi)
    inland_px = between(numbers, 0.1, 0.3) * min(canvas.size_px)
    center = np.array(canvas.size_px) / 2 + toward(heading - pi / 2, inland_px)
    flood(canvas, distance_to(canvas, center, heading, 0.08, int(numbers.integers(4))), level)
