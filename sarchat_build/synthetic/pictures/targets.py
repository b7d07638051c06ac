"""Labels of painted objects: box, rotated box and outline in whole pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, degrees, pi, sin
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.types import Box, Category

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A rotated box: center, sides, angle (0 to 90 degrees) of the width, corners clockwise."""

    cxcywh_px: tuple[int, int, int, int]
    theta_deg: float
    corners_px: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One object's box, rotated box and outline in whole pixels; they may leave the picture.

    `name` is what the source calls it where it knows kinds of a category, such as an aircraft type.
    """

    category: Category
    box: Box
    rotated: RotatedBox
    polygon: tuple[tuple[int, int], ...]
    name: str = ""


def target_of(category: Category, outline: Floats, heading: float, name: str = "") -> Target:
    """Label an outline (n, 2), whose rotated box lies along `heading` in radians.

    Corner 1 of the rotated box is where the height side starts, as `cv2.boxPoints` orders them;
    with an angle of 0 that is the lower left one.

    >>> target = target_of("ship", rectangle(8, 4, 0.0) + (5.2, 3.1), 0.0)
    >>> target.box, target.rotated.corners_px
    (Box(x_min_px=1, y_min_px=1, x_max_px=9, y_max_px=5), ((1, 5), (1, 1), (9, 1), (9, 5)))
    """
    polygon = tuple(dict.fromkeys(_rounded(outline)))
    columns, rows = zip(*polygon, strict=True)
    box = Box(min(columns), min(rows), max(columns), max(rows))
    theta = heading % (pi / 2)
    level = turned(np.array(polygon, float), -theta)
    low, high = level.min(axis=0), level.max(axis=0)
    corners = np.array([(low[0], high[1]), low, (high[0], low[1]), high])
    center, side = _rounded(np.array([*turned((low + high)[None] / 2, theta), high - low]))
    angle, around = float(np.float32(degrees(theta))), tuple(_rounded(turned(corners, theta)))
    return Target(category, box, RotatedBox((*center, *side), angle, around), polygon, name)


def _rounded(points: Floats) -> list[tuple[int, int]]:
    """Round half up."""
    return [(x, y) for x, y in np.floor(points + 0.5).astype(int).tolist()]


def turned(points: Floats, heading: float) -> Floats:
    """Rotate points (n, 2) by `heading` radians, clockwise as seen with y down.

    >>> turned(np.array([[1.0, 0.0]]), pi / 2).round(6).tolist()
    [[0.0, 1.0]]
    """
    c, s = cos(heading), sin(heading)
    rotated: Floats = points @ np.array([[c, s], [-s, c]])
    return rotated


def toward(heading: float, distance_px: float = 1.0) -> Floats:
    """Give the step (2,) of `distance_px` along `heading`."""
    return np.array((cos(heading), sin(heading))) * distance_px


def rectangle(length_px: float, breadth_px: float, heading: float) -> Floats:
    """Give the corners (4, 2) of a rectangle around (0, 0); the second side runs `length_px`."""
    x, y = length_px / 2, breadth_px / 2
    return turned(np.array([(x, -y), (-x, -y), (-x, y), (x, y)]), heading)
