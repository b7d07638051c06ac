"""Classification: which of the candidate categories does the picture show?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sarchat_build.config.manifest import sort_categories
from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import LabeledImage
from sarchat_build.dialogues.question import Question
from sarchat_build.stable_hash import choose
from sarchat_build.types import CATEGORIES, Category

# By number of objects in SARDet-100K (arXiv 2403.06534).
_BY_FREQUENCY: tuple[Category, ...] = ("ship", "aircraft", "bridge", "tank", "car", "harbor")


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture, and about one category that is there and one that is not.

    Whoever looks at the picture sees an object that is cut off, or whose box was rejected, too. So
    which classes there are is not asked where one of them has no object in the list. A picture
    without any object is asked about only where its source annotates every candidate, because
    elsewhere an unlisted category may be there all the same.
    """
    present = sort_categories((*image.present, *image.rejected_categories))
    unseen = image.unlisted(recipe.tasks.cut_objects) - set(image.present)
    unsure = image.cut_categories or set(recipe.candidates) - set(image.annotated)
    if not unseen.intersection(recipe.candidates) and (image.present or not unsure):
        yield Question(
            task="classification",
            subtask="all",
            key="all",
            variables={"candidates": list(recipe.candidates), "present": list(image.present)},
            mentioned=image.objects,
            ground_truth={"categories": list(image.present), "asked": None, "answer": None},
        )
    yield from _presence(image, present, recipe.tasks.classification.common_percent)


def most_common(annotated: Sequence[Category]) -> Category | None:
    """Give the class that is seen most often among a source's annotated ones, if it has any.

    >>> most_common(("bridge", "harbor", "tank"))
    'bridge'
    """
    return min(annotated, key=_BY_FREQUENCY.index, default=None)


def _presence(
    image: LabeledImage, present: tuple[Category, ...], common_percent: int
) -> Iterator[Question]:
    """Ask one yes and one no, or nothing: what is asked must not tell the answer.

    The class itself would tell it, too: where most pictures show ships, "a ship?" is mostly a yes.
    So a rarer yes is set against a no about the common class, and a common yes is asked less often.
    """
    sure = [category for category in CATEGORIES if image.is_complete(category)]
    there = [category for category in sure if category in image.present]
    absent = [category for category in sure if category not in image.present]
    if not there or not absent:
        return
    common = most_common(image.annotated)
    yes = there[choose(len(there), image.image_id, "presence", "yes")]
    no = absent[choose(len(absent), image.image_id, "presence", "no")]
    if yes == common and choose(100, image.image_id, "presence", "common") >= common_percent:
        return
    for answer, category in (("yes", yes), ("no", common if common and common in absent else no)):
        found = image.of(category)
        yield Question(
            task="classification",
            subtask="presence",
            key=category,
            variables={"category": category, "n": len(found), "verdict": answer.capitalize()},
            mentioned=found,
            ground_truth={"categories": list(present), "asked": category, "answer": answer},
            together="pair",
        )
