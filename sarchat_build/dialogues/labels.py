"""What boxes say in words: size, shape, grid cell, and how objects lie to others (paper, §3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from sarchat_build.config.recipe import LabelThresholds, Unlisted
from sarchat_build.geometry.boxes import box_text, round_half_up
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance

SIZE_ORDER = ("very large", "large", "medium", "small", "very small")
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
PROXIMITY_WORDS = {"near": "near", "far": "far from"}
# Eight sectors of 45°: a sector's border lies at 67.5°, whose tangent is 1 + √2.
_SECTOR = 1 + math.sqrt(2)
_PAPER_WORDS = LabelThresholds()


@dataclass(frozen=True, slots=True)
class LabeledInstance:
    """An object with its words; one object has one size, shape and cell in every task.

    `described_size` differs from `size` only under a recipe with the paper's second scale.
    """

    instance: Instance
    size: str
    described_size: str
    shape: str
    cell: str
    box_text: str

    @property
    def category(self) -> Category:
        """The object's category."""
        return self.instance.category

    @property
    def bbox(self) -> Box:
        """The object's box in the picture."""
        return self.instance.bbox

    @property
    def number(self) -> str:
        """What tells the object apart from others of its picture."""
        return self.instance.instance_id.rpartition("#")[2]


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

    def is_complete(self, category: Category) -> bool:
        """Tell whether every object of a category that the picture may show is listed.

        Only then may anything be said about "the only one", "the nearest" or "none".
        """
        return category in self.annotated and category not in self.unlisted()

    def unlisted(self, cut_objects: Unlisted = "skip") -> frozenset[Category]:
        """Categories with an object that is in no list: its box was rejected or the chip cuts it.

        Nothing may be said about "all" of them; with "ignore" cut objects do not matter.
        """
        cut = self.cut_categories if cut_objects == "skip" else ()
        return frozenset((*self.rejected_categories, *cut))


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


def label_image(
    chip: Chip,
    annotated: tuple[Category, ...],
    rejected_categories: tuple[Category, ...],
    words: LabelThresholds = _PAPER_WORDS,
) -> LabeledImage:
    """Put a picture's objects into words and into reading order."""
    labeled = (_label(instance, chip, words) for instance in chip.instances)
    return LabeledImage(
        image_id=chip.image_id,
        width_px=chip.width_px,
        height_px=chip.height_px,
        objects=tuple(sorted(labeled, key=reading_order)),
        annotated=annotated,
        rejected_categories=rejected_categories,
        cut_categories=chip.cut_categories,
    )


def _label(instance: Instance, chip: Chip, words: LabelThresholds) -> LabeledInstance:
    box, side_px = instance.bbox, (chip.width_px, chip.height_px)
    return LabeledInstance(
        instance=instance,
        size=size(box, *side_px, words),
        described_size=described_size(box, *side_px, words),
        shape=shape(box, words),
        cell=cell(box, *side_px),
        box_text=box_text(box),
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


def size(box: Box, width_px: int, height_px: int, words: LabelThresholds = _PAPER_WORDS) -> str:
    """Name the share of the picture that a box covers (paper, identification scale).

    >>> size(Box(0, 0, 50, 50), 100, 100)
    'large'
    """
    return size_of(box.area_px2 / (width_px * height_px), words)


def size_of(ratio: float, words: LabelThresholds = _PAPER_WORDS) -> str:
    """Name a share of the picture's area, 0 ≤ ratio ≤ 1.

    >>> size_of(0.03), size_of(0.0299)
    ('small', 'very small')
    """
    bounds = (words.very_large_from, words.large_from, words.medium_from, words.small_from)
    reached = (name for bound, name in zip(bounds, SIZE_ORDER, strict=False) if ratio >= bound)
    return next(reached, SIZE_ORDER[-1])


def described_size(box: Box, width_px: int, height_px: int, words: LabelThresholds) -> str:
    """Name the size as descriptions do; the same as `size` unless the recipe has a second scale.

    >>> paper = LabelThresholds(description_size={"large_above": 0.30, "small_below": 0.05})
    >>> described_size(Box(0, 0, 20, 20), 100, 100, paper)
    'small'
    """
    scale = words.description_size
    if scale is None:
        return size(box, width_px, height_px, words)
    ratio = box.area_px2 / (width_px * height_px)
    if ratio > scale.large_above:
        return "large"
    return "small" if ratio < scale.small_below else "medium"


def shape(box: Box, words: LabelThresholds = _PAPER_WORDS) -> str:
    """Name the proportion of width to height (paper, §3).

    >>> shape(Box(0, 0, 30, 20)), shape(Box(0, 0, 31, 20)), shape(Box(0, 0, 2, 3.1))
    ('roughly square', 'wide', 'tall')
    """
    return shape_of(box.width_px / box.height_px, words)


def shape_of(ratio: float, words: LabelThresholds = _PAPER_WORDS) -> str:
    """Name a proportion of width to height."""
    if ratio > words.wide_above:
        return "wide"
    return "tall" if ratio < words.tall_below else "roughly square"


def cell(box: Box, width_px: int, height_px: int) -> str:
    """Name the third of the picture, by rows and columns, that holds the box's center.

    A center exactly on a line belongs to the upper or left cell.

    >>> cell(Box(0, 0, 200, 10), 300, 300)
    'top left'
    """
    return cell_of(*box.center_px, width_px, height_px)


def cell_of(x_px: float, y_px: float, width_px: int, height_px: int) -> str:
    """Name the cell that holds a point."""
    column = 0 if 3 * x_px <= width_px else 1 if 3 * x_px <= 2 * width_px else 2
    row = 0 if 3 * y_px <= height_px else 1 if 3 * y_px <= 2 * height_px else 2
    return CELLS[3 * row + column]


def sizes_about(
    box: Box, width_px: int, height_px: int, words: LabelThresholds, tolerance: float
) -> set[str]:
    """Give every size word that fits when the area is misjudged by a share of `tolerance`."""
    ratio = box.area_px2 / (width_px * height_px)
    return {size_of(ratio * factor, words) for factor in (1, 1 - tolerance, 1 + tolerance)}


def shapes_about(box: Box, words: LabelThresholds, tolerance: float) -> set[str]:
    """Give every shape word that fits when the proportion is misjudged by `tolerance`."""
    ratio = box.width_px / box.height_px
    return {shape_of(ratio * factor, words) for factor in (1, 1 - tolerance, 1 + tolerance)}


def cells_about(box: Box, width_px: int, height_px: int, tolerance_px: float) -> set[str]:
    """Give every cell that fits when the center is misjudged by `tolerance_px`.

    >>> sorted(cells_about(Box(90, 0, 111, 10), 300, 300, 2.0))
    ['top center', 'top left']
    """
    x_px, y_px = box.center_px
    shifts = (0, -tolerance_px, tolerance_px)
    return {cell_of(x_px + dx, y_px + dy, width_px, height_px) for dx in shifts for dy in shifts}


def reached_cells(box: Box, width_px: int, height_px: int, tolerance_px: float) -> set[str]:
    """Give the cell of the box's center, and every cell that the box enters by more.

    >>> sorted(reached_cells(Box(60, 0, 103, 10), 300, 300, 2.0))
    ['top center', 'top left']
    """
    columns = _thirds(box.x_min_px, box.x_max_px, width_px, tolerance_px)
    rows = _thirds(box.y_min_px, box.y_max_px, height_px, tolerance_px)
    reached = {CELLS[3 * row + column] for row in rows for column in columns}
    return reached | {cell(box, width_px, height_px)}


def _thirds(low_px: float, high_px: float, side_px: int, tolerance_px: float) -> list[int]:
    # Three times everything: a third of a whole number is rarely one.
    inside = (
        min(3 * high_px, (third + 1) * side_px) - max(3 * low_px, third * side_px)
        for third in range(3)
    )
    return [third for third, inside_px3 in enumerate(inside) if inside_px3 > 3 * tolerance_px]


def relation(
    first_px: tuple[float, float],
    second_px: tuple[float, float],
    width_px: int,
    height_px: int,
    words: LabelThresholds = _PAPER_WORDS,
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
        proximity=proximity(distance, width_px, height_px, words),
        distance_px=round_half_up(distance),
    )


def proximity(
    distance_px: float, width_px: int, height_px: int, words: LabelThresholds = _PAPER_WORDS
) -> str:
    """Name a distance as near or far against the picture's sides.

    >>> proximity(127.9, 512, 512), proximity(128, 512, 512)
    ('near', 'far')
    """
    return "near" if distance_px < (width_px + height_px) / words.near_divisor else "far"


def group_relation(
    first: Sequence[Box],
    second: Sequence[Box],
    width_px: int,
    height_px: int,
    words: LabelThresholds = _PAPER_WORDS,
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
    between = relation(mean_center_px(first), mean_center_px(second), width_px, height_px, words)
    pairs = product([box.center_px for box in first], [box.center_px for box in second])
    closest_px = min(math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2) for (x0, y0), (x1, y1) in pairs)
    closest = proximity(closest_px, width_px, height_px, words)
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
