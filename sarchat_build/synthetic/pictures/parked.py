"""Aircraft on the aprons of airports, and vehicles in lots and on proving grounds."""

from __future__ import annotations

from itertools import chain
from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas, Mask
from sarchat_build.synthetic.pictures.keyed import between, one_in, weighted
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, target_of, toward, turned

_CHIP_PX, _GRID = 128, 4
_AIRCRAFT_PX = (16.0, 170.0)
# What the main lobe of a scatterer adds to the box of an airframe.
_LOBE_PX = 1.5


class AircraftType(NamedTuple):
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
# Corners of an airframe as shares of length and span, in fours, counterclockwise as seen.
_BODY = [(0.5, -0.045), (-0.48, -0.045), (-0.48, 0.045), (0.5, 0.045)]
_WING = [(0.14, 0.04), (-0.02, 0.04), (-0.16, 0.5), (-0.09, 0.5)]
_TAIL = [(-0.36, 0.02), (-0.46, 0.02), (-0.48, 0.19), (-0.43, 0.19)]
_OTHERS = [(x, -y) for part in (_WING, _TAIL) for x, y in part[::-1]]
_FRAME = np.array([*_BODY, *_WING, *_TAIL, *_OTHERS])


class Product(NamedTuple):
    """One radar's rendering: gray of the darkest ground, saturation, apron, target, JPEG quality.

    Range and azimuth cells differ: point answers are upright or lying, the same in a picture.
    """

    floor: float
    ceiling: int
    apron: tuple[float, float]
    target: tuple[float, float]
    quality: int
    cells_px: tuple[tuple[float, float], tuple[float, float]] = ((1.6, 2.8), (2.6, 1.6))


class Traffic(NamedTuple):
    """How busy an apron is: mean number after the first, greatest number (0: none), scale."""

    mean_extra: float
    most: int
    px_per_m: tuple[float, float]


def airport_picture(
    numbers: np.random.Generator,
    side_px: int,
    products: tuple[Product, ...],
    traffic: Traffic,
    *,
    first_over_edge: tuple[float, float] | None = None,
) -> Canvas:
    """Paint a square picture of an airport.

    The first aircraft leaves it by a share of itself within `first_over_edge`, if that is given.
    """
    product = products[int(numbers.integers(len(products)))]
    angle, level = between(numbers, -pi / 4, pi / 4), between(numbers, *product.target)
    canvas = ground.new_canvas(
        numbers,
        (side_px, side_px),
        level=between(numbers, *product.apron),
        looks=1,
        cell_px=product.cells_px[one_in(numbers, 3)],
        roughness=0.25,
        quality=product.quality,
    )
    ground.lay_slabs(canvas, angle, ground.GRASS, ground.RUNWAYS)
    built = ground.build_up(canvas, angle, ground.TERMINALS, level)
    _park_aircraft(canvas, traffic, angle, level, built, first_over_edge)
    canvas.amplitude += np.float32(product.floor)
    np.minimum(canvas.amplitude, np.float32(product.ceiling), out=canvas.amplitude)
    return canvas


def _park_aircraft(
    canvas: Canvas,
    traffic: Traffic,
    angle: float,
    level: float,
    built: Mask,
    first_over_edge: tuple[float, float] | None,
) -> None:
    """Park aircraft on rows of stands, the first over an edge if it is to leave the picture."""
    numbers = canvas.numbers
    wanted = min(traffic.most, 1 + int(numbers.exponential(traffic.mean_extra)))
    px_per_m = between(numbers, *traffic.px_per_m) * (1 - 0.4 * min(1.0, wanted / 20))
    types = [TYPES[weighted(numbers, [t.published for t in TYPES])] for _ in range(wanted)]
    sides_m = [(between(numbers, *t.length_m), between(numbers, *t.span_m)) for t in types]
    sides_px = np.clip(np.array(sides_m) * px_per_m, *_AIRCRAFT_PX)
    headings = [angle + pi / 2 * int(numbers.integers(4)), between(numbers, 0.0, 2 * pi)]
    frames = [turned(_FRAME * sides, headings[one_in(numbers, 3)]) for sides in sides_px]
    reaches = [np.vstack([frame - _LOBE_PX, frame + _LOBE_PX]) for frame in frames]
    first = [] if first_over_edge is None else [canvas.over_edge(reaches[0], first_over_edge)]
    # A stand has room for the largest of them, whatever its heading.
    side_px = 2 * max(float(np.abs(reach).max()) for reach in reaches) if reaches else 0.0
    stand, step_px = rectangle(side_px, side_px, 0.0), toward(angle, side_px + 4)
    rows = canvas.find_rows(wanted - len(first), stand, step_px, built)
    for center, frame, reach, kind in zip(chain(first, rows), frames, reaches, types, strict=False):
        _paint_aircraft(canvas, frame + center, level * between(numbers, 0.7, 1.3))
        canvas.targets.append(target_of("aircraft", reach + center, 0.0, kind.name))


def _paint_aircraft(canvas: Canvas, frame: Floats, level: float) -> None:
    """Paint an airframe: faint skin with scatterers, loud corners where surfaces meet.

    `level` is the amplitude of a scatterer of loudness 1. Smooth skin answers only where it faces
    the radar, so every part draws its own visibility.
    """
    parts = frame.reshape(-1, 4, 2)
    visible = level * canvas.numbers.lognormal(0.0, 0.5, len(parts))
    for part, amplitude in zip(parts, visible.tolist(), strict=True):
        canvas.paint(part, 0.3 * amplitude)
    canvas.sprinkle(parts, max(3, int(np.ptp(frame, axis=0).max() / 8)), 0.4 * visible, 0.45)
    canvas.scatter(frame, 0.7 * level * canvas.numbers.lognormal(0.0, 0.7, len(frame)), 5)


def parking_picture(numbers: np.random.Generator, side_px: int, wanted: int) -> Canvas:
    """Paint up to `wanted` vehicles, at least one, in rows of lots and along roads."""
    canvas = ground.landscape(numbers, side_px)
    ground.build_villages(canvas)
    look_angle = between(numbers, 0.0, 2 * pi)
    length_px = between(numbers, 22, 40)
    breadth_px, heading = length_px * between(numbers, 0.4, 0.5), between(numbers, 0.0, pi)
    step_px = toward(heading + pi / 2, breadth_px * between(numbers, 1.5, 2.2) + 4)
    vehicle = rectangle(length_px, breadth_px, heading)
    for center in canvas.find_rows(wanted, vehicle, step_px):
        _add_vehicle(canvas, vehicle + center, heading, look_angle)
    return canvas


def proving_ground_picture(numbers: np.random.Generator) -> Canvas:
    """Paint sixteen chips with one vehicle each, joined to a 4 × 4 grid of 512 × 512 pixels."""
    size_px, level = (_GRID * _CHIP_PX, _GRID * _CHIP_PX), between(numbers, 22, 45)
    canvas = ground.new_canvas(numbers, size_px, level=level, looks=1, roughness=0.05)
    length_px = between(numbers, 30, 42)
    for row, column in np.ndindex(_GRID, _GRID):
        x0, y0 = column * _CHIP_PX, row * _CHIP_PX
        chip = canvas.amplitude[y0 : y0 + _CHIP_PX, x0 : x0 + _CHIP_PX]
        chip *= np.float32(between(numbers, 0.75, 1.3))
        heading, breadth_px = (
            between(numbers, 0.0, 2 * pi),
            length_px * between(numbers, 0.45, 0.55),
        )
        center = np.array((x0, y0)) + _CHIP_PX / 2 + numbers.normal(0.0, 3.0, 2)
        # The radar of such chips always looks down the picture.
        _add_vehicle(canvas, rectangle(length_px, breadth_px, heading, center), heading, pi / 2)
    return canvas


def _add_vehicle(canvas: Canvas, body: Floats, heading: float, look_angle: float) -> None:
    """Paint shadow, body, and corners, most of them on the side that the radar sees."""
    numbers, level = canvas.numbers, canvas.level
    length_px, breadth_px = np.hypot(*(body[0] - body[1])), np.hypot(*(body[3] - body[0]))
    for share in (0.6, 1.2):
        canvas.shade(body + toward(look_angle, share * breadth_px), 0.3)
    canvas.paint(body, level * between(numbers, 1.6, 2.6), 2.0)
    canvas.sprinkle(body, 4 + int(length_px / 8), 1.2 * level)
    # The near edge: the two corners closest to the radar.
    near = body[np.argsort(body @ toward(look_angle), kind="stable")[[0, 1, 1, 0]]]
    canvas.sprinkle(0.9 * near + 0.1 * body.mean(axis=0), 4 + int(length_px / 8), 2.5 * level)
    canvas.targets.append(target_of("car", body, heading))
