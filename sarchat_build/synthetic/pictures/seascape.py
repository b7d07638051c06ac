"""Open sea or a coast, ready for ships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sarchat_build.synthetic.pictures import coast, scene
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.speckle import (
    Field,
    cover,
    relief_tile,
    speckle_tile,
    stretch,
)

_TILE_PX = 1024


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of product looks: gray levels (0 to 255), looks, pixels per resolution cell."""

    weight: int
    looks: int
    cell_px: tuple[float, float]
    sea: tuple[float, float]
    ship: tuple[float, float]
    sidelobes: tuple[float, float]
    inshore: float
    quality: int = 75


@dataclass(frozen=True, slots=True)
class Sea:
    """Amplitudes, the room that water leaves, and unit-mean speckle for what will be painted."""

    canvas: Field
    room: scene.Room
    texture: Field


def seascape(
    numbers: np.random.Generator,
    width_px: int,
    height_px: int,
    style: Style,
    *,
    margin_px: float = 2.0,
    land: bool = True,
) -> Sea:
    """Paint water with swell and, in a share of pictures, a coast.

    Args:
        numbers: the picture's own.
        width_px: columns.
        height_px: rows.
        style: how the product looks.
        margin_px: what targets must keep from the edges and from each other.
        land: False keeps the coast away, for targets that need water at an edge.
    """
    level = between(numbers, *style.sea)
    tile = speckle_tile(style.looks, *style.cell_px, _TILE_PX)
    canvas = cover(numbers, tile, height_px, width_px) * np.float32(level)
    canvas *= stretch(numbers, relief_tile(0.06, 160.0, _TILE_PX), height_px, width_px)
    room = scene.Room(width_px, height_px, margin_px)
    if numbers.random() < style.inshore and land:
        room.blocked = coast.land_mask(numbers, width_px, height_px)
        coast.raise_land(
            canvas,
            numbers,
            room.blocked,
            level=min(140.0, 20 + level * between(numbers, 2.0, 5.0)),
            relief=stretch(numbers, relief_tile(0.45, 90.0, _TILE_PX), height_px, width_px),
            speckle=cover(numbers, tile, height_px, width_px),
            cell_px=style.cell_px,
        )
    return Sea(canvas, room, cover(numbers, tile, height_px, width_px))
