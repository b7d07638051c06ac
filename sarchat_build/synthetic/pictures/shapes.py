"""What things look like to a radar: one table of shapes, which `Canvas.draw` paints, and labels.

Corners are shares of length and breadth, x along the heading; amplitudes are relative to the
thing's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, degrees, pi, sin
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sarchat_build.types import Box, Category

Floats: TypeAlias = npt.NDArray[np.float64]


def turned(points: Floats, heading: float) -> Floats:
    """Rotate points (n, 2) by `heading` radians, clockwise as seen with y down.

    >>> turned(np.array([[1.0, 0.0]]), pi / 2).round(6).tolist()
    [[0.0, 1.0]]
    """
    c, s = cos(heading), sin(heading)
    rotated: Floats = points @ np.array([[c, s], [-s, c]])
    return rotated


def toward(heading: float, distance_px: float = 1.0) -> Floats:
    """Give the step (2,) of `distance_px` along `heading`."""
    return np.array((cos(heading), sin(heading))) * distance_px


def quad(x0: float, x1: float, y0: float, y1: float) -> Floats:
    """Give the corners (4, 2) of an upright rectangle."""
    return np.array([(x1, y0), (x0, y0), (x0, y1), (x1, y1)], float)


@dataclass(frozen=True, slots=True)
class Target:
    """One object's box, outline and rotated box in whole pixels; they may leave the picture.

    The rotated box has a center and sides, the angle (0 to 90 degrees) of its width, and corners in
    clockwise order. `name` is what the source calls it where it knows kinds of a category.
    """

    category: Category
    box: Box
    polygon: tuple[tuple[int, int], ...]
    cxcywh_px: tuple[int, int, int, int]
    theta_deg: float
    corners_px: tuple[tuple[int, int], ...]
    name: str = ""


def target_of(category: Category, outline: Floats, heading: float, name: str = "") -> Target:
    """Label an outline (n, 2), whose rotated box lies along `heading` in radians.

    Corner 1 of the rotated box is where the height side starts, as `cv2.boxPoints` orders them;
    with an angle of 0 that is the lower left one.

    >>> target = target_of("ship", quad(-4, 4, -2, 2) + (5.2, 3.1), 0.0)
    >>> target.box, target.corners_px
    (Box(x_min_px=1, y_min_px=1, x_max_px=9, y_max_px=5), ((1, 5), (1, 1), (9, 1), (9, 5)))
    """
    polygon = tuple(dict.fromkeys(_rounded(outline)))
    columns, rows = zip(*polygon, strict=True)
    box = Box(min(columns), min(rows), max(columns), max(rows))
    theta = heading % (pi / 2)
    level = turned(np.array(polygon, float), -theta)
    low, high = level.min(axis=0), level.max(axis=0)
    corners = np.array([(low[0], high[1]), low, (high[0], low[1]), high])
    center, sides = _rounded(np.array([*turned((low + high)[None] / 2, theta), high - low]))
    angle, around = float(np.float32(degrees(theta))), tuple(_rounded(turned(corners, theta)))
    return Target(category, box, polygon, (*center, *sides), angle, around, name)


def _rounded(points: Floats) -> list[tuple[int, int]]:
    """Round half up."""
    return [(x, y) for x, y in np.floor(points + 0.5).astype(int).tolist()]


class Part(NamedTuple):
    """A plate of amplitude `skin` (0: not seen), and point scatterers of amplitude `points` on it.

    There are `per_px` of them per pixel of its longer side. A `gather` of 0.5 spreads them evenly;
    with less they keep to the corners.
    """

    corners: Floats
    skin: float
    points: float = 0.0
    per_px: float = 0.2
    gather: float = 0.5


class Shape(NamedTuple):
    """Parts in the order in which they are painted; the shadow is so many breadths long.

    The first `labeled` parts are what a label is about; without a category there is none.
    """

    category: Category | None
    parts: tuple[Part, ...]
    labeled: int = 1
    shadow: float = 0.0


class Thing(NamedTuple):
    """A shape of some length and breadth, the way it points, and its amplitude."""

    shape: Shape
    size_px: tuple[float, float]
    heading: float
    level: float
    name: str = ""

    @property
    def outline(self) -> Floats:
        """The corners of what is labeled, around (0, 0)."""
        corners = [part.corners for part in self.shape.parts[: self.shape.labeled]]
        return turned(np.concatenate(corners) * self.size_px, self.heading)


def ship(length_px: float, bow: float = 2.4) -> Shape:
    """Give a ship with its superstructure astern; a small `bow` is a pointed one.

    Its skin fades toward the outline, which has more corners the longer it is.
    """
    along = 0.5 * np.cos(np.linspace(0.0, pi, 4 + min(7, int(length_px) // 14)))
    half = 0.5 * (1 - np.abs(2 * along) ** np.where(along > 0, bow, 5.0))
    port = np.stack([along, -half], axis=1)
    hull = np.concatenate([port, port[-2:0:-1] * (1, -1)])
    deck, house = quad(-0.42, 0.42, -0.2, 0.2), quad(-0.4, -0.26, -0.25, 0.25)
    parts = Part(hull, 0.6), Part(0.8 * hull, 1), Part(deck, 0, 0.9, 0.4), Part(house, 0, 1.8, 1)
    return Shape("ship", parts)


_ALL, _ROWS = quad(-0.5, 0.5, -0.5, 0.5), (-0.5, -0.2, 0.1, 0.4)
_TURN = np.linspace(0.0, 2 * pi, 48, endpoint=False)
_CIRCLE = 0.5 * np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_WING = np.array([(0.14, 0.04), (-0.02, 0.04), (-0.16, 0.5), (-0.09, 0.5)])
_TAIL = np.array([(-0.36, 0.02), (-0.46, 0.02), (-0.48, 0.19), (-0.43, 0.19)])
_BODY, _MIRROR = quad(-0.48, 0.5, -0.045, 0.045), (1, -1)
_AIRFRAME = _BODY, _WING, _WING * _MIRROR, _TAIL, _TAIL * _MIRROR

FIELD = Shape(None, (Part(_ALL, 1.0),))
TOWN = Shape(None, tuple(Part(quad(x, x + 0.15, y, y + 0.05), 2.5) for x in _ROWS for y in _ROWS))
AIRCRAFT = Shape("aircraft", tuple(Part(p, 0.3, 0.6, 0.25, 0.35) for p in _AIRFRAME), labeled=5)
CAR = Shape("car", (Part(_ALL, 0.8, 0.9, 0.4, 0.4),), shadow=0.85)
# Along the radar's look: a roof and its rim, and specular points of rim and base on the near side.
_SPOTS = tuple(Part(quad(x, x + 0.04, -0.05, 0.05), 0.0, 1.2) for x in (-0.48, -0.27))
TANK = Shape("tank", (Part(_CIRCLE, 0.4, 0.8, 4.0, 0.001), *_SPOTS), shadow=0.35)
# The deck is seen again, fainter, by way of the water.
_AGAIN = tuple(Part(quad(-0.5, 0.5, y, y + 1), 0.6 / y) for y in (1.4, 3.3))
BRIDGE = Shape("bridge", (Part(_ALL, 1.0, 0.7), *_AGAIN))
# A basin, a quay on the shore, and fingers with loud corners out to the sea.
_BASIN, _QUAY = Part(quad(0.0, 1.0, -0.5, 0.5), 0.2), Part(quad(0.0, 0.1, -0.5, 0.5), 1.6, 1.0)
_FINGERS = tuple(Part(quad(0.0, 1.0, y, y + 0.1), 1.5, 1.4, 0.5, 0.3) for y in _ROWS)
HARBOR = Shape("harbor", (_BASIN, _QUAY, *_FINGERS))
# Sidelobes of a strong scatterer.
_ARMS = quad(-0.5, 0.5, 0.0, 0.0), quad(0.0, 0.0, -0.5, 0.5)
CROSS = Shape(None, tuple(Part(arm, 0.0, 0.04, 2.0, 1.5) for arm in _ARMS), labeled=2)
