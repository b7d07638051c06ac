"""A radar picture in the making: its amplitudes, and the targets painted so far.

Amplitude is the square root of intensity, in gray levels of the finished picture; x runs right, y
down, and pixel (i, j) covers i ≤ x < i + 1, j ≤ y < j + 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor, pi
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.synthetic.pictures.targets import (
    Floats,
    Picture,
    Point,
    Target,
    extent_of,
    inner_depth,
    target_of,
)
from sarchat_build.types import Box, Category

Mask: TypeAlias = npt.NDArray[np.bool_]

# What targets keep from each other and from the edges. Rounded labels stray by less than 1.5 px,
# so no label ends where conventions of coordinates could disagree.
_GAP_PX = 3.5
_STAYS_PX = 15.0
_LEAST_LOST_PX = 3.0


@dataclass(slots=True)
class Canvas:
    """A picture being painted.

    `numbers` are the picture's own, `texture` is unit-mean speckle for what is still to be painted,
    `level` the mean amplitude of the ground, `land` where there is none of the water (None: the
    picture has no shore).
    """

    numbers: np.random.Generator
    amplitude: Field
    texture: Field
    cell_px: tuple[float, float]
    level: float
    quality: int = 75
    land: Mask | None = None
    targets: list[Target] = field(default_factory=list)

    @property
    def width_px(self) -> int:
        """Number of columns."""
        return int(self.amplitude.shape[1])

    @property
    def height_px(self) -> int:
        """Number of rows."""
        return int(self.amplitude.shape[0])

    def scatter(self, points: Floats, amplitude: Floats, reach_px: int = 3) -> None:
        """Add a point target at every point (n, 2); what falls outside the picture is lost."""
        x, y = np.floor(points).astype(np.int64).T
        inside = (x > -reach_px) & (x < self.width_px + reach_px)
        inside &= (y > -reach_px) & (y < self.height_px + reach_px)
        step = np.arange(-reach_px, reach_px + 1)
        columns, rows = x[inside, None] + step, y[inside, None] + step
        values = amplitude[inside].astype(np.float32)[:, None, None]
        values = values * point_response(self.cell_px, reach_px)
        # A padding of one row and column would cost a copy; points outside get amplitude 0 instead.
        values *= ((rows >= 0) & (rows < self.height_px))[:, :, None]
        values *= ((columns >= 0) & (columns < self.width_px))[:, None, :]
        flat = np.clip(rows, 0, self.height_px - 1)[:, :, None] * self.width_px
        flat = flat + np.clip(columns, 0, self.width_px - 1)[:, None, :]
        np.add.at(self.amplitude.reshape(-1), flat.reshape(-1), values.reshape(-1))

    def paint(self, outline: Floats, level: float, soft_px: float = 1.0, rough: int = 1) -> None:
        """Lay a speckled area of mean amplitude `level` over what is there, where it is louder.

        `outline` is convex, (n, 2), counterclockwise as seen with y down; `soft_px` is how far
        inside it the level is reached; a `rough` of 2 widens the spread of the speckle.
        """
        rows, columns, share = self._covered(outline, soft_px)
        painted = (share * level * self.texture[rows, columns] ** rough).astype(np.float32)
        self.amplitude[rows, columns] = np.maximum(self.amplitude[rows, columns], painted)

    def shade(self, outline: Floats, remaining: float) -> None:
        """Take away echo where the radar cannot see, down to a share `remaining` of it."""
        rows, columns, share = self._covered(outline, 1.5)
        self.amplitude[rows, columns] *= (1 - (1 - remaining) * share).astype(np.float32)

    def _covered(self, outline: Floats, soft_px: float) -> tuple[slice, slice, Floats]:
        """Give rows and columns around an outline, and how much of each pixel it covers."""
        low_x, low_y, high_x, high_y = extent_of(outline)
        x0, x1 = (min(self.width_px, max(0, v)) for v in (floor(low_x) - 1, ceil(high_x) + 1))
        y0, y1 = (min(self.height_px, max(0, v)) for v in (floor(low_y) - 1, ceil(high_y) + 1))
        depth = inner_depth(outline, x0, y0, x1 - x0, y1 - y0)
        return slice(y0, y1), slice(x0, x1), np.clip((depth + 0.5) / soft_px, 0.0, 1.0)

    def label(self, category: Category, outline: Floats, heading: float, name: str = "") -> None:
        """Add the label of a painted target."""
        self.targets.append(target_of(category, outline, heading, name))

    def fits(self, box: Box, off: Mask | None = None) -> bool:
        """Tell whether `box` lies inside, clear of every target and of the mask `off`."""
        x0, y0, x1, y1 = box.x_min_px, box.y_min_px, box.x_max_px, box.y_max_px
        if min(x0, y0, self.width_px - 1 - x1, self.height_px - 1 - y1) < _GAP_PX:
            return False
        for other in (target.box for target in self.targets):
            across = x0 < other.x_max_px + _GAP_PX and other.x_min_px < x1 + _GAP_PX
            if across and y0 < other.y_max_px + _GAP_PX and other.y_min_px < y1 + _GAP_PX:
                return False
        return off is None or not off[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1].any()

    def find(self, extent: Box, *, off: Mask | None = None, tries: int = 40) -> Point | None:
        """Find a center for `extent`, given around (0, 0), where it fits; None if there is none."""
        low_x, low_y = _GAP_PX - extent.x_min_px, _GAP_PX - extent.y_min_px
        room_x = self.width_px - 1 - _GAP_PX - extent.x_max_px - low_x
        room_y = self.height_px - 1 - _GAP_PX - extent.y_max_px - low_y
        if min(room_x, room_y) < 0:
            return None
        for share_x, share_y in self.numbers.random((tries, 2)).tolist():
            center = low_x + room_x * share_x, low_y + room_y * share_y
            if self.fits(moved(extent, center), off):
                return center
        return None

    def over_edge(self, extent: Box, shares: tuple[float, float] = (0.25, 0.4)) -> Point:
        """Find a center where `extent`, given around (0, 0), leaves the picture over one edge.

        By a share of its side within `shares`; what stays is at least 15 px if it can be.
        """
        along, share = between(self.numbers, 0.35, 0.65), between(self.numbers, *shares)
        out_x, out_y = (
            max(_LEAST_LOST_PX, min(share * side_px, side_px - _STAYS_PX))
            for side_px in (extent.width_px, extent.height_px)
        )
        x, y = along * self.width_px, along * self.height_px
        edges = (
            (-out_x - extent.x_min_px, y),
            (x, -out_y - extent.y_min_px),
            (self.width_px + out_x - extent.x_max_px, y),
            (x, self.height_px + out_y - extent.y_max_px),
        )
        return edges[int(self.numbers.integers(4))]

    def picture(self) -> Picture:
        """Quantize amplitude to bytes; what exceeds 255 saturates, as in a linear stretch."""
        gray = np.minimum(self.amplitude, np.float32(255)).astype(np.uint8)
        return Picture(gray, tuple(self.targets), self.quality)


@lru_cache(maxsize=64)
def point_response(cell_px: tuple[float, float], reach_px: int) -> Field:
    """Compute the amplitude image of one point target: |sinc| across times |sinc| down.

    The sidelobes of the product lie on a cross through the peak, which is what strong scatterers
    show; a mild taper (as processors apply) takes them from -13 dB to about -20 dB.
    """
    step = np.arange(-reach_px, reach_px + 1)
    taper = 0.35 + 0.65 * np.cos(pi * step / (2 * reach_px + 2)) ** 2
    across, down = (np.abs(np.sinc(step / cell)) * taper for cell in cell_px)
    return np.outer(down, across).astype(np.float32)


def moved(box: Box, by_px: Point) -> Box:
    """Shift a box.

    >>> moved(Box(-1, -2, 1, 2), (10, 20))
    Box(x_min_px=9, y_min_px=18, x_max_px=11, y_max_px=22)
    """
    x, y = by_px
    return Box(box.x_min_px + x, box.y_min_px + y, box.x_max_px + x, box.y_max_px + y)
