"""Frames of coordinates: what the numbers of a box text are measured in, and their pixels.

A frame is declared by whoever knows the model and never guessed from an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.exports.box_text import (
    FORMS,
    PLACEHOLDERS,
    RESIZING,
    LimitsError,
    Resizing,
    form_of,
    resizing_of,
    smart_resize,
)
from sarchat_build.suggestions import nearest

_NORM = re.compile(r"norm([1-9][0-9]{0,5})")
_INPUT_SIZE = re.compile(r"input:([1-9][0-9]{0,5})x([1-9][0-9]{0,5})")
# Frames of tokens that carry it with them, for whoever names them.
_OF_TOKENS = {"bins1000": 1000.0, "patches32": 32.0}
_EXPECTED = (
    "expected native, norm1, norm100, norm999, norm1000, norm1024, input:WIDTHxHEIGHT, "
    f"input:MODEL[,min_pixels=N][,max_pixels=N] with MODEL one of {', '.join(RESIZING)}; or a form "
    "of sarchat export --boxes"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the numbers of a box text are measured in.

    >>> Frame.parse("norm1000").scale(512, 256)
    (0.512, 0.256)
    >>> Frame.parse("input:504x504").scale(512, 512)[0] == 512 / 504
    True
    >>> Frame.parse("input:qwen2.5-vl").input_size(512, 512)
    (504.0, 504.0)
    >>> Frame.parse("qwen3-vl").name
    'norm1000'

    Attributes:
        name: as it is declared, or that of the frame which a form of box text has.
        sides: full width and height in the frame's own units; None: those of the chip.
        resizing: a model's rule, where sides follow from the chip's.
    """

    name: str
    sides: tuple[float, float] | None = None
    resizing: Resizing | None = None

    @classmethod
    def parse(cls, name: str) -> Frame:
        """Read the name of a frame, or of a form of box text, which has one.

        Raises:
            ConfigurationError: it is none; the message lists what there is.
        """
        try:
            own = PLACEHOLDERS.get(name) or form_of(name).frame
        except LimitsError as error:
            raise ConfigurationError([Issue("--boxes", name, str(error))]) from None
        except ValueError:
            own = name
        if own == "native":
            return cls(own)
        if found := _NORM.fullmatch(own):
            side = float(found[1])
            return cls(own, (side, side))
        if side := _OF_TOKENS.get(own, 0.0):
            return cls(own, (side, side))
        if found := _INPUT_SIZE.fullmatch(own):
            return cls(own, (float(found[1]), float(found[2])))
        try:
            kind, _, model = own.partition(":")
            if kind == "input":
                return cls(own, resizing=resizing_of(model))
        except ValueError:
            pass
        near = nearest(name, [*FORMS, *PLACEHOLDERS, *(f"input:{model}" for model in RESIZING)])
        hint = f"; did you mean {near!r}?" if near else ""
        raise ConfigurationError([Issue("--boxes", name, _EXPECTED + hint)])

    def is_same(self, other: Frame) -> bool:
        """Tell whether numbers mean the same in both, whatever these are called."""
        return (self.sides, self.resizing) == (other.sides, other.resizing)

    def input_size(self, width_px: int, height_px: int) -> tuple[float, float]:
        """Give the sides of the whole picture in this frame."""
        if self.resizing is not None:
            width, height = smart_resize((width_px, height_px), *self.resizing)
            return float(width), float(height)
        return (float(width_px), float(height_px)) if self.sides is None else self.sides

    def scale(self, width_px: int, height_px: int) -> tuple[float, float]:
        """Give how many pixels of the chip one unit is, across and down."""
        across, down = self.input_size(width_px, height_px)
        return width_px / across, height_px / down


NATIVE = Frame("native")
PERCENT = Frame("norm100", (100.0, 100.0))
THOUSAND_BINS = Frame("norm1000", (1000.0, 1000.0))
LOC_1024 = Frame("norm1024", (1024.0, 1024.0))
PATCHES_32 = Frame("patches32", (32.0, 32.0))
# What a wrong declaration is compared with.
COMMON = tuple(Frame.parse(name) for name in ("native", "norm1", "norm100", "norm1000", "norm1024"))
