"""Rotated boxes as center, size, angle: the conventions, and the way to corners and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sarchat_build.config.annotation_options import AngleParts
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.types import AngleName

_TURN = {"degrees": 360.0, "radians": 2 * math.pi}


@dataclass(frozen=True, slots=True)
class Angle:
    """One convention: its parts (`AngleParts`), and the range that its angles have.

    `low` and `high` bound the angle in the convention's own unit; which end belongs to the range
    is `low_included`. `long_edge_first` says that `w` is always the longer side.
    """

    parts: AngleParts
    low: float
    high: float
    low_included: bool = True
    long_edge_first: bool = False

    def to_radians(self, value: float) -> float:
        """Give the angle in radians."""
        return value * 2 * math.pi / _TURN[self.parts.unit]

    def from_radians(self, value: float) -> float:
        """Give the angle in the convention's unit, brought into its range by whole periods."""
        angle = value * _TURN[self.parts.unit] / (2 * math.pi)
        period = self.high - self.low
        turned = (angle - self.low) % period + self.low
        return float(self.high) if turned == self.low and not self.low_included else turned

    def lies_along_w(self, w: float, h: float) -> bool:
        """Whether the angle is the direction of the side `w`, and not of `h`."""
        along = self.parts.along
        return along == "w" or (along == "long" and w >= h) or (along == "short" and w < h)


_DEGREES = AngleParts(unit="degrees", turn="clockwise", along="w")
_RADIANS = AngleParts(unit="radians", turn="clockwise", along="w")
# OpenCV's minAreaRect turned its range round in 4.5.1; le90 and le135 are mmrotate's, in radians.
ANGLES: dict[AngleName, Angle] = {
    "opencv": Angle(_DEGREES, 0, 90, low_included=False),
    "opencv_before_4_5_1": Angle(_DEGREES, -90, 0),
    "le90": Angle(_RADIANS, -math.pi / 2, math.pi / 2, long_edge_first=True),
    "le135": Angle(_RADIANS, -math.pi / 4, 3 * math.pi / 4, long_edge_first=True),
    "long_edge": Angle(_DEGREES, -90, 90, long_edge_first=True),
}
# What rounding to a few digits can do to an angle at the end of its range, or to equal sides.
_ANGLE_SLACK = 1e-3
_SIDE_SLACK_PX = 1.0


def angle_of(stated: AngleName | AngleParts) -> Angle:
    """Give the convention that a name stands for, or that parts make: one whole turn either way.

    >>> angle_of("opencv").high
    90
    >>> angle_of(AngleParts(unit="degrees", turn="clockwise", along="long")).low
    -360.0
    """
    if isinstance(stated, AngleParts):
        return Angle(stated, -_TURN[stated.unit], _TURN[stated.unit])
    return ANGLES[stated]


def corners(box: Sequence[float], stated: AngleName | AngleParts) -> tuple[float, ...]:
    """Turn center x, center y, width, height, angle into four corners, clockwise.

    Raises:
        RecordError: `non_finite`; `contradicts_manifest` when the numbers cannot be of the stated
            convention: angle outside its range, or a short side where the long one must stand.

    >>> [round(value) for value in corners((10, 20, 8, 4, 90), "opencv")]
    [12, 16, 12, 24, 8, 24, 8, 16]
    """
    if not all(map(math.isfinite, box)):
        raise RecordError(Reason.NON_FINITE, f"rotated box {tuple(box)}")
    cx, cy, w, h, value = box
    angle = angle_of(stated)
    written = f"annotations.angle = {stated_text(stated)}"
    if not angle.low - _ANGLE_SLACK <= value <= angle.high + _ANGLE_SLACK:
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST,
            f"{written}, but an angle lies outside {angle.low:.4g} to {angle.high:.4g}",
        )
    if angle.long_edge_first and w + _SIDE_SLACK_PX < h:
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST, f"{written}, but a width is the shorter side"
        )
    turn = angle.to_radians(value)
    if angle.parts.turn == "counterclockwise":
        turn = -turn
    if not angle.lies_along_w(w, h):
        w, h = h, w
    ax, ay = math.cos(turn) * w / 2, math.sin(turn) * w / 2
    bx, by = -math.sin(turn) * h / 2, math.cos(turn) * h / 2
    return tuple(
        value
        for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        for value in (cx + s * ax + t * bx, cy + s * ay + t * by)
    )


def from_corners(quad: Sequence[float], stated: AngleName | AngleParts) -> tuple[float, ...]:
    """Turn four corners of a rectangle into center x, center y, width, height, angle.

    >>> from_corners((12, 16, 12, 24, 8, 24, 8, 16), "opencv")
    (10.0, 20.0, 8.0, 4.0, 90.0)
    """
    x0, y0, x1, y1, x2, y2 = quad[:6]
    cx, cy = sum(quad[0::2]) / 4, sum(quad[1::2]) / 4
    w, h = math.hypot(x1 - x0, y1 - y0), math.hypot(x2 - x1, y2 - y1)
    angle = angle_of(stated)
    turn = math.atan2(y1 - y0, x1 - x0)
    if angle.long_edge_first and w < h:
        w, h, turn = h, w, turn + math.pi / 2
    if not angle.lies_along_w(w, h):
        turn += math.pi / 2
    if angle.parts.turn == "counterclockwise":
        turn = -turn
    within = angle.from_radians(turn)
    # Where the range is a quarter turn: one quarter swaps the sides; two change nothing.
    quarters = round((turn - angle.to_radians(within)) / (math.pi / 2))
    return (cx, cy, h, w, within) if quarters % 2 else (cx, cy, w, h, within)


def stated_text(stated: AngleName | AngleParts) -> str:
    """Write a convention as a manifest does.

    >>> stated_text("le90")
    '"le90"'
    """
    return str(stated) if isinstance(stated, AngleParts) else f'"{stated}"'
