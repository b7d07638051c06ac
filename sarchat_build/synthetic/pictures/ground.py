"""What targets stand on: land with fields and buildings, shores, rivers, runways."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.canvas import Canvas, Style, new_canvas
from sarchat_build.synthetic.pictures.keyed import Numbers, between, one_in
from sarchat_build.synthetic.pictures.speckle import crop, relief_tile
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, toward

_COUNTRY = (Style(1, 1, (1.4, 1.4), (25, 75)), Style(1, 4, (1.4, 1.4), (25, 75)))
_ROW_PX = 9
# Slabs are drawn in whole gray levels; so many of them per unit of amplitude.
_LEVELS = 16

# Rectangles on the ground: how many, sides as shares of the picture's, relative amplitude.
Slabs: TypeAlias = tuple[
    tuple[int, int], tuple[float, float], tuple[float, float], tuple[float, float]
]
_FIELDS: Slabs = ((6, 16), (0.08, 0.4), (0.08, 0.3), (0.5, 1.7))
_ROADS: Slabs = ((0, 3), (3.0, 3.1), (0.006, 0.015), (0.4, 0.5))
GRASS: Slabs = ((1, 4), (0.2, 0.7), (0.12, 0.4), (1.4, 2.6))
RUNWAYS: Slabs = ((1, 4), (1.5, 2.5), (0.02, 0.05), (0.5, 0.9))


def landscape(numbers: Numbers, side_px: int) -> Canvas:
    """Paint countryside of fields and roads, dry and without buildings."""
    canvas = new_canvas(numbers, (side_px, side_px), _COUNTRY)
    lay_slabs(canvas, between(numbers, 0.0, pi), _FIELDS, _ROADS)
    return canvas


def raise_land(canvas: Canvas, factor: float = 1.0) -> None:
    """Multiply the ground by slow relief of mean `factor`: it is land now."""
    relief = crop(canvas.numbers, relief_tile(), *canvas.amplitude.shape)
    canvas.amplitude *= relief * np.float32(factor)
    canvas.level *= factor


def lay_slabs(canvas: Canvas, angle: float, *kinds: Slabs) -> None:
    """Raise land, and change its amplitude on slabs along `angle` or square to it."""
    raise_land(canvas)
    numbers, image = canvas.numbers, Image.new("L", canvas.size_px, _LEVELS)
    for number, long, broad, levels in kinds:
        for _ in range(int(numbers.integers(*number))):
            length_px, breadth_px = (
                max(canvas.size_px) * between(numbers, *x) for x in (long, broad)
            )
            slab = rectangle(length_px, breadth_px, angle + pi / 2 * one_in(numbers, 2))
            corners = (slab + numbers.random(2) * canvas.size_px).ravel().tolist()
            ImageDraw.Draw(image).polygon(corners, fill=int(_LEVELS * between(numbers, *levels)))
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
        first = reach + int(between(numbers, -0.4, 0.4) * side_px)
        last = first + int(numbers.integers(3, 14))
        shore_px[first:last] += between(numbers, 0.05, 0.2) * side_px
    x = np.arange(canvas.size_px[0], dtype=np.float32) - np.float32(start[0])
    y = np.arange(canvas.size_px[1], dtype=np.float32)[:, None] - np.float32(start[1])
    c, s = np.float32(cos(heading)), np.float32(sin(heading))
    depth = y * c - x * s - shore_px[(x * c + y * s).astype(np.int32) + reach]
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
