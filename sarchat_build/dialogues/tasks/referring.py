"""Referring: find what is named, be it a category or the one object that a phrase fits."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance
from sarchat_build.dialogues.question import GroundTruth, Question
from sarchat_build.dialogues.tasks.unique_phrase import UniquePhrase, unique_phrases
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import Category


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask for every category that is all listed, and for single ones of several of a kind."""
    rule = recipe.tasks.referring
    unlisted = image.unlisted(recipe.tasks.cut_objects)
    for category in image.present:
        if category in unlisted:
            continue
        found = image.of(category)
        if len(found) <= rule.box_cap:
            yield _all_of(category, found)
        if len(found) > 1 and image.is_complete(category):
            yield from _unique(image, category, recipe)


def _all_of(category: Category, found: tuple[LabeledInstance, ...]) -> Question:
    objects = [{"box": o.box_text, "cell": o.cell} for o in found]
    single = len(found) == 1
    return Question(
        task="referring",
        subtask="single" if single else "multi",
        key=category,
        variables={"category": category, **objects[0]}
        if single
        else {"category": category, "n": len(found), "objects": objects},
        mentioned=found,
        ground_truth=_truth(category),
    )


def _unique(image: LabeledImage, category: Category, recipe: Recipe) -> Iterator[Question]:
    rule = recipe.tasks.referring
    phrases = unique_phrases(image, category, recipe.words, rule.tie_margin_px)
    described = [(o, fitting) for o, fitting in zip(image.of(category), phrases, strict=True)]
    askable = [(o, fitting) for o, fitting in described if fitting]
    askable.sort(key=lambda pair: stable_hash(image.image_id, "unique", pair[0].number))
    for labeled, fitting in askable[: rule.unique_cap]:
        phrase = _choose(fitting, image.image_id, labeled.number)
        yield Question(
            task="referring",
            subtask="unique",
            key=labeled.number,
            variables={
                "phrase": phrase.text,
                "category": category,
                "box": labeled.box_text,
                "cell": labeled.cell,
            },
            mentioned=(labeled,),
            ground_truth=_truth(category, phrase),
        )


def _choose(fitting: list[UniquePhrase], image_id: str, number: str) -> UniquePhrase:
    """Pick a kind of phrase first, so that the many orders do not crowd out the rest."""
    kinds = sorted({phrase.kind for phrase in fitting})
    kind = kinds[stable_hash(image_id, "kind", number) % len(kinds)]
    choices = [phrase for phrase in fitting if phrase.kind == kind]
    return choices[stable_hash(image_id, "phrase", number) % len(choices)]


def _truth(category: Category, phrase: UniquePhrase | None = None) -> GroundTruth:
    return {
        "category": category,
        "size": phrase and phrase.size,
        "shape": phrase and phrase.shape,
        "cell": phrase and phrase.cell,
        "order": phrase and phrase.order,
        "rank": phrase and phrase.rank,
        "relation": phrase and phrase.relation,
        "anchor": phrase and phrase.anchor,
    }
