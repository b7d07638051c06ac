"""What every radar picture shares: point responses, clutter, free room, conversion to gray bytes.

A canvas holds amplitude, the square root of intensity, in gray levels of the finished picture;
x runs right, y down, and pixel (i, j) covers i ≤ x < i + 1, j ≤ y < j + 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import cos, pi, sin
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.types import Box

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Gray: TypeAlias = npt.NDArray[np.uint8]

_TRIES = 40
_STAYS_PX = 15.0


@lru_cache(maxsize=64)
def point_response(cell_x_px: float, cell_y_px: float, radius_px: int) -> Field:
    """Compute the amplitude image of one point target: |sinc| across times |sinc| down.

    The sidelobes of the product lie on a cross through the peak, which is what strong scatterers
    show; a mild taper (as processors apply) takes them from -13 dB to about -20 dB.
    """
    step = np.arange(-radius_px, radius_px + 1)
    taper = 0.35 + 0.65 * np.cos(pi * step / (2 * radius_px + 2)) ** 2
    across = np.abs(np.sinc(step / cell_x_px)) * taper
    down = np.abs(np.sinc(step / cell_y_px)) * taper
    return np.outer(down, across).astype(np.float32)


def add_points(canvas: Field, x: Floats, y: Floats, amplitude: Floats, response: Field) -> None:
    """Add a point target to `canvas` at every (x, y); what falls outside the picture is lost."""
    height_px, width_px = canvas.shape
    reach = response.shape[0] // 2
    near = (x >= -reach) & (x < width_px + reach) & (y >= -reach) & (y < height_px + reach)
    step = np.arange(-reach, reach + 1)
    columns = np.floor(x[near]).astype(np.int64)[:, None] + step
    rows = np.floor(y[near]).astype(np.int64)[:, None] + step
    values = amplitude[near].astype(np.float32)[:, None, None] * response
    # A padding of one row and column would cost a copy; points outside get amplitude 0 instead.
    values *= ((rows >= 0) & (rows < height_px))[:, :, None]
    values *= ((columns >= 0) & (columns < width_px))[:, None, :]
    places = np.clip(rows, 0, height_px - 1)[:, :, None] * width_px
    places = places + np.clip(columns, 0, width_px - 1)[:, None, :]
    np.add.at(canvas.reshape(-1), places.reshape(-1), values.reshape(-1))


def strings_of_points(
    numbers: np.random.Generator,
    starts_x: Floats,
    starts_y: Floats,
    angle: float,
    spacing_px: float,
) -> tuple[Floats, Floats, Floats]:
    """Give x, y and relative amplitude of strings of scatterers along `angle` or square to it.

    Walls, cranes, fences and lamp rows answer as evenly spaced points on few common directions.
    """
    count = starts_x.size
    lengths = numbers.integers(2, 13, count)
    string = np.repeat(np.arange(count), lengths)
    place = np.arange(string.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    square = (numbers.random(count) < 0.35)[string] * (pi / 2)
    pitch = spacing_px * (0.4 + 1.1 * numbers.random(count))[string]
    loudness = numbers.lognormal(-0.3, 1.0, count)[string]
    x = starts_x[string] + np.cos(angle + square) * pitch * place
    y = starts_y[string] + np.sin(angle + square) * pitch * place
    off_x, off_y = numbers.normal(0.0, 0.12 * spacing_px, (2, string.size))
    return x + off_x, y + off_y, loudness * numbers.lognormal(0.0, 0.8, string.size)


@dataclass(slots=True)
class Room:
    """The free part of a picture: targets keep `margin_px` from its edges and from each other."""

    width_px: int
    height_px: int
    margin_px: float
    blocked: Mask | None = None
    taken: list[Box] = field(default_factory=list)

    def fits(self, box: Box) -> bool:
        """Tell whether `box` lies inside, on free ground and clear of every target."""
        gap = self.margin_px
        if box.x_min_px < gap or box.y_min_px < gap:
            return False
        if box.x_max_px > self.width_px - 1 - gap or box.y_max_px > self.height_px - 1 - gap:
            return False
        return self.is_clear(box)

    def is_clear(self, box: Box) -> bool:
        """Tell whether `box` lies on free ground and clear of every target."""
        gap = self.margin_px
        for other in self.taken:
            if (
                box.x_min_px < other.x_max_px + gap
                and other.x_min_px < box.x_max_px + gap
                and box.y_min_px < other.y_max_px + gap
                and other.y_min_px < box.y_max_px + gap
            ):
                return False
        if self.blocked is None:
            return True
        rows = slice(max(0, int(box.y_min_px)), int(box.y_max_px) + 1)
        columns = slice(max(0, int(box.x_min_px)), int(box.x_max_px) + 1)
        return not self.blocked[rows, columns].any()

    def find(
        self, numbers: np.random.Generator, extent: Box, *, tries: int = _TRIES
    ) -> tuple[float, float] | None:
        """Find where to move `extent`, given around (0, 0), so that it fits; None if nowhere."""
        gap = self.margin_px
        low_x, high_x = gap - extent.x_min_px, self.width_px - 1 - gap - extent.x_max_px
        low_y, high_y = gap - extent.y_min_px, self.height_px - 1 - gap - extent.y_max_px
        if high_x < low_x or high_y < low_y:
            return None
        for share_x, share_y in numbers.random((tries, 2)):
            x, y = low_x + (high_x - low_x) * share_x, low_y + (high_y - low_y) * share_y
            if self.fits(moved(extent, x, y)):
                return float(x), float(y)
        return None

    def over_edge(
        self, numbers: np.random.Generator, extent: Box, shares: tuple[float, float] = (0.25, 0.4)
    ) -> tuple[float, float]:
        """Find where `extent`, given around (0, 0), leaves the picture over one of its edges.

        By a share of its side within `shares`; what stays is at least 15 px if it can be.
        """
        along = between(numbers, 0.3, 0.7)
        share = between(numbers, *shares)
        lost_x = max(0.5, min(share * extent.width_px, extent.width_px - _STAYS_PX))
        lost_y = max(0.5, min(share * extent.height_px, extent.height_px - _STAYS_PX))
        edges = (
            (-lost_x - extent.x_min_px, along * self.height_px),
            (along * self.width_px, -lost_y - extent.y_min_px),
            (self.width_px + lost_x - extent.x_max_px, along * self.height_px),
            (along * self.width_px, self.height_px + lost_y - extent.y_max_px),
        )
        return edges[int(numbers.integers(4))]


def moved(box: Box, x_px: float, y_px: float) -> Box:
    """Shift a box.

    >>> moved(Box(-1, -2, 1, 2), 10, 20)
    Box(x_min_px=9, y_min_px=18, x_max_px=11, y_max_px=22)
    """
    return Box(box.x_min_px + x_px, box.y_min_px + y_px, box.x_max_px + x_px, box.y_max_px + y_px)


def turned(points: Floats, heading: float) -> Floats:
    """Rotate points (n, 2) by `heading` radians, clockwise as seen with y down.

    >>> turned(np.array([[1.0, 0.0]]), pi / 2).round(6).tolist()
    [[0.0, 1.0]]
    """
    turn = np.array([[cos(heading), sin(heading)], [-sin(heading), cos(heading)]])
    rotated: Floats = points @ turn
    return rotated


def extent_of(points: Floats) -> Box:
    """Give the box that just holds the points (n, 2).

    >>> extent_of(np.array([[1.0, 5.0], [3.0, 2.0]]))
    Box(x_min_px=1.0, y_min_px=2.0, x_max_px=3.0, y_max_px=5.0)
    """
    (x_min, y_min), (x_max, y_max) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box(x_min, y_min, x_max, y_max)


def to_16_bit(canvas: Field, gain: float) -> npt.NDArray[np.uint16]:
    """Quantize amplitude to 16 bits, `gain` counts per gray level, strong targets saturated."""
    counts: npt.NDArray[np.float32] = np.minimum(canvas * np.float32(gain), np.float32(65535))
    return counts.astype(np.uint16)


def to_gray(canvas: Field, ceiling: int = 255) -> Gray:
    """Quantize amplitude to bytes; what exceeds `ceiling` saturates, as in a linear stretch."""
    return np.minimum(canvas, np.float32(ceiling)).astype(np.uint8)
