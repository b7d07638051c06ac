"""The ships of one picture: how many, how large, where they lie, and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from sarchat_build.synthetic.pictures import outline, scene, ships
from sarchat_build.synthetic.pictures.keyed import at_quantile, between, weighted
from sarchat_build.synthetic.pictures.seascape import Style, seascape
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.synthetic.pictures.target import Target, target_of

# How many of the 1,160 published images hold 1, 2, … ships, the tail thinned out above 13.
_SHIPS = (706, 188, 91, 36, 48, 20, 21, 4, 16, 8, 11, 4, 2, 4, 9)
# Inverse distributions of the published labels at `keyed.QUANTILES`.
_LENGTHS_PX = (8, 9, 12, 24, 39, 63, 137, 204, 330)
_SLENDERNESS = (1.3, 1.6, 1.9, 2.5, 3.0, 3.9, 6.1, 7.5, 9)


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many pictures hold 1, 2, … ships, and how long ships are at `keyed.QUANTILES`."""

    counts: tuple[float, ...]
    lengths_px: tuple[float, ...]


SSDD_FLEET = Fleet(_SHIPS, _LENGTHS_PX)


def ships_of(
    numbers: np.random.Generator,
    width_px: int,
    height_px: int,
    styles: tuple[Style, ...],
    fleet: Fleet,
    quirk: str | None = None,
) -> tuple[Field, tuple[Target, ...], Style]:
    """Paint one picture of ships, as amplitudes, in one of `styles`; `quirk` is as in `sail`."""
    style = styles[weighted(numbers, [style.weight for style in styles])]
    # A ship planted at an edge needs water there.
    sea = seascape(numbers, width_px, height_px, style, land=quirk is None)
    targets = sail(sea.canvas, numbers, sea.room, style, sea.texture, quirk, fleet)
    return sea.canvas, tuple(targets), style


def sail(
    canvas: Field,
    numbers: np.random.Generator,
    room: scene.Room,
    style: Style,
    texture: Field,
    quirk: str | None = None,
    fleet: Fleet = SSDD_FLEET,
) -> list[Target]:
    """Paint the ships of one picture and label each from its own outline.

    `texture` is unit-mean speckle of the canvas' size. `quirk` shapes the first ship:
    `rotated_corner_outside`, `box_touches_edge` (its label is cut to the picture) or
    `box_overflows` (its label is not).
    """
    wanted = 1 + weighted(numbers, fleet.counts)
    # Ships of one picture share its scale, and crowded pictures are coarse ones.
    scale = numbers.random() * (1 - 0.4 * min(1.0, (wanted - 1) / 8))
    level = between(numbers, *style.ship)
    sidelobes = max(0.0, between(numbers, *style.sidelobes))
    labels: list[Target] = []
    for index in range(wanted):
        ship = _ship(numbers, scale, fleet.lengths_px, 0.7 * min(room.width_px, room.height_px))
        special = quirk if index == 0 else None
        if special == "rotated_corner_outside":
            ship, center = _at_corner_outside(numbers, ship, room)
        elif special in ("box_touches_edge", "box_overflows"):
            ship, center = _across_edge(numbers, ship, room)
        else:
            ship, found = _at_sea(numbers, ship, room, must=index == 0)
            if found is None:
                continue
            center = found
        frame = None if special == "box_overflows" else room
        label = _label(ship, center, frame, aligned=special == "box_touches_edge")
        room.taken.append(label.box)
        ships.paint_ship(
            canvas,
            numbers,
            ship,
            center,
            level=level * between(numbers, 0.75, 1.25),
            cell_px=style.cell_px,
            texture=texture,
            sidelobes=sidelobes,
        )
        labels.append(label)
    return labels


def _ship(
    numbers: np.random.Generator, scale: float, lengths_px: tuple[float, ...], longest_px: float
) -> ships.Ship:
    share = min(1.0, max(0.0, scale + between(numbers, -0.15, 0.15)))
    length_px = min(longest_px, at_quantile(share, lengths_px))
    slenderness = at_quantile(numbers.random(), _SLENDERNESS)
    # Blur makes small ships look stout; large ones show their true, slim proportions.
    beam_px = max(4.0, min(length_px / slenderness, 10 + 0.18 * length_px))
    heading = between(numbers, 0.0, 2 * pi)
    return ships.Ship(
        length_px, beam_px, heading, between(numbers, 1.6, 3.4), between(numbers, 3, 9)
    )


def _at_sea(
    numbers: np.random.Generator, ship: ships.Ship, room: scene.Room, *, must: bool
) -> tuple[ships.Ship, tuple[float, float] | None]:
    """Find open water for the whole rotated box; a picture's first ship shrinks until it fits."""
    while True:
        label = _label(ship, (0.0, 0.0), None, aligned=False)
        reach = outline.box_of([*label.rotated.corners_px, *label.polygon])
        center = room.find(numbers, reach)
        if center is not None or not must or ship.length_px <= 8:
            return ship, center
        ship = ships.Ship(
            max(8.0, ship.length_px * 0.7),
            max(4.0, ship.beam_px * 0.7),
            ship.heading,
            ship.bow,
            ship.stern,
        )


def _at_corner_outside(
    numbers: np.random.Generator, ship: ships.Ship, room: scene.Room
) -> tuple[ships.Ship, tuple[float, float]]:
    """Lay a pointed, slanted ship against the left edge: all inside but its rotated box."""
    length_px = max(30.0, min(ship.length_px, 90.0))
    heading = pi + between(numbers, pi / 5, pi / 3.5)
    pointed = ships.Ship(length_px, max(12.0, length_px / 3), heading, 1.3, ship.stern)
    extent = scene.extent_of(pointed.outline())
    y_px = between(numbers, 0.35, 0.65) * room.height_px
    return pointed, (1.0 - extent.x_min_px, y_px)


def _across_edge(
    numbers: np.random.Generator, ship: ships.Ship, room: scene.Room
) -> tuple[ships.Ship, tuple[float, float]]:
    """Let a ship leave the picture over one of its edges, more than half of it inside."""
    length_px = max(20.0, min(ship.length_px, 100.0))
    inside_px = between(numbers, 0.1, 0.3) * length_px
    slant = between(numbers, -0.5, 0.5)
    last_x, last_y = room.width_px - 1, room.height_px - 1
    share = between(numbers, 0.4, 0.6)
    centers = (
        (inside_px, share * last_y, 0.0),
        (share * last_x, inside_px, pi / 2),
        (last_x - inside_px, share * last_y, pi),
        (share * last_x, last_y - inside_px, -pi / 2),
    )
    x, y, across = centers[int(numbers.integers(4))]
    beam_px = max(6.0, length_px / 4)
    return ships.Ship(length_px, beam_px, across + slant, ship.bow, ship.stern), (x, y)


def _label(
    ship: ships.Ship, center: tuple[float, float], room: scene.Room | None, *, aligned: bool
) -> Target:
    hull = ship.outline() + np.array(center)
    if room is not None:
        hull = outline.cut_to(hull, room.width_px, room.height_px)
    return target_of("ship", hull, 0.0 if aligned else ship.heading)
