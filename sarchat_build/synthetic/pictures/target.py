"""A painted target and its label, whatever it is; a picture and all its targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sarchat_build.synthetic.pictures.outline import RotatedBox, box_of, rotated_box_of, rounded
from sarchat_build.synthetic.pictures.scene import Floats, Gray
from sarchat_build.types import Box, Category


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
    def width_px(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])


def target_of(category: Category, outline: Floats, heading: float) -> Target:
    """Label a convex outline (n, 2), whose rotated box lies along `heading` in radians."""
    polygon = rounded(outline)
    return Target(category, box_of(polygon), rotated_box_of(polygon, heading), tuple(polygon))


def boxed(category: Category, box: Box, name: str = "") -> Target:
    """Label a box of whole pixels.

    >>> boxed("aircraft", Box(1, 2, 5, 4)).rotated.corners_px
    ((1, 4), (1, 2), (5, 2), (5, 4))
    """
    x0, y0, x1, y1 = corners_of(box)
    polygon = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return Target(category, box, rotated_box_of(polygon, 0.0), tuple(polygon), name)


def corners_of(box: Box) -> tuple[int, int, int, int]:
    """Give a box of whole pixels as documents write it.

    >>> corners_of(Box(1.0, 2.0, 5.0, 4.0))
    (1, 2, 5, 4)
    """
    x_min, y_min, x_max, y_max = box
    return int(x_min), int(y_min), int(x_max), int(y_max)


def rectangle(
    center_px: tuple[float, float], length_px: float, breadth_px: float, heading: float
) -> Floats:
    """Give the corners (4, 2) of a rectangle, counterclockwise as seen with y down."""
    along = np.array([np.cos(heading), np.sin(heading)]) * length_px / 2
    across = np.array([-np.sin(heading), np.cos(heading)]) * breadth_px / 2
    corners: Floats = np.array([along - across, -along - across, across - along, along + across])
    corners += center_px
    return corners
