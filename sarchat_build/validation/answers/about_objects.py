"""What the dialogues about one or two objects must say, derived from the box columns alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from sarchat_build.validation.answers.expected import (
    Dialogue,
    Expected,
    ExpectedAnswer,
    ExpectedQuestion,
    UnsupportedQuestion,
    box_texts,
    listed_objects,
    require_all_listed,
    require_complete,
    require_count,
    require_key,
)
from sarchat_build.validation.answers.referents import find_referents
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.texts.phrases import read_phrases


class Relation(NamedTuple):
    """Direction and distance of one object from another, with the names of the ground truth."""

    direction: str
    proximity: str
    distance_px: int


def single(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect one object's category, size, shape and cell, in any order."""
    (obj,) = _asked_about(image, dialogue, 1)
    answer = ExpectedAnswer(
        (("nzhc", "nzhcb"),),
        nouns=((obj.category, 1, "number"),),
        sizes=[obj.size],
        shapes=[obj.shape],
        cells=[obj.cell],
        boxes=[obj.text],
        any_order=True,
    )
    question = ExpectedQuestion(boxes=box_texts(image, [obj]))
    return Expected((obj,), ([obj.words], None, None, None, []), answer, question)


def category(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect one object's category and nothing else."""
    (obj,) = _asked_about(image, dialogue, 1)
    answer = ExpectedAnswer((("n",),), nouns=((obj.category, 1, "number"),))
    question = ExpectedQuestion(boxes=box_texts(image, [obj]))
    return Expected((obj,), ([obj.words], None, None, None, []), answer, question)


def choice(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect one object's category, out of two that the question names."""
    (obj,) = _asked_about(image, dialogue, 1)
    options = dialogue.ground_truth[-1]
    if (
        len(options) != 2
        or len(set(options)) != 2
        or obj.category not in options
        or not (image.annotated | {obj.category}).issuperset(options)
    ):
        expected = Plain(f"{obj.category} and another of {sorted(image.annotated)}")
        raise UnsupportedQuestion("options", expected, options)
    answer = ExpectedAnswer((("n",),), nouns=((obj.category, 1, "number"),))
    question = ExpectedQuestion(boxes=box_texts(image, [obj]), categories=options, listed=True)
    return Expected((obj,), ([obj.words], None, None, None, options), answer, question)


def nearest(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect the object of a category that is nearest to a given one, and how it lies to it."""
    start, found = listed_objects(image, dialogue, 2)
    require_key(dialogue, f"{start.index}-{found.category}")
    target = nearest_to(image, start, require_complete(image, found.category), rules)
    if target is None:
        raise UnsupportedQuestion(
            "nearest", Plain("one object clearly nearer than any other"), found.text
        )
    relation = _relation(target, start, image, rules)
    answer = ExpectedAnswer(
        (("bdx", "bdxn"),),
        nouns=((target.category, 1, "number"),),
        boxes=[target.text],
        directions=[relation.direction],
        distances=[relation.distance_px],
        any_order=True,
    )
    question = ExpectedQuestion(boxes=box_texts(image, [start]), categories=(target.category,))
    ground_truth: tuple[Any, ...] = ([start.words, target.words], *relation, [])
    return Expected((start, target), ground_truth, answer, question)


def nearest_to(
    image: CheckedImage, start: CheckedObject, wanted: str, rules: Rules
) -> CheckedObject | None:
    """Give the object of a category that is clearly nearest by center and by edge, out of several.

    Where its center all but coincides with that of `start` there is no direction to be seen.
    """
    # Floats that are equal on paper differ in their last digits.
    margin_px = rules.nearest_margin_px - 1e-6
    by_center = image.clearly_nearest(start, wanted, margin_px, by_edge=False)
    if by_center is None or by_center[1] < margin_px:
        return None
    by_edge = image.clearly_nearest(start, wanted, margin_px, by_edge=True)
    return by_center[0] if by_edge is not None and by_edge[0] is by_center[0] else None


def multi(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect two objects' categories, and how the first lies to the second."""
    first, second = _asked_about(image, dialogue, 2)
    if first is second:
        raise UnsupportedQuestion("pair", Plain("two different objects"), dialogue.instance_ids)
    relation = _relation(first, second, image, rules)
    answer = ExpectedAnswer(
        (("nndpx",),),
        nouns=((first.category, 1, "number"), (second.category, 1, "number")),
        directions=[relation.direction],
        proximities=[relation.proximity],
        distances=[relation.distance_px],
        any_order=True,
    )
    question = ExpectedQuestion(boxes=box_texts(image, [first, second]))
    ground_truth: tuple[Any, ...] = ([first.words, second.words], *relation, [])
    return Expected((first, second), ground_truth, answer, question)


def referring(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect all objects of one category, each box with its cell."""
    category = require_all_listed(image, dialogue.key, rules)
    objects = image.by_category.get(category, ())
    n = len(objects)
    require_count(dialogue, n, rules.referring_cap)
    answer = ExpectedAnswer(
        (("bc", "cb") if n == 1 else ("bc" * n,),),
        boxes=[obj.text for obj in objects],
        cells=[obj.cell for obj in objects],
        free_noun=(category, n),
    )
    return Expected(
        objects, (category, *[None] * 7), answer, ExpectedQuestion(categories=(category,), number=n)
    )


def unique(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect the one object that the phrase of the question fits."""
    (obj,) = listed_objects(image, dialogue, 1)
    require_key(dialogue, obj.index)
    require_complete(image, obj.category)
    phrases = read_phrases(dialogue.question)
    if len(phrases) != 1:
        raise UnsupportedQuestion("referring_phrase", Plain("one phrase"), phrases)
    (phrase,) = phrases
    found = find_referents(phrase, image, rules)
    fitting = [other.instance_id for other in found.loose]
    if found.exact != [obj] or found.loose != [obj] or len(image.by_category[phrase.category]) < 2:
        raise UnsupportedQuestion("referring_unique", [obj.instance_id], fitting)
    answer = ExpectedAnswer(
        (("bc", "cb"),), boxes=[obj.text], cells=[obj.cell], free_noun=(obj.category, 1)
    )
    question = ExpectedQuestion(
        categories=[name for name in (phrase.category, phrase.anchor) if name],
        cells=[phrase.cell] if phrase.cell else [],
        sizes=[phrase.size] if phrase.size else [],
        shapes=[phrase.shape] if phrase.shape else [],
        directions=[phrase.relation] if phrase.relation not in (None, "nearest") else [],
        orderly=int(phrase.order is not None or phrase.relation == "nearest"),
    )
    return Expected((obj,), tuple(phrase), answer, question)


def _asked_about(image: CheckedImage, dialogue: Dialogue, n: int) -> tuple[CheckedObject, ...]:
    objects = listed_objects(image, dialogue, n)
    require_key(dialogue, "-".join(obj.index for obj in objects))
    return objects


def _relation(
    obj: CheckedObject, other: CheckedObject, image: CheckedImage, rules: Rules
) -> Relation:
    dx, dy = obj.x - other.x, obj.y - other.y
    distance_px = geometry.distance(dx, dy)
    return Relation(
        geometry.direction(dx, dy),
        geometry.proximity(distance_px, image.width, image.height, rules),
        geometry.round_half_up(distance_px),
    )
