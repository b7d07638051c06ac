"""Ships at sea and before a coast: how many, how long, where, and how a radar shows them."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import at_quantile, between, weighted
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, toward, turned

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
    sidelobes, level = between(numbers, *style.sidelobes), between(numbers, *style.ship)
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
        # Blur makes small ships look stout; large ones show their true, slim proportions.
        slender = length_px / at_quantile(numbers.random(), _SLENDERNESS)
        beam_px, heading = (
            max(4.0, min(slender, 10 + 0.18 * length_px)),
            between(numbers, 0, 2 * pi),
        )
        center: Floats | None
        if index == 0 and quirk is not None:
            # Slanted at an edge, a hull stays inside and its rotated box does not.
            length_px, slanted = float(np.clip(length_px, 30.0, 90.0)), quirk != "box_overflows"
            beam_px = max(12.0, length_px / 3)
            heading = pi * between(numbers, 1.2, 1.28) if slanted else heading
            outline = hull(length_px, beam_px, heading, 1.3 if slanted else 2.4)
            center = canvas.find_first(outline, over_edge=True)
            if slanted:
                left_px = 0.0 if quirk == "box_touches_edge" else 1.0
                center = np.array((left_px - outline[:, 0].min(), canvas.size_px[1] / 2))
        else:
            # The rotated box has to lie inside, too; a picture's first ship shrinks until it does.
            while (
                center := canvas.find(rectangle(length_px, beam_px, heading), canvas.land)
            ) is None and index == 0:
                length_px, beam_px = max(4.0, length_px * 0.7), max(3.0, beam_px * 0.7)
            if center is None:
                continue
            outline = hull(length_px, beam_px, heading, between(numbers, 1.6, 3.4))
        outline = outline + center
        _paint_ship(canvas, outline, heading, level * between(numbers, 0.75, 1.25), sidelobes)
        touches = index == 0 and quirk == "box_touches_edge"
        canvas.label("ship", outline, 0.0 if touches else heading)


def hull(length_px: float, beam_px: float, heading: float, bow: float) -> Floats:
    """Give a hull's corners (n, 2) around (0, 0).

    Its half breadth is (1 - |2u|**p), where a small p, the `bow`, is a pointed end.
    """
    along = 0.5 * np.cos(np.linspace(0.0, pi, 4 + min(7, int(length_px) // 14)))
    half = 0.5 * beam_px * (1 - np.abs(2 * along) ** np.where(along > 0, bow, 5.0))
    port = np.stack([along * length_px, -half], axis=1)
    return turned(np.concatenate([port, port[-2:0:-1] * (1, -1)]), heading)


def _paint_ship(
    canvas: Canvas, outline: Floats, heading: float, level: float, sidelobes: float
) -> None:
    """Paint a speckled hull, scatterers along it, a loud superstructure, two of them with a cross.

    `level` is the hull's mean amplitude, `sidelobes` that of the loudest scatterers relative to it.
    """
    numbers, center = canvas.numbers, (outline.min(axis=0) + outline.max(axis=0)) / 2
    length_px, beam_px = np.ptp(turned(outline, -heading), axis=0).tolist()
    # The skin slopes away, so the echo fades toward the outline.
    for share in np.linspace(1.0, 0.6, 2 + int(beam_px / 8)).tolist():
        canvas.paint(center + share * (outline - center), level * (1.5 - share))
    count = 5 + int(0.4 * length_px)
    canvas.sprinkle(
        rectangle(0.85 * length_px, 0.4 * beam_px, heading) + center, count, 0.9 * level
    )
    bridge = center + toward(heading, float(numbers.choice((-0.3, -0.3, 0.28, 0.0))) * length_px)
    house = rectangle(0.12 * length_px, 0.5 * beam_px, heading) + bridge
    canvas.sprinkle(house, max(2, count // 4), 1.8 * level)
    if sidelobes > 0:
        canvas.scatter(house[:2], np.full(2, sidelobes * level), _CROSS_REACH_PX)
