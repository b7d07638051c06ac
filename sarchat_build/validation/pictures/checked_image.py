"""An image as its dialogues are measured against it: labels and centers of its objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import CATEGORIES, CATEGORY_RANK, CELL_RANK


@dataclass(frozen=True, slots=True)
class CheckedObject:
    """One object: its columns, and the labels that follow from them."""

    instance_id: str
    category: str
    box: tuple[float, ...]
    text: str
    x: float
    y: float
    cell: str
    size: str
    described_size: str
    shape: str
    area_ratio: float
    aspect: float
    index: str  # what stands after "#" in the id

    @property
    def reading_key(self) -> tuple[int, int, float, float, float, float, str]:
        """Row-major by cell, then category, box from top to bottom, id."""
        x_min, y_min, x_max, y_max = self.box
        return (
            CELL_RANK[self.cell],
            CATEGORY_RANK[self.category],
            *(y_min, x_min, y_max, x_max),
            self.instance_id,
        )

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Category, size, shape and cell, as identifications list them."""
        return self.category, self.size, self.shape, self.cell


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """One image: `objects` in reading order, and what may be said about absence.

    `incomplete` are categories with an object that is not listed, because its box was rejected or
    the chip cuts it: "the only", "the nearest" and "none" may not be said of them.
    """

    image_id: str
    source: str
    width: int
    height: int
    annotated: frozenset[str]
    rejected: frozenset[str]
    cut: frozenset[str]
    objects: tuple[CheckedObject, ...]
    by_id: Mapping[str, CheckedObject]
    by_category: Mapping[str, tuple[CheckedObject, ...]]
    # Box text → object, None where several objects have the text.
    by_text: Mapping[str, CheckedObject | None]
    # What stands after "#" in an object's id → its position in `objects`.
    positions: Mapping[str, int]
    # How many objects have a box text of their own.
    askable: int
    _near: dict[str, tuple[geometry.Neighborhood, dict[str, int]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def clearly_nearest(
        self, start: CheckedObject, category: str, margin_px: float, *, by_edge: bool
    ) -> tuple[CheckedObject, float] | None:
        """Give the object of several that is nearest to another by a margin, and how near it is."""
        objects = self.by_category.get(category, ())
        if category not in self._near:
            places = {obj.instance_id: place for place, obj in enumerate(objects)}
            self._near[category] = geometry.Neighborhood([obj.box for obj in objects]), places
        known, places = self._near[category]
        but = places.get(start.instance_id)
        place, away_px, lead_px = known.nearest(start.box, margin_px, by_edge=by_edge, but=but)
        return (objects[place], away_px) if margin_px <= lead_px < inf else None

    @property
    def incomplete(self) -> frozenset[str]:
        """Categories with an object that is not listed."""
        return self.rejected | self.cut

    def is_complete(self, category: str) -> bool:
        """Tell whether every object of a category is listed, as its source promises."""
        return category in self.annotated and category not in self.incomplete

    def uncountable(self, rules: Rules) -> frozenset[str]:
        """Categories of which nobody may say how many there are, or where all of them are."""
        return self.incomplete if rules.skip_cut else self.rejected

    @property
    def absent(self) -> list[str]:
        """Categories of which it is known that the picture shows none."""
        return [
            category
            for category in CATEGORIES
            if category in self.annotated
            and category not in self.by_category
            and category not in self.incomplete
        ]


def make_checked_object(
    instance_id: str, category: str, box: Sequence[float], size: tuple[int, int], rules: Rules
) -> CheckedObject:
    """Label a faultless box (`geometry.box_fault` is ""); `size` is the picture's in pixels."""
    x, y = geometry.center(box)
    ratio, aspect = geometry.area_ratio(box, *size), geometry.aspect(box)
    return CheckedObject(
        instance_id=instance_id,
        category=category,
        box=tuple(box),
        text=geometry.box_text(box),
        x=x,
        y=y,
        cell=geometry.cell(x, y, *size),
        size=geometry.size(ratio, rules),
        described_size=geometry.described_size(ratio, rules),
        shape=geometry.shape(aspect, rules),
        area_ratio=ratio,
        aspect=aspect,
        index=instance_id.rpartition("#")[2],
    )


def make_checked_image(
    image_id: str,
    source: str,
    size: tuple[int, int],
    objects: Sequence[CheckedObject],
    *,
    annotated: Sequence[str],
    rejected: Sequence[str],
    cut: Sequence[str],
) -> CheckedImage:
    """Put the objects of an image in reading order."""
    ordered = tuple(sorted(objects, key=lambda obj: obj.reading_key))
    by_category: dict[str, list[CheckedObject]] = {}
    by_text: dict[str, CheckedObject | None] = {}
    for obj in ordered:
        by_category.setdefault(obj.category, []).append(obj)
        by_text[obj.text] = None if obj.text in by_text else obj
    return CheckedImage(
        image_id=image_id,
        source=source,
        width=size[0],
        height=size[1],
        annotated=frozenset(annotated),
        rejected=frozenset(rejected),
        cut=frozenset(cut),
        objects=ordered,
        by_id={obj.instance_id: obj for obj in ordered},
        by_category={category: tuple(found) for category, found in by_category.items()},
        by_text=by_text,
        positions={obj.index: position for position, obj in enumerate(ordered)},
        askable=sum(obj is not None for obj in by_text.values()),
    )
