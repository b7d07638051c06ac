"""Rivers with bridges: dark water, and bright decks that the radar sees twice or three times."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from sarchat_build.synthetic.pictures import inland
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.patches import paint_patch
from sarchat_build.synthetic.pictures.scene import (
    Floats,
    Room,
    add_points,
    extent_of,
    point_response,
    to_gray,
)
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.synthetic.pictures.target import Picture, Target, rectangle, target_of

_MARGIN_PX = 3.0
# Decks stay below the 200 px by which chips of large slices overlap: each is whole in some chip.
_WIDEST_RIVER_PX = 120.0
_BROADEST_DECK_PX = 24.0


@dataclass(frozen=True, slots=True)
class _River:
    """A river's course: through `center_px`, along `heading`, swinging by `swing_px`."""

    center_px: tuple[float, float]
    heading: float
    width_px: float
    swing_px: float
    wave_px: float

    def axis(self, along_px: float) -> tuple[float, float, float]:
        """Give x, y and direction of the middle of the river, `along_px` from its center."""
        phase = 2 * pi * along_px / self.wave_px
        off = self.swing_px * sin(phase)
        slope = 2 * pi * self.swing_px / self.wave_px * cos(phase)
        x = self.center_px[0] + along_px * cos(self.heading) - off * sin(self.heading)
        y = self.center_px[1] + along_px * sin(self.heading) + off * cos(self.heading)
        return x, y, self.heading + float(np.arctan(slope))

    def distance(self, width_px: int, height_px: int) -> Field:
        """Give how far each pixel lies from the axis, in pixels across the general course."""
        dx = (np.arange(width_px, dtype=np.float32) - self.center_px[0])[None, :]
        dy = (np.arange(height_px, dtype=np.float32) - self.center_px[1])[:, None]
        along = dx * np.float32(cos(self.heading)) + dy * np.float32(sin(self.heading))
        across = dy * np.float32(cos(self.heading)) - dx * np.float32(sin(self.heading))
        swing = np.float32(self.swing_px) * np.sin(along * np.float32(2 * pi / self.wave_px))
        return np.abs(across - swing)


def river_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Picture:
    """Paint a river with up to `wanted` bridges, at least one; labels may leave it if asked to."""
    level = between(numbers, 30, 75)
    looks = int(numbers.choice((1, 4)))
    built = between(numbers, 0.3, 3.0)
    canvas = inland.countryside(numbers, side_px, side_px, level=level, looks=looks, built=built)
    texture = inland.speckle(numbers, side_px, side_px, looks)
    river = _river(numbers, side_px)
    off = river.distance(side_px, side_px)
    water = np.float32(level * between(numbers, 0.08, 0.25)) * texture
    half = np.float32(river.width_px / 2)
    np.copyto(canvas, water, where=off < half)
    # Embankments face the radar.
    canvas[np.abs(off - half) < 1.2] *= np.float32(between(numbers, 1.2, 2.2))
    room = Room(side_px, side_px, _MARGIN_PX)
    targets: list[Target] = []
    for index in range(wanted):
        deck = _deck(numbers, river, room, over_edge=over_edge and index == 0, must=index == 0)
        if deck is None:
            continue
        outline, heading = deck
        target = target_of("bridge", outline, heading)
        room.taken.append(target.box)
        _paint_deck(canvas, numbers, outline, texture, level * between(numbers, 2.0, 4.0))
        targets.append(target)
    return Picture(to_gray(canvas), tuple(targets))


def _river(numbers: np.random.Generator, side_px: int) -> _River:
    middle = side_px / 2 + side_px * 0.12 * numbers.standard_normal()
    wave_px = side_px * between(numbers, 1.0, 3.0)
    return _River(
        (float(middle), side_px / 2),
        between(numbers, 0.0, 2 * pi),
        min(_WIDEST_RIVER_PX, side_px * between(numbers, 0.08, 0.3)),
        between(numbers, 0.0, 0.04) * wave_px,
        wave_px,
    )


def _deck(
    numbers: np.random.Generator, river: _River, room: Room, *, over_edge: bool, must: bool
) -> tuple[Floats, float] | None:
    """Find a crossing: the outline of a deck square to the river, and its direction."""
    side_px = room.width_px
    for attempt in range(60):
        x, y, course = river.axis(between(numbers, -0.65, 0.65) * side_px)
        heading = course + pi / 2 + numbers.normal(0.0, 0.12)
        # A bridge that must have a place is shorter with every attempt that failed.
        length_px = river.width_px * between(numbers, 1.05, 1.3) * 0.97**attempt
        breadth_px = min(_BROADEST_DECK_PX, max(4.0, side_px * between(numbers, 0.012, 0.03)))
        outline = rectangle((x, y), max(14.0, length_px), breadth_px, heading)
        box = extent_of(outline)
        lost_px = max(-box.x_min_px, -box.y_min_px, box.x_max_px - side_px, box.y_max_px - side_px)
        inside = 4 < x < side_px - 4 and 4 < y < side_px - 4
        if over_edge and lost_px > 4 and inside:
            return outline, heading
        if not over_edge and room.fits(box):
            return outline, heading
    if not must:
        return None
    # No crossing leaves or fits: a short one in the middle of the picture, or over its left edge.
    place = (4.0, side_px / 2) if over_edge else (side_px / 2, side_px / 2)
    return rectangle(place, 26.0, 6.0, 0.2), 0.2


def _paint_deck(
    canvas: Field, numbers: np.random.Generator, outline: Floats, texture: Field, level: float
) -> None:
    """Paint the deck, fainter echoes of it by way of the water, and its piers and lamps."""
    away = between(numbers, 1.4, 2.4) * (outline[0] - outline[3])
    paint_patch(canvas, outline, level, texture, 1.5)
    for echo in range(1, int(numbers.integers(1, 4))):
        paint_patch(canvas, outline + echo * away, level * 0.45 / echo, texture, 2.0)
    share = numbers.random((max(4, int(np.hypot(*(outline[0] - outline[1])) / 7)), 1))
    spots = outline[1] + share * (outline[0] - outline[1])
    loud = level * 0.7 * numbers.lognormal(0.0, 0.6, len(spots))
    add_points(canvas, spots[:, 0], spots[:, 1], loud, point_response(*inland.CELL_PX, 3))
