"""Instance counting: how many of a category, and where each of them is."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.config.recipe import Counting, Recipe
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance
from sarchat_build.dialogues.question import Question
from sarchat_build.stable_hash import choose, stable_hash
from sarchat_build.types import CATEGORIES, Category


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask for every category that is all listed, and for some that are absent beyond doubt."""
    rule = recipe.tasks.instance_counting
    absent = _negatives(image, rule)
    unlisted = image.unlisted(recipe.tasks.cut_objects)
    for category in CATEGORIES:
        found = image.of(category)
        if category in unlisted or not (found or category in absent):
            continue
        if len(found) > rule.box_cap and rule.over_cap == "skip":
            continue
        yield _question(category, found, rule.box_cap)


def _negatives(image: LabeledImage, rule: Counting) -> set[Category]:
    """Pick absent classes by hash; a picture without any object is always asked about."""
    if image.objects and choose(100, image.image_id, "negative") >= rule.negatives_percent:
        return set()
    absent = [c for c in CATEGORIES if image.is_complete(c) and c not in image.present]
    absent.sort(key=lambda category: stable_hash(image.image_id, "negative", category))
    return set(absent[: rule.negatives_cap])


def _question(category: Category, found: tuple[LabeledInstance, ...], box_cap: int) -> Question:
    listed = found[:box_cap]
    return Question(
        task="instance_counting",
        subtask="all",
        key=category,
        variables={
            "category": category,
            "n": len(found),
            "boxes": "".join(o.box_text for o in listed),
            "listed": len(listed),
        },
        mentioned=listed,
        ground_truth={"category": category, "count": len(found), "listed": len(listed)},
    )
