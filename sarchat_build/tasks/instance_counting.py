"""Instance counting: how many of a category, and where each of them is."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.boxes import box_text
from sarchat_build.labels import LabeledImage, LabeledInstance
from sarchat_build.recipe import Recipe
from sarchat_build.tasks.question import Question
from sarchat_build.types import CATEGORIES, Category


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask for every category present, and for annotated ones that are absent beyond doubt."""
    rule = recipe.tasks.instance_counting
    for category in CATEGORIES:
        found = image.of(category)
        if category in image.rejected_categories:
            continue
        if not found and not (rule.negatives and _surely_absent(category, image)):
            continue
        if len(found) > rule.box_cap and rule.over_cap == "skip":
            continue
        yield _question(category, found, rule.box_cap)


def _surely_absent(category: Category, image: LabeledImage) -> bool:
    return category in image.annotated and category not in image.cut_categories


def _question(category: Category, found: tuple[LabeledInstance, ...], box_cap: int) -> Question:
    listed = found[:box_cap]
    return Question(
        task="instance_counting",
        subtask="all",
        key=category,
        variables={
            "category": category,
            "n": len(found),
            "boxes": "".join(box_text(o.bbox) for o in listed),
            "listed": len(listed),
        },
        mentioned=listed,
        ground_truth={"category": category, "count": len(found), "listed": len(listed)},
    )
