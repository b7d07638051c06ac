"""Tank farms: rows of round tanks whose rims answer as rings, loudest toward the radar."""

from __future__ import annotations

from math import ceil, floor, pi

import numpy as np

from sarchat_build.synthetic.pictures import inland
from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.patches import shade_patch
from sarchat_build.synthetic.pictures.scene import (
    Floats,
    Room,
    add_points,
    moved,
    point_response,
    to_gray,
    turned,
)
from sarchat_build.synthetic.pictures.speckle import Field
from sarchat_build.synthetic.pictures.target import Picture, Target, target_of
from sarchat_build.types import Box

_MARGIN_PX = 2.5
_CORNERS = 12


def tank_farm_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Picture:
    """Paint up to `wanted` tanks in rows, at least one; the first label may leave the picture."""
    level = between(numbers, 25, 60)
    looks = int(numbers.choice((1, 4)))
    canvas = inland.countryside(
        numbers, side_px, side_px, level=level, looks=looks, built=between(numbers, 0.5, 2.5)
    )
    texture = inland.speckle(numbers, side_px, side_px, looks)
    look = between(numbers, 0.0, 2 * pi)
    room = Room(side_px, side_px, _MARGIN_PX)
    targets: list[Target] = []
    for center, radius_px in _places(numbers, room, wanted, over_edge=over_edge):
        circle = _circle(radius_px) + np.array(center)
        target = target_of("tank", circle, 0.0)
        _paint_tank(canvas, numbers, center, radius_px, look, texture, level)
        targets.append(target)
    return Picture(to_gray(canvas), tuple(targets))


def _circle(radius_px: float) -> Floats:
    angle = -np.linspace(0.0, 2 * pi, _CORNERS, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius_px


def _places(
    numbers: np.random.Generator, room: Room, wanted: int, *, over_edge: bool
) -> list[tuple[tuple[float, float], float]]:
    """Lay a grid of one or two sizes of tanks over the picture, turned, with gaps."""
    largest_px = 0.09 * room.width_px
    radius_px = min(largest_px, between(numbers, 5.0, 15.0))
    small_px = max(4.5, radius_px * between(numbers, 0.5, 1.0))
    pitch_px = 2 * radius_px * between(numbers, 1.25, 1.8) + 2 * _MARGIN_PX
    columns = max(1, ceil(wanted**0.5 * between(numbers, 0.8, 1.8)))
    rows = ceil(wanted / columns)
    step_x, step_y = np.meshgrid(np.arange(columns), np.arange(rows))
    grid = np.stack([step_x.ravel(), step_y.ravel()], axis=1) * pitch_px
    grid = turned(grid - grid.mean(axis=0), between(numbers, -0.4, 0.4))
    corner = numbers.uniform(0.35, 0.65, 2) * room.width_px
    found: list[tuple[tuple[float, float], float]] = []
    extent = Box(-radius_px, -radius_px, radius_px, radius_px)
    if over_edge:
        center = room.over_edge(numbers, extent)
        room.taken.append(moved(extent, *center))
        found.append((center, radius_px))
    for x, y in (grid + corner).tolist():
        radius = small_px if numbers.random() < 0.25 else radius_px
        box = Box(x - radius, y - radius, x + radius, y + radius)
        if len(found) < wanted and room.fits(box):
            room.taken.append(box)
            found.append(((x, y), radius))
    if not found:
        found.append(((room.width_px / 2, room.height_px / 2), radius_px))
    return found


def _paint_tank(
    canvas: Field,
    numbers: np.random.Generator,
    center_px: tuple[float, float],
    radius_px: float,
    look: float,
    texture: Field,
    level: float,
) -> None:
    """Paint roof, rim and the two specular points of rim and base; the ground behind is dark."""
    away = np.array([np.cos(look), np.sin(look)])
    shade_patch(canvas, _circle(radius_px) + np.array(center_px) + away * radius_px * 0.7, 0.35)
    reach = radius_px + 3
    x0, y0 = max(0, floor(center_px[0] - reach)), max(0, floor(center_px[1] - reach))
    x1 = min(canvas.shape[1], floor(center_px[0] + reach) + 1)
    y1 = min(canvas.shape[0], floor(center_px[1] + reach) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    dx = (np.arange(x0, x1) + 0.5 - center_px[0])[None, :]
    dy = (np.arange(y0, y1) + 0.5 - center_px[1])[:, None]
    far = np.hypot(dx, dy)
    facing = 0.5 - 0.5 * (dx * away[0] + dy * away[1]) / np.maximum(far, 0.5)
    ring = np.exp(-(((far - radius_px + 1.0) / 1.1) ** 2)) * (0.5 + 1.3 * facing**2)
    roof = np.where(far < radius_px - 1, between(numbers, 0.5, 1.1), 0.0)
    painted = (3.2 * ring + roof) * level * (0.4 + 0.6 * texture[y0:y1, x0:x1])
    window = canvas[y0:y1, x0:x1]
    inside = far < radius_px + 1.5
    window[inside] = np.maximum(painted, 0.25 * window)[inside].astype(np.float32)
    near = np.array(center_px) - away * radius_px * 0.92
    base = np.array(center_px) - away * radius_px * between(numbers, 0.3, 0.7)
    spots = np.array([near, near, base])
    loud = level * np.array([4.0, 2.0, 3.0]) * numbers.lognormal(0.0, 0.3, 3)
    add_points(canvas, spots[:, 0], spots[:, 1], loud, point_response(*inland.CELL_PX, 4))
