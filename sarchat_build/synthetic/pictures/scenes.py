"""Scenes of every kind: land or water, and things drawn on it where it is free."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import shapes
from sarchat_build.synthetic.pictures.canvas import LAND, WATER, Canvas, Style
from sarchat_build.synthetic.pictures.noise import at_quantile, between, crop, relief_tile, weighted
from sarchat_build.synthetic.pictures.shapes import Thing, quad, toward, turned

COUNTRY = (Style(1, 1, (1.4, 1.4), (25, 75)), Style(1, 4, (1.4, 1.4), (25, 75)))
SAND = (Style(1, 1, (1.4, 1.4), (22, 45)),)
# What covers land: a shape, how many, sides as shares of the picture's, relative amplitude.
_COVERS = (
    (shapes.FIELD, (6, 16), (0.08, 0.4), (0.08, 0.3), (0.5, 1.7)),
    (shapes.TOWN, (0, 4), (0.06, 0.4), (0.05, 0.2), (0.9, 1.6)),
    (shapes.FIELD, (1, 4), (3.0, 3.1), (0.006, 0.04), (0.4, 0.7)),
)
# Length over beam of the published labels at `noise.QUANTILES`.
_SLENDERNESS = (1.3, 1.6, 1.9, 2.5, 3.0, 3.9, 6.1, 7.5, 9)
# A ship whose rotated box leaves the picture and one that touches its edge: heading, bow and left.
_AT_EDGE = {"rotated_corner_outside": (1.24 * pi, 1.3, 1.0), "box_touches_edge": (pi, 2.4, 0.0)}
# Decks stay below the 200 px by which chips of large slices overlap: each is whole in some chip.
_WIDEST_RIVER_PX, _DECK_PX = 120.0, (4.0, 24.0)
_AIRCRAFT_PX = 16.0, 170.0
# Types of aircraft as labels name them: published number of objects, length and span in meters.
TYPES = {
    "other": (4264, 29, 27),
    "A220": (3730, 37, 35),
    "Boeing787": (2645, 60, 60),
    "Boeing737": (2557, 38, 35),
    "A320/321": (1771, 41, 35),
    "ARJ21": (1187, 35, 27),
    "A330": (309, 61, 60),
}


class Fleet(NamedTuple):
    """How many pictures hold 1, 2, … ships, and how long ships are at `noise.QUANTILES`."""

    counts: tuple[float, ...]
    lengths_px: tuple[float, ...]


class Traffic(NamedTuple):
    """How busy an apron is: mean number after the first, greatest number (0: none), scale."""

    mean_extra: float
    most: int
    px_per_m: tuple[float, float]


def raise_land(canvas: Canvas) -> float:
    """Make all hilly land of the canvas' level, covered along an angle and across; give it."""
    numbers, (width_px, height_px) = canvas.numbers, canvas.size_px
    side_px, angle = max(canvas.size_px), between(canvas.numbers, 0.0, pi)
    canvas.paint(quad(0, width_px, 0, height_px), canvas.level, LAND)
    canvas.relief = crop(numbers, relief_tile(), height_px, width_px)
    for shape, number, long, broad, levels in _COVERS:
        for _ in range(int(between(numbers, *number))):
            size_px = side_px * between(numbers, *long), side_px * between(numbers, *broad)
            turn, level = angle + pi / 2 * int(numbers.integers(2)), between(numbers, *levels)
            cover = Thing(shape, size_px, turn, level * canvas.level)
            canvas.draw(cover, numbers.random(2) * canvas.size_px)
    return angle


def _paint_waterside(
    canvas: Canvas, wanted: int, thing: Thing, sides_px: tuple[float, float], water: float
) -> None:
    """Paint land, water of amplitude `water`, and along it a thing `wanted` times if there is room.

    The water lies ahead of the thing, from one distance to another of a line with bays and
    headlands; its first place is certain.
    """
    raise_land(canvas)
    numbers, outline, seaward = canvas.numbers, thing.outline, thing.heading
    side_px, inland = max(canvas.size_px), between(numbers, 0.1, 0.25)
    place = np.array(canvas.size_px) / 2 - toward(seaward, inland * min(canvas.size_px))
    start = next(canvas.free(outline, [place], LAND), place)
    wave, phase, swing = pi * np.arange(1, 8), 2 * pi * numbers.random(7), 0.2 * numbers.random(7)
    along = np.linspace(-2.0, 2.0, 400)[:, None]
    out = ((np.sin(along * wave + phase) - np.sin(phase)) @ (swing / wave))[:, None]
    line = start + side_px * (along * toward(seaward - pi / 2) + out * toward(seaward))
    # Embankments and quays face the radar like walls: a brighter line along the water.
    for bank_px, loud in ((1.5, canvas.level * between(numbers, 1.3, 2.5)), (0.0, water)):
        near, far = toward(seaward, sides_px[0] - bank_px), toward(seaward, sides_px[1] + bank_px)
        canvas.paint(np.concatenate([line + near, line[::-1] + far]), loud, WATER)
    others = canvas.free(outline, numbers.permutation(line[120:280]), LAND, WATER)
    for center in islice(chain([start], others), wanted):
        canvas.draw(thing, center)


def paint_coast(canvas: Canvas, land: float, water: float) -> None:
    """Paint land of one mean amplitude, with jetties, before the water of another."""
    numbers, side_px, canvas.level = canvas.numbers, max(canvas.size_px), land
    size_px = side_px * between(numbers, 0.1, 0.3), between(numbers, 3.0, 10.0)
    jetty = Thing(shapes.FIELD, size_px, 2 * pi * numbers.random(), 1.2 * land)
    _paint_waterside(canvas, int(numbers.integers(4)), jetty, (0.0, 3.0 * side_px), water)


def paint_bridges(canvas: Canvas, wanted: int) -> None:
    """Paint a river with up to `wanted` bridges, at least one."""
    numbers, side_px = canvas.numbers, canvas.size_px[0]
    width_px = min(_WIDEST_RIVER_PX, side_px * between(numbers, 0.08, 0.3))
    breadth_px = float(np.clip(side_px * between(numbers, 0.012, 0.03), *_DECK_PX))
    size_px = max(14.0, width_px * between(numbers, 1.1, 1.3)), breadth_px
    bridge = Thing(shapes.BRIDGE, size_px, 2 * pi * numbers.random(), 3 * canvas.level)
    _paint_waterside(canvas, wanted, bridge, (-width_px / 2, width_px / 2), 0.2 * canvas.level)


def paint_harbors(canvas: Canvas, wanted: int) -> None:
    """Paint a shore with up to `wanted` harbors, at least one."""
    numbers, side_px = canvas.numbers, canvas.size_px[0]
    size_px = side_px * between(numbers, 0.12, 0.3), side_px * between(numbers, 0.15, 0.45)
    harbor = Thing(shapes.HARBOR, size_px, 2 * pi * numbers.random(), canvas.level)
    _paint_waterside(canvas, wanted, harbor, (0.0, 3.0 * side_px), 0.2 * canvas.level)


def _add_rows(canvas: Canvas, things: Sequence[Thing], angle: float) -> None:
    """Draw things, as far as there is room, on stands in rows along `angle`, some five together."""
    numbers, reach = canvas.numbers, max(canvas.size_px)
    sides_px = [np.ptp(turned(thing.outline, -angle), axis=0) for thing in things]
    stand_px = np.max(sides_px, axis=0) * numbers.uniform(1.0, 1.5, 2) + 8
    lines = (np.arange(-reach, reach, step) + step * numbers.random() for step in stand_px)
    grid = np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2)
    middle = np.array(canvas.size_px) / 2
    stands = np.vstack([turned(grid, angle) + middle, middle])
    stands = stands[((stands > 0) & (stands < canvas.size_px)).all(axis=1)]
    rows = np.array_split(stands, len(stands) // 5 + 1)
    order = chain.from_iterable(rows[index] for index in numbers.permutation(len(rows)))
    for thing in things:
        for center in islice(canvas.free(thing.outline, order, LAND), 1):
            canvas.draw(thing, center)


def paint_sea(canvas: Canvas, fleet: Fleet) -> None:
    """Paint ships at sea, in some pictures before a coast."""
    numbers, style, sea = canvas.numbers, canvas.style, canvas.level
    # A ship planted at an edge needs water there.
    if numbers.random() < style.inshore and canvas.quirk is None:
        paint_coast(canvas, min(140.0, 20 + sea * between(numbers, 2.0, 5.0)), sea)
    add_ships(canvas, 1 + weighted(numbers, fleet.counts), fleet, style.target)


def add_ships(canvas: Canvas, wanted: int, fleet: Fleet, levels: tuple[float, float]) -> None:
    """Paint up to `wanted` ships on the water; the picture's quirk shapes the first of all."""
    numbers, level = canvas.numbers, between(canvas.numbers, *levels)
    # Ships of one picture share its scale, and crowded pictures are coarse ones.
    scale = numbers.random() * (1 - 0.4 * min(1.0, (wanted - 1) / 8))
    sidelobes = between(numbers, *canvas.style.sidelobes)
    longest_px = min(canvas.size_px) * (0.75 if canvas.relief is None else 0.4)
    for _ in range(wanted):
        share = float(np.clip(scale + between(numbers, -0.15, 0.15), 0.0, 1.0))
        length_px = min(longest_px, at_quantile(share, fleet.lengths_px))
        quirk = None if canvas.targets else canvas.quirk
        length_px = float(np.clip(length_px, 30.0, 90.0)) if quirk else length_px
        # Blur makes small ships look stout; large ones show their true, slim proportions.
        slim_px = length_px / at_quantile(numbers.random(), _SLENDERNESS)
        beam_px = max(12.0 if quirk else 4.0, min(slim_px, 10 + 0.18 * length_px))
        usual = 2 * pi * numbers.random(), between(numbers, 1.6, 3.4), None
        heading, bow, left_px = _AT_EDGE.get(quirk or "", usual)
        loud = level * between(numbers, 0.75, 1.25)
        ship = Thing(shapes.ship(length_px, bow), (length_px, beam_px), heading, loud)
        # The rotated box has to lie inside, too.
        around = ship._replace(shape=shapes.FIELD).outline
        centers = canvas.free(around, numbers.random((400, 2)) * canvas.size_px, WATER)
        if left_px is not None:
            left = left_px - ship.outline[:, 0].min(), canvas.size_px[1] / 2
            centers = iter([np.array(left)])
        for center in islice(centers, 1):
            canvas.draw(ship, center)
            canvas.draw(Thing(shapes.CROSS, (56.0, 56.0), 0.0, sidelobes * loud), center)


def paint_airport(canvas: Canvas, traffic: Traffic) -> None:
    """Paint an airport with aircraft on rows of stands."""
    numbers, angle = canvas.numbers, raise_land(canvas)
    wanted = min(traffic.most, 1 + int(numbers.exponential(traffic.mean_extra)))
    px_per_m = between(numbers, *traffic.px_per_m) * (1 - 0.4 * min(1.0, wanted / 20))
    heading = angle + pi / 2 * int(numbers.integers(4))
    level, parked = between(numbers, *canvas.style.target), []
    for _ in range(wanted):
        name = [*TYPES][weighted(numbers, [published for published, _, _ in TYPES.values()])]
        scale = px_per_m * between(numbers, 0.9, 1.1)
        length_px, span_px = np.clip(np.multiply(TYPES[name][1:], scale), *_AIRCRAFT_PX).tolist()
        loud, turn = level * between(numbers, 0.7, 1.3), heading + numbers.normal(0.0, 0.2)
        parked.append(Thing(shapes.AIRCRAFT, (length_px, span_px), turn, loud, name))
    if parked:
        _add_rows(canvas, parked, angle)


def paint_parking(canvas: Canvas, wanted: int) -> None:
    """Paint countryside with up to `wanted` vehicles, at least one, in rows."""
    numbers, angle = canvas.numbers, raise_land(canvas)
    size_px = (length_px := between(numbers, 22, 40)), length_px * between(numbers, 0.4, 0.5)
    heading = angle + pi / 2 * int(numbers.integers(2))
    car = Thing(shapes.CAR, size_px, heading, canvas.level * between(numbers, 2.0, 3.5))
    _add_rows(canvas, [car] * wanted, angle)


def paint_chips(canvas: Canvas, side_px: int) -> None:
    """Fill a canvas with chips of a proving ground, one vehicle on each."""
    numbers, columns, rows = canvas.numbers, *(px // side_px for px in canvas.size_px)
    # The radar of such chips always looks down the picture.
    canvas.look, length_px = pi / 2, between(numbers, 30, 42)
    for column, row in np.ndindex(columns, rows):
        chip = side_px * (quad(0, 1, 0, 1) + np.array((column, row)))
        canvas.paint(chip, canvas.level * between(numbers, 0.75, 1.3))
        level, heading = canvas.level * between(numbers, 2.0, 3.5), 2 * pi * numbers.random()
        car = Thing(shapes.CAR, (length_px, 0.5 * length_px), heading, level)
        canvas.draw(car, chip.mean(axis=0) + numbers.normal(0.0, 3.0, 2))


def add_tanks(canvas: Canvas, wanted: int) -> None:
    """Paint up to `wanted` tanks in rows on land, in the country unless there is land."""
    if canvas.relief is None:
        raise_land(canvas)
    numbers, level = canvas.numbers, canvas.level * between(canvas.numbers, 1.0, 2.0)
    width_px = 2 * min(0.09 * canvas.size_px[0], between(numbers, 5.0, 15.0))
    tank = Thing(shapes.TANK, (width_px, width_px), canvas.look, level)
    _add_rows(canvas, [tank] * wanted, between(numbers, 0.0, pi))
