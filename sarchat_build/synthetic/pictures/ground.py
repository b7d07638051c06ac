"""What targets stand on: sea, land with fields and buildings, shores, rivers, airports."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import between, one_in
from sarchat_build.synthetic.pictures.speckle import crop, relief_tile, speckle_tile
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, toward

# Slabs are drawn in whole gray levels; so many of them per unit of amplitude.
_LEVELS = 16
_ROW_PX = 9


class Slabs(NamedTuple):
    """Rectangles on the ground: how many, sides as shares of the picture's, relative amplitude."""

    number: tuple[int, int]
    long: tuple[float, float]
    broad: tuple[float, float]
    level: tuple[float, float]


_FIELDS = Slabs((6, 16), (0.08, 0.4), (0.08, 0.3), (0.5, 1.7))
_ROADS = Slabs((0, 3), (3.0, 3.1), (0.006, 0.015), (0.4, 0.5))
GRASS = Slabs((1, 4), (0.2, 0.7), (0.12, 0.4), (1.4, 2.6))
RUNWAYS = Slabs((1, 4), (1.5, 2.5), (0.02, 0.05), (0.5, 0.9))


def new_canvas(
    numbers: np.random.Generator,
    size_px: tuple[int, int],
    *,
    level: float,
    looks: int = 1,
    cell_px: tuple[float, float] = (1.4, 1.4),
    roughness: float,
    quality: int = 75,
) -> Canvas:
    """Start a picture of `size_px` (width, height): speckle on slow relief, of mean `level`."""
    shape, tile = size_px[::-1], speckle_tile(looks, cell_px)
    amplitude = crop(numbers, tile, *shape) * np.float32(level)
    amplitude *= crop(numbers, relief_tile(roughness), *shape)
    return Canvas(numbers, amplitude, crop(numbers, tile, *shape), cell_px, level, quality)


def landscape(numbers: np.random.Generator, side_px: int) -> Canvas:
    """Paint countryside of fields and roads, dry and without buildings."""
    level, looks = between(numbers, 25, 75), 1 + 3 * one_in(numbers, 2)
    canvas = new_canvas(numbers, (side_px, side_px), level=level, looks=looks, roughness=0.35)
    lay_slabs(canvas, between(numbers, 0.0, pi), _FIELDS, _ROADS)
    return canvas


def lay_slabs(canvas: Canvas, angle: float, *kinds: Slabs) -> None:
    """Change the amplitude of the ground on slabs along `angle` or square to it."""
    numbers, side_px = canvas.numbers, max(canvas.size_px)
    image = Image.new("L", canvas.size_px, _LEVELS)
    for kind in kinds:
        for _ in range(int(numbers.integers(*kind.number))):
            sides_px = (side_px * between(numbers, *share) for share in (kind.long, kind.broad))
            slab = rectangle(*sides_px, angle + pi / 2 * one_in(numbers, 2))
            corners = (slab + numbers.random(2) * canvas.size_px).ravel().tolist()
            level = int(_LEVELS * between(numbers, *kind.level))
            ImageDraw.Draw(image).polygon(corners, fill=level)
    canvas.amplitude *= np.asarray(image) / np.float32(_LEVELS)


def build(canvas: Canvas, angle: float, level: float) -> None:
    """Put up to six blocks of buildings where no target stands: rows of scatterers along `angle`.

    Walls, cranes and lamp rows answer as loud points on few common directions.
    """
    numbers, side_px = canvas.numbers, min(canvas.size_px)
    for _ in range(int(numbers.integers(1, 7))):
        turn, length_px = angle + pi / 2 * one_in(numbers, 2), side_px * between(numbers, 0.06, 0.4)
        aside = np.arange(int(numbers.integers(1, 7)))[:, None, None] * toward(turn + pi / 2)
        rows = rectangle(length_px, 2.0, turn) + _ROW_PX * aside
        center = canvas.find(rows.reshape(-1, 2), tries=4)
        if center is not None:
            loudness = level * numbers.lognormal(-0.3, 0.7, len(rows))
            canvas.sprinkle(rows + center, 1 + int(length_px / 8), loudness, 1.0)


def flood(
    canvas: Canvas,
    start: Floats,
    heading: float,
    level: float,
    *,
    width_px: float | None = None,
    bend: float = 0.012,
    jetties: int = 0,
) -> Callable[[float], Floats]:
    """Cover land with water of mean amplitude `level`, and give the points of the line it follows.

    The line runs through `start` along `heading` and swings by a share `bend` of the picture's
    side. Water lies to its right, around `jetties`; or, as a river of `width_px`, on both sides.
    The points are given by their distance from `start` along `heading`, in pixels.
    """
    numbers, side_px, reach = canvas.numbers, max(canvas.size_px), 2 * sum(canvas.size_px)
    wave, along = np.arange(1, 8)[:, None], np.arange(-reach, reach + 1) / side_px
    phase, size_px = 2 * pi * numbers.random((7, 1)), bend * side_px * numbers.random((7, 1))
    swing_px = (size_px / wave * np.sin(pi * wave * along + phase)).sum(axis=0)
    swing_px -= swing_px[reach]
    shore_px = swing_px.astype(np.float32)
    for _ in range(jetties):
        at = reach + int(between(numbers, -0.4, 0.4) * side_px)
        shore_px[at : at + int(numbers.integers(3, 14))] += between(numbers, 0.05, 0.2) * side_px
    x, y = (
        np.arange(size, dtype=np.float32) - np.float32(first)
        for size, first in zip(canvas.size_px, start, strict=True)
    )
    c, s, down = np.float32(cos(heading)), np.float32(sin(heading)), y[:, None]
    depth = down * c - x * s - shore_px[(x * c + down * s).astype(np.int32) + reach]
    if width_px is not None:
        depth = np.float32(width_px / 2) - np.abs(depth)
    np.copyto(canvas.amplitude, canvas.texture * np.float32(level), where=depth > 0)
    canvas.land = depth <= 0
    # Embankments and quays face the radar like walls: a brighter line along the water.
    canvas.amplitude[canvas.land & (depth > -1.5)] *= np.float32(between(numbers, 1.3, 2.5))

    def at_distance(along_px: float) -> Floats:
        aside_px = float(swing_px[reach + round(along_px)])
        return start + toward(heading, along_px) + toward(heading + pi / 2, aside_px)

    return at_distance


def flood_coast(canvas: Canvas, level: float) -> None:
    """Build on land and flood the most of it: one side stays, with bays, headlands and jetties."""
    numbers, heading = canvas.numbers, between(canvas.numbers, 0.0, 2 * pi)
    build(canvas, heading, canvas.level)
    inland_px = between(numbers, 0.1, 0.3) * min(canvas.size_px)
    start = np.array(canvas.size_px) / 2 + toward(heading - pi / 2, inland_px)
    flood(canvas, start, heading, level, bend=0.08, jetties=int(numbers.integers(4)))
