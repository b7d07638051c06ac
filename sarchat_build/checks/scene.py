"""What is kept of an image while its dialogues are read: words and centers of its objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.checks import geometry
from sarchat_build.checks.vocabulary import CATEGORY_RANK, CELL_RANK


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: its columns, and what they say in words."""

    instance_id: str
    category: str
    box: tuple[float, ...]
    text: str
    x: float
    y: float
    cell: str
    size: str
    shape: str
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


@dataclass(frozen=True, slots=True)
class Scene:
    """One image: `things` in reading order, and what may be said about absence."""

    image_id: str
    source: str
    width: int
    height: int
    annotated: frozenset[str]
    rejected: frozenset[str]
    cut: frozenset[str]
    things: tuple[Thing, ...]
    by_id: Mapping[str, Thing]
    by_category: Mapping[str, tuple[Thing, ...]]


def make_thing(
    instance_id: str, category: str, box: Sequence[float], width: int, height: int
) -> Thing:
    """Say a faultless box in words (`geometry.box_fault` is "")."""
    x, y = geometry.center(box)
    return Thing(
        instance_id=instance_id,
        category=category,
        box=tuple(box),
        text=geometry.box_text(box),
        x=x,
        y=y,
        cell=geometry.cell(x, y, width, height),
        size=geometry.size(box, width, height),
        shape=geometry.shape(box),
        index=instance_id.rpartition("#")[2],
    )


def make_scene(
    image_id: str,
    source: str,
    width: int,
    height: int,
    things: Sequence[Thing],
    *,
    annotated: Sequence[str],
    rejected: Sequence[str],
    cut: Sequence[str],
) -> Scene:
    """Put the objects of an image in reading order."""
    ordered = tuple(sorted(things, key=lambda thing: thing.reading_key))
    by_category: dict[str, list[Thing]] = {}
    for thing in ordered:
        by_category.setdefault(thing.category, []).append(thing)
    return Scene(
        image_id=image_id,
        source=source,
        width=width,
        height=height,
        annotated=frozenset(annotated),
        rejected=frozenset(rejected),
        cut=frozenset(cut),
        things=ordered,
        by_id={thing.instance_id: thing for thing in ordered},
        by_category={category: tuple(found) for category, found in by_category.items()},
    )
