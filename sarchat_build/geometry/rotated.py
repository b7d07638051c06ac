"""Rotated boxes as center, size, angle: the conventions, and the way to corners and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.types import AngleName


@dataclass(frozen=True, slots=True)
class Angle:
    """One convention. Angles turn from the x axis towards the y axis, clockwise on the screen.

    `low` and `high` bound the angle in the convention's own unit; which end belongs to the range
    is `low_included`. `long_edge_first` says that `w` is the longer side; otherwise `w` is the side
    along the angle, whichever it is.
    """

    degrees: bool
    low: float
    high: float
    low_included: bool
    long_edge_first: bool

    def to_radians(self, value: float) -> float:
        """Give the angle in radians."""
        return math.radians(value) if self.degrees else value

    def from_radians(self, value: float) -> float:
        """Give the angle in the convention's unit, brought into its range by whole periods."""
        angle = math.degrees(value) if self.degrees else value
        period = self.high - self.low
        turned = (angle - self.low) % period + self.low
        return float(self.high) if turned == self.low and not self.low_included else turned


# OpenCV's minAreaRect turned its range round in 4.5.1; le90 and le135 are mmrotate's, in radians.
ANGLES: dict[AngleName, Angle] = {
    "opencv": Angle(True, 0, 90, False, False),
    "opencv_before_4_5_1": Angle(True, -90, 0, True, False),
    "le90": Angle(False, -math.pi / 2, math.pi / 2, True, True),
    "le135": Angle(False, -math.pi / 4, 3 * math.pi / 4, True, True),
    "long_edge": Angle(True, -90, 90, True, True),
}
# What rounding to a few digits can do to an angle at the end of its range, or to equal sides.
_ANGLE_SLACK = 1e-3
_SIDE_SLACK_PX = 1.0


def corners(box: Sequence[float], name: AngleName) -> tuple[float, ...]:
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
    angle = ANGLES[name]
    stated = f'annotations.angle = "{name}"'
    if not angle.low - _ANGLE_SLACK <= value <= angle.high + _ANGLE_SLACK:
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST,
            f"{stated}, but an angle lies outside {angle.low:.4g} to {angle.high:.4g}",
        )
    if angle.long_edge_first and w + _SIDE_SLACK_PX < h:
        raise RecordError(Reason.CONTRADICTS_MANIFEST, f"{stated}, but a width is the shorter side")
    turn = angle.to_radians(value)
    ax, ay = math.cos(turn) * w / 2, math.sin(turn) * w / 2
    bx, by = -math.sin(turn) * h / 2, math.cos(turn) * h / 2
    return tuple(
        value
        for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        for value in (cx + s * ax + t * bx, cy + s * ay + t * by)
    )


def from_corners(quad: Sequence[float], name: AngleName) -> tuple[float, ...]:
    """Turn four corners of a rectangle into center x, center y, width, height, angle.

    >>> from_corners((12, 16, 12, 24, 8, 24, 8, 16), "opencv")
    (10.0, 20.0, 8.0, 4.0, 90.0)
    """
    x0, y0, x1, y1, x2, y2 = quad[:6]
    cx, cy = sum(quad[0::2]) / 4, sum(quad[1::2]) / 4
    w, h = math.hypot(x1 - x0, y1 - y0), math.hypot(x2 - x1, y2 - y1)
    angle = ANGLES[name]
    turn = math.atan2(y1 - y0, x1 - x0)
    if angle.long_edge_first:
        if w < h:
            w, h, turn = h, w, turn + math.pi / 2
        return cx, cy, w, h, angle.from_radians(turn)
    # A quarter turn swaps the sides; a half turn changes nothing.
    within = angle.from_radians(turn)
    quarters = round((math.degrees(turn) - within) / 90)
    return (cx, cy, h, w, within) if quarters % 2 else (cx, cy, w, h, within)
