"""Words for two boxes, or two groups: direction, near or far, distance (paper, §3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.geometry.boxes import round_half_up
from sarchat_build.geometry.nearest import center_box, nearest
from sarchat_build.types import Box

DIRECTION_WORDS = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "above",
    "below": "below",
    "upper_left": "to the upper left of",
    "upper_right": "to the upper right of",
    "lower_left": "to the lower left of",
    "lower_right": "to the lower right of",
    "same": "at the same place as",
}
PROXIMITY_WORDS = {"near": "near", "far": "far from"}
# Eight sectors of 45°: a sector's border lies at 67.5°, whose tangent is 1 + √2.
_SECTOR = 1 + math.sqrt(2)
_PAPER_THRESHOLDS = LabelThresholds()


@dataclass(frozen=True, slots=True)
class Relation:
    """How the first of two points lies to the second."""

    direction: str
    proximity: str
    distance_px: int


@dataclass(frozen=True, slots=True)
class GroupRelation:
    """How the first of two groups lies to the second; `proximity` is None where it is arguable."""

    direction: str
    proximity: str | None


def relation(
    first_px: tuple[float, float],
    second_px: tuple[float, float],
    width_px: int,
    height_px: int,
    thresholds: LabelThresholds = _PAPER_THRESHOLDS,
) -> Relation:
    """Say how the first point lies to the second: direction, near or far, distance.

    Near means closer than (width + height) / 8 (paper, §3), or what the recipe has for 8.

    >>> relation((10, 10), (110, 12), 512, 512)
    Relation(direction='left', proximity='near', distance_px=100)
    """
    dx, dy = first_px[0] - second_px[0], first_px[1] - second_px[1]
    distance = math.sqrt(dx * dx + dy * dy)
    return Relation(
        direction=_direction(dx, dy),
        proximity=proximity(distance, width_px, height_px, thresholds),
        distance_px=round_half_up(distance),
    )


def proximity(
    distance_px: float,
    width_px: int,
    height_px: int,
    thresholds: LabelThresholds = _PAPER_THRESHOLDS,
) -> str:
    """Name a distance as near or far against the picture's sides.

    >>> proximity(127.9, 512, 512), proximity(128, 512, 512)
    ('near', 'far')
    """
    return "near" if distance_px < (width_px + height_px) / thresholds.near_divisor else "far"


def group_relation(
    first: Sequence[Box],
    second: Sequence[Box],
    width_px: int,
    height_px: int,
    thresholds: LabelThresholds = _PAPER_THRESHOLDS,
) -> GroupRelation:
    """Say how the first of two groups lies to the second.

    The direction is that of the mean centers. A person may call groups near where their middles are
    near or where one of each is: where the two differ, neither word is said.

    >>> row = [Box(x, 0, x + 10, 10) for x in (0, 200, 400)]
    >>> group_relation(row, [Box(420, 0, 430, 10)], 512, 512)
    GroupRelation(direction='left', proximity=None)
    >>> group_relation(row, [Box(240, 0, 250, 10)], 512, 512)
    GroupRelation(direction='left', proximity='near')
    """
    between = relation(
        mean_center_px(first), mean_center_px(second), width_px, height_px, thresholds
    )
    middles = [center_box(box) for box in first], [center_box(box) for box in second]
    closest_px = min(nearest(*middles, margin_px=0.0).gap_px)
    closest = proximity(closest_px, width_px, height_px, thresholds)
    return GroupRelation(between.direction, closest if closest == between.proximity else None)


def mean_center_px(boxes: Iterable[Box]) -> tuple[float, float]:
    """Give the mean of the boxes' centers, summed before it is divided."""
    centers: Sequence[tuple[float, float]] = [box.center_px for box in boxes]
    return sum(x for x, _ in centers) / len(centers), sum(y for _, y in centers) / len(centers)


def _direction(dx: float, dy: float) -> str:
    if dx == 0 and dy == 0:
        return "same"
    if abs(dx) > _SECTOR * abs(dy):
        return "left" if dx < 0 else "right"
    if abs(dy) > _SECTOR * abs(dx):
        return "above" if dy < 0 else "below"
    return f"{'upper' if dy < 0 else 'lower'}_{'left' if dx < 0 else 'right'}"
