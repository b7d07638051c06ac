"""A radar picture in the making: areas of mean amplitude, point echoes, and what stands where.

Amplitude is the square root of intensity, in gray levels of the finished picture; x runs right, y
down, and pixel (i, j) covers i ≤ x < i + 1, j ≤ y < j + 1. Outlines are corners (n, 2) in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import pi
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures import noise
from sarchat_build.synthetic.pictures.shapes import Floats, Target, Thing, target_of, toward, turned

Gray: TypeAlias = npt.NDArray[np.uint8]

# What a pixel is for. Pillow reads 0 beyond the edges, so nothing is free there.
TAKEN, LAND, WATER = 0, 1, 2
# What targets keep from each other and from the edges. Rounded labels stray by less than 1.5 px,
# so no label ends where conventions of coordinates could disagree.
_GAP_PX = 3.5
# Of a target over an edge this share of its longer side is lost, and at least so much.
_LOST_SHARE, _LOST_PX = (0.2, 0.4), 3.0
_REACH_PX = 3
# Areas are drawn in whole numbers, so many for a gray level.
_STEPS = 64


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


class Canvas:
    """A picture being painted: water of one of the styles, at first; speckle comes over it last.

    `level` is the mean amplitude of the ground and `look` the direction in which the radar looks.
    `surface` is the mean amplitude of every pixel in `_STEPS`, to be multiplied by `relief`; `use`
    is `LAND`, `WATER` or `TAKEN`; and `echoes` are point targets: rows of x, y and amplitude.
    """

    def __init__(
        self,
        numbers: noise.Numbers,
        size_px: tuple[int, int],
        styles: tuple[Style, ...],
        quirk: str | None = None,
    ) -> None:
        """Start a picture of `size_px`; `quirk` says what is odd about its first target, if so."""
        self.numbers, self.size_px, self.quirk = numbers, size_px, quirk
        self.style = styles[noise.weighted(numbers, [style.weight for style in styles])]
        self.level = noise.between(numbers, *self.style.ground)
        self.look = noise.between(numbers, 0.0, 2 * pi)
        self.surface = Image.new("I;16", size_px, int(_STEPS * self.level))
        self.use = Image.new("L", size_px, WATER)
        self.relief: noise.Field | None = None
        self.echoes: list[Floats] = [np.empty((0, 3))]
        self.targets: list[Target] = []

    def paint(self, outline: Floats, level: float, use: int | None = None) -> None:
        """Cover an area with amplitude `level`, and say what it is for from now on."""
        # Pillow draws from pixel to pixel and fills those of the outline, too.
        middle = outline.sum(axis=0) / len(outline)
        inner = np.floor(outline - 0.5 * np.sign(outline - middle))
        corners = inner.ravel().tolist()
        ImageDraw.Draw(self.surface).polygon(corners, fill=min(65535, int(_STEPS * level)))
        if use is not None:
            ImageDraw.Draw(self.use).polygon(corners, fill=use)

    def draw(self, thing: Thing, center: Floats) -> None:
        """Paint a thing, its shadow first, and keep others off it if it is a target."""
        numbers, (shape, size_px, heading, level, name) = self.numbers, thing
        outline, look = thing.outline + center, toward(self.look)
        if shape.shadow:
            self.paint(outline + shape.shadow * size_px[1] * look, 0.25 * self.level)
        for part in shape.parts:
            corners = turned(part.corners * size_px, heading)
            if part.skin:
                self.paint(corners + center, part.skin * level)
            if part.points:
                count = 3 + int(part.per_px * float(np.ptp(corners, axis=0).max()))
                points = numbers.dirichlet(np.full(len(corners), part.gather), count) @ corners
                # What lies toward the radar is louder.
                near = 0.5 - (points @ look) / max(1.0, float(np.ptp(outline @ look)))
                loud = part.points * level * (0.4 + 1.6 * near**2)
                loud *= numbers.lognormal(0.0, 0.7, count)
                self.echoes.append(np.column_stack([points + center, loud]))
        if shape.category is not None:
            self.targets.append(target_of(shape.category, outline, heading, name))
            ImageDraw.Draw(self.use).rectangle(self.targets[-1].box, fill=TAKEN)

    def free(self, outline: Floats, centers: Iterable[Floats], *uses: int) -> Iterator[Floats]:
        """Give those centers around which an outline's box is all of `uses` when it is asked for.

        The first target of a picture with the quirk `box_overflows` goes over an edge instead.
        """
        if self.quirk == "box_overflows" and not self.targets:
            yield self._over_edge(outline)
        box = np.array([outline.min(axis=0) - _GAP_PX, outline.max(axis=0) + _GAP_PX + 1])
        for center in centers:
            x0, y0, x1, y1 = np.floor(box + center).astype(int).ravel().tolist()
            if {*self.use.crop((x0, y0, x1, y1)).getextrema()} <= {*uses}:
                yield center

    def _over_edge(self, outline: Floats) -> Floats:
        """Give a center from which an outline leaves the picture over the middle of an edge."""
        center: Floats = np.array(self.size_px) / 2 - outline.mean(axis=0)
        axis = int(np.ptp(outline, axis=0).argmax())
        low, high = float(outline[:, axis].min()), float(outline[:, axis].max())
        lost_px = max(_LOST_PX, noise.between(self.numbers, *_LOST_SHARE) * (high - low))
        far = self.numbers.integers(2)
        center[axis] = self.size_px[axis] + lost_px - high if far else -lost_px - low
        return center

    def amplitude(self) -> noise.Field:
        """Give the picture as the radar sees it; each call speckles it anew."""
        (width_px, height_px), mean = self.size_px, np.asarray(self.surface)
        tile = noise.speckle_tile(self.style.looks, self.style.cell_px)
        seen: noise.Field = noise.crop(self.numbers, tile, height_px, width_px) * mean
        seen *= np.float32(1 / _STEPS) * (1 if self.relief is None else self.relief)
        points, end = np.concatenate(self.echoes), np.subtract(self.size_px, _REACH_PX)
        within = ((points[:, :2] >= _REACH_PX) & (points[:, :2] < end)).all(axis=1)
        x, y, loud = points[within].T[:, :, None]
        # The image of a point: |sinc| both ways, tapered as by a processor.
        step = np.arange(-_REACH_PX, _REACH_PX + 1)
        taper = 0.35 + 0.65 * np.cos(pi * step / (2 * _REACH_PX + 2)) ** 2
        across, down = (np.abs(np.sinc(step / cell)) * taper for cell in self.style.cell_px)
        rows, columns = width_px * (y.astype(np.int64) + step), x.astype(np.int64) + step
        echo = ((loud * down)[:, :, None] * across).astype(np.float32)
        np.add.at(seen.reshape(-1), (rows[:, :, None] + columns[:, None]).ravel(), echo.ravel())
        return seen

    def picture(self) -> Picture:
        """Quantize amplitude to bytes; what exceeds 255 saturates, as in a linear stretch."""
        gray = np.minimum(self.amplitude(), np.float32(255)).astype(np.uint8)
        return Picture(gray, tuple(self.targets), self.style.quality)
