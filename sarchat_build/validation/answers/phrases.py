"""Referring phrases: reads the one of a question, and finds every object that it may mean.

A phrase is closed: attributes ("wide ship at the top left"), order ("second ship from the left") or
relation ("ship below the bridge"). It is unique when one object fits it and no other comes near to
fitting: somebody who looks at pixels judges a border a little differently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import (
    CATEGORIES,
    CELLS,
    DIRECTION_PHRASES,
    ORDERS,
    RANK_SIDES,
    RANKS,
    SHAPES,
    SIZE_RANK,
    SIZE_WORDS,
    any_of,
)

# How far another object has to be from fitting.
_CENTER_PX = 2.0
_SHARE = 0.05
_EDGE_PX = 1.0
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "center", "right")
# Differences of floats that are equal on paper.
_EPSILON = 1e-6

_SIZE_LABELS = {word: label for label, word in SIZE_WORDS.items()}
_DIRECTIONS = {words: label for label, words in DIRECTION_PHRASES.items() if label != "same"}
_CATEGORY = any_of(CATEGORIES)
_PHRASE = re.compile(
    rf"\bthe (?:"
    rf"(?P<order>{any_of(ORDERS)}) (?P<ordered>{_CATEGORY})"
    rf"|(?P<rank>{any_of(RANKS)}) (?P<ranked>{_CATEGORY}) from the (?P<side>{any_of(RANK_SIDES)})"
    rf"|(?P<related>{_CATEGORY}) (?P<relation>nearest to|{any_of(_DIRECTIONS)})"
    rf" the (?P<anchor>{_CATEGORY})"
    rf"|(?:(?P<size>{any_of(SIZE_WORDS.values())})(?:,? (?=(?:{any_of(SHAPES)}) )| ))?"
    rf"(?:(?P<shape>{any_of(SHAPES)}) )?(?P<category>{_CATEGORY})"
    rf"(?: (?:at|in) the (?P<cell>{any_of(CELLS)}))?"
    rf")(?![a-z_])"
)
# Words of order and relation, which stand nowhere but in the phrase.
_ORDERLY = re.compile(rf"\b(?:{any_of(ORDERS)}|from the {any_of(RANK_SIDES)}|nearest|closest)\b")


class Phrase(NamedTuple):
    """What a phrase says; the fields are those of the ground truth, in its order."""

    category: str
    size: str | None = None
    shape: str | None = None
    cell: str | None = None
    order: str | None = None
    rank: int | None = None
    relation: str | None = None
    anchor: str | None = None

    @property
    def says_something(self) -> bool:
        """Tell whether it says more than the category."""
        return any(self[1:])


def read_phrases(question: str) -> list[Phrase]:
    """Read every phrase of a question that says more than a category.

    >>> read_phrases("Where is the second ship from the left?")[0][4:6]
    ('leftmost', 2)
    >>> [phrase.size for phrase in read_phrases("Find the very large, wide ship.")]
    ['very large']
    """
    phrases = (_phrase(match) for match in _PHRASE.finditer(question.lower()))
    return [phrase for phrase in phrases if phrase.says_something]


def orderly_words(question: str) -> int:
    """Count the words of order and relation in a question.

    >>> orderly_words("the second ship from the left"), orderly_words("the wide ship")
    (1, 0)
    """
    return len(_ORDERLY.findall(question.lower()))


def _phrase(match: re.Match[str]) -> Phrase:
    if match["ordered"]:
        return Phrase(match["ordered"], order=match["order"], rank=1)
    if match["ranked"]:
        return Phrase(match["ranked"], order=RANK_SIDES[match["side"]], rank=RANKS[match["rank"]])
    if match["related"]:
        relation = _DIRECTIONS.get(match["relation"], "nearest")
        return Phrase(match["related"], relation=relation, anchor=match["anchor"])
    return Phrase(match["category"], _SIZE_LABELS.get(match["size"]), match["shape"], match["cell"])


def meant(
    phrase: Phrase, scene: CheckedImage, rules: Rules
) -> tuple[list[CheckedObject], list[CheckedObject]]:
    """Give the objects that fit a phrase exactly, and those that fit it more or less."""
    things = scene.by_category.get(phrase.category, ())
    if phrase.order is not None:
        place = (phrase.rank or 1) - 1
        return _in_order(things, phrase.order, place, rules)
    if phrase.relation is not None:
        anchors = scene.by_category.get(phrase.anchor or "", ())
        if len(anchors) != 1 or phrase.anchor == phrase.category:
            return [], []
        if not scene.is_sure(phrase.anchor or ""):
            return [], []
        if phrase.relation == "nearest":
            return _at(_by_distance(things, anchors[0]), 0, rules.order_margin_px)
        return _on_side(things, anchors[0], phrase.relation)
    said = phrase.size, phrase.shape, phrase.cell
    loose = [(t, _loose_words(t, scene, rules)) for t in things]
    if not _compares(said, loose):
        return [], []
    return (
        [t for t in things if _agree(said, ((t.size,), (t.shape,), (t.cell,)))],
        [t for t, words in loose if _agree(said, words)],
    )


def askable(scene: CheckedImage, rules: Rules) -> set[str]:
    """Give the ids of all objects that some phrase means, and no other."""
    found: set[str] = set()
    for category, things in scene.by_category.items():
        if len(things) < 2 or not scene.is_sure(category):
            continue
        found |= _by_attributes(things, scene, rules)
        for order in ORDERS:
            # The last of n is never "the n-th from the left": it is the rightmost.
            for place in range(min(3, len(things) - 1) if order in RANK_SIDES.values() else 1):
                found |= _only(*_in_order(things, order, place, rules))
        for anchor_category, anchors in scene.by_category.items():
            if len(anchors) == 1 and scene.is_sure(anchor_category):
                (anchor,) = anchors
                found |= _only(*_at(_by_distance(things, anchor), 0, rules.order_margin_px))
                for relation in _DIRECTIONS.values():
                    found |= _only(*_on_side(things, anchor, relation))
    return found


Ranked = Sequence[tuple[float, str, CheckedObject]]


def _only(exact: Sequence[CheckedObject], loose: Sequence[CheckedObject]) -> set[str]:
    if len(exact) == 1 and [thing.instance_id for thing in loose] == [exact[0].instance_id]:
        return {exact[0].instance_id}
    return set()


def _ranked(things: Sequence[CheckedObject], order: str) -> Ranked:
    """Sort objects by what an order word is about; the first is the one it means."""
    values: Iterator[float] = (
        t.x if order == "leftmost" else -t.x if order == "rightmost"
        else t.y if order == "topmost" else -t.y if order == "bottommost"
        else -t.area_ratio if order == "largest" else t.area_ratio
        for t in things
    )  # fmt: skip
    return sorted(
        (value, thing.instance_id, thing) for value, thing in zip(values, things, strict=True)
    )


# The edge on the side that an order counts from: index in a box, and whether it grows that way.
_OUTER = {"leftmost": (0, 1), "rightmost": (2, -1), "topmost": (1, 1), "bottommost": (3, -1)}


def _in_order(
    things: Sequence[CheckedObject], order: str, place: int, rules: Rules
) -> tuple[list[CheckedObject], list[CheckedObject]]:
    """Give the object at a place of an order, and those that somebody else may find there.

    Somebody may rank by the edges on that side instead of by the middles.
    """
    exact, loose = _at(_ranked(things, order), place, _margin(order, rules))
    if order not in _OUTER:
        return exact, loose
    index, sign = _OUTER[order]
    edges = sorted((sign * t.box[index], t.instance_id, t) for t in things)
    for thing in _at(edges, place, _EDGE_PX)[1]:
        if thing not in loose:
            loose.append(thing)
    return exact, loose


def _by_distance(things: Sequence[CheckedObject], anchor: CheckedObject) -> Ranked:
    return sorted(
        (geometry.distance(t.x - anchor.x, t.y - anchor.y), t.instance_id, t) for t in things
    )


def _margin(order: str, rules: Rules) -> float | None:
    return None if order in ("largest", "smallest") else rules.order_margin_px


def _at(
    ranked: Ranked, place: int, margin_px: float | None
) -> tuple[list[CheckedObject], list[CheckedObject]]:
    """Give the object at a place, and those that are as good as at it; no margin means a share."""
    if place >= len(ranked):
        return [], []
    value, _, thing = ranked[place]

    def close(other: float) -> bool:
        if margin_px is not None:
            return abs(other - value) < margin_px - _EPSILON
        small, large = sorted((abs(other), abs(value)))
        # Each side of a box may be misjudged, so its area twice.
        return small * (1 + _SHARE) ** 2 >= large * (1 - _EPSILON)

    return [thing], [t for other, _, t in ranked if t is thing or close(other)]


def _on_side(
    things: Sequence[CheckedObject], anchor: CheckedObject, relation: str
) -> tuple[list[CheckedObject], list[CheckedObject]]:
    """Give the objects that lie in a direction, and those that lie on that side at all."""
    left, right = relation.endswith("left"), relation.endswith("right")
    up, down = relation.startswith(("above", "upper")), relation.startswith(("below", "lower"))
    ways = [(thing.x - anchor.x, thing.y - anchor.y, thing) for thing in things]
    return (
        [thing for dx, dy, thing in ways if geometry.direction(dx, dy) == relation],
        [
            thing
            for dx, dy, thing in ways
            if (not left or dx < 0) and (not right or dx > 0)
            and (not up or dy < 0) and (not down or dy > 0)
        ],
    )  # fmt: skip


def loose_cells(thing: CheckedObject, scene: CheckedImage) -> tuple[str, ...]:
    """Give every cell that the center of an object may be placed in by eye."""
    xs = (thing.x - _CENTER_PX, thing.x, thing.x + _CENTER_PX)
    ys = (thing.y - _CENTER_PX, thing.y, thing.y + _CENTER_PX)
    return tuple({geometry.cell(x, y, scene.width, scene.height) for x in xs for y in ys})


def entered_cells(thing: CheckedObject, scene: CheckedImage) -> frozenset[str]:
    """Give every cell that an object is seen in: that of its center, and what it runs into."""
    x_min, y_min, x_max, y_max = (3 * edge for edge in thing.box)

    def entered(names: Sequence[str], low: float, high: float, side: int) -> list[str]:
        return [
            name
            for place, name in enumerate(names)
            if min(high, side * (place + 1)) - max(low, side * place) > 3 * _CENTER_PX
        ]

    beside = product(
        entered(_ROWS, y_min, y_max, scene.height), entered(_COLUMNS, x_min, x_max, scene.width)
    )
    return frozenset((thing.cell, *(f"{row} {column}" for row, column in beside)))


Loose = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _loose_words(thing: CheckedObject, scene: CheckedImage, rules: Rules) -> Loose:
    """Give every size, shape and cell that an object may be given by eye."""
    near = (1 - _SHARE, 1.0, 1 + _SHARE)
    return (
        tuple({geometry.size(thing.area_ratio * factor, rules) for factor in near}),
        tuple({geometry.shape(thing.aspect * factor, rules) for factor in near}),
        loose_cells(thing, scene),
    )


def _agree(said: Sequence[str | None], words: Loose) -> bool:
    return all(word is None or word in possible for word, possible in zip(said, words, strict=True))


def _compares(said: Sequence[str | None], loose: Sequence[tuple[CheckedObject, Loose]]) -> bool:
    """Tell whether a size word also holds for a reader who compares.

    Who reads "the small ship in the top left" looks for the smallest one there, and for the largest
    at "large".
    """
    size = said[0]
    if size is None:
        return True
    rivals = {SIZE_RANK[t.size] for t, words in loose if _agree((None, *said[1:]), words)}
    rank = SIZE_RANK[size]
    if size in ("large", "very large"):
        return rank <= min(rivals, default=rank)
    return size in ("small", "very small") and rank >= max(rivals, default=rank)


def _by_attributes(things: Sequence[CheckedObject], scene: CheckedImage, rules: Rules) -> set[str]:
    """Find objects that some of size, shape and cell set apart, without comparing all pairs."""
    counts: Counter[tuple[str | None, ...]] = Counter()
    loose = [(thing, _loose_words(thing, scene, rules)) for thing in things]
    for _, words in loose:
        counts.update(product(*((None, *some) for some in words)))
    return {
        thing.instance_id
        for thing in things
        if any(
            counts[said] == 1 and _compares(said, loose)
            for said in product((None, thing.size), (None, thing.shape), (None, thing.cell))
            if any(said)
        )
    }
