"""Aircraft: where an airframe answers the radar, and its box from those same answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sarchat_build.synthetic.pictures.scene import (
    Floats,
    add_points,
    extent_of,
    point_response,
    turned,
)
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.types import Box

_RESPONSE_REACH_PX = 5


@dataclass(frozen=True, slots=True)
class AircraftType:
    """A type as the labels name it, its published number of objects, and its size in meters."""

    name: str
    published: int
    length_m: tuple[float, float]
    span_m: tuple[float, float]


TYPES = (
    AircraftType("other", 4264, (14, 44), (13, 40)),
    AircraftType("A220", 3730, (35, 39), (35, 35)),
    AircraftType("Boeing787", 2645, (57, 63), (60, 60)),
    AircraftType("Boeing737", 2557, (34, 42), (34, 36)),
    AircraftType("A320/321", 1771, (38, 45), (34, 36)),
    AircraftType("ARJ21", 1187, (33, 37), (27, 28)),
    AircraftType("A330", 309, (59, 64), (60, 60)),
)


@dataclass(frozen=True, slots=True)
class Airframe:
    """Point scatterers around (0, 0) in pixels, and their amplitudes relative to the apron."""

    points: Floats
    loudness: Floats


def airframe(
    numbers: np.random.Generator, length_px: float, span_px: float, heading: float
) -> Airframe:
    """Build one airframe: fuselage, engines, leading edges of wings and tailplane, fin.

    Corners between surfaces (engines, wing roots, fin) answer loudly and steadily; smooth skin
    answers only where it faces the radar, so every part draws its own visibility.
    """
    parts: list[Floats] = []
    levels: list[Floats] = []

    def part(x: Floats, y: Floats, level: float, spread: float) -> None:
        parts.append(np.stack([x * length_px, y * span_px], axis=1))
        visible = level * numbers.lognormal(0.0, spread)
        levels.append(visible * numbers.lognormal(0.0, 0.45, x.size))

    dense = max(4, int(length_px / 9))
    fuselage = np.linspace(-0.48, 0.46, dense)
    part(fuselage, numbers.normal(0, 0.008, dense), 0.45, 0.5)
    part(np.array([0.5, 0.47]), np.zeros(2), 0.9, 0.4)
    wing = np.linspace(0.08, 0.5, max(3, int(span_px / 14)))
    for side in (-1.0, 1.0):
        part(0.14 - 0.5 * wing, side * wing, 0.4, 0.7)
        part(np.array([0.14, 0.08, 0.05]), side * np.array([0.16, 0.16, 0.15]), 1.6, 0.5)
        part(np.array([0.04, -0.06]), side * np.array([0.06, 0.06]), 1.1, 0.6)
        part(np.array([-0.40, -0.45]), side * np.array([0.08, 0.17]), 0.6, 0.6)
    part(np.array([-0.5, -0.44, -0.40]), np.zeros(3), 1.4, 0.5)
    tips = np.array([[0.5, 0.0], [-0.5, 0.0], [-0.11, -0.5], [-0.11, 0.5]])
    parts.append(tips * (length_px, span_px))
    levels.append(np.full(4, 0.7))
    return Airframe(turned(np.concatenate(parts), heading), np.concatenate(levels))


def extent_px(frame: Airframe, cell_px: tuple[float, float]) -> Box:
    """Give the box around the main lobes (one resolution cell wide) of all scatterers."""
    box = extent_of(frame.points)
    half_x, half_y = cell_px[0] / 2, cell_px[1] / 2
    return Box(
        box.x_min_px - half_x, box.y_min_px - half_y, box.x_max_px + half_x, box.y_max_px + half_y
    )


def paint_aircraft(
    canvas: Field,
    frame: Airframe,
    center_px: tuple[float, float],
    *,
    level: float,
    cell_px: tuple[float, float],
) -> None:
    """Add an airframe to the canvas; `level` is the amplitude of a scatterer of loudness 1."""
    response = point_response(*cell_px, _RESPONSE_REACH_PX)
    x, y = frame.points[:, 0] + center_px[0], frame.points[:, 1] + center_px[1]
    add_points(canvas, x, y, frame.loudness * level, response)
