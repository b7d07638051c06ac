"""Airports with aircraft on their aprons."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, pi

import numpy as np

from sarchat_build.synthetic.pictures import airport, scene
from sarchat_build.synthetic.pictures.aircraft import (
    TYPES,
    Airframe,
    airframe,
    extent_px,
    paint_aircraft,
)
from sarchat_build.synthetic.pictures.keyed import between, weighted
from sarchat_build.synthetic.pictures.speckle import crop, relief_tile, speckle_tile
from sarchat_build.synthetic.pictures.target import Picture, Target, boxed
from sarchat_build.types import Box

_TILE_PX = 1800
_MARGIN_PX = 3.0
_Shares = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Product:
    """A rendering of one radar: gray of the darkest ground, saturation, quality, cells."""

    floor: float
    ceiling: int
    apron: tuple[float, float]
    target: tuple[float, float]
    quality: int
    # Range and azimuth cells differ: point answers are upright or lying, the same in a picture.
    cells_px: tuple[tuple[float, float], tuple[float, float]] = ((1.6, 2.8), (2.6, 1.6))


@dataclass(frozen=True, slots=True)
class Traffic:
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
    first_over_edge: _Shares | None = None,
) -> Picture:
    """Paint a square picture of an airport; labels are rounded outward and may leave it.

    The first aircraft leaves it by a share of itself within `first_over_edge`, if that is given.
    """
    product = products[int(numbers.integers(len(products)))]
    angle = between(numbers, -pi / 4, pi / 4)
    apron = between(numbers, *product.apron)
    level = between(numbers, *product.target)
    cell_px = product.cells_px[0 if numbers.random() < 0.7 else 1]
    canvas = airport.ground(numbers, side_px, angle)
    canvas *= np.float32(apron)
    canvas *= crop(numbers, speckle_tile(1, *cell_px, _TILE_PX), side_px, side_px)
    canvas *= crop(numbers, relief_tile(0.25, 300.0, _TILE_PX), side_px, side_px)
    built = airport.build(canvas, numbers, angle, level=level, cell_px=cell_px)
    room = scene.Room(side_px, side_px, _MARGIN_PX, built)
    targets: list[Target] = []
    for name, frame, center in _parked(numbers, room, angle, cell_px, traffic, first_over_edge):
        loud = level * between(numbers, 0.7, 1.3)
        paint_aircraft(canvas, frame, center, level=loud, cell_px=cell_px)
        box = scene.moved(extent_px(frame, cell_px), *center)
        low_x, low_y = floor(box.x_min_px), floor(box.y_min_px)
        outward = Box(low_x, low_y, ceil(box.x_max_px), ceil(box.y_max_px))
        targets.append(boxed("aircraft", outward, name))
    canvas += np.float32(product.floor)
    return Picture(scene.to_gray(canvas, product.ceiling), tuple(targets), product.quality)


def _parked(
    numbers: np.random.Generator,
    room: scene.Room,
    angle: float,
    cell_px: tuple[float, float],
    traffic: Traffic,
    first_over_edge: _Shares | None,
) -> list[tuple[str, Airframe, tuple[float, float]]]:
    """Place aircraft, often side by side on a row of stands; the first always has a place."""
    if not traffic.most:
        return []
    wanted = min(traffic.most, 1 + int(numbers.exponential(traffic.mean_extra)))
    px_per_m = between(numbers, *traffic.px_per_m) * (1 - 0.4 * min(1.0, wanted / 20))
    shared = angle + pi / 2 * int(numbers.integers(4))
    parked: list[tuple[str, Airframe, tuple[float, float]]] = []
    for index in range(wanted):
        kind = TYPES[weighted(numbers, [kind.published for kind in TYPES])]
        size = px_per_m * numbers.uniform(0.9, 1.1)
        length_px = min(170.0, max(16.0, between(numbers, *kind.length_m) * size))
        span_px = min(170.0, max(16.0, between(numbers, *kind.span_m) * size))
        heading = shared if numbers.random() < 0.6 else between(numbers, 0.0, 2 * pi)
        frame = airframe(numbers, length_px, span_px, heading)
        extent = extent_px(frame, cell_px)
        if index == 0:
            center = _first(numbers, extent, room, first_over_edge)
        else:
            beside = _beside(numbers, extent, room, angle)
            found = beside or room.find(numbers, extent)
            if found is None:
                continue
            center = found
        room.taken.append(scene.moved(extent, *center))
        parked.append((kind.name, frame, center))
    return parked


def _first(
    numbers: np.random.Generator,
    extent: Box,
    room: scene.Room,
    over_edge: tuple[float, float] | None,
) -> tuple[float, float]:
    """Place an image's first aircraft: over an edge if it is to be cut, else on free ground."""
    if over_edge is not None:
        return room.over_edge(numbers, extent, over_edge)
    found = room.find(numbers, extent, tries=200)
    # Terminals everywhere: park in the middle of them, as at a pier.
    return found or (room.width_px / 2, room.height_px / 2)


def _beside(
    numbers: np.random.Generator, extent: Box, room: scene.Room, angle: float
) -> tuple[float, float] | None:
    """Take the stand next to the last aircraft, if it is free."""
    if numbers.random() < 0.35:
        return None
    last = room.taken[-1]
    longest_px = max(last.width_px, last.height_px, extent.width_px, extent.height_px)
    step_x, step_y = airport.step_along(angle, 1.1 * longest_px + _MARGIN_PX)
    x, y = last.center_px[0] + step_x, last.center_px[1] + step_y
    return (x, y) if room.fits(scene.moved(extent, x, y)) else None
