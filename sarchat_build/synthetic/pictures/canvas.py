"""A radar picture in the making: its amplitudes, and the targets painted so far.

Amplitude is the square root of intensity, in gray levels of the finished picture; x runs right, y
down, and pixel (i, j) covers i ≤ x < i + 1, j ≤ y < j + 1. Outlines are corners (n, 2) in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor, pi
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.keyed import Numbers, between, one_in, weighted
from sarchat_build.synthetic.pictures.speckle import Field, crop, speckle_tile
from sarchat_build.synthetic.pictures.targets import Floats, Target, target_of
from sarchat_build.types import Category

Gray: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]

# What targets keep from each other and from the edges. Rounded labels stray by less than 1.5 px,
# so no label ends where conventions of coordinates could disagree.
_GAP_PX = 3.5
# Of a target over an edge this share of its longer side is lost, and at least so much.
_LOST_SHARE, _LOST_PX = (0.2, 0.4), 3.0
# Outlines of up to so many pixels are drawn so many times finer, which smooths their edges.
_FINE_PX, _FINE = 256, 4


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


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of product looks: looks, pixels per resolution cell, ranges of gray (0 to 255).

    `ground` is sea, apron or field; `sidelobes` are relative to a target; `inshore` is the share of
    pictures with a coast.
    """

    weight: int
    looks: int
    cell_px: tuple[float, float]
    ground: tuple[float, float]
    target: tuple[float, float] = (0, 0)
    sidelobes: tuple[float, float] = (0, 0)
    inshore: float = 0.0
    quality: int = 75


@dataclass(slots=True)
class Canvas:
    """A picture being painted.

    `numbers` are the picture's own, `level` is the mean amplitude of the ground, `texture` speckle
    for what is still to be painted; `taken` tells where targets are, `land` where no water is (None
    without a shore).
    """

    numbers: Numbers
    style: Style
    level: float
    amplitude: Field
    texture: Field
    taken: Mask
    land: Mask | None = None
    targets: list[Target] = field(default_factory=list)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.amplitude.shape[1]), int(self.amplitude.shape[0])

    def paint(self, outline: Floats, level: float) -> None:
        """Lay a speckled area of mean amplitude `level` over what is there, where it is louder."""
        window, share = self._covered(outline)
        there = self.amplitude[window]
        np.maximum(there, share * np.float32(level) * self.texture[window], out=there)

    def scale(self, outline: Floats, factor: float) -> None:
        """Multiply what is there, as by a shadow, where the radar cannot see."""
        window, share = self._covered(outline)
        self.amplitude[window] *= 1 + np.float32(factor - 1) * share

    def _covered(self, outline: Floats) -> tuple[tuple[slice, slice], Field]:
        """Give the window around an outline, and how much of each pixel it covers."""
        low = np.clip(outline.min(axis=0), 0, np.subtract(self.size_px, 1)).astype(int)
        high = np.clip(np.ceil(outline.max(axis=0)), low + 1, self.size_px).astype(int)
        fine = _FINE if (high - low).max() <= _FINE_PX else 1
        width_px, height_px = (fine * (high - low)).tolist()
        image = Image.new("L", (width_px, height_px))
        # Pillow counts from the centers of its pixels.
        corners = np.rint(fine * (outline - low) - 0.5)
        ImageDraw.Draw(image).polygon(corners.ravel().tolist(), fill=255)
        share = np.asarray(image.reduce(fine), np.float32) * np.float32(1 / 255)
        return (slice(low[1], high[1]), slice(low[0], high[0])), share

    def scatter(self, points: Floats, amplitude: Floats, reach_px: int = 3) -> None:
        """Add a point target at every point (n, 2); what falls outside the picture is lost."""
        (width_px, height_px), steps = self.size_px, np.arange(-reach_px, reach_px + 1)
        x, y = np.floor(points).astype(np.int64).T[:, :, None] + steps
        response = point_response(self.style.cell_px, reach_px)
        echo = amplitude.astype(np.float32)[:, None, None] * response
        inside = ((y >= 0) & (y < height_px))[:, :, None] & ((x >= 0) & (x < width_px))[:, None]
        flat = (y * width_px)[:, :, None] + x[:, None]
        np.add.at(self.amplitude.reshape(-1), flat[inside], echo[inside])

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

    def fits(self, low: Floats, high: Floats, off: Mask | None = None) -> bool:
        """Tell whether a box lies inside, clear of every target and of the mask `off`."""
        (x0, y0), (x1, y1) = (low - _GAP_PX).tolist(), (high + _GAP_PX).tolist()
        if min(x0, y0) < 0 or x1 > self.size_px[0] - 1 or y1 > self.size_px[1] - 1:
            return False
        window = slice(floor(y0), ceil(y1)), slice(floor(x0), ceil(x1))
        return not self.taken[window].any() and (off is None or not off[window].any())

    def find(self, outline: Floats, off: Mask | None = None, tries: int = 40) -> Floats | None:
        """Find a center where an outline around (0, 0) fits; None if there is none."""
        low, high = outline.min(axis=0), outline.max(axis=0)
        room = np.subtract(self.size_px, 1 + 2 * _GAP_PX) - (high - low)
        centers = self.numbers.random((tries, 2)) * room + _GAP_PX - low
        return next((c for c in centers if self.fits(low + c, high + c, off)), None)

    def find_first(self, outline: Floats, *, over_edge: bool) -> Floats:
        """Find a center for a picture's first outline, inside or over one edge."""
        center: Floats = np.array(self.size_px) / 2 - outline.mean(axis=0)
        if not over_edge:
            found = self.find(outline)
            return center if found is None else found
        axis = int(np.ptp(outline, axis=0).argmax())
        low, high = float(outline[:, axis].min()), float(outline[:, axis].max())
        lost_px = max(_LOST_PX, between(self.numbers, *_LOST_SHARE) * (high - low))
        far = one_in(self.numbers, 2)
        center[axis] = self.size_px[axis] + lost_px - high if far else -lost_px - low
        return center

    def find_rows(
        self, wanted: int, outline: Floats, step_px: Floats, off: Mask | None = None
    ) -> Iterator[Floats]:
        """Find centers for up to `wanted` outlines in rows of one to eight, each to be labeled."""
        for most in [*self.numbers.integers(1, 9, 12).tolist(), *[1] * 12]:
            row = np.arange(min(most, wanted))[:, None] * step_px
            center = self.find((row[:, None] + outline).reshape(-1, 2), off) if wanted else None
            if center is not None:
                wanted -= len(row)
                yield from row + center

    def label(self, category: Category, outline: Floats, heading: float, name: str = "") -> None:
        """List what was painted as a target, and keep others off it."""
        self.targets.append(target_of(category, outline, heading, name))
        x0, y0, x1, y1 = (max(0, int(side_px)) for side_px in self.targets[-1].box)
        self.taken[y0:y1, x0:x1] = True

    def picture(self) -> Picture:
        """Quantize amplitude to bytes; what exceeds 255 saturates, as in a linear stretch."""
        gray = np.minimum(self.amplitude, np.float32(255)).astype(np.uint8)
        return Picture(gray, tuple(self.targets), self.style.quality)


def new_canvas(numbers: Numbers, size_px: tuple[int, int], styles: tuple[Style, ...]) -> Canvas:
    """Start a picture of `size_px` (width, height) in one of the styles: speckle, nothing else."""
    style = styles[weighted(numbers, [style.weight for style in styles])]
    tile, shape = speckle_tile(style.looks, style.cell_px), size_px[::-1]
    level, texture = between(numbers, *style.ground), crop(numbers, tile, *shape)
    ground = crop(numbers, tile, *shape) * np.float32(level)
    return Canvas(numbers, style, level, ground, texture, np.zeros(shape, bool))


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
