"""Fine-grained description: what lies where, in fluent sentences, without boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sarchat_build.config.recipe import Description, Recipe
from sarchat_build.dialogues.attributes import CELLS, SIZE_ORDER, SIZE_WORDS
from sarchat_build.dialogues.grammar import a, listed, noun
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance, reading_order
from sarchat_build.dialogues.question import Question
from sarchat_build.types import CATEGORIES

# Of the least area that is described: so much less is not less to a human eye.
_NEAR_EQUAL = 0.8


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture that passes the published screen and shows an object that does.

    The recipe decides whether objects that do not may be passed over in silence, and objects that a
    chip cuts: one of those may be a main one.
    """
    rule = recipe.tasks.fine_grained_description
    too_small = min(image.width_px, image.height_px) < rule.min_image_px
    if too_small or (recipe.tasks.cut_objects == "skip" and image.unlisted()):
        return
    objects = sorted((o for o in image.objects if _passes(o, image, rule)), key=_order)
    left_out = [o for o in image.objects if not _passes(o, image, rule)]
    if not objects or (
        rule.left_out_objects == "skip" and _leaves_doubt(objects, left_out, image, rule)
    ):
        return
    yield Question(
        task="fine_grained_description",
        subtask="all",
        key="all",
        variables={
            "cells": [_cell_text(cell, list(o)) for cell, o in groupby(objects, key=_cell)],
            "min_percent": f"{100 * rule.min_area_ratio:g}",
        },
        mentioned=tuple(objects),
        ground_truth={
            "objects": [
                {
                    "instance_id": o.instance.instance_id,
                    "category": o.category,
                    "size": o.described_size,
                    "cell": o.cell,
                }
                for o in objects
            ]
        },
    )


def _passes(labeled: LabeledInstance, image: LabeledImage, rule: Description) -> bool:
    box = labeled.bbox
    sides = sorted((box.width_px, box.height_px))
    large = _area_ratio(labeled, image) >= rule.min_area_ratio
    return large and sides[1] <= rule.max_aspect * sides[0]


def _area_ratio(labeled: LabeledInstance, image: LabeledImage) -> float:
    return labeled.bbox.area_px2 / (image.width_px * image.height_px)


def _leaves_doubt(
    objects: Sequence[LabeledInstance],
    left_out: Sequence[LabeledInstance],
    image: LabeledImage,
    rule: Description,
) -> bool:
    """Tell whether an object that is left out could be taken for a described one."""
    described = {(o.category, o.cell) for o in objects}
    return any(
        (o.category, o.cell) in described
        or _area_ratio(o, image) > _NEAR_EQUAL * rule.min_area_ratio
        for o in left_out
    )


def _cell_text(cell: str, objects: Sequence[LabeledInstance]) -> dict[str, object]:
    """Say what lies in one cell: "a small ship and 2 large tanks"."""
    kinds = [(kind, len(list(members))) for kind, members in groupby(objects, key=_kind)]
    phrases = [_phrase(n, size, category) for (category, size), n in kinds]
    # "There is a ship and 2 tanks", but "a ship and 2 tanks lie".
    return {"cell": cell, "what": listed(phrases), "n": len(objects), "first_n": kinds[0][1]}


def _phrase(n: int, size: str, category: str) -> str:
    word = SIZE_WORDS[size]
    return a(f"{word} {category}") if n == 1 else f"{n} {word} {noun(category, n)}"


def _cell(labeled: LabeledInstance) -> str:
    return labeled.cell


def _kind(labeled: LabeledInstance) -> tuple[str, str]:
    return labeled.category, labeled.described_size


def _order(labeled: LabeledInstance) -> tuple[object, ...]:
    kind = CELLS.index(labeled.cell), CATEGORIES.index(labeled.category)
    return (*kind, SIZE_ORDER.index(labeled.described_size), reading_order(labeled))
