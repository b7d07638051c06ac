"""One module per task: which questions a picture affords, and the truth of each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sarchat_build.labels import LabeledImage
from sarchat_build.recipe import Recipe
from sarchat_build.tasks import (
    classification,
    cross_modal_identification,
    fine_grained_description,
    instance_counting,
    referring,
    spatial_grounding,
)
from sarchat_build.tasks.question import Question
from sarchat_build.types import TaskName

__all__ = ["ASK", "TAGS", "Question", "questions"]

ASK: dict[TaskName, Callable[[LabeledImage, Recipe], Iterator[Question]]] = {
    "classification": classification.ask,
    "fine_grained_description": fine_grained_description.ask,
    "instance_counting": instance_counting.ask,
    "spatial_grounding": spatial_grounding.ask,
    "cross_modal_identification": cross_modal_identification.ask,
    "referring": referring.ask,
}

# What the published rows put before the question.
TAGS: dict[TaskName, str] = {
    "classification": "",
    "fine_grained_description": "",
    "instance_counting": "[count] ",
    "spatial_grounding": "[grounding] ",
    "cross_modal_identification": "[identify] ",
    "referring": "[refer] ",
}


def questions(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Give every question that the recipe wants asked about one picture, task by task."""
    for task in recipe.tasks.enabled:
        yield from ASK[task](image, recipe)
