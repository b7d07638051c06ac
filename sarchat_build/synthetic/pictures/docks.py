"""Harbors: quays with fingers of piers, warehouses behind, cranes and moored hulls on them."""

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
    strings_of_points,
    to_gray,
)
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.synthetic.pictures.target import Picture, Target, rectangle, target_of

_MARGIN_PX = 3.0


@dataclass(frozen=True, slots=True)
class _Shore:
    """A straight shore through a point; water lies toward `seaward` radians."""

    center_px: tuple[float, float]
    seaward: float

    def place(self, along_px: float, out_px: float) -> tuple[float, float]:
        """Give the point `along_px` from the center of the shore and `out_px` from it to sea."""
        x, y = self.center_px
        return (
            x - along_px * sin(self.seaward) + out_px * cos(self.seaward),
            y + along_px * cos(self.seaward) + out_px * sin(self.seaward),
        )


def harbor_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Picture:
    """Paint a shore with up to `wanted` harbors, at least one; labels may leave it if asked to."""
    level = between(numbers, 40, 80)
    looks = int(numbers.choice((1, 4)))
    canvas = inland.countryside(
        numbers, side_px, side_px, level=level, looks=looks, built=between(numbers, 2.0, 6.0)
    )
    texture = inland.speckle(numbers, side_px, side_px, looks)
    shift = between(numbers, -0.12, 0.12) * side_px
    seaward = between(numbers, 0.0, 2 * pi)
    middle = side_px / 2 - shift * np.array([cos(seaward), sin(seaward)])
    shore = _Shore((float(middle[0]), float(middle[1])), seaward)
    water = np.float32(level * between(numbers, 0.1, 0.3)) * texture
    np.copyto(canvas, water, where=_out_at_sea(shore, side_px))
    room = Room(side_px, side_px, _MARGIN_PX)
    targets: list[Target] = []
    for index in range(wanted):
        found = _basin(numbers, shore, room, over_edge=over_edge and index == 0, must=index == 0)
        if found is None:
            continue
        along_px, length_px, depth_px = found
        outline = rectangle(shore.place(along_px, depth_px / 2), depth_px, length_px, seaward)
        target = target_of("harbor", outline, seaward)
        room.taken.append(target.box)
        _paint_piers(canvas, numbers, shore, found, texture, level)
        targets.append(target)
    return Picture(to_gray(canvas), tuple(targets))


def _out_at_sea(shore: _Shore, side_px: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    x = (np.arange(side_px) - shore.center_px[0]) * cos(shore.seaward)
    y = (np.arange(side_px) - shore.center_px[1]) * sin(shore.seaward)
    return x[None, :] + y[:, None] > 0


def _basin(
    numbers: np.random.Generator, shore: _Shore, room: Room, *, over_edge: bool, must: bool
) -> tuple[float, float, float] | None:
    """Find a stretch of shore: its place, its length along it, its reach out to sea."""
    side_px = room.width_px
    for attempt in range(60):
        shrink = 0.97**attempt
        length_px = side_px * between(numbers, 0.15, 0.45) * shrink
        depth_px = side_px * between(numbers, 0.12, 0.3) * shrink
        along_px = between(numbers, -0.6, 0.6) * side_px
        outline = rectangle(shore.place(along_px, depth_px / 2), depth_px, length_px, shore.seaward)
        box = extent_of(outline)
        if over_edge:
            x, y = box.center_px
            lost = max(-box.x_min_px, -box.y_min_px, box.x_max_px - side_px, box.y_max_px - side_px)
            if lost > 4 and 4 < x < side_px - 4 and 4 < y < side_px - 4:
                return along_px, length_px, depth_px
        elif room.fits(box):
            return along_px, length_px, depth_px
    return (0.0, side_px * 0.12, side_px * 0.1) if must else None


def _paint_piers(
    canvas: Field,
    numbers: np.random.Generator,
    shore: _Shore,
    basin: tuple[float, float, float],
    texture: Field,
    level: float,
) -> None:
    """Paint two to five fingers from the quay to the basin's reach, busy with loud corners."""
    along_px, length_px, depth_px = basin
    fingers = int(np.clip(length_px / 14, 2, 5))
    breadth_px = max(3.0, length_px / fingers * between(numbers, 0.25, 0.45))
    quay = rectangle(shore.place(along_px, 2.0), 5.0, length_px, shore.seaward)
    paint_patch(canvas, quay, 1.6 * level, texture)
    spots: list[Floats] = []
    for place in np.linspace(-0.5, 0.5, fingers) * (length_px - breadth_px):
        center = shore.place(along_px + float(place), depth_px / 2)
        finger = rectangle(center, depth_px, breadth_px, shore.seaward)
        paint_patch(canvas, finger, level * between(numbers, 1.2, 2.2), texture)
        share = numbers.random((int(depth_px / 9) + 1, 2))
        across, deep = finger[3] - finger[0], finger[1] - finger[0]
        spots.append(finger[0] + share[:, :1] * deep + share[:, 1:] * across)
    starts = np.concatenate(spots)
    x, y, loudness = strings_of_points(numbers, starts[:, 0], starts[:, 1], shore.seaward, 2.5)
    add_points(canvas, x, y, loudness * (1.4 * level), point_response(*inland.CELL_PX, 2))
