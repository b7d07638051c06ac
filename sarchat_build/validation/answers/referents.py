"""The objects that a referring phrase may mean.

A phrase is unique when one object fits it and no other comes near to fitting: somebody who looks at
pixels judges a border a little differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.texts.phrases import Phrase
from sarchat_build.validation.vocabulary import (
    DIRECTION_PHRASES,
    ORDERS,
    RANK_SIDES,
    SIZE_RANK,
)

# How far another object has to be from fitting.
_CENTER_PX = 2.0
_SHARE = 0.05
_EDGE_PX = 1.0
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "center", "right")
# Differences of floats that are equal on paper.
_EPSILON = 1e-6

_DIRECTIONS = [label for label in DIRECTION_PHRASES if label != "same"]


class Referents(NamedTuple):
    """The objects that fit a phrase exactly, and those that fit it more or less."""

    exact: list[CheckedObject]
    loose: list[CheckedObject]


_NONE = Referents([], [])


def find_referents(phrase: Phrase, image: CheckedImage, rules: Rules) -> Referents:
    """Find what a phrase means in an image."""
    objects = image.by_category.get(phrase.category, ())
    if phrase.order is not None:
        rank = (phrase.rank or 1) - 1
        return _in_order(objects, phrase.order, rank, rules)
    if phrase.relation is not None:
        anchors = image.by_category.get(phrase.anchor or "", ())
        if len(anchors) != 1 or phrase.anchor == phrase.category:
            return _NONE
        if not image.is_complete(phrase.anchor or ""):
            return _NONE
        if phrase.relation == "nearest":
            return _at(_by_distance(objects, anchors[0]), 0, rules.order_margin_px)
        return _on_side(objects, anchors[0], phrase.relation)
    attributes = phrase.size, phrase.shape, phrase.cell
    loose = [(obj, _loose_words(obj, image, rules)) for obj in objects]
    if not _compares(attributes, loose):
        return _NONE
    return Referents(
        [obj for obj in objects if _agree(attributes, ((obj.size,), (obj.shape,), (obj.cell,)))],
        [obj for obj, words in loose if _agree(attributes, words)],
    )


def referable_ids(image: CheckedImage, rules: Rules) -> set[str]:
    """Give the ids of all objects that some phrase means, and no other."""
    found: set[str] = set()
    for category, objects in image.by_category.items():
        if len(objects) < 2 or not image.is_complete(category):
            continue
        found |= _by_attributes(objects, image, rules)
        for order in ORDERS:
            # The last of n is never "the n-th from the left": it is the rightmost.
            for rank in range(min(3, len(objects) - 1) if order in RANK_SIDES.values() else 1):
                found |= _only(_in_order(objects, order, rank, rules))
        for anchor_category, anchors in image.by_category.items():
            if len(anchors) == 1 and image.is_complete(anchor_category):
                (anchor,) = anchors
                found |= _only(_at(_by_distance(objects, anchor), 0, rules.order_margin_px))
                for relation in _DIRECTIONS:
                    found |= _only(_on_side(objects, anchor, relation))
    return found


Ranked = Sequence[tuple[float, str, CheckedObject]]


def _only(found: Referents) -> set[str]:
    ids = [obj.instance_id for obj in found.loose]
    return {*ids} if len(ids) == 1 and [obj.instance_id for obj in found.exact] == ids else set()


def _ranked(objects: Sequence[CheckedObject], order: str) -> Ranked:
    """Sort objects by what an order word is about; the first is the one it means."""
    values: Iterator[float] = (
        obj.x if order == "leftmost" else -obj.x if order == "rightmost"
        else obj.y if order == "topmost" else -obj.y if order == "bottommost"
        else -obj.area_ratio if order == "largest" else obj.area_ratio
        for obj in objects
    )  # fmt: skip
    return sorted((value, obj.instance_id, obj) for value, obj in zip(values, objects, strict=True))


# The edge on the side that an order counts from: index in a box, and whether it grows that way.
_OUTER = {"leftmost": (0, 1), "rightmost": (2, -1), "topmost": (1, 1), "bottommost": (3, -1)}


def _in_order(objects: Sequence[CheckedObject], order: str, rank: int, rules: Rules) -> Referents:
    """Give the object at a rank of an order, and those that somebody else may find there.

    Somebody may rank by the edges on that side instead of by the middles.
    """
    found = _at(_ranked(objects, order), rank, _margin(order, rules))
    if order not in _OUTER:
        return found
    index, sign = _OUTER[order]
    edges = sorted((sign * obj.box[index], obj.instance_id, obj) for obj in objects)
    by_edge = _at(edges, rank, _EDGE_PX).loose
    return Referents(
        found.exact, [*found.loose, *(obj for obj in by_edge if obj not in found.loose)]
    )


def _by_distance(objects: Sequence[CheckedObject], anchor: CheckedObject) -> Ranked:
    return sorted(
        (geometry.distance(obj.x - anchor.x, obj.y - anchor.y), obj.instance_id, obj)
        for obj in objects
    )


def _margin(order: str, rules: Rules) -> float | None:
    return None if order in ("largest", "smallest") else rules.order_margin_px


def _at(ranked: Ranked, rank: int, margin_px: float | None) -> Referents:
    """Give the object at a rank, and those that are as good as at it; no margin means a share."""
    if rank >= len(ranked):
        return _NONE
    value, _, obj = ranked[rank]

    def is_close(other_value: float) -> bool:
        if margin_px is not None:
            return abs(other_value - value) < margin_px - _EPSILON
        small, large = sorted((abs(other_value), abs(value)))
        # Each side of a box may be misjudged, so its area twice.
        return small * (1 + _SHARE) ** 2 >= large * (1 - _EPSILON)

    loose = [other for number, _, other in ranked if other is obj or is_close(number)]
    return Referents([obj], loose)


def _on_side(objects: Sequence[CheckedObject], anchor: CheckedObject, relation: str) -> Referents:
    """Give the objects that lie in a direction, and those that somebody may see on that side."""
    left, right = relation.endswith("left"), relation.endswith("right")
    up, down = relation.startswith(("above", "upper")), relation.startswith(("below", "lower"))
    offsets = [(obj.x - anchor.x, obj.y - anchor.y, obj) for obj in objects]
    return Referents(
        [obj for dx, dy, obj in offsets if geometry.direction(dx, dy) == relation],
        [
            obj
            for dx, dy, obj in offsets
            if (not left or dx < _CENTER_PX) and (not right or dx > -_CENTER_PX)
            and (not up or dy < _CENTER_PX) and (not down or dy > -_CENTER_PX)
        ],
    )  # fmt: skip


def loose_cells(obj: CheckedObject, image: CheckedImage) -> tuple[str, ...]:
    """Give every cell that the center of an object may be placed in by eye."""
    xs = (obj.x - _CENTER_PX, obj.x, obj.x + _CENTER_PX)
    ys = (obj.y - _CENTER_PX, obj.y, obj.y + _CENTER_PX)
    return tuple({geometry.cell(x, y, image.width, image.height) for x in xs for y in ys})


def entered_cells(obj: CheckedObject, image: CheckedImage) -> frozenset[str]:
    """Give every cell that an object is seen in: that of its center, and what it runs into."""
    x_min, y_min, x_max, y_max = (3 * edge for edge in obj.box)

    def entered(names: Sequence[str], low: float, high: float, side: int) -> list[str]:
        return [
            name
            for index, name in enumerate(names)
            if min(high, side * (index + 1)) - max(low, side * index) > 3 * _CENTER_PX
        ]

    beside = product(
        entered(_ROWS, y_min, y_max, image.height), entered(_COLUMNS, x_min, x_max, image.width)
    )
    return frozenset((obj.cell, *(f"{row} {column}" for row, column in beside)))


Loose = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _loose_words(obj: CheckedObject, image: CheckedImage, rules: Rules) -> Loose:
    """Give every size, shape and cell that an object may be given by eye."""
    near = (1 - _SHARE, 1.0, 1 + _SHARE)
    return (
        tuple({geometry.size(obj.area_ratio * factor, rules) for factor in near}),
        tuple({geometry.shape(obj.aspect * factor, rules) for factor in near}),
        loose_cells(obj, image),
    )


def _agree(attributes: Sequence[str | None], words: Loose) -> bool:
    return all(
        word is None or word in possible for word, possible in zip(attributes, words, strict=True)
    )


def _compares(
    attributes: Sequence[str | None], loose: Sequence[tuple[CheckedObject, Loose]]
) -> bool:
    """Tell whether a size word also holds for a reader who compares.

    Who reads "the small ship in the top left" looks for the smallest one there, and for the largest
    at "large".
    """
    size = attributes[0]
    if size is None:
        return True
    rivals = {SIZE_RANK[obj.size] for obj, words in loose if _agree((None, *attributes[1:]), words)}
    rank = SIZE_RANK[size]
    if size in ("large", "very large"):
        return rank <= min(rivals, default=rank)
    return size in ("small", "very small") and rank >= max(rivals, default=rank)


def _by_attributes(objects: Sequence[CheckedObject], image: CheckedImage, rules: Rules) -> set[str]:
    """Find objects that some of size, shape and cell set apart, without comparing all pairs."""
    counts: Counter[tuple[str | None, ...]] = Counter()
    loose = [(obj, _loose_words(obj, image, rules)) for obj in objects]
    for _, words in loose:
        counts.update(product(*((None, *some) for some in words)))
    return {
        obj.instance_id
        for obj in objects
        if any(
            counts[attributes] == 1 and _compares(attributes, loose)
            for attributes in product((None, obj.size), (None, obj.shape), (None, obj.cell))
            if any(attributes)
        )
    }
