"""Sample questions of every subtask, asked by the tasks themselves, to try phrasings on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import TypeAlias

from sarchat_build.config.recipe import Counting, Recipe, Tasks
from sarchat_build.dialogues.labels import LabeledImage, label_image
from sarchat_build.dialogues.tasks import Question, questions
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance, TaskName

SAMPLE_COUNTS = (0, 1, 2, 3, 12)
_SAMPLE_PX = 512
# Above the cap of the second recipe, so that answers with part of the boxes are tried as well.
_CAPPED = 10

# A task and one of its subtasks.
SubtaskId: TypeAlias = tuple[TaskName, str]


@lru_cache(maxsize=1)
def samples() -> Mapping[SubtaskId, tuple[Question, ...]]:
    """Give sample questions by task and subtask.

    Every category with 0, 1, 2, 3 and 12 objects, alone and beside others: what a phrasing is
    rendered on is exactly what a build will hand it.
    """
    found: dict[SubtaskId, dict[str, Question]] = {}
    for image, recipe in product(sample_images(), _recipes()):
        for question in questions(image, recipe):
            subtask_id = question.task, question.subtask
            found.setdefault(subtask_id, {}).setdefault(repr(question.variables), question)
    return {subtask_id: tuple(asked.values()) for subtask_id, asked in found.items()}


@lru_cache(maxsize=1)
def few_samples() -> Mapping[SubtaskId, tuple[Question, ...]]:
    """Give the fewest samples that still show every category, number and length of a list."""
    return {subtask_id: tuple(_cover(asked)) for subtask_id, asked in samples().items()}


def sample_images() -> Iterator[LabeledImage]:
    """Give labeled pictures with every category and number of objects."""
    for category, n in product(CATEGORIES, SAMPLE_COUNTS):
        other = CATEGORIES[(CATEGORIES.index(category) + 1) % len(CATEGORIES)]
        for others in (0, 1, 2):
            yield _sample(category, n, other, others)


def _recipes() -> tuple[Recipe, Recipe]:
    everything = Recipe(
        schema_version=1,
        name="samples",
        title="samples",
        tasks=Tasks.model_validate(
            {
                "classification": {"common_percent": 100},
                "cross_modal_identification": {"choice_common_percent": 50},
                "spatial_grounding": {"share_percent": {"presence": 100}},
                "instance_counting": {"negatives_percent": 100, "negatives_cap": 6},
            }
        ),
    )
    capped = Tasks(enabled=("instance_counting",), instance_counting=Counting(box_cap=_CAPPED))
    return everything, everything.model_copy(update={"tasks": capped})


def _sample(category: Category, n: int, other: Category, others: int) -> LabeledImage:
    kinds = [category] * n + [other] * others
    name = f"sample/{category}-{n}-{others}"
    instances = tuple(
        Instance(f"{name}#{i}", kind, kind, _sample_box(i)) for i, kind in enumerate(kinds)
    )
    return label_image(Chip(name, None, _SAMPLE_PX, _SAMPLE_PX, instances), CATEGORIES, ())


def _sample_box(i: int) -> Box:
    # Sizes and positions vary enough that every size, shape and several cells occur.
    x0, y0 = 8 + 97 * i % 300, 8 + 61 * i % 300
    return Box(x0, y0, x0 + 24 + 53 * (i % 4), y0 + 24 + 31 * (i % 5))


def _cover(asked: Iterable[Question]) -> Iterator[Question]:
    """Pick greedily; a question that shows nothing new is left out."""
    open_questions = {id(q): (q, _features(q)) for q in asked}
    while open_questions:
        best, shown = max(open_questions.values(), key=lambda pair: len(pair[1]))
        if not shown:
            return
        yield best
        open_questions = {key: (q, f - shown) for key, (q, f) in open_questions.items() if f}


def _features(question: Question) -> frozenset[tuple[str, object]]:
    features: set[tuple[str, object]] = set()
    for name, value in question.variables.items():
        if isinstance(value, list):
            features.add((name, min(len(value), 3)))
        elif name == "n":
            features.add((name, value if value in SAMPLE_COUNTS else "other"))
        elif name in ("category", "verdict", "size", "shape", "target", "first", "proximity"):
            features.add((name, value))
    listed, n = question.variables.get("listed"), question.variables.get("n")
    features.add(("all are listed", listed == n))
    return frozenset(features)
