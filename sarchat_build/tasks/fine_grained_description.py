"""Fine-grained description: what lies where, in fluent sentences, without boxes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sarchat_build.grammar import a, noun
from sarchat_build.labels import CELLS, SIZE_ORDER, SIZE_WORDS, LabeledImage, LabeledInstance
from sarchat_build.labels import reading_order as by_place
from sarchat_build.recipe import Description, Recipe
from sarchat_build.tasks.question import Question
from sarchat_build.types import CATEGORIES


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture that passes the published screen and shows an object that does."""
    rule = recipe.tasks.fine_grained_description
    if min(image.width_px, image.height_px) < rule.min_image_px:
        return
    objects = sorted((o for o in image.objects if _passes(o, image, rule)), key=_order)
    if not objects:
        return
    groups = [(kind, list(members)) for kind, members in groupby(objects, key=_kind)]
    yield Question(
        task="fine_grained_description",
        subtask="all",
        key="all",
        variables={
            "n": len(objects),
            "groups": [
                {"n": len(members), "phrase": _phrase(len(members), size, category), "cell": cell}
                for (cell, category, size), members in groups
            ],
        },
        mentioned=tuple(objects),
        ground_truth={
            "objects": [
                {
                    "instance_id": o.instance.instance_id,
                    "category": o.category,
                    "size": o.size,
                    "cell": o.cell,
                }
                for o in objects
            ]
        },
    )


def _passes(labeled: LabeledInstance, image: LabeledImage, rule: Description) -> bool:
    box = labeled.bbox
    sides = sorted((box.width_px, box.height_px))
    ratio = box.area_px2 / (image.width_px * image.height_px)
    return ratio >= rule.min_area_ratio and sides[1] <= rule.max_aspect * sides[0]


def _phrase(n: int, size: str, category: str) -> str:
    word = SIZE_WORDS[size]
    return a(f"{word} {category}") if n == 1 else f"{n} {word} {noun(category, n)}"


def _kind(labeled: LabeledInstance) -> tuple[str, str, str]:
    return labeled.cell, labeled.category, labeled.size


def _order(labeled: LabeledInstance) -> tuple[object, ...]:
    kind = CELLS.index(labeled.cell), CATEGORIES.index(labeled.category)
    return (*kind, SIZE_ORDER.index(labeled.size), by_place(labeled))
