"""What angles of rotated boxes prove of their convention, and what a person must say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sarchat_build.geometry.rotated import ANGLES
from sarchat_build.types import AngleName

Unit = Literal["degrees", "radians"]
Side = Literal["w", "h"]
_READINGS: tuple[tuple[Unit, Side], ...] = tuple(
    (unit, side) for unit in ("degrees", "radians") for side in ("w", "h")
)
# Fewer boxes than this may be slips; so may be a tenth of any number.
_ENOUGH = 3
_SLACK = 1e-3
# How far an upright box drawn around a rotated one may miss its extent: by so much or this share.
_MISS_PX = 2.0
_MISS_SHARE = 0.1


@dataclass
class Angles:
    """The angles met so far, the named conventions in whose ranges all lie, and what is proven.

    A value beyond a whole turn in radians proves degrees. Upright boxes beside the rotated ones
    prove unit and side by their extents, where only one reading gives these; the direction of turn
    is never proven, since a mirrored box has the same extent.

    >>> met = Angles()
    >>> met.add(20, 10, -62.5)
    >>> met.add(20, 10, 80)
    >>> met.fitting, met.unit, met.side
    (('long_edge',), 'degrees', None)
    """

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    fitting: tuple[AngleName, ...] = tuple(ANGLES)
    # Boxes that stand beside an upright one, and of these, by reading, those that miss it.
    compared: int = 0
    misses: Counter[tuple[Unit, Side]] = field(default_factory=Counter)

    def add(self, width: float, height: float, angle: float, upright: Sequence[float] = ()) -> None:
        """Take one rotated box; `upright` is the box beside it, from its least x to its largest y.

        Numbers that are not finite prove nothing and are not counted.
        """
        if not all(map(math.isfinite, (width, height, angle, *upright))):
            return
        self.count += 1
        self.low, self.high = min(self.low, angle), max(self.high, angle)
        self.fitting = tuple(
            name
            for name in self.fitting
            if ANGLES[name].low - _SLACK <= angle <= ANGLES[name].high + _SLACK
            and (not ANGLES[name].long_edge_first or width + 1 >= height)
        )
        if upright:
            self.compared += 1
            for unit, side in _READINGS:
                turn = angle if unit == "radians" else math.radians(angle)
                sides = (width, height) if side == "w" else (height, width)
                self.misses[unit, side] += not _is_around(upright, turn, *sides)

    def joined(self, other: Angles) -> Angles:
        """Give what both have met."""
        return Angles(
            self.count + other.count,
            min(self.low, other.low),
            max(self.high, other.high),
            tuple(name for name in self.fitting if name in other.fitting),
            self.compared + other.compared,
            self.misses + other.misses,
        )

    @property
    def unit(self) -> Unit | None:
        """The unit, where the numbers prove it."""
        if max(abs(self.low), abs(self.high)) > 2 * math.pi + _SLACK:
            return "degrees"
        units = {unit for unit, _ in self._possible}
        return units.pop() if len(units) == 1 else None

    @property
    def side(self) -> Side | None:
        """The side that lies along the angle, where upright boxes prove it."""
        sides = {side for unit, side in self._possible if self.unit in (None, unit)}
        return sides.pop() if len(sides) == 1 else None

    @property
    def _possible(self) -> tuple[tuple[Unit, Side], ...]:
        slips = max(_ENOUGH - 1, self.compared // 10)
        return tuple(reading for reading in _READINGS if self.misses[reading] <= slips)


def _is_around(upright: Sequence[float], turn: float, along: float, across: float) -> bool:
    cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
    x0, y0, x1, y1 = upright
    return all(
        abs(real - drawn) <= max(_MISS_PX, _MISS_SHARE * real)
        for real, drawn in (
            (cosine * along + sine * across, abs(x1 - x0)),
            (sine * along + cosine * across, abs(y1 - y0)),
        )
    )
