"""Phrases that fit exactly one object of its kind, even to a reader who measures less exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise, product
from typing import Literal, TypeAlias

from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.dialogues.attributes import (
    SIZE_ORDER,
    SIZE_WORDS,
    cells_about,
    shapes_about,
    sizes_about,
)
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance
from sarchat_build.dialogues.relations import DIRECTION_WORDS, relation
from sarchat_build.types import CATEGORIES, Box, Category

Kind: TypeAlias = Literal["attribute", "order", "relation"]

# By this share sizes, proportions and areas may be misjudged, and by so many pixels positions.
TOLERANCE = 0.05
TOLERANCE_PX = 2.0
# Relative coordinates come back to pixels with a last digit of noise: what is a margin on paper
# counts as one.
NOISE = 1e-6

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
_ORDINALS = {2: "second", 3: "third"}
# A person ranks by centers or by the edges on that side: edges differ by so much where both agree.
EDGE_MARGIN_PX = 1.0
# order: the side it counts from, and the two positions that it sorts by, center and outer edge.
_SIDES: dict[str, tuple[str, Callable[[Box], tuple[float, float]]]] = {
    "leftmost": ("left", lambda box: (box.center_px[0], box.x_min_px)),
    "rightmost": ("right", lambda box: (-box.center_px[0], -box.x_max_px)),
    "topmost": ("top", lambda box: (box.center_px[1], box.y_min_px)),
    "bottommost": ("bottom", lambda box: (-box.center_px[1], -box.y_max_px)),
}
# Wider than the eight sectors: whatever a reader may still call "to the left of".
_ON_SIDE: dict[str, Callable[[float, float], bool]] = {
    "left": lambda dx, _: dx < 0,
    "right": lambda dx, _: dx > 0,
    "above": lambda _, dy: dy < 0,
    "below": lambda _, dy: dy > 0,
    "upper_left": lambda dx, dy: dx < 0 and dy < 0,
    "upper_right": lambda dx, dy: dx > 0 and dy < 0,
    "lower_left": lambda dx, dy: dx < 0 and dy > 0,
    "lower_right": lambda dx, dy: dx > 0 and dy > 0,
}


@dataclass(frozen=True, slots=True)
class UniquePhrase:
    """A phrase for one object, without its "the", and what it says.

    `order` and `rank`: "leftmost" and 2 are "the second … from the left". `relation` is "nearest"
    or a direction, to the only object of the category `anchor`.
    """

    text: str
    kind: Kind
    _: KW_ONLY
    size: str | None = None
    shape: str | None = None
    cell: str | None = None
    order: str | None = None
    rank: int | None = None
    relation: str | None = None
    anchor: str | None = None


def unique_phrases(
    image: LabeledImage, category: Category, thresholds: LabelThresholds, margin_px: float
) -> list[list[UniquePhrase]]:
    """Give, for each object of a category, the phrases that fit it and no other object.

    "No other" is stricter than the words: sizes and shapes may be misjudged by 5 %, positions by
    2 px, orders and distances by `margin_px`. An order must be that of the outer edges as well, a
    size that of the smallest or largest of those that the other words fit, and "to the left of" may
    be taken to mean anything that lies on that side. The category must be one whose objects are all
    listed.
    """
    found = image.of(category)
    fitting: list[list[UniquePhrase]] = [[] for _ in found]
    finders = (
        _by_attributes(found, image, thresholds),
        _by_order(found, margin_px),
        _by_relation(found, category, image, thresholds, margin_px),
    )
    for phrases in finders:
        for index, phrase in phrases:
            fitting[index].append(phrase)
    return fitting


Found: TypeAlias = Iterator[tuple[int, UniquePhrase]]


def _by_attributes(
    found: Sequence[LabeledInstance], image: LabeledImage, thresholds: LabelThresholds
) -> Found:
    """Name the fewest of size, shape and cell that no other object could have."""
    side_px = image.width_px, image.height_px
    could_be = [
        {
            "size": sizes_about(o.bbox, *side_px, thresholds, TOLERANCE),
            "shape": shapes_about(o.bbox, thresholds, TOLERANCE),
            "cell": cells_about(o.bbox, *side_px, TOLERANCE_PX),
        }
        for o in found
    ]
    fits = {
        names: Counter(key for about in could_be for key in product(*(about[n] for n in names)))
        for names in _ATTRIBUTES
    }
    for index, o in enumerate(found):
        has = {"size": o.size, "shape": o.shape, "cell": o.cell}
        for names in _ATTRIBUTES:
            if fits[names][tuple(has[name] for name in names)] == 1:
                rivals = [
                    other
                    for other, about in zip(found, could_be, strict=True)
                    if all(has[name] in about[name] for name in names if name != "size")
                ]
                if "size" in names and o.size not in _telling_sizes(rivals):
                    continue
                stated = {name: has[name] for name in names}
                text = _attribute_text(o.category, stated)
                yield (
                    index,
                    UniquePhrase(
                        text,
                        "attribute",
                        size=stated.get("size"),
                        shape=stated.get("shape"),
                        cell=stated.get("cell"),
                    ),
                )
                break


def _telling_sizes(found: Sequence[LabeledInstance]) -> set[str]:
    """Give the size words that fit by comparison, too: "the small ship" is the smallest of them.

    Sizes are shares of the picture, but a person who reads "small" compares with the others, and
    "the small ship in the top left" with those in the top left.
    """
    present = [name for name in SIZE_ORDER if any(o.size == name for o in found)]
    return {present[0]} & {"very large", "large"} | {present[-1]} & {"small", "very small"}


def _attribute_text(category: str, stated: dict[str, str]) -> str:
    adjectives = [SIZE_WORDS[stated["size"]]] if "size" in stated else []
    adjectives += [stated["shape"]] if "shape" in stated else []
    where = f" in the {stated['cell']}" if "cell" in stated else ""
    return f"{', '.join(adjectives)}{' ' if adjectives else ''}{category}{where}"


def _by_order(found: Sequence[LabeledInstance], margin_px: float) -> Found:
    for order, (side, positions) in _SIDES.items():
        at = [positions(o.bbox) for o in found]
        by_center = _clear_ranks([center for center, _ in at], margin_px)
        by_edge = _clear_ranks([edge for _, edge in at], EDGE_MARGIN_PX)
        for rank, index in by_center.items():
            if by_edge.get(rank) != index:
                continue
            category = found[index].category
            text = f"{_ORDINALS[rank]} {category} from the {side}" if rank > 1 else (
                f"{order} {category}"
            )  # fmt: skip
            yield index, UniquePhrase(text, "order", order=order, rank=rank)
    areas = sorted((o.bbox.area_px2, index) for index, o in enumerate(found))
    for order, (area, index), (next_area, _) in (
        ("largest", areas[-1], areas[-2]),
        ("smallest", areas[0], areas[1]),
    ):
        # Each side of a box may be off by the tolerance, so the area by twice as much.
        if max(area, next_area) * (1 - NOISE) > min(area, next_area) * (1 + TOLERANCE) ** 2:
            text = f"{order} {found[index].category}"
            yield index, UniquePhrase(text, "order", order=order, rank=1)


def _clear_ranks(at: Sequence[float], margin_px: float) -> dict[int, int]:
    """Give the first ranks whose neighbors in rank are farther away than a margin: rank → index.

    With n objects, the last is never "the n-th from the left" but the rightmost.
    """
    ordered = sorted(range(len(at)), key=at.__getitem__)
    steps = [margin_px, *(at[after] - at[before] for before, after in pairwise(ordered))]
    ranks = range(1, min(3, len(at) - 1) + 1)
    return {r: ordered[r - 1] for r in ranks if min(steps[r - 1], steps[r]) >= margin_px - NOISE}


def _by_relation(
    found: Sequence[LabeledInstance],
    category: Category,
    image: LabeledImage,
    thresholds: LabelThresholds,
    margin_px: float,
) -> Found:
    for other in CATEGORIES:
        anchors = image.of(other)
        if other == category or len(anchors) != 1 or not image.is_complete(other):
            continue
        x_px, y_px = anchors[0].bbox.center_px
        off = [(o.bbox.center_px[0] - x_px, o.bbox.center_px[1] - y_px) for o in found]
        away = sorted((math.sqrt(dx * dx + dy * dy), index) for index, (dx, dy) in enumerate(off))
        if away[1][0] - away[0][0] >= margin_px - NOISE:
            text = f"{category} nearest to the {other}"
            phrase = UniquePhrase(text, "relation", relation="nearest", anchor=other)
            yield away[0][1], phrase
        for direction, on_side in _ON_SIDE.items():
            near = [index for index, (dx, dy) in enumerate(off) if _reaches(on_side, dx, dy)]
            if len(near) != 1:
                continue
            center = found[near[0]].bbox.center_px
            found_relation = relation(
                center, (x_px, y_px), image.width_px, image.height_px, thresholds
            )
            if found_relation.direction == direction:
                text = f"{category} {DIRECTION_WORDS[direction]} the {other}"
                phrase = UniquePhrase(text, "relation", relation=direction, anchor=other)
                yield near[0], phrase


def _reaches(on_side: Callable[[float, float], bool], dx_px: float, dy_px: float) -> bool:
    """Tell whether a position within the tolerance lies on the side."""
    shifts = (-TOLERANCE_PX, 0.0, TOLERANCE_PX)
    return any(on_side(dx_px + x, dy_px + y) for x in shifts for y in shifts)
