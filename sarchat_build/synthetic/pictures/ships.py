"""Ships at sea and before a coast: how many, how long, where, and how a radar shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import at_quantile, between, weighted
from sarchat_build.synthetic.pictures.targets import (
    Floats,
    Point,
    cut_to,
    extent_of,
    rectangle,
    turned,
)

# Length over beam of the published labels at `keyed.QUANTILES`.
_SLENDERNESS = (1.3, 1.6, 1.9, 2.5, 3.0, 3.9, 6.1, 7.5, 9)
_CROSS_REACH_PX = 28


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of product looks: gray levels (0 to 255), looks, pixels per resolution cell.

    `inshore` is the share of pictures with a coast, `sidelobes` their amplitude relative to a ship.
    """

    weight: int
    looks: int
    cell_px: tuple[float, float]
    sea: tuple[float, float]
    ship: tuple[float, float]
    sidelobes: tuple[float, float]
    inshore: float
    quality: int = 75


class Fleet(NamedTuple):
    """How many pictures hold 1, 2, … ships, and how long ships are at `keyed.QUANTILES`."""

    counts: tuple[float, ...]
    lengths_px: tuple[float, ...]


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
        along = 0.5 * np.cos(np.linspace(0.0, pi, 4 + min(7, int(self.length_px) // 14)))
        sharpness = np.where(along > 0, self.bow, self.stern)
        half = 0.5 * self.beam_px * (1 - np.abs(2 * along) ** sharpness)
        port = np.stack([along * self.length_px, -half], axis=1)
        starboard = port[-2:0:-1] * (1, -1)
        return turned(np.concatenate([port, starboard]), self.heading)

    def inside(self, numbers: np.random.Generator, count: int) -> Floats:
        """Give `count` points of the hull (n, 2) around (0, 0)."""
        along = numbers.uniform(-0.44, 0.44, count)
        side = numbers.uniform(-0.4, 0.4, count) * (1 - np.abs(2 * along) ** 2)
        return np.stack([along * self.length_px, side * self.beam_px], axis=1)


def ship_picture(
    numbers: np.random.Generator,
    size_px: tuple[int, int],
    styles: tuple[Style, ...],
    fleet: Fleet,
    quirk: str | None = None,
) -> Canvas:
    """Paint ships at sea, in some pictures before a coast; `quirk` is as in `add_ships`."""
    style = styles[weighted(numbers, [style.weight for style in styles])]
    canvas = ground.new_canvas(
        numbers,
        size_px,
        level=between(numbers, *style.sea),
        looks=style.looks,
        cell_px=style.cell_px,
        roughness=0.06,
        quality=style.quality,
    )
    # A ship planted at an edge needs water there.
    if numbers.random() < style.inshore and quirk is None:
        _raise_coast(canvas)
    wanted = 1 + weighted(numbers, fleet.counts)
    sidelobes = max(0.0, between(numbers, *style.sidelobes))
    level = between(numbers, *style.ship)
    add_ships(canvas, wanted, fleet.lengths_px, level=level, sidelobes=sidelobes, quirk=quirk)
    return canvas


def _raise_coast(canvas: Canvas) -> None:
    """Raise built-up land along one side of the picture, with bays, headlands and a few jetties."""
    numbers, heading = canvas.numbers, between(canvas.numbers, 0.0, 2 * pi)
    inland_px = between(numbers, 0.15, 0.4) * min(canvas.width_px, canvas.height_px)
    center = (
        canvas.width_px / 2 + sin(heading) * inland_px,
        canvas.height_px / 2 - cos(heading) * inland_px,
    )
    line = ground.course(canvas, center, heading, bend=0.09, jetties=int(numbers.integers(4)))
    distance = line.distance(canvas)
    canvas.land = distance <= 0
    level = min(140.0, 20 + canvas.level * between(numbers, 2.0, 5.0))
    land = ground.relief(canvas, 0.45, 90.0) * canvas.texture * np.float32(level)
    np.copyto(canvas.amplitude, land, where=canvas.land)
    ground.shore(canvas, distance)
    town = ground.Slabs((4, 9), (0.2, 0.6), (0.1, 0.4), (0.8, 1.4))
    density = between(numbers, 0.5, 4.0)
    ground.build_up(canvas, town, heading, per_1000_px=density, level=level)


def add_ships(
    canvas: Canvas,
    wanted: int,
    lengths_px: tuple[float, ...],
    *,
    level: float,
    sidelobes: float = 0.0,
    quirk: str | None = None,
) -> None:
    """Paint up to `wanted` ships on the water, and label each from its own outline.

    `quirk` shapes the first one: `rotated_corner_outside`, `box_touches_edge` (its label is cut to
    the picture) or `box_overflows` (its label is not).
    """
    numbers = canvas.numbers
    # Ships of one picture share its scale, and crowded pictures are coarse ones.
    scale = numbers.random() * (1 - 0.4 * min(1.0, (wanted - 1) / 8))
    longest_px = 0.85 * min(canvas.width_px, canvas.height_px)
    for index in range(wanted):
        share = float(np.clip(scale + between(numbers, -0.15, 0.15), 0.0, 1.0))
        ship = _ship(numbers, min(longest_px, at_quantile(share, lengths_px)))
        planted = quirk if index == 0 else None
        ship, center = _position(canvas, ship, planted, must=index == 0)
        if center is None:
            continue
        hull = ship.outline() + center
        _paint_ship(canvas, ship, center, level * between(numbers, 0.75, 1.25), sidelobes)
        if planted == "box_touches_edge":
            canvas.label("ship", cut_to(hull, canvas.width_px, canvas.height_px), 0.0)
        else:
            canvas.label("ship", hull, ship.heading)


def _ship(numbers: np.random.Generator, length_px: float) -> Ship:
    slenderness = at_quantile(numbers.random(), _SLENDERNESS)
    # Blur makes small ships look stout; large ones show their true, slim proportions.
    beam_px = max(4.0, min(length_px / slenderness, 10 + 0.18 * length_px))
    heading = between(numbers, 0.0, 2 * pi)
    return Ship(length_px, beam_px, heading, between(numbers, 1.6, 3.4), between(numbers, 3, 9))


def _position(
    canvas: Canvas, ship: Ship, quirk: str | None, *, must: bool
) -> tuple[Ship, Point | None]:
    """Find open water for a ship; a picture's first one shrinks until it fits."""
    numbers = canvas.numbers
    if quirk == "rotated_corner_outside":
        # Pointed and slanted, against the left edge: all is inside but the rotated box.
        length_px = float(np.clip(ship.length_px, 30.0, 90.0))
        heading = pi + between(numbers, pi / 5, pi / 3.5)
        ship = Ship(length_px, max(12.0, length_px / 3), heading, 1.3, ship.stern)
        y_px = between(numbers, 0.35, 0.65) * canvas.height_px
        return ship, (1.0 - extent_of(ship.outline()).x_min_px, y_px)
    if quirk in ("box_touches_edge", "box_overflows"):
        length_px = float(np.clip(ship.length_px, 24.0, 100.0))
        ship = replace(ship, length_px=length_px, beam_px=max(10.0, length_px / 4))
        return ship, canvas.over_edge(extent_of(ship.outline()))
    while True:
        # The rotated box has to lie inside, too.
        corners = rectangle(ship.length_px, ship.beam_px, ship.heading)
        center = canvas.find(extent_of(corners), off=canvas.land)
        if center is not None or not must or ship.length_px <= 8:
            return ship, center
        smaller = max(8.0, ship.length_px * 0.7), max(4.0, ship.beam_px * 0.7)
        ship = replace(ship, length_px=smaller[0], beam_px=smaller[1])


def _paint_ship(
    canvas: Canvas, ship: Ship, center_px: Point, level: float, sidelobes: float
) -> None:
    """Paint a speckled hull, scatterers along it, a loud superstructure, two of them with a cross.

    `level` is the hull's mean amplitude, `sidelobes` that of the loudest scatterers relative to it.
    """
    numbers = canvas.numbers
    # The edge of a ship is ragged: its skin slopes away, so the echo fades toward the outline.
    # Decks are rougher than the sea.
    soft_px = 0.8 + 0.16 * ship.beam_px
    canvas.paint(ship.outline() + center_px, level * between(numbers, 0.6, 1.1), soft_px, rough=2)
    count = 6 + int(0.5 * ship.length_px)
    points = ship.inside(numbers, count)
    bridge = max(2, count // 4)
    points[:bridge, 0] *= 0.12
    points[:bridge, 0] += float(numbers.choice((-0.33, -0.33, 0.3, 0.0))) * ship.length_px
    loudness = 0.9 * level * numbers.lognormal(0.0, 0.9, count)
    loudness[:bridge] *= 2.0
    points = turned(points, ship.heading) + center_px
    canvas.scatter(points, loudness)
    if sidelobes > 0:
        canvas.scatter(points[:2], np.full(2, sidelobes * level), _CROSS_REACH_PX)
