"""Cross-modal identification: what is in a given box, and how do two boxes lie to each other?"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest

from sarchat_build.boxes import box_text
from sarchat_build.labels import (
    DIRECTION_WORDS,
    SIZE_WORDS,
    LabeledImage,
    LabeledInstance,
    relation,
)
from sarchat_build.recipe import Recipe
from sarchat_build.stable_hash import stable_hash
from sarchat_build.tasks.question import Question
from sarchat_build.tasks.spatial_grounding import PROXIMITY_WORDS


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask about every object, and about as many ordered pairs as the recipe allows."""
    for labeled in image.objects:
        yield _single(labeled)
    for first, second in _pairs(image, recipe.tasks.cross_modal_identification.pairs_cap):
        yield _pair(first, second, image)


def _pairs(image: LabeledImage, cap: int) -> Iterator[tuple[LabeledInstance, LabeledInstance]]:
    objects = image.objects
    places = (
        (stable_hash(image.image_id, "pair", i, j), i, j)
        for i in range(len(objects))
        for j in range(len(objects))
        if i != j
    )
    for _, i, j in nsmallest(cap, places):
        yield objects[i], objects[j]


def _single(labeled: LabeledInstance) -> Question:
    return Question(
        task="cross_modal_identification",
        subtask="single",
        key=_number(labeled),
        variables={
            "o": {
                "box": box_text(labeled.bbox),
                "category": labeled.category,
                "size": SIZE_WORDS[labeled.size],
                "shape": labeled.shape,
                "cell": labeled.cell,
            }
        },
        mentioned=(labeled,),
        ground_truth={
            "objects": [_truth(labeled)],
            "direction": None,
            "proximity": None,
            "distance_px": None,
        },
    )


def _pair(first: LabeledInstance, second: LabeledInstance, image: LabeledImage) -> Question:
    found = relation(first.bbox.center_px, second.bbox.center_px, image.width_px, image.height_px)
    return Question(
        task="cross_modal_identification",
        subtask="multi",
        key=f"{_number(first)}-{_number(second)}",
        variables={
            "first": {"box": box_text(first.bbox), "category": first.category},
            "second": {"box": box_text(second.bbox), "category": second.category},
            "direction": DIRECTION_WORDS[found.direction],
            "proximity": PROXIMITY_WORDS[found.proximity],
            "distance_px": found.distance_px,
        },
        mentioned=(first, second),
        ground_truth={
            "objects": [_truth(first), _truth(second)],
            "direction": found.direction,
            "proximity": found.proximity,
            "distance_px": found.distance_px,
        },
    )


def _truth(labeled: LabeledInstance) -> dict[str, str]:
    return {
        "category": labeled.category,
        "size": labeled.size,
        "shape": labeled.shape,
        "cell": labeled.cell,
    }


def _number(labeled: LabeledInstance) -> str:
    return labeled.instance.instance_id.rpartition("#")[2]
