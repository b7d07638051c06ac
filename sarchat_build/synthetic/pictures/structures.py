"""Bridges over rivers, harbors on a shore, tank farms: each on land that others may stand on."""

from __future__ import annotations

from math import ceil, cos, pi, sin

import numpy as np

from sarchat_build.synthetic.pictures import ground
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.keyed import between, one_in
from sarchat_build.synthetic.pictures.targets import Floats, Point, extent_of, rectangle, turned

# Decks stay below the 200 px by which chips of large slices overlap: each is whole in some chip.
_WIDEST_RIVER_PX, _BROADEST_DECK_PX = 120.0, 24.0
# One picture in so many shows a single harbor or tank from close by.
_CLOSE_ONE_IN = 25
_TRIES = 40


def bridge_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a river with up to `wanted` bridges, at least one; the first may leave the picture."""
    canvas = ground.landscape(numbers, side_px)
    heading = between(numbers, 0.0, 2 * pi)
    width_px = min(_WIDEST_RIVER_PX, side_px * between(numbers, 0.08, 0.3))
    level = canvas.level * between(numbers, 2.0, 4.0)

    def deck() -> Floats:
        breadth_px = min(_BROADEST_DECK_PX, max(4.0, side_px * between(numbers, 0.012, 0.03)))
        length_px = max(14.0, width_px * between(numbers, 1.05, 1.3))
        return rectangle(length_px, breadth_px, heading + pi / 2 + numbers.normal(0.0, 0.1))

    first = deck()
    center = _first_center(canvas, first, over_edge)
    river = ground.course(canvas, center, heading, bend=0.02)
    ground.flood(canvas, np.float32(width_px / 2) - np.abs(river.distance(canvas)))
    ground.build_villages(canvas)
    outline: Floats | None = first + center
    for _ in range(wanted):
        if outline is not None:
            _paint_deck(canvas, outline, level)
            canvas.label("bridge", outline, float(np.arctan2(*(outline[0] - outline[1])[::-1])))
        more = (deck() + river.point(between(numbers, -0.7, 0.7) * side_px) for _ in range(_TRIES))
        outline = next((found for found in more if canvas.fits(extent_of(found))), None)
    return canvas


def _first_center(canvas: Canvas, outline: Floats, over_edge: bool) -> Point:
    """Give the first object its position; the shore then runs where it has to."""
    extent = extent_of(outline)
    found = canvas.over_edge(extent) if over_edge else canvas.find(extent)
    return found or (canvas.width_px / 2, canvas.height_px / 2)


def _paint_deck(canvas: Canvas, outline: Floats, level: float) -> None:
    """Paint the deck, fainter echoes of it by way of the water, and its piers and lamps."""
    away = between(canvas.numbers, 1.4, 2.4) * (outline[0] - outline[3])
    canvas.paint(outline, level, 1.5)
    for echo in range(1, int(canvas.numbers.integers(1, 4))):
        canvas.paint(outline + echo * away, level * 0.45 / echo, 2.0)
    share = canvas.numbers.random((max(4, int(np.hypot(*(outline[0] - outline[1])) / 7)), 1))
    lamps = outline[1] + share * (outline[0] - outline[1])
    canvas.scatter(lamps, level * 0.7 * canvas.numbers.lognormal(0.0, 0.6, len(lamps)))


def harbor_picture(
    numbers: np.random.Generator, side_px: int, wanted: int, *, over_edge: bool = False
) -> Canvas:
    """Paint a shore with up to `wanted` harbors, at least one; the first may leave the picture."""
    canvas = ground.landscape(numbers, side_px)
    seaward = between(numbers, 0.0, 2 * pi)
    close = not over_edge and one_in(numbers, _CLOSE_ONE_IN)

    def basin() -> tuple[float, float]:
        depth, length = ((0.4, 0.6), (0.6, 0.75)) if close else ((0.12, 0.3), (0.15, 0.45))
        return side_px * between(numbers, *depth), side_px * between(numbers, *length)

    depth_px, length_px = basin()
    center = _first_center(canvas, rectangle(depth_px, length_px, seaward), over_edge)
    out = np.array((cos(seaward), sin(seaward)))
    foot_x, foot_y = (center - out * depth_px / 2).tolist()
    line = ground.course(canvas, (foot_x, foot_y), seaward - pi / 2)
    ground.flood(canvas, line.distance(canvas))
    ground.build_villages(canvas)
    for index in range(1 if close else wanted):
        for _ in range(_TRIES):
            outline = rectangle(depth_px, length_px, seaward, center)
            if index == 0 or canvas.fits(extent_of(outline)):
                _paint_piers(canvas, outline, seaward)
                canvas.label("harbor", outline, seaward)
                break
            depth_px, length_px = basin()
            center = line.point(between(numbers, -0.6, 0.6) * side_px, depth_px / 2)
    return canvas


def _paint_piers(canvas: Canvas, basin: Floats, seaward: float) -> None:
    """Paint two to five fingers from the quay to the basin's reach, busy with loud corners."""
    numbers, level = canvas.numbers, canvas.level
    out, along = basin[0] - basin[1], basin[3] - basin[0]
    depth_px, length_px = float(np.hypot(*out)), float(np.hypot(*along))
    fingers = int(np.clip(length_px / 14, 2, 5))
    breadth_px = max(3.0, length_px / fingers * between(numbers, 0.25, 0.45))
    quay = basin[1] + along / 2 + out * (2.5 / depth_px)
    canvas.paint(rectangle(5.0, length_px, seaward, tuple(quay)), 1.6 * level)
    for share in np.linspace(-0.5, 0.5, fingers) * (1 - breadth_px / length_px):
        center = basin.mean(axis=0) + share * along
        finger = rectangle(depth_px, breadth_px, seaward, tuple(center))
        canvas.paint(finger, level * between(numbers, 1.2, 2.2))
        shares = numbers.random((int(depth_px / 9) + 1, 2)) - 0.5
        starts = center + turned(shares * (depth_px, breadth_px), seaward)
        points, loudness = ground.strings(numbers, starts, seaward, 2.5)
        canvas.scatter(points, loudness * (1.4 * level), 2)


def tank_farm_picture(
    numbers: np.random.Generator,
    side_px: int,
    wanted: int,
    *,
    over_edge: bool = False,
    inshore: bool = False,
) -> Canvas:
    """Paint up to `wanted` tanks in the country or by the sea; the first may leave the picture."""
    canvas = ground.landscape(numbers, side_px)
    if inshore:
        seaward = between(numbers, 0.0, 2 * pi)
        offset_px = between(numbers, 0.1, 0.3) * side_px
        foot = side_px / 2 + offset_px * cos(seaward), side_px / 2 + offset_px * sin(seaward)
        line = ground.course(canvas, foot, seaward - pi / 2, bend=0.03, jetties=2)
        ground.flood(canvas, line.distance(canvas))
    ground.build_villages(canvas)
    add_tanks(canvas, wanted, over_edge=over_edge)
    return canvas


def add_tanks(canvas: Canvas, wanted: int, *, over_edge: bool = False) -> None:
    """Paint up to `wanted` tanks of one or two sizes on a turned grid, on land, at least one."""
    numbers, side_px = canvas.numbers, canvas.width_px
    radius_px = min(0.09 * side_px, between(numbers, 5.0, 15.0))
    if canvas.land is None and not over_edge and one_in(numbers, _CLOSE_ONE_IN):
        wanted, radius_px = 1, side_px * between(numbers, 0.26, 0.4)
    pitch_px = 2 * radius_px * between(numbers, 1.25, 1.8) + 7
    columns = max(1, ceil(wanted**0.5 * between(numbers, 0.8, 1.8)))
    steps = np.divmod(np.arange(-(-wanted // columns) * columns), columns)
    grid = np.stack(steps, axis=1) * pitch_px
    grid = turned(grid - grid.mean(axis=0), between(numbers, 0.0, pi))
    grid = grid[np.argsort(np.hypot(*grid.T), kind="stable")]
    reach_px = 2 * max(radius_px, min(0.3 * side_px, float(np.abs(grid).max()) + radius_px))
    water = None if canvas.land is None else ~canvas.land
    middle = canvas.find(extent_of(rectangle(reach_px, reach_px, 0.0)), off=water)
    grid += middle or (side_px / 2, side_px / 2)
    look, first = between(numbers, 0.0, 2 * pi), len(canvas.targets)
    if over_edge:
        grid = np.vstack([canvas.over_edge(extent_of(_circle(radius_px))), grid])
    for index, center in enumerate(grid):
        circle = _circle(radius_px * (between(numbers, 0.5, 1.0) if one_in(numbers, 4) else 1.0))
        if len(canvas.targets) == first + wanted:
            break
        # A picture of tanks has one, whatever its shore.
        if index == first == 0 or canvas.fits(extent_of(circle + center), water):
            _paint_tank(canvas, circle, center, look)
            canvas.label("tank", circle + center, 0.0)


def _circle(radius_px: float) -> Floats:
    angle = -np.linspace(0.0, 2 * pi, 24, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius_px


def _paint_tank(canvas: Canvas, circle: Floats, center: Floats, look: float) -> None:
    """Paint shadow, roof, rim, and the two specular points of rim and base toward the radar."""
    numbers, level = canvas.numbers, canvas.level
    away, radius_px = np.array((cos(look), sin(look))), float(circle[0, 0])
    canvas.shade(circle + center + away * radius_px * 0.7, 0.35)
    canvas.shade(circle + center, 0.4)
    canvas.paint(circle + center, level * between(numbers, 0.6, 1.2))
    turn = np.linspace(0.0, 2 * pi, int(6 * radius_px), endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    facing = 0.5 - 0.5 * (rim @ away)
    grain = numbers.lognormal(0.0, 0.5, turn.size)
    canvas.scatter(center + rim * (radius_px - 1), level * grain * (0.4 + 1.6 * facing**2), 2)
    spots = center - away * radius_px * np.array([[0.92], [0.92], [between(numbers, 0.3, 0.7)]])
    canvas.scatter(spots, level * np.array([4.0, 2.0, 3.0]) * numbers.lognormal(0.0, 0.3, 3), 4)
