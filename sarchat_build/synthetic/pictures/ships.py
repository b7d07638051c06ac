"""Ships at sea and before a coast: how many, how long, where, and how a radar shows them."""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas, Style, new_canvas
from sarchat_build.synthetic.pictures.keyed import Numbers, at_quantile, between, weighted
from sarchat_build.synthetic.pictures.targets import Floats, rectangle, turned

# Length over beam of the published labels at `keyed.QUANTILES`.
_SLENDERNESS = (1.3, 1.6, 1.9, 2.5, 3.0, 3.9, 6.1, 7.5, 9)
_CROSS_REACH_PX = 28


class Fleet(NamedTuple):
    """How many pictures hold 1, 2, … ships, and how long ships are at `keyed.QUANTILES`."""

    counts: tuple[float, ...]
    lengths_px: tuple[float, ...]


def ship_picture(
    numbers: Numbers,
    size_px: tuple[int, int],
    styles: tuple[Style, ...],
    fleet: Fleet,
    quirk: str | None = None,
) -> Canvas:
    """Paint ships at sea, in some pictures before a coast; `quirk` is as in `add_ships`."""
    canvas, wanted = new_canvas(numbers, size_px, styles), 1 + weighted(numbers, fleet.counts)
    style, sea = canvas.style, canvas.level
    # A ship planted at an edge needs water there.
    if numbers.random() < style.inshore and quirk is None:
        ground.raise_land(canvas, min(140.0, 20 + sea * between(numbers, 2.0, 5.0)) / sea)
        ground.flood_coast(canvas, sea)
    sidelobes, level = between(numbers, *style.sidelobes), between(numbers, *style.target)
    add_ships(canvas, wanted, fleet, level=level, sidelobes=sidelobes, quirk=quirk)
    return canvas


def add_ships(
    canvas: Canvas,
    wanted: int,
    fleet: Fleet,
    *,
    level: float,
    sidelobes: float = 0.0,
    quirk: str | None = None,
) -> None:
    """Paint up to `wanted` ships of amplitude `level` on the water; `sidelobes` relative to it.

    `quirk` shapes the first one: `rotated_corner_outside`, `box_touches_edge` or `box_overflows`.
    """
    numbers = canvas.numbers
    # Ships of one picture share its scale, and crowded pictures are coarse ones.
    scale = numbers.random() * (1 - 0.4 * min(1.0, (wanted - 1) / 8))
    for index in range(wanted):
        share = float(np.clip(scale + between(numbers, -0.15, 0.15), 0.0, 1.0))
        length_px = min(0.85 * min(canvas.size_px), at_quantile(share, fleet.lengths_px))
        # Blur makes small ships look stout; large ones show their true, slim proportions.
        slim_px = length_px / at_quantile(numbers.random(), _SLENDERNESS)
        beam_px = max(4.0, min(slim_px, 10 + 0.18 * length_px))
        heading = between(numbers, 0, 2 * pi)
        if index == 0 and quirk is not None:
            outline, label_heading = _hull_at_edge(canvas, length_px, heading, quirk)
        else:
            # The rotated box has to lie inside, too; a picture's first ship shrinks until it does.
            center = canvas.find(rectangle(length_px, beam_px, heading), canvas.land)
            while center is None and index == 0:
                length_px, beam_px = max(4.0, length_px * 0.7), max(3.0, beam_px * 0.7)
                center = canvas.find(rectangle(length_px, beam_px, heading), canvas.land)
            if center is None:
                continue
            outline = hull(length_px, beam_px, heading, between(numbers, 1.6, 3.4)) + center
            label_heading = heading
        _paint_ship(canvas, outline, level * between(numbers, 0.75, 1.25), sidelobes)
        canvas.label("ship", outline, label_heading)


def hull(length_px: float, beam_px: float, heading: float, bow: float = 2.4) -> Floats:
    """Give a hull's corners (n, 2) around (0, 0); a small `bow` is a pointed one."""
    along = 0.5 * np.cos(np.linspace(0.0, pi, 4 + min(7, int(length_px) // 14)))
    half = 0.5 * beam_px * (1 - np.abs(2 * along) ** np.where(along > 0, bow, 5.0))
    port = np.stack([along * length_px, -half], axis=1)
    return turned(np.concatenate([port, port[-2:0:-1] * (1, -1)]), heading)


def _hull_at_edge(
    canvas: Canvas, length_px: float, heading: float, quirk: str
) -> tuple[Floats, float]:
    """Let a hull leave the picture, or lie aslant at its left edge: then its rotated box leaves.

    The second value is the heading of the rotated box in the label.
    """
    length_px = float(np.clip(length_px, 30.0, 90.0))
    if quirk == "box_overflows":
        outline = hull(length_px, length_px / 3, heading)
        return outline + canvas.find_first(outline, over_edge=True), heading
    heading, touches = pi * between(canvas.numbers, 1.2, 1.28), quirk == "box_touches_edge"
    outline = hull(length_px, max(12.0, length_px / 3), heading, 1.3)
    left_px = (0.0 if touches else 1.0) - float(outline[:, 0].min())
    return outline + np.array((left_px, canvas.size_px[1] / 2)), 0.0 if touches else heading


def _paint_ship(canvas: Canvas, outline: Floats, level: float, sidelobes: float) -> None:
    """Paint a speckled hull, scatterers along it, and a loud superstructure with two crosses."""
    numbers, center = canvas.numbers, (outline.min(axis=0) + outline.max(axis=0)) / 2
    along = outline[0] - outline[len(outline) // 2]
    heading = float(np.arctan2(along[1], along[0]))
    length_px, beam_px = np.ptp(turned(outline, -heading), axis=0).tolist()
    # The skin slopes away, so the echo fades toward the outline.
    for share in np.linspace(1.0, 0.75, 2 + int(beam_px / 8)).tolist():
        canvas.paint(center + share * (outline - center), level * (2.5 - 2 * share))
    count = 5 + int(0.4 * length_px)
    deck = rectangle(0.85 * length_px, 0.4 * beam_px, heading) + center
    canvas.sprinkle(deck, count, 0.9 * level)
    bridge = center + along * float(numbers.choice((-0.3, -0.3, 0.28, 0.0)))
    house = rectangle(0.12 * length_px, 0.5 * beam_px, heading) + bridge
    canvas.sprinkle(house, max(2, count // 4), 1.8 * level)
    if sidelobes > 0:
        canvas.scatter(house[:2], np.full(2, sidelobes * level), _CROSS_REACH_PX)
