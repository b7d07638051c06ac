"""One module per task: which questions a picture affords, and the truth of each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import LabeledImage
from sarchat_build.dialogues.question import Question
from sarchat_build.dialogues.tasks import (
    classification,
    cross_modal_identification,
    fine_grained_description,
    instance_counting,
    referring,
    spatial_grounding,
)
from sarchat_build.stable_hash import choose
from sarchat_build.types import TaskName

__all__ = ["ASK", "SUBTASKS", "TAGS", "Question", "questions"]

ASK: dict[TaskName, Callable[[LabeledImage, Recipe], Iterator[Question]]] = {
    "classification": classification.ask,
    "fine_grained_description": fine_grained_description.ask,
    "instance_counting": instance_counting.ask,
    "spatial_grounding": spatial_grounding.ask,
    "cross_modal_identification": cross_modal_identification.ask,
    "referring": referring.ask,
}

SUBTASKS: dict[TaskName, tuple[str, ...]] = {
    "classification": ("all", "presence"),
    "fine_grained_description": ("all",),
    "instance_counting": ("all",),
    "spatial_grounding": ("single", "multi", "presence"),
    "cross_modal_identification": ("single", "category", "choice", "nearest", "multi"),
    "referring": ("single", "multi", "unique"),
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
        for question in ASK[task](image, recipe):
            if _is_asked(image.image_id, question, recipe):
                yield question


def _is_asked(image_id: str, question: Question, recipe: Recipe) -> bool:
    percent = recipe.tasks.share_percent(question.task, question.subtask)
    if percent == 100:
        return True
    together = question.together or question.key
    return choose(100, image_id, question.task, question.subtask, "share", together) < percent
