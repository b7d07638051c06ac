"""Frames of coordinates: what the numbers of a box text are measured in, and their pixels.

A frame is declared by whoever knows the model and never guessed from an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sarchat_build.errors import ConfigurationError, Issue

_NORM = re.compile(r"norm([1-9][0-9]{0,5})")
_INPUT_SIZE = re.compile(r"input:([1-9][0-9]{0,5})x([1-9][0-9]{0,5})")
_INPUT_MODEL = re.compile(r"input:([a-z][a-z0-9_]*)((?:,[a-z_]+=[0-9]+)*)")
_EXPECTED = (
    "expected native, norm1, norm100, norm999, norm1000, norm1024, input:WIDTHxHEIGHT, or "
    "input:MODEL[,min_pixels=N][,max_pixels=N] with MODEL one of "
)


class Resizing(NamedTuple):
    """How a model resizes its pictures: sides are multiples of `factor_px`, the area is bounded."""

    factor_px: int
    min_px2: int
    max_px2: int


# The defaults of each model's own processor.
RESIZING: Mapping[str, Resizing] = {
    "qwen2_vl": Resizing(28, 56 * 56, 12_845_056),
    "qwen2_5_vl": Resizing(28, 56 * 56, 12_845_056),
    "qwen3_vl": Resizing(32, 256 * 256, 16_777_216),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What the numbers of a box text are measured in.

    >>> Frame.parse("norm1000").scale(512, 256)
    (0.512, 0.256)
    >>> Frame.parse("input:504x504").scale(512, 512)[0] == 512 / 504
    True
    >>> Frame.parse("input:qwen2_5_vl").input_size(512, 512)
    (504.0, 504.0)

    Attributes:
        name: as it is declared.
        sides: full width and height in the frame's own units; None: those of the chip.
        resizing: a model's rule, where sides follow from the chip's.
    """

    name: str
    sides: tuple[float, float] | None = None
    resizing: Resizing | None = None

    @classmethod
    def parse(cls, name: str) -> Frame:
        """Read a frame's name.

        Raises:
            ConfigurationError: it is none; the message lists what there is.
        """
        if name == "native":
            return cls(name)
        if found := _NORM.fullmatch(name):
            side = float(found[1])
            return cls(name, (side, side))
        if found := _INPUT_SIZE.fullmatch(name):
            return cls(name, (float(found[1]), float(found[2])))
        found = _INPUT_MODEL.fullmatch(name)
        if found and found[1] in RESIZING:
            limits = dict(pair.split("=") for pair in found[2].split(",")[1:])
            rule = RESIZING[found[1]]
            bounds = {
                "min_pixels": int(limits.pop("min_pixels", rule.min_px2)),
                "max_pixels": int(limits.pop("max_pixels", rule.max_px2)),
            }
            if not limits and 0 < bounds["min_pixels"] <= bounds["max_pixels"]:
                rule = Resizing(rule.factor_px, bounds["min_pixels"], bounds["max_pixels"])
                return cls(name, resizing=rule)
        expected = _EXPECTED + ", ".join(RESIZING)
        raise ConfigurationError([Issue("--boxes", name, expected)])

    def input_size(self, width_px: int, height_px: int) -> tuple[float, float]:
        """Give the sides of the whole picture in this frame."""
        if self.resizing is not None:
            return _resized(width_px, height_px, self.resizing)
        return (float(width_px), float(height_px)) if self.sides is None else self.sides

    def scale(self, width_px: int, height_px: int) -> tuple[float, float]:
        """Give how many pixels of the chip one unit is, across and down."""
        across, down = self.input_size(width_px, height_px)
        return width_px / across, height_px / down


def _resized(width_px: int, height_px: int, rule: Resizing) -> tuple[float, float]:
    """Do what Qwen's `smart_resize` does: round the sides, then bound the area."""
    factor = rule.factor_px
    width = max(factor, round(width_px / factor) * factor)
    height = max(factor, round(height_px / factor) * factor)
    if width * height > rule.max_px2:
        shrink = math.sqrt(width_px * height_px / rule.max_px2)
        width = max(factor, math.floor(width_px / shrink / factor) * factor)
        height = max(factor, math.floor(height_px / shrink / factor) * factor)
    elif width * height < rule.min_px2:
        grow = math.sqrt(rule.min_px2 / (width_px * height_px))
        width = math.ceil(width_px * grow / factor) * factor
        height = math.ceil(height_px * grow / factor) * factor
    return float(width), float(height)


NATIVE = Frame("native")
PERCENT = Frame("norm100", (100.0, 100.0))
THOUSAND_BINS = Frame("norm1000", (1000.0, 1000.0))
LOC_1024 = Frame("norm1024", (1024.0, 1024.0))
PATCHES_32 = Frame("patches32", (32.0, 32.0))
# What a wrong declaration is compared with.
COMMON = tuple(Frame.parse(name) for name in ("native", "norm1", "norm100", "norm1000", "norm1024"))
