"""Spatial grounding: every object by category with cell and box, and how the groups lie."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from sarchat_build.boxes import box_text
from sarchat_build.grammar import noun
from sarchat_build.labels import (
    DIRECTION_WORDS,
    LabeledImage,
    LabeledInstance,
    Relation,
    mean_center_px,
    relation,
)
from sarchat_build.recipe import Recipe
from sarchat_build.tasks.question import Question

PROXIMITY_WORDS = {"near": "near", "far": "far from"}


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture with an object: `single` for one object, `multi` for several."""
    if not image.objects:
        return
    groups = [list(members) for _, members in groupby(image.objects, key=_place)]
    relations = _relations(groups, image)[: recipe.tasks.spatial_grounding.relations_cap]
    subtask = "single" if len(image.objects) == 1 else "multi"
    variables: dict[str, object]
    if subtask == "single":
        only = image.objects[0]
        variables = {
            "o": {"category": only.category, "cell": only.cell, "box": box_text(only.bbox)}
        }
    else:
        named = [_group(members) for members in groups]
        variables = {
            "n": len(image.objects),
            "groups": named,
            "relations": [
                {
                    "first": first,
                    "second": second,
                    "direction": DIRECTION_WORDS[found.direction],
                    "proximity": PROXIMITY_WORDS[found.proximity],
                }
                for found, (second, first) in zip(relations, pairwise(named), strict=False)
            ],
        }
    yield Question(
        task="spatial_grounding",
        subtask=subtask,
        key="all",
        variables=variables,
        mentioned=image.objects,
        ground_truth={
            "groups": [
                {"category": members[0].category, "cell": members[0].cell, "count": len(members)}
                for members in groups
            ],
            "relations": [
                {"direction": found.direction, "proximity": found.proximity} for found in relations
            ],
        },
    )


def _place(labeled: LabeledInstance) -> tuple[str, str]:
    return labeled.cell, labeled.category


def _group(members: list[LabeledInstance]) -> dict[str, object]:
    n, category, cell = len(members), members[0].category, members[0].cell
    return {
        "n": n,
        "category": category,
        "cell": cell,
        "name": f"{noun(category, n)} in the {cell}",
        "boxes": "".join(box_text(o.bbox) for o in members),
    }


def _relations(groups: list[list[LabeledInstance]], image: LabeledImage) -> list[Relation]:
    centers = [mean_center_px(o.bbox for o in members) for members in groups]
    return [
        relation(this, previous, image.width_px, image.height_px)
        for previous, this in pairwise(centers)
    ]
