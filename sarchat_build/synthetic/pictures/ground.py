"""What targets stand on: sea, land with fields and villages, shores, rivers, airports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.canvas import Canvas, Mask
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.speckle import TILE_PX, Field, crop, relief_tile, speckle_tile
from sarchat_build.synthetic.pictures.targets import Floats, Point, rectangle

# Slabs are drawn in whole gray levels; sixteen of them per unit of amplitude.
_LEVELS = 16


class Slabs(NamedTuple):
    """Rectangles on the ground: how many, sides as shares of the picture's, relative amplitude."""

    number: tuple[int, int]
    long: tuple[float, float]
    broad: tuple[float, float]
    level: tuple[float, float]


COUNTRYSIDE = (
    Slabs((6, 16), (0.08, 0.4), (0.08, 0.3), (0.5, 1.7)),  # fields
    Slabs((0, 3), (3.0, 3.1), (0.006, 0.015), (0.4, 0.5)),  # roads
)
AIRPORT = (
    Slabs((1, 4), (0.2, 0.7), (0.12, 0.4), (1.4, 2.6)),  # grass
    Slabs((1, 4), (1.5, 2.5), (0.02, 0.05), (0.5, 0.9)),  # runways
)
VILLAGES = Slabs((1, 5), (0.08, 0.4), (0.05, 0.25), (0.6, 1.2))
TERMINALS = Slabs((1, 4), (0.15, 0.6), (0.05, 0.2), (1.0, 1.0))


def new_canvas(
    numbers: np.random.Generator,
    size_px: tuple[int, int],
    *,
    level: float,
    looks: int,
    cell_px: tuple[float, float],
    roughness: float,
    quality: int = 75,
) -> Canvas:
    """Start a picture of `size_px` (width, height): speckle on slow relief, of mean `level`."""
    width_px, height_px = size_px
    tile = speckle_tile(looks, cell_px)
    amplitude = crop(numbers, tile, height_px, width_px) * np.float32(level)
    texture = crop(numbers, tile, height_px, width_px)
    canvas = Canvas(numbers, amplitude, texture, cell_px, level, quality)
    canvas.amplitude *= relief(canvas, roughness, 120.0)
    return canvas


def relief(canvas: Canvas, roughness: float, scale_px: float) -> Field:
    """Give slow reflectivity for a whole picture, enlarged where it is larger than the tile."""
    factor = -(-max(canvas.width_px, canvas.height_px) // TILE_PX)
    height_px, width_px = -(-canvas.height_px // factor), -(-canvas.width_px // factor)
    small = crop(canvas.numbers, relief_tile(roughness, scale_px), height_px, width_px)
    large = small.repeat(factor, axis=0).repeat(factor, axis=1)
    return large[: canvas.height_px, : canvas.width_px]


def landscape(numbers: np.random.Generator, side_px: int) -> Canvas:
    """Paint countryside of fields and roads, without villages: see `build_up`."""
    looks = int(numbers.choice((1, 4)))
    level = between(numbers, 25, 75)
    canvas = new_canvas(
        numbers, (side_px, side_px), level=level, looks=looks, cell_px=(1.4, 1.4), roughness=0.35
    )
    lay_slabs(canvas, COUNTRYSIDE, between(numbers, 0.0, pi))
    return canvas


def build_villages(canvas: Canvas) -> None:
    """Build up a few places on land."""
    angle, density = between(canvas.numbers, 0.0, pi), between(canvas.numbers, 0.3, 3.0)
    build_up(canvas, VILLAGES, angle, per_1000_px=density, level=canvas.level)


def lay_slabs(canvas: Canvas, kinds: Sequence[Slabs], angle: float) -> None:
    """Change the amplitude of the ground on slabs along `angle` or square to it."""
    image = Image.new("L", (canvas.width_px, canvas.height_px), _LEVELS)
    for kind in kinds:
        for slab in corners_of(canvas, kind, angle):
            level = int(_LEVELS * between(canvas.numbers, *kind.level))
            ImageDraw.Draw(image).polygon(slab.ravel().tolist(), fill=level)
    canvas.amplitude *= np.asarray(image).astype(np.float32) / np.float32(_LEVELS)


def corners_of(canvas: Canvas, kind: Slabs, angle: float) -> list[Floats]:
    """Draw the slabs of one kind: the corners of each."""
    numbers, side_px = canvas.numbers, max(canvas.width_px, canvas.height_px)
    return [
        rectangle(
            between(numbers, *kind.long) * side_px,
            between(numbers, *kind.broad) * side_px,
            angle + pi / 2 * int(numbers.integers(2)),
            (float(numbers.random()) * canvas.width_px, float(numbers.random()) * canvas.height_px),
        )
        for _ in range(int(numbers.integers(*kind.number)))
    ]


def build_up(
    canvas: Canvas, kind: Slabs, angle: float, *, per_1000_px: float, level: float
) -> Mask:
    """Fill slabs with strings of scatterers, on land only, and give the ground they stand on.

    Walls, cranes, fences and lamp rows answer as evenly spaced points on few common directions.
    """
    image = Image.new("1", (canvas.width_px, canvas.height_px))
    for slab in corners_of(canvas, kind, angle):
        ImageDraw.Draw(image).polygon(slab.ravel().tolist(), fill=1)
        origin, along, deep = slab[0], slab[1] - slab[0], slab[3] - slab[0]
        area_px2 = float(np.hypot(*along) * np.hypot(*deep))
        shares = canvas.numbers.random((int(area_px2 * per_1000_px / 1000) + 1, 2))
        starts = origin + shares[:, :1] * along + shares[:, 1:] * deep
        points, loudness = strings(canvas.numbers, starts, angle, 4.0)
        if canvas.land is not None:
            x, y = np.clip(points, 0, (canvas.width_px - 1, canvas.height_px - 1)).astype(int).T
            loudness = loudness * canvas.land[y, x]
        canvas.scatter(points, loudness * (level * between(canvas.numbers, *kind.level)))
    return np.asarray(image)


def strings(
    numbers: np.random.Generator, starts: Floats, angle: float, spacing_px: float
) -> tuple[Floats, Floats]:
    """Give points and relative amplitudes of strings along `angle` or square to it."""
    lengths = numbers.integers(2, 13, len(starts))
    string = np.repeat(np.arange(len(starts)), lengths)
    step = np.arange(string.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    turn = angle + (numbers.random(len(starts)) < 0.35)[string] * (pi / 2)
    out_px = step * (spacing_px * (0.4 + 1.1 * numbers.random(len(starts))))[string]
    points = starts[string] + np.stack([np.cos(turn), np.sin(turn)], axis=1) * out_px[:, None]
    loudness = numbers.lognormal(-0.3, 1.0, len(starts))[string]
    points += numbers.normal(0.0, 0.12 * spacing_px, points.shape)
    return points, loudness * numbers.lognormal(0.0, 0.8, string.size)


@dataclass(frozen=True, slots=True)
class Course:
    """A shore or the middle of a river: a line through `center_px` along `heading` with bends.

    `bends_px` is how far it lies to the right of the straight line, pixel by pixel along it.
    """

    center_px: Point
    heading: float
    bends_px: Floats

    def point(self, along_px: float, right_px: float = 0.0) -> Point:
        """Give the point `along_px` from the center and `right_px` to the right of the line."""
        right_px += float(self.bends_px[int(along_px) + len(self.bends_px) // 2])
        x, y = self.center_px
        c, s = cos(self.heading), sin(self.heading)
        return x + along_px * c - right_px * s, y + along_px * s + right_px * c

    def heading_at(self, along_px: float) -> float:
        """Give the direction of the line `along_px` from the center."""
        (x0, y0), (x1, y1) = self.point(along_px - 2), self.point(along_px + 2)
        return float(np.arctan2(y1 - y0, x1 - x0))

    def distance(self, canvas: Canvas) -> Field:
        """Give how far right of the line each pixel lies, in pixels across its general course."""
        x = np.arange(canvas.width_px, dtype=np.float32) - np.float32(self.center_px[0])
        y = np.arange(canvas.height_px, dtype=np.float32)[:, None] - np.float32(self.center_px[1])
        c, s = np.float32(cos(self.heading)), np.float32(sin(self.heading))
        along = (x * c + y * s).astype(np.int32) + len(self.bends_px) // 2
        return y * c - x * s - self.bends_px.astype(np.float32)[along]


def course(
    canvas: Canvas, center_px: Point, heading: float, *, bend: float = 0.0, jetties: int = 0
) -> Course:
    """Draw a line whose bends are a share `bend` of the picture's side, with `jetties` on it."""
    numbers, reach = canvas.numbers, 2 * (canvas.width_px + canvas.height_px)
    along, side_px = np.arange(-reach, reach + 1), max(canvas.width_px, canvas.height_px)
    bends = np.zeros(along.size)
    for wave in range(1, 8):
        swing_px = between(numbers, 0.0, bend) * side_px / wave
        bends += swing_px * np.sin(2 * pi * (wave * along / side_px / 2 + numbers.random()))
    bends -= bends[reach]
    for _ in range(jetties):
        start = reach + int(between(numbers, -0.4, 0.4) * side_px)
        bends[start : start + int(between(numbers, 3, 14))] += between(numbers, 0.05, 0.2) * side_px
    return Course(center_px, heading, bends)


def flood(canvas: Canvas, depth: Field) -> None:
    """Cover the land with dark water where `depth` is positive, and build villages on the rest."""
    numbers = canvas.numbers
    water = canvas.texture * np.float32(canvas.level * between(numbers, 0.1, 0.3))
    np.copyto(canvas.amplitude, water, where=depth > 0)
    canvas.land = depth <= 0
    shore(canvas, depth)


def shore(canvas: Canvas, distance: Field) -> None:
    """Brighten a line on land along the water: embankments and quays face the radar like walls."""
    line = (distance > -1.5) & (distance <= 0)
    grain = between(canvas.numbers, 1.2, 2.5) * canvas.texture
    canvas.amplitude[line] *= (0.6 + grain)[line]
