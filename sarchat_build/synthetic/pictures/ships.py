"""Ships at sea and before a coast: how many, how long, where, and how a radar shows them."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import at_quantile, between, weighted
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, target_of, toward, turned

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


class Ship(NamedTuple):
    """A ship's sides in pixels, and its heading in radians clockwise from +x."""

    length_px: float
    beam_px: float
    heading: float

    def outline(self, bow: float = 2.4) -> Floats:
        """Give the hull's corners (n, 2) around (0, 0), counterclockwise as seen with y down.

        A half breadth of (1 - |2u|**p) makes it convex for p ≥ 1; a small p is a pointed end.
        """
        along = 0.5 * np.cos(np.linspace(0.0, pi, 4 + min(7, int(self.length_px) // 14)))
        half = 0.5 * self.beam_px * (1 - np.abs(2 * along) ** np.where(along > 0, bow, 5.0))
        port = np.stack([along * self.length_px, -half], axis=1)
        return turned(np.concatenate([port, port[-2:0:-1] * (1, -1)]), self.heading)


def ship_picture(
    numbers: np.random.Generator,
    size_px: tuple[int, int],
    styles: tuple[Style, ...],
    fleet: Fleet,
    quirk: str | None = None,
) -> Canvas:
    """Paint ships at sea, in some pictures before a coast; `quirk` is as in `add_ships`."""
    style = styles[weighted(numbers, [style.weight for style in styles])]
    wanted, sea = 1 + weighted(numbers, fleet.counts), between(numbers, *style.sea)
    # A ship planted at an edge needs water there.
    inshore = numbers.random() < style.inshore and quirk is None
    canvas = ground.new_canvas(
        numbers,
        size_px,
        level=min(140.0, 20 + sea * between(numbers, 2.0, 5.0)) if inshore else sea,
        looks=style.looks,
        cell_px=style.cell_px,
        roughness=0.45 if inshore else 0.06,
        quality=style.quality,
    )
    if inshore:
        ground.flood_coast(canvas, sea)
    sidelobes = between(numbers, *style.sidelobes)
    level = between(numbers, *style.ship)
    add_ships(canvas, wanted, fleet.lengths_px, level=level, sidelobes=sidelobes, quirk=quirk)
    return canvas


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

    `quirk` shapes the first one: `rotated_corner_outside`, `box_touches_edge` or `box_overflows`.
    """
    numbers = canvas.numbers
    # Ships of one picture share its scale, and crowded pictures are coarse ones.
    scale = numbers.random() * (1 - 0.4 * min(1.0, (wanted - 1) / 8))
    for index in range(wanted):
        share = float(np.clip(scale + between(numbers, -0.15, 0.15), 0.0, 1.0))
        length_px = min(0.85 * min(canvas.size_px), at_quantile(share, lengths_px))
        slenderness = at_quantile(numbers.random(), _SLENDERNESS)
        # Blur makes small ships look stout; large ones show their true, slim proportions.
        beam_px = max(4.0, min(length_px / slenderness, 10 + 0.18 * length_px))
        ship = Ship(length_px, beam_px, between(numbers, 0.0, 2 * pi))
        if index == 0 and quirk is not None:
            ship, hull = _at_edge(canvas, ship, quirk)
        else:
            # The rotated box has to lie inside, too; a picture's first ship shrinks until it does.
            while (center := canvas.find(rectangle(*ship), canvas.land)) is None and index == 0:
                ship = Ship(
                    max(4.0, ship.length_px * 0.7), max(3.0, ship.beam_px * 0.7), ship.heading
                )
            if center is None:
                continue
            hull = ship.outline(between(numbers, 1.6, 3.4)) + center
        _paint_ship(canvas, ship, hull, level * between(numbers, 0.75, 1.25), sidelobes)
        touches = index == 0 and quirk == "box_touches_edge"
        canvas.targets.append(target_of("ship", hull, 0.0 if touches else ship.heading))


def _at_edge(canvas: Canvas, ship: Ship, quirk: str) -> tuple[Ship, Floats]:
    """Let a ship leave the picture, or lay it against the left edge: its rotated box leaves."""
    numbers = canvas.numbers
    length_px = float(np.clip(ship.length_px, 30.0, 90.0))
    if quirk == "box_overflows":
        ship = Ship(length_px, length_px / 3, ship.heading)
        return ship, ship.outline() + canvas.over_edge(ship.outline())
    ship = Ship(length_px, max(12.0, length_px / 3), pi + between(numbers, pi / 5, pi / 3.5))
    hull = ship.outline(1.3)
    left_px = 0.0 if quirk == "box_touches_edge" else 1.0
    y_px = between(numbers, 0.35, 0.65) * canvas.size_px[1]
    return ship, hull + np.array((left_px - hull[:, 0].min(), y_px))


def _paint_ship(canvas: Canvas, ship: Ship, hull: Floats, level: float, sidelobes: float) -> None:
    """Paint a speckled hull, scatterers along it, a loud superstructure, two of them with a cross.

    `level` is the hull's mean amplitude, `sidelobes` that of the loudest scatterers relative to it.
    """
    numbers, (length_px, beam_px, heading) = canvas.numbers, ship
    center = (hull.min(axis=0) + hull.max(axis=0)) / 2
    # The edge of a ship is ragged: its skin slopes away, so the echo fades toward the outline.
    # Decks are rougher than the sea.
    canvas.paint(hull, level * between(numbers, 0.6, 1.1), 0.8 + 0.16 * beam_px, rough=2)
    count = 5 + int(0.4 * length_px)
    canvas.sprinkle(rectangle(0.85 * length_px, 0.4 * beam_px, heading, center), count, 0.9 * level)
    bridge = center + toward(heading, float(numbers.choice((-0.3, -0.3, 0.28, 0.0))) * length_px)
    house = rectangle(0.12 * length_px, 0.5 * beam_px, heading, bridge)
    canvas.sprinkle(house, max(2, count // 4), 1.8 * level)
    if sidelobes > 0:
        canvas.scatter(house[:2], np.full(2, sidelobes * level), _CROSS_REACH_PX)
