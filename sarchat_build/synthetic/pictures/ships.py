"""Ships: the outline of a hull, and how a radar shows it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, floor, pi, sin

import numpy as np

from sarchat_build.synthetic.pictures.outline import inner_depth
from sarchat_build.synthetic.pictures.scene import (
    Floats,
    add_points,
    extent_of,
    point_response,
    turned,
)
from sarchat_build.synthetic.pictures.speckle import Field

_CROSS_REACH_PX = 28
_DECKS = 8


@dataclass(frozen=True, slots=True)
class Ship:
    """A ship around its center; `heading` in radians clockwise from +x, exponents shape the ends.

    A half breadth of (1 - |2u|**p) makes the outline convex for p ≥ 1; a large p is a square end.
    """

    length_px: float
    beam_px: float
    heading: float
    bow: float
    stern: float

    def outline(self) -> Floats:
        """Give the hull's corners (n, 2) around (0, 0), counterclockwise as seen with y down."""
        count = 4 + min(7, int(self.length_px) // 14)
        along = 0.5 * np.cos(np.linspace(0.0, pi, count))
        sharpness = np.where(along > 0, self.bow, self.stern)
        half = 0.5 * self.beam_px * (1 - np.abs(2 * along) ** sharpness)
        port = np.stack([along * self.length_px, -half], axis=1)
        starboard = np.stack([along * self.length_px, half], axis=1)[-2:0:-1]
        return turned(np.concatenate([port, starboard]), self.heading)


def paint_ship(
    canvas: Field,
    numbers: np.random.Generator,
    ship: Ship,
    center_px: tuple[float, float],
    *,
    level: float,
    cell_px: tuple[float, float],
    texture: Field,
    sidelobes: float,
) -> None:
    """Paint a ship: a speckled hull, scatterers along it, a loud superstructure with its cross.

    `level` is the hull's mean amplitude, `texture` unit-mean speckle of the canvas' size,
    `sidelobes` the amplitude of the loudest scatterer relative to the hull (0: none).
    """
    outline = ship.outline() + np.array(center_px)
    height_px, width_px = canvas.shape
    extent = extent_of(outline)
    x0, y0 = max(0, floor(extent.x_min_px) - 1), max(0, floor(extent.y_min_px) - 1)
    x1, y1 = min(width_px, floor(extent.x_max_px) + 2), min(height_px, floor(extent.y_max_px) + 2)
    depth = inner_depth(outline, x0, y0, x1 - x0, y1 - y0)
    # The edge of a ship is ragged: its skin slopes away, so the echo fades toward the outline.
    hull = np.clip((depth + 0.5) / (0.8 + 0.16 * ship.beam_px), 0.0, 1.0)
    hull *= level * _relief(numbers, ship, center_px, (x0, y0, x1, y1))
    # Decks are rougher than the sea: the square widens the spread of the looks.
    painted = (hull * (0.15 + 0.85 * texture[y0:y1, x0:x1] ** 2)).astype(np.float32)
    canvas[y0:y1, x0:x1] = np.maximum(canvas[y0:y1, x0:x1], painted)
    _add_scatterers(canvas, numbers, ship, center_px, level, cell_px, sidelobes)


def _relief(
    numbers: np.random.Generator,
    ship: Ship,
    center_px: tuple[float, float],
    window: tuple[int, int, int, int],
) -> Floats:
    """Vary the hull's level: decks, holds and cranes along it, one side facing the radar."""
    x0, y0, x1, y1 = window
    dx = (np.arange(x0, x1) + 0.5 - center_px[0])[None, :]
    dy = (np.arange(y0, y1) + 0.5 - center_px[1])[:, None]
    along = (dx * cos(ship.heading) + dy * sin(ship.heading)) / ship.length_px
    across = (dy * cos(ship.heading) - dx * sin(ship.heading)) / ship.beam_px
    knots = numbers.lognormal(0.0, 0.45, _DECKS)
    decks = np.interp(along, np.linspace(-0.5, 0.5, _DECKS), knots)
    facing: Floats = decks * (1 + 2 * numbers.uniform(-0.6, 0.6) * across)
    return facing


def _add_scatterers(
    canvas: Field,
    numbers: np.random.Generator,
    ship: Ship,
    center_px: tuple[float, float],
    level: float,
    cell_px: tuple[float, float],
    sidelobes: float,
) -> None:
    """Add corners and edges as points, most of them in the superstructure, two with a cross."""
    count = 5 + int(0.4 * ship.length_px)
    along = numbers.uniform(-0.44, 0.44, count)
    side = numbers.uniform(-0.8, 0.8, count) * 0.5 * (1 - np.abs(2 * along) ** 2)
    loudness = 0.8 * numbers.lognormal(0.0, 0.9, count)
    bridge = max(2, count // 5)
    along[:bridge] = numbers.choice((-0.33, -0.33, 0.3, 0.0)) + numbers.normal(0, 0.03, bridge)
    loudness[:bridge] *= 2.0
    places = turned(np.stack([along * ship.length_px, side * ship.beam_px], axis=1), ship.heading)
    x, y = places[:, 0] + center_px[0], places[:, 1] + center_px[1]
    add_points(canvas, x, y, loudness * level, point_response(*cell_px, 3))
    if sidelobes > 0:
        cross = point_response(*cell_px, _CROSS_REACH_PX)
        add_points(canvas, x[:2], y[:2], np.full(2, sidelobes * level), cross)
