"""Vehicles in parking lots and on test grounds: a bright edge toward the radar, a shadow behind."""

from __future__ import annotations

from math import pi

import numpy as np

from sarchat_build.synthetic.pictures import inland
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.patches import paint_patch, shade_patch
from sarchat_build.synthetic.pictures.scene import (
    Room,
    add_points,
    extent_of,
    point_response,
    to_gray,
    turned,
)
from sarchat_build.synthetic.pictures.speckle import Field, crop, speckle_tile
from sarchat_build.synthetic.pictures.target import Picture, Target, rectangle, target_of

_MARGIN_PX = 2.5
_CHIP_PX = 128
_GRID = 4


def parking_picture(numbers: np.random.Generator, side_px: int, wanted: int) -> Picture:
    """Paint up to `wanted` vehicles, at least one, in rows of lots and along roads."""
    level = between(numbers, 25, 55)
    canvas = inland.countryside(
        numbers, side_px, side_px, level=level, looks=1, built=between(numbers, 0.2, 1.2)
    )
    texture = inland.speckle(numbers, side_px, side_px, 1)
    room = Room(side_px, side_px, _MARGIN_PX)
    angle, look = between(numbers, 0.0, pi), between(numbers, 0.0, 2 * pi)
    length_px = between(numbers, 22, 40)
    targets: list[Target] = []
    while len(targets) < wanted:
        row = _row(numbers, room, wanted - len(targets), angle, length_px)
        if not row:
            break
        for center, sides, heading in row:
            outline = rectangle(center, *sides, heading)
            _paint_vehicle(canvas, numbers, center, sides, heading, look, texture, level)
            targets.append(target_of("car", outline, heading))
    return Picture(to_gray(canvas), tuple(targets))


def proving_ground_picture(numbers: np.random.Generator) -> Picture:
    """Paint sixteen chips with one vehicle each, joined to a 4 × 4 grid of 512 × 512 pixels."""
    side_px = _GRID * _CHIP_PX
    tile = speckle_tile(1, *inland.CELL_PX, 1024)
    canvas = np.empty((side_px, side_px), np.float32)
    texture = inland.speckle(numbers, side_px, side_px, 1)
    level = between(numbers, 22, 45)
    length_px = between(numbers, 30, 42)
    targets: list[Target] = []
    for place in range(_GRID * _GRID):
        x0, y0 = place % _GRID * _CHIP_PX, place // _GRID * _CHIP_PX
        ground = np.float32(level * between(numbers, 0.75, 1.3))
        canvas[y0 : y0 + _CHIP_PX, x0 : x0 + _CHIP_PX] = ground * crop(
            numbers, tile, _CHIP_PX, _CHIP_PX
        )
        shift_x, shift_y = numbers.normal(0.0, 3.0, 2)
        center = (x0 + _CHIP_PX / 2 + float(shift_x), y0 + _CHIP_PX / 2 + float(shift_y))
        heading = between(numbers, 0.0, 2 * pi)
        sides = (length_px, length_px * between(numbers, 0.45, 0.55))
        # The radar of such chips always looks down the picture.
        _paint_vehicle(canvas, numbers, center, sides, heading, pi / 2, texture, level)
        targets.append(target_of("car", rectangle(center, *sides, heading), heading))
    return Picture(to_gray(canvas), tuple(targets))


_Parked = tuple[tuple[float, float], tuple[float, float], float]


def _row(
    numbers: np.random.Generator, room: Room, wanted: int, angle: float, length_px: float
) -> list[_Parked]:
    """Find a free row of one to eight vehicles side by side; nothing if there is no room left."""
    for most in (8, 4, 1, 1):
        count = min(wanted, int(numbers.integers(1, most + 1)))
        sides = length_px * between(numbers, 0.9, 1.1), length_px * between(numbers, 0.4, 0.5)
        turn = angle + pi / 2 * int(numbers.integers(2))
        heading = turn + pi / 2 + numbers.normal(0.0, 0.04)
        steps = (np.arange(count) - (count - 1) / 2) * (sides[1] * between(numbers, 1.5, 2.2))
        offsets = turned(np.stack([steps, np.zeros(count)], axis=1), turn)
        reach = np.concatenate([rectangle((x, y), *sides, heading) for x, y in offsets.tolist()])
        center = room.find(numbers, extent_of(reach))
        if center is None:
            continue
        centers = (offsets + np.array(center)).tolist()
        room.taken.append(extent_of(reach + np.array(center)))
        return [((x, y), sides, heading) for x, y in centers]
    return []


def _paint_vehicle(
    canvas: Field,
    numbers: np.random.Generator,
    center_px: tuple[float, float],
    sides_px: tuple[float, float],
    heading: float,
    look: float,
    texture: Field,
    level: float,
) -> None:
    """Paint shadow, body, and corners, most of them on the side that the radar sees."""
    away = np.array([np.cos(look), np.sin(look)])
    body = rectangle(center_px, *sides_px, heading)
    for share in (0.45, 0.9):
        shade_patch(canvas, body + away * (share * sides_px[1] * 1.3), 0.3)
    paint_patch(canvas, body, level * between(numbers, 1.6, 2.6), texture, 2.0)
    count = 8 + int(sides_px[0] / 4)
    along, across = numbers.uniform(-0.5, 0.5, (2, count))
    spots = turned(np.stack([along * sides_px[0], across * sides_px[1]], axis=1) * 0.9, heading)
    facing = -(spots @ away) / (0.5 * sides_px[0])
    loud = level * numbers.lognormal(0.5, 0.7, count) * np.clip(0.6 + 1.2 * facing, 0.05, None)
    x, y = spots[:, 0] + center_px[0], spots[:, 1] + center_px[1]
    add_points(canvas, x, y, loud, point_response(*inland.CELL_PX, 3))
