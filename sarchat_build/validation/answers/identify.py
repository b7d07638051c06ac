"""What the dialogues about one or two objects must say, derived from the box columns alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sarchat_build.validation.answers.expect import (
    Asked,
    Dialogue,
    Expected,
    Problem,
    Problems,
    Said,
    Unfounded,
    given,
    mentioned,
    require_all_listed,
    require_count,
    require_key,
    require_sure,
)
from sarchat_build.validation.answers.phrases import meant, read_phrases
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import DIRECTION_PHRASES, any_of


class Relation(NamedTuple):
    """How one object lies to another; the fields are those of the ground truth."""

    direction: str
    proximity: str
    distance_px: int


def single(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """One object's category, size, shape and cell, in any order."""
    (thing,) = _asked_about(scene, dialogue, 1)
    said = Said(
        (("nzhc", "nzhcb"),),
        nouns=((thing.category, 1, "number"),),
        sizes=[thing.size],
        shapes=[thing.shape],
        cells=[thing.cell],
        boxes=[thing.text],
        any_order=True,
    )
    asked = Asked(boxes=given(scene, [thing]))
    return Expected((thing,), ([thing.words], None, None, None, []), said, asked)


def category(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """One object's category and nothing else."""
    (thing,) = _asked_about(scene, dialogue, 1)
    said = Said((("n",),), nouns=((thing.category, 1, "number"),))
    asked = Asked(boxes=given(scene, [thing]))
    return Expected((thing,), ([thing.words], None, None, None, []), said, asked)


def choice(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """One object's category, out of two that the question names."""
    (thing,) = _asked_about(scene, dialogue, 1)
    options = dialogue.truth[-1]
    if (
        len(options) != 2
        or len(set(options)) != 2
        or thing.category not in options
        or not (scene.annotated | {thing.category}).issuperset(options)
    ):
        expected = Plain(f"{thing.category} and another of {sorted(scene.annotated)}")
        raise Unfounded("options", expected, options)
    said = Said((("n",),), nouns=((thing.category, 1, "number"),))
    asked = Asked(boxes=given(scene, [thing]), categories=options, listed=True)
    return Expected((thing,), ([thing.words], None, None, None, options), said, asked)


def nearest(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Which object of a category is nearest to a given one, and how it lies to it."""
    start, found = mentioned(scene, dialogue, 2)
    require_key(dialogue, f"{start.index}-{found.category}")
    target = nearest_to(scene, start, require_sure(scene, found.category), rules)
    if target is None:
        raise Unfounded("nearest", Plain("one object clearly nearer than any other"), found.text)
    relation = _relation(target, start, scene, rules)
    said = Said(
        (("bdx", "bdxn"),),
        nouns=((target.category, 1, "number"),),
        boxes=[target.text],
        directions=[relation.direction],
        distances=[relation.distance_px],
        any_order=True,
    )
    asked = Asked(boxes=given(scene, [start]), categories=(target.category,))
    truth: tuple[Any, ...] = ([start.words, target.words], *relation, [])
    return Expected((start, target), truth, said, asked)


def nearest_to(
    scene: CheckedImage, start: CheckedObject, wanted: str, rules: Rules
) -> CheckedObject | None:
    """Give the object of a category that is clearly nearest by center and by edge, out of several.

    Where its center all but coincides with that of `start` there is no direction to be seen.
    """
    things = [thing for thing in scene.by_category.get(wanted, ()) if thing is not start]
    if len(things) < 2:
        return None
    by_center = [geometry.distance(thing.x - start.x, thing.y - start.y) for thing in things]
    by_edge = [geometry.gap(thing.box, start.box) for thing in things]
    # Floats that are equal on paper differ in their last digits.
    margin_px = rules.nearest_margin_px - 1e-6
    place = _clearly_least(by_center, margin_px)
    if place is None or place != _clearly_least(by_edge, margin_px):
        return None
    return things[place] if by_center[place] >= margin_px else None


def _clearly_least(ways: Sequence[float], margin: float) -> int | None:
    """Give the place of the least of `ways`, if all others are greater by `margin`."""
    if not ways:
        return None
    least = min(range(len(ways)), key=ways.__getitem__)
    others = (way for place, way in enumerate(ways) if place != least)
    return least if all(way - ways[least] >= margin for way in others) else None


def multi(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Two objects' categories, and how the first lies to the second."""
    first, second = _asked_about(scene, dialogue, 2)
    if first is second:
        raise Unfounded("pair", Plain("two different objects"), dialogue.instance_ids)
    relation = _relation(first, second, scene, rules)
    said = Said(
        (("nndpx",),),
        nouns=((first.category, 1, "number"), (second.category, 1, "number")),
        directions=[relation.direction],
        proximities=[relation.proximity],
        distances=[relation.distance_px],
        any_order=True,
    )
    asked = Asked(boxes=given(scene, [first, second]))
    truth: tuple[Any, ...] = ([first.words, second.words], *relation, [])
    return Expected((first, second), truth, said, asked)


def referring(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """All objects of one category, each box with its cell."""
    category = require_all_listed(scene, dialogue.key, rules)
    things = scene.by_category.get(category, ())
    n = len(things)
    require_count(dialogue, n, rules.referring_cap)
    said = Said(
        (("bc", "cb") if n == 1 else ("bc" * n,),),
        boxes=[thing.text for thing in things],
        cells=[thing.cell for thing in things],
        free_noun=(category, n),
    )
    return Expected(things, (category, *[None] * 7), said, Asked(categories=(category,), number=n))


def unique(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """The one object that the phrase of the question fits."""
    (thing,) = mentioned(scene, dialogue, 1)
    require_key(dialogue, thing.index)
    require_sure(scene, thing.category)
    phrases = read_phrases(dialogue.question)
    if len(phrases) != 1:
        raise Unfounded("referring_phrase", Plain("one phrase"), phrases)
    (phrase,) = phrases
    exact, loose = meant(phrase, scene, rules)
    fitting = [found.instance_id for found in loose]
    if exact != [thing] or loose != [thing] or len(scene.by_category[phrase.category]) < 2:
        raise Unfounded("referring_unique", [thing.instance_id], fitting)
    said = Said(
        (("bc", "cb"),), boxes=[thing.text], cells=[thing.cell], free_noun=(thing.category, 1)
    )
    asked = Asked(
        categories=[name for name in (phrase.category, phrase.anchor) if name],
        cells=[phrase.cell] if phrase.cell else [],
        sizes=[phrase.size] if phrase.size else [],
        shapes=[phrase.shape] if phrase.shape else [],
        directions=[phrase.relation] if phrase.relation not in (None, "nearest") else [],
        orderly=int(phrase.order is not None or phrase.relation == "nearest"),
    )
    return Expected((thing,), tuple(phrase), said, asked)


def _asked_about(scene: CheckedImage, dialogue: Dialogue, n: int) -> tuple[CheckedObject, ...]:
    things = mentioned(scene, dialogue, n)
    require_key(dialogue, "-".join(thing.index for thing in things))
    return things


def _relation(
    thing: CheckedObject, other: CheckedObject, scene: CheckedImage, rules: Rules
) -> Relation:
    dx, dy = thing.x - other.x, thing.y - other.y
    way = geometry.distance(dx, dy)
    return Relation(
        geometry.direction(dx, dy),
        geometry.proximity(way, scene.width, scene.height, rules),
        geometry.round_half_up(way),
    )


# Words for the object that lies somewhere, and for the one it lies to.
_ROLES = {"multi": ("first|former", "second|latter"), "nearest": ("nearest|closest", "given")}
_DIRECTION = re.compile(rf"\b{any_of(DIRECTION_PHRASES.values())}(?![a-z])")
_SENTENCE_END = re.compile(r"[.;!?]")
_PREPOSITIONS = ("to", "from", "near", "of", "than", "with")


def _turned(subtask: str) -> re.Pattern[str]:
    """Find the wrong object in the place of the subject, or the right one in that of the other."""
    subject, reference = _ROLES[subtask]
    behind = "".join(rf"(?<!\b{word} the )" for word in _PREPOSITIONS)
    return re.compile(rf"{behind}\b(?:{reference})\b|{any_of(_PREPOSITIONS)} the (?:{subject})\b")


_TURNED = {subtask: _turned(subtask) for subtask in _ROLES}
_FIRST_LAST = re.compile(r"\b(?:first|former)\b")


def turned_round(subtask: str, answer: str) -> Problems:
    """Find a direction that is said of the wrong one of two objects.

    >>> [p.check for p in turned_round("multi", "The second lies above the first.")]
    ['answer_roles']
    >>> list(turned_round("multi", "Seen from the second, the first lies above it."))
    []
    """
    lowered = answer.lower()
    direction = _DIRECTION.search(lowered)
    if direction is None:
        return
    before = _SENTENCE_END.split(lowered[: direction.start()])[-1]
    after = _SENTENCE_END.split(lowered[direction.end() :])[0]
    found = _TURNED[subtask].search(before)
    if found is None and subtask == "multi":
        found = _FIRST_LAST.search(after)
    if found:
        yield Problem("answer_roles", Plain("how the first lies to the second"), found[0])
