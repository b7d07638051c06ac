"""Aircraft on the aprons of airports, and vehicles in lots and on proving grounds."""

from __future__ import annotations

from itertools import chain
from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas, Style, new_canvas
from sarchat_build.synthetic.pictures.keyed import Numbers, between, one_in, weighted
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, toward, turned

_CHIP_PX, _GRID = 128, 4
_SAND = (Style(1, 1, (1.4, 1.4), (22, 45)),)
_AIRCRAFT_PX = (16.0, 170.0)
# What the main lobe of a scatterer adds to the box of an airframe.
_LOBE_PX = 1.5


class AircraftType(NamedTuple):
    """A type as the labels name it, its published number of objects, and its size in meters."""

    name: str
    published: int
    length_m: float
    span_m: float


TYPES = (
    AircraftType("other", 4264, 29, 27),
    AircraftType("A220", 3730, 37, 35),
    AircraftType("Boeing787", 2645, 60, 60),
    AircraftType("Boeing737", 2557, 38, 35),
    AircraftType("A320/321", 1771, 41, 35),
    AircraftType("ARJ21", 1187, 35, 27),
    AircraftType("A330", 309, 61, 60),
)
# Corners of body, wings and tail as shares of length and span.
_BODY = [(0.5, -0.045), (-0.48, -0.045), (-0.48, 0.045), (0.5, 0.045)]
_WING = [(0.14, 0.04), (-0.02, 0.04), (-0.16, 0.5), (-0.09, 0.5)]
_TAIL = [(-0.36, 0.02), (-0.46, 0.02), (-0.48, 0.19), (-0.43, 0.19)]
_FRAME = np.array([*_BODY, *_WING, *_TAIL, *((x, -y) for x, y in _WING + _TAIL)])


class Traffic(NamedTuple):
    """How busy an apron is: mean number after the first, greatest number (0: none), scale."""

    mean_extra: float
    most: int
    px_per_m: tuple[float, float]


def airport_picture(
    numbers: Numbers,
    side_px: int,
    styles: tuple[Style, ...],
    traffic: Traffic,
    *,
    over_edge: bool = False,
) -> Canvas:
    """Paint aircraft on rows of stands; the first leaves the picture if it is to."""
    canvas = new_canvas(numbers, (side_px, side_px), styles)
    angle, level = between(numbers, -pi / 4, pi / 4), between(numbers, *canvas.style.target)
    ground.lay_slabs(canvas, angle, ground.GRASS, ground.RUNWAYS)
    wanted = min(traffic.most, 1 + int(numbers.exponential(traffic.mean_extra)))
    px_per_m = between(numbers, *traffic.px_per_m) * (1 - 0.4 * min(1.0, wanted / 20))
    types = [TYPES[weighted(numbers, [t.published for t in TYPES])] for _ in range(wanted)]
    headings = [angle + pi / 2 * int(numbers.integers(4)), between(numbers, 0.0, 2 * pi)]
    frames = []
    for kind in types:
        spread = 0.5 if kind.name == "other" else 0.06
        size_m = np.array((kind.length_m, kind.span_m)) * between(numbers, 1 - spread, 1 + spread)
        size_px = np.clip(size_m * px_per_m, *_AIRCRAFT_PX)
        frames.append(turned(_FRAME * size_px, headings[one_in(numbers, 3)]))
    # A stand has room for the largest of them, whatever its heading.
    stand_px = 2 * max((float(np.abs(frame).max()) for frame in frames), default=0) + 2 * _LOBE_PX
    stand, step_px = rectangle(stand_px, stand_px, 0.0), toward(angle, stand_px + 4)
    first = [canvas.find_first(frames[0], over_edge=True)] if over_edge else []
    rows = chain(first, canvas.find_rows(wanted - len(first), stand, step_px))
    for kind, frame, center in zip(types, frames, rows, strict=False):
        _paint_aircraft(canvas, frame + center, level * between(numbers, 0.7, 1.3))
        reach = np.vstack([frame - _LOBE_PX, frame + _LOBE_PX])
        canvas.label("aircraft", reach + center, 0.0, kind.name)
    ground.build(canvas, angle, 0.5 * level)
    return canvas


def _paint_aircraft(canvas: Canvas, frame: Floats, level: float) -> None:
    """Paint an airframe: faint skin with scatterers, loud corners where surfaces meet.

    Smooth skin answers only where it faces the radar, so every part draws its own visibility.
    """
    parts = frame.reshape(-1, 4, 2)
    visible = level * canvas.numbers.lognormal(0.0, 0.5, len(parts))
    for part, amplitude in zip(parts, visible.tolist(), strict=True):
        canvas.paint(part, 0.3 * amplitude)
    canvas.sprinkle(parts, max(3, int(np.ptp(frame, axis=0).max() / 8)), 0.4 * visible, 0.45)
    canvas.scatter(frame, 0.7 * level * canvas.numbers.lognormal(0.0, 0.7, len(frame)), 5)


def parking_picture(numbers: Numbers, side_px: int, wanted: int) -> Canvas:
    """Paint up to `wanted` vehicles, at least one, in rows of lots and along roads."""
    canvas, look_angle = ground.landscape(numbers, side_px), between(numbers, 0.0, 2 * pi)
    length_px, heading = between(numbers, 22, 40), between(numbers, 0.0, pi)
    breadth_px = length_px * between(numbers, 0.4, 0.5)
    step_px = toward(heading + pi / 2, breadth_px * between(numbers, 1.5, 2.2) + 4)
    vehicle = rectangle(length_px, breadth_px, heading)
    for center in canvas.find_rows(wanted, vehicle, step_px):
        _add_vehicle(canvas, vehicle + center, heading, look_angle)
    ground.build(canvas, heading, canvas.level)
    return canvas


def proving_ground_picture(numbers: Numbers) -> Canvas:
    """Paint sixteen chips with one vehicle each, joined to a 4 × 4 grid of 512 × 512 pixels."""
    canvas = new_canvas(numbers, (_GRID * _CHIP_PX, _GRID * _CHIP_PX), _SAND)
    length_px = between(numbers, 30, 42)
    for row, column in np.ndindex(_GRID, _GRID):
        x0, y0 = column * _CHIP_PX, row * _CHIP_PX
        chip = canvas.amplitude[y0 : y0 + _CHIP_PX, x0 : x0 + _CHIP_PX]
        chip *= np.float32(between(numbers, 0.75, 1.3))
        middle, heading = np.array((x0, y0)) + _CHIP_PX / 2, between(numbers, 0.0, 2 * pi)
        vehicle = rectangle(length_px, length_px * between(numbers, 0.45, 0.55), heading)
        # The radar of such chips always looks down the picture.
        _add_vehicle(canvas, vehicle + middle + numbers.normal(0.0, 3.0, 2), heading, pi / 2)
    return canvas


def _add_vehicle(canvas: Canvas, body: Floats, heading: float, look_angle: float) -> None:
    """Paint shadow, body, and corners, most of them on the side that the radar sees."""
    numbers, level, center = canvas.numbers, canvas.level, body.mean(axis=0)
    length_px, breadth_px = np.hypot(*(body[0] - body[1])), np.hypot(*(body[3] - body[0]))
    canvas.scale(body + toward(look_angle, 0.85 * breadth_px), 0.15)
    canvas.paint(body, level * between(numbers, 1.6, 2.6))
    canvas.sprinkle(body, 4 + int(length_px / 8), 1.2 * level)
    # The near edge: the two corners closest to the radar.
    near = body[np.argsort(body @ toward(look_angle), kind="stable")[[0, 1, 1, 0]]]
    canvas.sprinkle(0.9 * near + 0.1 * center, 4 + int(length_px / 8), 2.5 * level)
    canvas.label("car", body, heading)
