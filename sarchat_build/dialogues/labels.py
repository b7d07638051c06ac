"""A picture's objects with their words, in reading order: all that a task may ask about."""

from __future__ import annotations

from dataclasses import dataclass

from sarchat_build.config.recipe import LabelThresholds, Unlisted
from sarchat_build.dialogues.attributes import CELLS, cell, described_size, shape, size
from sarchat_build.geometry.boxes import box_text
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance

_PAPER_THRESHOLDS = LabelThresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


def label_image(
    chip: Chip,
    annotated: tuple[Category, ...],
    rejected_categories: tuple[Category, ...],
    thresholds: LabelThresholds = _PAPER_THRESHOLDS,
) -> LabeledImage:
    """Put a picture's objects into words and into reading order."""
    labeled = (_label(instance, chip, thresholds) for instance in chip.instances)
    return LabeledImage(
        image_id=chip.image_id,
        width_px=chip.width_px,
        height_px=chip.height_px,
        objects=tuple(sorted(labeled, key=reading_order)),
        annotated=annotated,
        rejected_categories=rejected_categories,
        cut_categories=chip.cut_categories,
    )


def _label(instance: Instance, chip: Chip, thresholds: LabelThresholds) -> LabeledInstance:
    box, side_px = instance.bbox, (chip.width_px, chip.height_px)
    return LabeledInstance(
        instance=instance,
        size=size(box, *side_px, thresholds),
        described_size=described_size(box, *side_px, thresholds),
        shape=shape(box, thresholds),
        cell=cell(box, *side_px),
        box_text=box_text(box),
    )


def reading_order(labeled: LabeledInstance) -> tuple[object, ...]:
    """Sort key: cell by cell from the top left, then category, then position."""
    box = labeled.bbox
    return (
        CELLS.index(labeled.cell),
        CATEGORIES.index(labeled.category),
        (box.y_min_px, box.x_min_px, box.y_max_px, box.x_max_px),
        labeled.instance.instance_id,
    )
