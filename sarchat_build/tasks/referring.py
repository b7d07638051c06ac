"""Referring: find what is named, be it a category or the one object that a phrase fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sarchat_build.boxes import box_text
from sarchat_build.labels import SIZE_WORDS, LabeledImage, LabeledInstance
from sarchat_build.recipe import Recipe
from sarchat_build.stable_hash import stable_hash
from sarchat_build.tasks.question import GroundTruth, Question
from sarchat_build.types import Category

# Shorter descriptions first: a person names no more than it takes to be understood.
_ATTRIBUTES = (
    ("size",),
    ("cell",),
    ("shape",),
    ("size", "cell"),
    ("shape", "cell"),
    ("size", "shape"),
    ("size", "shape", "cell"),
)


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask for every category present, and for single objects among several of their kind."""
    for category in image.present:
        if category in image.rejected_categories:
            continue
        found = image.of(category)
        yield _all_of(category, found)
        if len(found) > 1 and category not in image.cut_categories:
            yield from _unique(image.image_id, category, found, recipe.tasks.referring.unique_cap)


def _all_of(category: Category, found: tuple[LabeledInstance, ...]) -> Question:
    objects = [{"box": box_text(o.bbox), "cell": o.cell} for o in found]
    single = len(found) == 1
    return Question(
        task="referring",
        subtask="single" if single else "multi",
        key=category,
        variables={"category": category, "o": objects[0]}
        if single
        else {"category": category, "n": len(found), "objects": objects},
        mentioned=found,
        ground_truth=_truth(category, {}),
    )


def _unique(
    image_id: str, category: Category, found: tuple[LabeledInstance, ...], cap: int
) -> Iterator[Question]:
    fits = Counter(_description(o, names) for o in found for names in _ATTRIBUTES)
    described = [
        (o, next((n for n in _ATTRIBUTES if fits[_description(o, n)] == 1), ())) for o in found
    ]
    askable = [(o, names) for o, names in described if names]
    askable.sort(key=lambda pair: stable_hash(image_id, "unique", pair[0].instance.instance_id))
    for labeled, names in askable[:cap]:
        attributes = {name: str(getattr(labeled, name)) for name in names}
        yield Question(
            task="referring",
            subtask="unique",
            key=labeled.instance.instance_id.rpartition("#")[2],
            variables={
                "phrase": _phrase(category, attributes),
                "category": category,
                "o": {"box": box_text(labeled.bbox), "cell": labeled.cell},
            },
            mentioned=(labeled,),
            ground_truth=_truth(category, attributes),
        )


def _description(labeled: LabeledInstance, names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names, *(getattr(labeled, name) for name in names))


def _phrase(category: Category, attributes: dict[str, str]) -> str:
    words = [SIZE_WORDS[attributes["size"]]] if "size" in attributes else []
    words += [attributes["shape"]] if "shape" in attributes else []
    place = f" at the {attributes['cell']}" if "cell" in attributes else ""
    return f"{', '.join(words)}{' ' if words else ''}{category}{place}"


def _truth(category: Category, attributes: dict[str, str]) -> GroundTruth:
    names = ("size", "shape", "cell")
    return {"category": category, **{name: attributes.get(name) for name in names}}
