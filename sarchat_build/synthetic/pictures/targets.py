"""Painted objects and their labels: box, rotated box and outline in whole pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, degrees, pi, sin
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.types import Box, Category

Floats: TypeAlias = npt.NDArray[np.float64]
Gray: TypeAlias = npt.NDArray[np.uint8]
Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A rotated box: sides, angle (0 to 90 degrees) of the `width_px` side, corners clockwise."""

    center_px: tuple[int, int]
    width_px: int
    height_px: int
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


@dataclass(frozen=True, slots=True)
class Picture:
    """Finished pixels (h, w) or (h, w, 3), what they show, and the JPEG quality of the product."""

    pixels: Gray
    targets: tuple[Target, ...]
    quality: int = 75

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


def target_of(category: Category, outline: Floats, heading: float, name: str = "") -> Target:
    """Label a convex outline (n, 2), whose rotated box lies along `heading` in radians.

    >>> target_of("ship", rectangle(8, 4, 0.0, (5.2, 3.1)), 0.0).box
    Box(x_min_px=1, y_min_px=1, x_max_px=9, y_max_px=5)
    """
    polygon = tuple(dict.fromkeys(_rounded(outline)))
    columns, rows = zip(*polygon, strict=True)
    box = Box(min(columns), min(rows), max(columns), max(rows))
    return Target(category, box, rotated_box_of(polygon, heading), polygon, name)


def rotated_box_of(polygon: tuple[tuple[int, int], ...], heading: float) -> RotatedBox:
    """Give the box along `heading` that just holds the corners.

    Corner 1 is where the height side starts, as `cv2.boxPoints` orders them; with an angle of 0
    that is the lower left one.

    >>> rotated_box_of(((0, 0), (8, 0), (8, 4), (0, 4)), 0.0).corners_px
    ((0, 4), (0, 0), (8, 0), (8, 4))
    """
    theta = heading % (pi / 2)
    low, high = (limits := turned(np.array(polygon, float), -theta)).min(axis=0), limits.max(axis=0)
    corners = np.array([(low[0], high[1]), low, (high[0], low[1]), high])
    (center,) = _rounded(turned((low + high)[None] / 2, theta))
    ((width_px, height_px),) = _rounded((high - low)[None])
    theta_deg = float(np.float32(degrees(theta)))
    return RotatedBox(
        center, width_px, height_px, theta_deg, tuple(_rounded(turned(corners, theta)))
    )


def _rounded(points: Floats) -> list[tuple[int, int]]:
    """Round half up."""
    return [(x, y) for x, y in np.floor(points + 0.5).astype(int).tolist()]


def turned(points: Floats, heading: float) -> Floats:
    """Rotate points (n, 2) by `heading` radians, clockwise as seen with y down.

    >>> turned(np.array([[1.0, 0.0]]), pi / 2).round(6).tolist()
    [[0.0, 1.0]]
    """
    turn = np.array([[cos(heading), sin(heading)], [-sin(heading), cos(heading)]])
    rotated: Floats = points @ turn
    return rotated


def rectangle(
    length_px: float, breadth_px: float, heading: float, center_px: Point = (0.0, 0.0)
) -> Floats:
    """Give the corners (4, 2) of a rectangle, counterclockwise as seen with y down."""
    x, y = length_px / 2, breadth_px / 2
    return turned(np.array([(x, -y), (-x, -y), (-x, y), (x, y)]), heading) + center_px


def extent_of(points: Floats) -> Box:
    """Give the box that just holds the points (n, 2).

    >>> extent_of(np.array([[1.0, 5.0], [3.0, 2.0]]))
    Box(x_min_px=1.0, y_min_px=2.0, x_max_px=3.0, y_max_px=5.0)
    """
    return Box(*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def cut_to(outline: Floats, width_px: int, height_px: int) -> Floats:
    """Cut a convex outline to 0 ≤ x ≤ width_px - 1, 0 ≤ y ≤ height_px - 1 (Sutherland-Hodgman).

    >>> cut_to(np.array([[-2.0, 1.0], [2.0, 1.0], [2.0, 5.0]]), 10, 10).tolist()
    [[0.0, 3.0], [0.0, 1.0], [2.0, 1.0], [2.0, 5.0]]
    """
    for axis, sign, limit in ((0, 1, 0), (0, -1, 1 - width_px), (1, 1, 0), (1, -1, 1 - height_px)):
        depth = sign * outline[:, axis] - limit
        kept: list[Floats] = []
        for i in range(len(outline)):
            if (depth[i - 1] < 0) != (depth[i] < 0):
                share = depth[i - 1] / (depth[i - 1] - depth[i])
                kept.append(outline[i - 1] + share * (outline[i] - outline[i - 1]))
            if depth[i] >= 0:
                kept.append(outline[i])
        outline = np.array(kept)
    return outline


def inner_depth(outline: Floats, x_px: int, y_px: int, width_px: int, height_px: int) -> Floats:
    """Give how far the center of each pixel of a window lies inside a convex outline, in pixels.

    Negative outside. Corners run counterclockwise as seen with y down.
    """
    center_x = np.arange(x_px, x_px + width_px) + 0.5
    center_y = np.arange(y_px, y_px + height_px) + 0.5
    depth = np.full((height_px, width_px), np.inf)
    for (x, y), (dx, dy) in zip(outline, np.roll(outline, -1, axis=0) - outline, strict=True):
        if (length := np.hypot(dx, dy)) > 1e-6:
            across, down = dy / length * (center_x - x), dx / length * (center_y - y)
            np.minimum(depth, across[None, :] - down[:, None], out=depth)
    return depth
