"""Bridges over rivers, harbors on a shore, tank farms: each on land that others may stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from math import pi

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import Numbers, between, one_in
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, toward

# Decks stay below the 200 px by which chips of large slices overlap: each is whole in some chip.
_WIDEST_RIVER_PX, _BROADEST_DECK_PX = 120.0, 24.0
# One picture in so many shows a single harbor or tank from close by.
_CLOSE_ONE_IN = 25


def bridge_picture(
    numbers: Numbers, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a river with up to `wanted` bridges, at least one; the first may leave the picture."""
    canvas, heading = ground.landscape(numbers, side_px), between(numbers, 0.0, 2 * pi)
    ground.build(canvas, heading, canvas.level)
    width_px = min(_WIDEST_RIVER_PX, side_px * between(numbers, 0.08, 0.3))
    length_px, across = max(14.0, width_px * between(numbers, 1.1, 1.3)), heading + pi / 2
    breadth_px = min(_BROADEST_DECK_PX, max(4.0, side_px * between(numbers, 0.012, 0.03)))
    deck, level = rectangle(length_px, breadth_px, across), canvas.level * between(numbers, 2, 4)
    start, water = canvas.find_first(deck, over_edge=over_edge), between(numbers, 0.08, 0.25)
    at = ground.flood(canvas, start, heading, canvas.level * water, width_px=width_px, bend=0.02)
    for outline in _along(canvas, at, deck, wanted):
        # The deck is seen again, fainter, by way of the water.
        for echo in range(1, int(numbers.integers(1, 4))):
            canvas.paint(outline + toward(heading, 1.9 * echo * breadth_px), 0.45 * level / echo)
        canvas.paint(outline, level)
        canvas.sprinkle(outline, max(4, int(length_px / 7)), 0.7 * level, 0.6)
        canvas.label("bridge", outline, across)
    return canvas


def harbor_picture(
    numbers: Numbers, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a shore with up to `wanted` harbors, at least one; the first may leave the picture."""
    canvas, seaward = ground.landscape(numbers, side_px), between(numbers, 0.0, 2 * pi)
    ground.build(canvas, seaward, canvas.level)
    close = not over_edge and one_in(numbers, _CLOSE_ONE_IN)
    depth_px, length_px = (
        side_px * between(numbers, *share)
        for share in (((0.4, 0.55), (0.6, 0.75)) if close else ((0.12, 0.3), (0.15, 0.45)))
    )
    basin = rectangle(depth_px, length_px, seaward) + toward(seaward, depth_px / 2)
    start, water = canvas.find_first(basin, over_edge=over_edge), between(numbers, 0.1, 0.3)
    at = ground.flood(canvas, start, seaward - pi / 2, canvas.level * water)
    for outline in _along(canvas, at, basin, wanted):
        _paint_piers(canvas, outline)
        canvas.label("harbor", outline, seaward)
    return canvas


def _along(
    canvas: Canvas, at: Callable[[float], Floats], outline: Floats, wanted: int
) -> Iterator[Floats]:
    """Move an outline to the start of a line of water, and to where else along it it fits."""
    yield outline + at(0.0)
    for along_px in canvas.size_px[0] * canvas.numbers.uniform(-0.8, 0.8, 40 * (wanted - 1)):
        moved = outline + at(along_px)
        if len(canvas.targets) < wanted and canvas.fits(moved.min(axis=0), moved.max(axis=0)):
            yield moved


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
    numbers: Numbers,
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
    add_tanks(canvas, wanted, over_edge=over_edge)
    if not inshore:
        ground.build(canvas, between(numbers, 0.0, pi), canvas.level)
    return canvas


def add_tanks(canvas: Canvas, wanted: int, *, over_edge: bool = False) -> None:
    """Paint up to `wanted` tanks of several sizes in rows on land, as far as they fit."""
    numbers, side_px = canvas.numbers, canvas.size_px[0]
    radius_px = min(0.09 * side_px, between(numbers, 5.0, 15.0))
    if canvas.land is None and not over_edge and one_in(numbers, _CLOSE_ONE_IN):
        wanted, radius_px = 1, side_px * between(numbers, 0.26, 0.4)
    turn = np.linspace(0.0, 2 * pi, 6 * int(radius_px), endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    look = toward(between(numbers, 0.0, 2 * pi))
    step_px = toward(between(numbers, 0.0, pi), 2 * radius_px * between(numbers, 1.25, 1.8) + 7)
    first = [canvas.find_first(radius_px * circle, over_edge=True)] if over_edge else []
    off = None if canvas.land is None else ~canvas.land
    rows = canvas.find_rows(wanted - len(first), radius_px * circle, step_px, off)
    for index, center in enumerate(chain(first, rows)):
        tank_px = radius_px * (between(numbers, 0.6, 1.0) if index % 4 == 3 else 1.0)
        _paint_tank(canvas, center, tank_px, circle, look)
        canvas.label("tank", center + tank_px * circle, 0.0)


def _paint_tank(
    canvas: Canvas, center: Floats, radius_px: float, circle: Floats, look: Floats
) -> None:
    """Paint shadow, roof, rim, and the two specular points of rim and base toward the radar."""
    numbers, level, rim = canvas.numbers, canvas.level, radius_px * circle
    canvas.scale(center + rim + 0.7 * radius_px * look, 0.35)
    canvas.scale(center + rim, 0.4)
    canvas.paint(center + rim, level * between(numbers, 0.6, 1.2))
    loudness = level * (0.4 + 1.6 * (0.5 - 0.5 * circle @ look) ** 2)
    loudness *= numbers.lognormal(0.0, 0.5, len(rim))
    canvas.scatter(center + rim * (1 - 1 / radius_px), loudness, 2)
    spots = center - radius_px * np.array([[0.92], [0.92], [between(numbers, 0.3, 0.7)]]) * look
    canvas.scatter(spots, level * np.array([4.0, 2.0, 3.0]) * numbers.lognormal(0.0, 0.3, 3), 4)
