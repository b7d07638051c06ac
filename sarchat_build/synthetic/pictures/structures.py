"""Bridges over rivers, harbors on a shore, tank farms: each on land that others may stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from math import pi
from typing import TypeAlias

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import between, one_in
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, target_of, toward

# Decks stay below the 200 px by which chips of large slices overlap: each is whole in some chip.
_WIDEST_RIVER_PX, _BROADEST_DECK_PX = 120.0, 24.0
# One picture in so many shows a single harbor or tank from close by.
_CLOSE_ONE_IN = 25
# An outline around its point on a line of water, and the direction of its long side.
_Shape: TypeAlias = tuple[Floats, float]


def bridge_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a river with up to `wanted` bridges, at least one; the first may leave the picture."""
    canvas, heading = ground.landscape(numbers, side_px), between(numbers, 0.0, 2 * pi)
    width_px = min(_WIDEST_RIVER_PX, side_px * between(numbers, 0.08, 0.3))
    level = canvas.level * between(numbers, 2.0, 4.0)

    def deck() -> _Shape:
        across = heading + pi / 2 + numbers.normal(0.0, 0.1)
        length_px = max(14.0, width_px * between(numbers, 1.05, 1.3))
        breadth_px = min(_BROADEST_DECK_PX, max(4.0, side_px * between(numbers, 0.012, 0.03)))
        return rectangle(length_px, breadth_px, across), across

    def flood(point: Floats) -> None:
        off_px = ground.distance_to(canvas, point, heading, 0.006)
        water = np.float32(width_px / 2) - np.abs(off_px)
        ground.flood(canvas, water, canvas.level * between(numbers, 0.08, 0.25))

    for outline, across in _along(canvas, deck, flood, heading, wanted, over_edge):
        away = between(numbers, 1.4, 2.4) * (outline[0] - outline[3])
        canvas.paint(outline, level, 1.5)
        # The deck is seen again, fainter, by way of the water.
        for echo in range(1, int(numbers.integers(1, 4))):
            canvas.paint(outline + echo * away, level * 0.45 / echo, 2.0)
        lamps = max(4, int(np.hypot(*(outline[0] - outline[1])) / 7))
        canvas.sprinkle(outline[[0, 1, 1, 0]], lamps, 0.7 * level, 0.6)
        canvas.targets.append(target_of("bridge", outline, across))
    return canvas


def harbor_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a shore with up to `wanted` harbors, at least one; the first may leave the picture."""
    canvas, seaward = ground.landscape(numbers, side_px), between(numbers, 0.0, 2 * pi)
    close = not over_edge and one_in(numbers, _CLOSE_ONE_IN)
    depths, lengths = ((0.4, 0.55), (0.6, 0.75)) if close else ((0.12, 0.3), (0.15, 0.45))

    def basin() -> _Shape:
        depth_px, length_px = (
            side_px * between(numbers, *depths),
            side_px * between(numbers, *lengths),
        )
        return rectangle(depth_px, length_px, seaward, toward(seaward, depth_px / 2)), seaward

    def flood(point: Floats) -> None:
        depth = ground.distance_to(canvas, point, seaward - pi / 2, 0.0)
        ground.flood(canvas, depth, canvas.level * between(numbers, 0.1, 0.3))

    for outline, _ in _along(canvas, basin, flood, seaward + pi / 2, wanted, over_edge):
        _paint_piers(canvas, outline)
        canvas.targets.append(target_of("harbor", outline, seaward))
    return canvas


def _along(
    canvas: Canvas,
    make: Callable[[], _Shape],
    flood: Callable[[Floats], None],
    heading: float,
    wanted: int,
    over_edge: bool,
) -> Iterator[_Shape]:
    """Position the first shape freely, let the water run where it has to, and line up others."""
    shape, direction = make()
    point = canvas.over_edge(shape) if over_edge else canvas.find(shape)
    if point is None:
        point = np.array(canvas.size_px) / 2 - shape.mean(axis=0)
    flood(point)
    yield shape + point, direction
    for _ in range(40 * (wanted - 1)):
        if len(canvas.targets) == wanted:
            break
        shape, direction = make()
        along_px = between(canvas.numbers, -0.8, 0.8) * canvas.size_px[0]
        shape = shape + point + toward(heading, along_px)
        if canvas.fits(shape):
            yield shape, direction


def _paint_piers(canvas: Canvas, basin: Floats) -> None:
    """Paint two to five fingers from the quay to the basin's reach, busy with loud corners."""
    numbers, level, (root, along) = canvas.numbers, canvas.level, (basin[1], basin[2] - basin[1])
    out, length_px = basin[0] - basin[1], float(np.hypot(*along))
    canvas.paint(root + np.array([out * 0.1, out * 0, along, along + out * 0.1]), 1.6 * level)
    fingers = int(np.clip(length_px / 14, 2, 5))
    share = max(3.0 / length_px, between(numbers, 0.25, 0.45) / fingers)
    for start in np.linspace(0.0, 1.0 - share, fingers):
        near, far = root + start * along, root + (start + share) * along
        finger = np.array([near + out, near, far, far + out])
        canvas.paint(finger, level * between(numbers, 1.2, 2.2))
        canvas.sprinkle(finger, 4 + int(np.hypot(*out) / 2), 1.4 * level, 1.0)


def tank_farm_picture(
    numbers: np.random.Generator,
    side_px: int,
    wanted: int,
    *,
    over_edge: bool = False,
    inshore: bool = False,
) -> Canvas:
    """Paint up to `wanted` tanks in the country or by the sea; the first may leave the picture."""
    canvas = ground.landscape(numbers, side_px)
    if inshore:
        ground.flood_coast(canvas, canvas.level * between(numbers, 0.1, 0.3))
    else:
        ground.build_villages(canvas)
    add_tanks(canvas, wanted, over_edge=over_edge)
    return canvas


def add_tanks(canvas: Canvas, wanted: int, *, over_edge: bool = False) -> None:
    """Paint up to `wanted` tanks of several sizes in rows on land, at least one."""
    numbers, side_px = canvas.numbers, canvas.size_px[0]
    radius_px = min(0.09 * side_px, between(numbers, 5.0, 15.0))
    if canvas.land is None and not over_edge and one_in(numbers, _CLOSE_ONE_IN):
        wanted, radius_px = 1, side_px * between(numbers, 0.26, 0.4)
    look_angle, circle = between(numbers, 0.0, 2 * pi), _circle(radius_px)
    step_px = toward(between(numbers, 0.0, pi), 2 * radius_px * between(numbers, 1.25, 1.8) + 7)
    water = None if canvas.land is None else ~canvas.land
    first = [canvas.over_edge(circle)] if over_edge else []
    rows = canvas.find_rows(wanted - len(first), circle, step_px, water)
    for index, center in enumerate(chain(first, rows)):
        tank = circle * (between(numbers, 0.6, 1.0) if index % 4 == 3 else 1.0) + center
        _paint_tank(canvas, tank, look_angle)
        canvas.targets.append(target_of("tank", tank, 0.0))


def _circle(radius_px: float) -> Floats:
    angle = -np.linspace(0.0, 2 * pi, 24, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius_px


def _paint_tank(canvas: Canvas, circle: Floats, look_angle: float) -> None:
    """Paint shadow, roof, rim, and the two specular points of rim and base toward the radar."""
    numbers, level, center = canvas.numbers, canvas.level, circle.mean(axis=0)
    radius_px = float(np.hypot(*(circle[0] - center)))
    canvas.shade(circle + toward(look_angle, 0.7 * radius_px), 0.35)
    canvas.shade(circle, 0.4)
    canvas.paint(circle, level * between(numbers, 0.6, 1.2))
    turn = np.linspace(0.0, 2 * pi, int(6 * radius_px), endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    loudness = (0.4 + 1.6 * (0.5 - 0.5 * rim @ toward(look_angle)) ** 2) * level
    canvas.scatter(
        center + rim * (radius_px - 1), loudness * numbers.lognormal(0.0, 0.5, turn.size), 2
    )
    spots = center - np.array([[0.92], [0.92], [between(numbers, 0.3, 0.7)]]) * toward(
        look_angle, radius_px
    )
    canvas.scatter(spots, level * np.array([4.0, 2.0, 3.0]) * numbers.lognormal(0.0, 0.3, 3), 4)
