"""Aircraft on the aprons of airports, and vehicles in lots and on proving grounds."""

from __future__ import annotations

from math import cos, pi, sin
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas, Mask, moved
from sarchat_build.synthetic.pictures.keyed import between, one_in, weighted
from sarchat_build.synthetic.pictures.targets import Floats, Point, extent_of, rectangle, turned

_CHIP_PX, _GRID = 128, 4
_LEAST_AIRCRAFT_PX, _LARGEST_AIRCRAFT_PX = 16.0, 170.0


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
    angle = between(numbers, -pi / 4, pi / 4)
    canvas = ground.new_canvas(
        numbers,
        (side_px, side_px),
        level=between(numbers, *product.apron),
        looks=1,
        cell_px=product.cells_px[0 if numbers.random() < 0.7 else 1],
        roughness=0.25,
        quality=product.quality,
    )
    ground.lay_slabs(canvas, ground.AIRPORT, angle)
    level = between(numbers, *product.target)
    density = between(numbers, 0.8, 3.0)
    built = ground.build_up(
        canvas, ground.TERMINALS, angle, per_1000_px=density, level=0.55 * level
    )
    _park_aircraft(canvas, traffic, angle, level, off=built, first_over_edge=first_over_edge)
    canvas.amplitude += np.float32(product.floor)
    np.minimum(canvas.amplitude, np.float32(product.ceiling), out=canvas.amplitude)
    return canvas


def _park_aircraft(
    canvas: Canvas,
    traffic: Traffic,
    angle: float,
    level: float,
    *,
    off: Mask,
    first_over_edge: tuple[float, float] | None,
) -> None:
    """Park aircraft, often side by side on a row of stands; the first always has a position."""
    numbers = canvas.numbers
    wanted = min(traffic.most, 1 + int(numbers.exponential(traffic.mean_extra)))
    px_per_m = between(numbers, *traffic.px_per_m) * (1 - 0.4 * min(1.0, wanted / 20))
    shared = angle + pi / 2 * int(numbers.integers(4))
    for index in range(wanted):
        kind = TYPES[weighted(numbers, [kind.published for kind in TYPES])]
        size = px_per_m * between(numbers, 0.9, 1.1)
        length_px, span_px = (
            float(
                np.clip(between(numbers, *side_m) * size, _LEAST_AIRCRAFT_PX, _LARGEST_AIRCRAFT_PX)
            )
            for side_m in (kind.length_m, kind.span_m)
        )
        heading = shared if numbers.random() < 0.6 else between(numbers, 0.0, 2 * pi)
        frame = turned(_FRAME * (length_px, span_px), heading)
        extent = extent_of(np.concatenate([frame - 1.5, frame + 1.5]))
        found: Point | None = None
        if index == 0 and first_over_edge is not None:
            found = canvas.over_edge(extent, first_over_edge)
        elif index > 0 and not one_in(numbers, 3):
            # The stand next to the last aircraft, if it is free.
            last = canvas.targets[-1].box
            step_px = 1.1 * max(last.width_px, last.height_px, extent.width_px) + 3
            x, y = last.center_px
            beside = x + step_px * cos(angle), y + step_px * sin(angle)
            found = beside if canvas.fits(moved(extent, beside), off) else None
        found = found or canvas.find(extent, off=off)
        if found is None and index == 0:
            # Terminals everywhere: park in the middle of them, as at a pier.
            found = canvas.width_px / 2, canvas.height_px / 2
        if found is not None:
            loud = level * between(numbers, 0.7, 1.3)
            _paint_aircraft(canvas, frame + found, loud)
            box = np.array(moved(extent, found)).reshape(2, 2)
            corners = np.concatenate([np.floor(box[:1]), np.ceil(box[1:])])
            outline = np.stack([corners[[0, 0, 1, 1], 0], corners[[0, 1, 1, 0], 1]], axis=1)
            canvas.label("aircraft", outline, 0.0, kind.name)


# Corners of an airframe as shares of length and span, in rows of four, counterclockwise as seen.
_BODY = np.array([(0.5, -0.045), (-0.48, -0.045), (-0.48, 0.045), (0.5, 0.045)])
_WING = np.array([(0.14, 0.04), (-0.02, 0.04), (-0.16, 0.5), (-0.09, 0.5)])
_TAIL = np.array([(-0.36, 0.02), (-0.46, 0.02), (-0.48, 0.19), (-0.43, 0.19)])
_MIRROR = np.array((1.0, -1.0))
_FRAME = np.concatenate([_BODY, _WING, (_WING * _MIRROR)[::-1], _TAIL, (_TAIL * _MIRROR)[::-1]])


def _paint_aircraft(canvas: Canvas, frame: Floats, level: float) -> None:
    """Paint an airframe: faint skin with scatterers, loud corners where surfaces meet.

    `level` is the amplitude of a scatterer of loudness 1. Smooth skin answers only where it faces
    the radar, so every part draws its own visibility.
    """
    numbers = canvas.numbers
    for part in frame.reshape(-1, 4, 2):
        visible = level * numbers.lognormal(0.0, 0.5)
        canvas.paint(part, 0.3 * visible)
        u, v = numbers.random((2, max(3, int(np.ptp(part, axis=0).max() / 5)), 1))
        front, rear = part[0] + u * (part[1] - part[0]), part[3] + u * (part[2] - part[3])
        canvas.scatter(
            front + v * (rear - front), 0.4 * visible * numbers.lognormal(0.0, 0.45, len(u))
        )
    canvas.scatter(frame, 0.7 * level * numbers.lognormal(0.0, 0.7, len(frame)), 5)


def parking_picture(numbers: np.random.Generator, side_px: int, wanted: int) -> Canvas:
    """Paint up to `wanted` vehicles, at least one, in rows of lots and along roads."""
    canvas = ground.landscape(numbers, side_px)
    ground.build_villages(canvas)
    angle, look = between(numbers, 0.0, pi), between(numbers, 0.0, 2 * pi)
    length_px = between(numbers, 22, 40)
    for most in (*(8,) * 12, *(1,) * 12):
        count = min(wanted - len(canvas.targets), int(numbers.integers(1, most + 1)))
        if count == 0:
            break
        sides = length_px * between(numbers, 0.9, 1.1), length_px * between(numbers, 0.4, 0.5)
        heading = angle + pi / 2 * int(numbers.integers(2)) + numbers.normal(0.0, 0.04)
        steps = (np.arange(count) - (count - 1) / 2) * (sides[1] * between(numbers, 1.5, 2.2))
        row = turned(np.stack([np.zeros(count), steps], axis=1), heading)
        reach = np.concatenate([rectangle(*sides, heading, (x, y)) for x, y in row.tolist()])
        center = canvas.find(extent_of(reach))
        if center is not None:
            for x, y in (row + center).tolist():
                _add_vehicle(canvas, rectangle(*sides, heading, (x, y)), heading, look)
    return canvas


def proving_ground_picture(numbers: np.random.Generator) -> Canvas:
    """Paint sixteen chips with one vehicle each, joined to a 4 × 4 grid of 512 × 512 pixels."""
    side_px, level = _GRID * _CHIP_PX, between(numbers, 22, 45)
    canvas = ground.new_canvas(
        numbers, (side_px, side_px), level=level, looks=1, cell_px=(1.4, 1.4), roughness=0.05
    )
    length_px = between(numbers, 30, 42)
    for row in range(0, side_px, _CHIP_PX):
        for column in range(0, side_px, _CHIP_PX):
            chip = canvas.amplitude[row : row + _CHIP_PX, column : column + _CHIP_PX]
            chip *= np.float32(between(numbers, 0.75, 1.3))
            x, y = (np.array((column, row)) + _CHIP_PX / 2 + numbers.normal(0.0, 3.0, 2)).tolist()
            heading = between(numbers, 0.0, 2 * pi)
            body = rectangle(length_px, length_px * between(numbers, 0.45, 0.55), heading, (x, y))
            # The radar of such chips always looks down the picture.
            _add_vehicle(canvas, body, heading, pi / 2)
    return canvas


def _add_vehicle(canvas: Canvas, body: Floats, heading: float, look: float) -> None:
    """Paint shadow, body, and corners, most of them on the side that the radar sees."""
    numbers, level = canvas.numbers, canvas.level
    away = np.array((cos(look), sin(look)))
    along, across, center = body[0] - body[1], body[3] - body[0], body.mean(axis=0)
    for share in (0.6, 1.2):
        canvas.shade(body + away * (share * np.hypot(*across)), 0.3)
    canvas.paint(body, level * between(numbers, 1.6, 2.6), 2.0)
    u, v = numbers.uniform(-0.45, 0.45, (2, 8 + int(np.hypot(*along) / 4), 1))
    spots = u * along + v * across
    facing = 0.6 - 2.4 * (spots @ away) / np.hypot(*along)
    canvas.scatter(spots + center, level * numbers.lognormal(0.5, 0.7, len(u)) * facing.clip(0.05))
    canvas.label("car", body, heading)
