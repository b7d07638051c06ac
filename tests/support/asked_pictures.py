"""Pictures that nobody thought of, what is asked about them, and places seen independently."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path
from sarchat_build.dialogues.labels import label_image
from sarchat_build.dialogues.tasks import Question, questions
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance

RECIPE = load_recipe(recipe_path("sarchat_2m"))


def with_shares(**shares: dict[str, int]) -> Recipe:
    """The default recipe with other shares: `task={"subtask": percent}`."""
    tree = RECIPE.model_dump()
    for task, changes in shares.items():
        tree["tasks"][task]["share_percent"].update(changes)
    return Recipe.model_validate(tree)


EVERYTHING = with_shares(classification={"presence": 100}, spatial_grounding={"presence": 100})


@st.composite
def pictures(draw: st.DrawFn, most: int = 14) -> tuple[Chip, tuple[Category, ...], Any]:
    width, height = draw(st.integers(64, 1500)), draw(st.integers(64, 1500))
    annotated = tuple(c for c in CATEGORIES if draw(st.booleans())) or ("ship",)
    # A coarse grid makes ties and near-ties common.
    step = draw(st.sampled_from([1, 7, 20]))
    # All over the picture, or so close together that neither side nor order is beyond doubt.
    reach = draw(st.sampled_from([1, 1, 1, 12]))
    objects = []
    for i in range(draw(st.integers(0, most))):
        sides = width // reach, height // reach
        w, h = (draw(st.integers(1, max(1, side // 3 // step))) * step for side in sides)
        x = draw(st.integers(0, max(0, (sides[0] - w) // step))) * step
        y = draw(st.integers(0, max(0, (sides[1] - h) // step))) * step
        box = Box(x, y, min(x + w, width), min(y + h, height))
        category = draw(st.sampled_from(annotated))
        hard = draw(st.booleans())
        objects.append(Instance(f"s/1#{i}", category, category, box, difficult=hard))
    cut = draw(st.sets(st.sampled_from(annotated), max_size=1))
    rejected = draw(st.sets(st.sampled_from(annotated), max_size=1))
    chip = Chip("s/1", None, width, height, tuple(objects), tuple(sorted(cut)))
    return chip, annotated, tuple(sorted(rejected))


def ask(picture: tuple[Chip, Any, Any], recipe: Recipe = EVERYTHING) -> list[Question]:
    return list(questions(label_image(*picture, recipe.words), recipe))


def of(asked: list[Question], task: str, subtask: str) -> Iterator[Question]:
    return (q for q in asked if (q.task, q.subtask) == (task, subtask))


def center(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


_SECTORS = (
    "to the right of", "to the lower right of", "below", "to the lower left of",
    "to the left of", "to the upper left of", "above", "to the upper right of",
)  # fmt: skip


def cell_of(box: Box, chip: Chip) -> str:
    x, y = center(box)
    column = sum(3 * x > k * chip.width_px for k in (1, 2))
    row = sum(3 * y > k * chip.height_px for k in (1, 2))
    return f"{('top', 'middle', 'bottom')[row]} {('left', 'center', 'right')[column]}"


def direction_of(box: Box, anchor: Box) -> str:
    (x, y), (ax, ay) = center(box), center(anchor)
    angle = math.degrees(math.atan2(y - ay, x - ax)) % 360
    return _SECTORS[round(angle / 45) % 8]
