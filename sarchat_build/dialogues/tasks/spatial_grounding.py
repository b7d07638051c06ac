"""Spatial grounding: every object by category with cell and box, and how the groups lie."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice, pairwise

from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.attributes import CELLS, reached_cells
from sarchat_build.dialogues.grammar import noun
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance
from sarchat_build.dialogues.question import GroundTruth, Question
from sarchat_build.dialogues.relations import (
    DIRECTION_WORDS,
    PROXIMITY_WORDS,
    GroupRelation,
    group_relation,
)
from sarchat_build.stable_hash import choose
from sarchat_build.types import Category

# A box that two people draw differs by about this much: too little to be seen in a cell.
TOLERANCE_PX = 2.0


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture whose objects are all listed, and whether a cell holds a category."""
    all_listed = recipe.tasks.cut_objects == "ignore" or not image.unlisted()
    if all_listed and len(image.objects) == 1:
        yield _single(image.objects[0])
    elif all_listed and 1 < len(image.objects) <= recipe.tasks.spatial_grounding.box_cap:
        yield _multi(image, recipe)
    yield from _presence(image)


def _single(only: LabeledInstance) -> Question:
    return Question(
        task="spatial_grounding",
        subtask="single",
        key="all",
        variables={"category": only.category, "cell": only.cell, "box": only.box_text},
        mentioned=(only,),
        ground_truth=_truth(groups=[_group_truth([only])]),
    )


def _multi(image: LabeledImage, recipe: Recipe) -> Question:
    groups = [list(members) for _, members in groupby(image.objects, key=_cell_and_category)]
    relations = _relations(groups, image, recipe)
    named = [_group(members) for members in groups]
    return Question(
        task="spatial_grounding",
        subtask="multi",
        key="all",
        variables={
            "n": len(image.objects),
            "groups": named,
            "relations": [
                {
                    "first": first,
                    "second": second,
                    "direction": DIRECTION_WORDS[found.direction],
                    "proximity": _proximity(found, len(groups[index])),
                }
                for index, (found, (second, first)) in enumerate(
                    zip(relations, pairwise(named), strict=False)
                )
            ],
        },
        mentioned=image.objects,
        ground_truth=_truth(
            groups=[_group_truth(members) for members in groups],
            relations=[
                {"direction": found.direction, "proximity": found.proximity} for found in relations
            ],
        ),
    )


def _presence(image: LabeledImage) -> Iterator[Question]:
    """Ask about one cell that holds a category and one that surely does not, or nothing."""
    cells_of = {c: _sure_cells(image, c) for c in image.present if image.is_complete(c)}
    categories = [category for category, cells in cells_of.items() if all(cells)]
    if not categories:
        return
    category = categories[choose(len(categories), image.image_id, "presence", "category")]
    found = image.of(category)
    there, empty = cells_of[category]
    for answer, cells in (("yes", there), ("no", empty)):
        cell = cells[choose(len(cells), image.image_id, "presence", answer)]
        inside = tuple(o for o in found if o.cell == cell)
        yield Question(
            task="spatial_grounding",
            subtask="presence",
            key=f"{category}-{cell.replace(' ', '_')}",
            variables={
                "category": category,
                "cell": cell,
                "n": len(inside),
                "verdict": answer.capitalize(),
            },
            mentioned=inside,
            ground_truth=_truth(asked=category, cell=cell, answer=answer),
            together="pair",
        )


def _sure_cells(image: LabeledImage, category: Category) -> tuple[list[str], list[str]]:
    """Give the cells where only one number of a category can be counted, and those without any.

    An object that enters a cell from beside it may be counted there or not, so nothing is asked.
    """
    objects = image.of(category)
    side_px = image.width_px, image.height_px
    occupied = {o.cell for o in objects}
    entered = set[str]().union(
        *(reached_cells(o.bbox, *side_px, TOLERANCE_PX) - {o.cell} for o in objects)
    )
    there = [cell for cell in CELLS if cell in occupied and cell not in entered]
    return there, [cell for cell in CELLS if cell not in occupied and cell not in entered]


def _truth(**fields: object) -> GroundTruth:
    lists: dict[str, object] = {"groups": [], "relations": []}
    return {**lists, "asked": None, "cell": None, "answer": None, **fields}


def _group_truth(members: list[LabeledInstance]) -> dict[str, object]:
    return {"category": members[0].category, "cell": members[0].cell, "count": len(members)}


def _cell_and_category(labeled: LabeledInstance) -> tuple[str, str]:
    return labeled.cell, labeled.category


def _group(members: list[LabeledInstance]) -> dict[str, object]:
    n, category, cell = len(members), members[0].category, members[0].cell
    return {
        "n": n,
        "category": category,
        "cell": cell,
        "name": f"{noun(category, n)} in the {cell}",
        "boxes": "".join(o.box_text for o in members),
    }


def _proximity(found: GroupRelation, n: int) -> str:
    """Say near or far of a group of `n`; nothing where it is arguable."""
    pronoun = "it" if n == 1 else "them"
    return f"{PROXIMITY_WORDS[found.proximity]} {pronoun}" if found.proximity else ""


def _relations(
    groups: list[list[LabeledInstance]], image: LabeledImage, recipe: Recipe
) -> list[GroupRelation]:
    boxes = [[o.bbox for o in members] for members in groups]
    return [
        group_relation(this, previous, image.width_px, image.height_px, recipe.words)
        for previous, this in islice(pairwise(boxes), recipe.tasks.spatial_grounding.relations_cap)
    ]
