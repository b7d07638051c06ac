"""A radar picture in the making: its amplitudes, and the targets painted so far.

Amplitude is the square root of intensity, in gray levels of the finished picture; x runs right, y
down, and pixel (i, j) covers i ≤ x < i + 1, j ≤ y < j + 1.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    Gray,
    Target,
    extent_of,
    inner_depth,
)

Mask: TypeAlias = npt.NDArray[np.bool_]

# What targets keep from each other and from the edges. Rounded labels stray by less than 1.5 px,
# so no label ends where conventions of coordinates could disagree.
_GAP_PX = 3.5
# Of a target over an edge at least so much stays (if it can) and so much is lost.
_STAYS_PX, _LOST_PX = 15.0, 3.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Finished pixels (h, w) or (h, w, 3), what they show, and the JPEG quality of the product."""

    pixels: Gray
    targets: tuple[Target, ...]
    quality: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


@dataclass(slots=True)
class Canvas:
    """A picture being painted.

    `numbers` are the picture's own, `texture` is unit-mean speckle for what is still to be painted,
    `level` the mean amplitude of the ground, `land` where there is no water (None: no shore).
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
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.amplitude.shape[1]), int(self.amplitude.shape[0])

    def paint(self, outline: Floats, level: float, soft_px: float = 1.0, rough: int = 1) -> None:
        """Lay a speckled area of mean amplitude `level` over what is there, where it is louder.

        `outline` is convex, (n, 2), counterclockwise as seen with y down; `soft_px` is how far
        inside it the level is reached; a `rough` of 2 widens the spread of the speckle.
        """
        window, share = self._covered(outline, soft_px)
        painted = (share * level * self.texture[window] ** rough).astype(np.float32)
        self.amplitude[window] = np.maximum(self.amplitude[window], painted)

    def shade(self, outline: Floats, remaining: float) -> None:
        """Take away echo where the radar cannot see, down to a share `remaining` of it."""
        window, share = self._covered(outline, 1.5)
        self.amplitude[window] *= (1 - (1 - remaining) * share).astype(np.float32)

    def _covered(self, outline: Floats, soft_px: float) -> tuple[tuple[slice, slice], Floats]:
        """Give the window around an outline, and how much of each pixel it covers."""
        box, (width_px, height_px) = extent_of(outline), self.size_px
        x0, y0 = max(0, floor(box.x_min_px) - 1), max(0, floor(box.y_min_px) - 1)
        x1 = max(x0, min(width_px, ceil(box.x_max_px) + 1))
        y1 = max(y0, min(height_px, ceil(box.y_max_px) + 1))
        depth = inner_depth(outline, x0, y0, x1 - x0, y1 - y0)
        return (slice(y0, y1), slice(x0, x1)), np.clip((depth + 0.5) / soft_px, 0.0, 1.0)

    def scatter(self, points: Floats, amplitude: Floats, reach_px: int = 3) -> None:
        """Add a point target at every point (n, 2); what falls outside the picture is lost."""
        (width_px, height_px), corner = self.size_px, np.floor(points).astype(np.int64)
        near = (corner > -reach_px) & (corner < np.add(self.size_px, reach_px))
        x, y = corner[near.all(axis=1)].T[:, :, None] + np.arange(-reach_px, reach_px + 1)
        values = amplitude[near.all(axis=1)].astype(np.float32)[:, None, None]
        values = values * point_response(self.cell_px, reach_px)
        # A padding of one row and column would cost a copy; points outside get amplitude 0 instead.
        values *= ((y >= 0) & (y < height_px))[:, :, None] & ((x >= 0) & (x < width_px))[:, None, :]
        rows, columns = np.clip(y, 0, height_px - 1), np.clip(x, 0, width_px - 1)
        flat = rows[:, :, None] * width_px + columns[:, None, :]
        np.add.at(self.amplitude.reshape(-1), flat.reshape(-1), values.reshape(-1))

    def sprinkle(
        self, corners: Floats, count: int, level: float | Floats, spread: float = 0.8
    ) -> None:
        """Add `count` point targets within four corners (4, 2), log-normal around `level`.

        Or within several quadrilaterals (n, 4, 2), each with its own `level` (n,).
        """
        first, second, third, fourth = np.moveaxis(corners, -2, 0)
        shape = (count, *first.shape[:-1])
        u, v = self.numbers.random((2, *shape, 1))
        near, far = first + u * (second - first), fourth + u * (third - fourth)
        amplitude = level * self.numbers.lognormal(0.0, spread, shape)
        self.scatter((near + v * (far - near)).reshape(-1, 2), amplitude.ravel())

    def fits(self, outline: Floats, off: Mask | None = None) -> bool:
        """Tell whether an outline lies inside, clear of every target and of the mask `off`."""
        x0, y0, x1, y1 = extent_of(outline)
        width_px, height_px = self.size_px
        if min(x0, y0, width_px - 1 - x1, height_px - 1 - y1) < _GAP_PX:
            return False
        for other in (target.box for target in self.targets):
            across = x0 < other.x_max_px + _GAP_PX and other.x_min_px < x1 + _GAP_PX
            if across and y0 < other.y_max_px + _GAP_PX and other.y_min_px < y1 + _GAP_PX:
                return False
        return off is None or not off[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1].any()

    def find(self, outline: Floats, off: Mask | None = None, tries: int = 40) -> Floats | None:
        """Find a center where an outline around (0, 0) fits; None if there is none."""
        low, high = outline.min(axis=0) - _GAP_PX, outline.max(axis=0) + _GAP_PX
        room = np.array(self.size_px) - 1 - (high - low)
        if room.min() < 0:
            return None
        centers = self.numbers.random((tries, 2)) * room - low
        return next((center for center in centers if self.fits(outline + center, off)), None)

    def over_edge(self, outline: Floats, shares: tuple[float, float] = (0.25, 0.4)) -> Floats:
        """Find a center where an outline around (0, 0) leaves the picture over one edge.

        By a share of its side within `shares`; what stays is at least 15 px if it can be.
        """
        axis, far = divmod(int(self.numbers.integers(4)), 2)
        low, high = float(outline[:, axis].min()), float(outline[:, axis].max())
        share = between(self.numbers, *shares)
        lost_px = max(_LOST_PX, min(share * (high - low), high - low - _STAYS_PX))
        center = np.array(self.size_px) * between(self.numbers, 0.35, 0.65)
        center[axis] = self.size_px[axis] + lost_px - high if far else -lost_px - low
        return center

    def find_rows(
        self, wanted: int, outline: Floats, step_px: Floats, off: Mask | None = None
    ) -> Iterator[Floats]:
        """Find centers for up to `wanted` outlines, at least one, in rows of one to eight."""
        left = wanted
        for most in (8,) * 12 + (1,) * 12:
            count = min(left, int(self.numbers.integers(1, most + 1)))
            row = (np.arange(count) - (count - 1) / 2)[:, None] * step_px
            reach = (row[:, None] + outline).reshape(-1, 2)
            if count and (found := self.find(reach, off)) is not None:
                left -= count
                yield from row + found
        if left == wanted > 0:
            yield np.array(self.size_px) / 2

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
