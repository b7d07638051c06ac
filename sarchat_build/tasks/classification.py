"""Classification: which of the candidate categories does the picture show?"""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.labels import LabeledImage
from sarchat_build.manifest import sort_categories
from sarchat_build.recipe import Recipe
from sarchat_build.tasks.question import Question


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask once per picture; an object whose box was rejected still counts as present.

    A picture without any object is asked about only where its source annotates every candidate,
    because elsewhere an unlisted category may be there all the same.
    """
    present = sort_categories((*image.present, *image.rejected_categories))
    if not present and (image.cut_categories or set(recipe.candidates) - set(image.annotated)):
        return
    yield Question(
        task="classification",
        subtask="all",
        key="all",
        variables={"candidates": list(recipe.candidates), "present": list(present)},
        mentioned=image.objects,
        ground_truth={"categories": list(present)},
    )
