"""What boxes say in words: size, shape, grid cell, and how objects lie to others (paper, §3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sarchat_build.boxes import round_half_up
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance

# Lower bounds of w·h / (W·H), largest first; one scale in every task.
SIZES = (
    (0.40, "very large"),
    (0.25, "large"),
    (0.10, "medium"),
    (0.03, "small"),
    (0.0, "very small"),
)
SIZE_ORDER = tuple(name for _, name in SIZES)
SIZE_WORDS = {name: "medium-sized" if name == "medium" else name for name in SIZE_ORDER}
SHAPES = ("wide", "roughly square", "tall")
CELLS = tuple(
    f"{row} {column}"
    for row in ("top", "middle", "bottom")
    for column in ("left", "center", "right")
)
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
# Eight sectors of 45°: a sector's border lies at 67.5°, whose tangent is 1 + √2.
_SECTOR = 1 + math.sqrt(2)


@dataclass(frozen=True, slots=True)
class LabeledInstance:
    """An object with its words; one object has one size, shape and cell in every task."""

    instance: Instance
    size: str
    shape: str
    cell: str

    @property
    def category(self) -> Category:
        """The object's category."""
        return self.instance.category

    @property
    def bbox(self) -> Box:
        """The object's box in the picture."""
        return self.instance.bbox


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """A picture's objects in reading order, and for which categories the list may be incomplete."""

    image_id: str
    width_px: int
    height_px: int
    objects: tuple[LabeledInstance, ...]
    annotated: tuple[Category, ...]
    rejected_categories: tuple[Category, ...]
    cut_categories: tuple[Category, ...]

    @property
    def present(self) -> tuple[Category, ...]:
        """Categories with an object, in canonical order."""
        found = {labeled.category for labeled in self.objects}
        return tuple(category for category in CATEGORIES if category in found)

    def of(self, category: Category) -> tuple[LabeledInstance, ...]:
        """The objects of one category, in reading order."""
        return tuple(labeled for labeled in self.objects if labeled.category == category)


@dataclass(frozen=True, slots=True)
class Relation:
    """How the first of two points lies to the second."""

    direction: str
    proximity: str
    distance_px: int


def label_image(
    chip: Chip, annotated: tuple[Category, ...], rejected_categories: tuple[Category, ...]
) -> LabeledImage:
    """Put a picture's objects into words and into reading order."""
    labeled = (
        LabeledInstance(
            instance,
            size(instance.bbox, chip.width_px, chip.height_px),
            shape(instance.bbox),
            cell(instance.bbox, chip.width_px, chip.height_px),
        )
        for instance in chip.instances
    )
    return LabeledImage(
        image_id=chip.image_id,
        width_px=chip.width_px,
        height_px=chip.height_px,
        objects=tuple(sorted(labeled, key=reading_order)),
        annotated=annotated,
        rejected_categories=rejected_categories,
        cut_categories=chip.cut_categories,
    )


def reading_order(labeled: LabeledInstance) -> tuple[object, ...]:
    """Sort key: cell by cell from the top left, then category, then place."""
    box = labeled.bbox
    return (
        CELLS.index(labeled.cell),
        CATEGORIES.index(labeled.category),
        (box.y_min_px, box.x_min_px, box.y_max_px, box.x_max_px),
        labeled.instance.instance_id,
    )


def size(box: Box, width_px: int, height_px: int) -> str:
    """Name the share of the picture that a box covers (paper, identification scale).

    >>> size(Box(0, 0, 50, 50), 100, 100)
    'large'
    """
    ratio = box.area_px2 / (width_px * height_px)
    return next(name for bound, name in SIZES if ratio >= bound)


def shape(box: Box) -> str:
    """Name the proportion of width to height (paper, §3).

    >>> shape(Box(0, 0, 30, 20)), shape(Box(0, 0, 31, 20)), shape(Box(0, 0, 2, 3.1))
    ('roughly square', 'wide', 'tall')
    """
    ratio = box.width_px / box.height_px
    if ratio > 1.5:
        return "wide"
    return "tall" if ratio < 0.67 else "roughly square"


def cell(box: Box, width_px: int, height_px: int) -> str:
    """Name the third of the picture, by rows and columns, that holds the box's center.

    A center exactly on a line belongs to the upper or left cell.

    >>> cell(Box(0, 0, 200, 10), 300, 300)
    'top left'
    """
    x_px, y_px = box.center_px
    column = 0 if 3 * x_px <= width_px else 1 if 3 * x_px <= 2 * width_px else 2
    row = 0 if 3 * y_px <= height_px else 1 if 3 * y_px <= 2 * height_px else 2
    return CELLS[3 * row + column]


def relation(
    first_px: tuple[float, float], second_px: tuple[float, float], width_px: int, height_px: int
) -> Relation:
    """Say how the first point lies to the second: direction, near or far, distance.

    Near means closer than (width + height) / 8 of the picture (paper, §3).

    >>> relation((10, 10), (110, 12), 512, 512)
    Relation(direction='left', proximity='near', distance_px=100)
    """
    dx, dy = first_px[0] - second_px[0], first_px[1] - second_px[1]
    distance = math.sqrt(dx * dx + dy * dy)
    return Relation(
        direction=_direction(dx, dy),
        proximity="near" if distance < (width_px + height_px) / 8 else "far",
        distance_px=round_half_up(distance),
    )


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
