"""The phrase of a unique reference fits exactly one object, by brute force over the boxes."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from typing import Any

from asked_pictures import EVERYTHING, ask, cell_of, center, direction_of, of, pictures
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import yields
from sarchat_build.dialogues.tasks import questions
from sarchat_build.types import Box, Chip, Instance

settings.register_profile("tasks", deadline=None, max_examples=50)
settings.load_profile("tasks")


# The phrase as a reader takes it apart, and what each part demands of a box: nothing here is
# shared with the code that makes the phrases.
_PHRASE = re.compile(
    r"(?:(?P<rank>second|third) )?"
    r"(?P<order>leftmost|rightmost|topmost|bottommost|largest|smallest)?"
    r" ?(?P<size>very large|large|medium-sized|small|very small)?,? ?"
    r"(?P<shape>wide|tall|roughly square)? ?(?P<category>ship|aircraft|car|tank|bridge|harbor)"
    r"(?: from the (?P<side>left|right|top|bottom))?(?: in the (?P<cell>\w+ \w+))?"
    r"(?: (?P<relation>nearest to|above|below|to the (?:upper |lower )?(?:left|right) of) the "
    r"(?P<anchor>\w+))?"
)
_SIZE_FROM = {"very large": 0.4, "large": 0.25, "medium-sized": 0.1, "small": 0.03, "very small": 0}
_AXIS = {"left": (0, 1), "right": (0, -1), "top": (1, 1), "bottom": (1, -1)}


def fits(phrase: str, chip: Chip) -> list[Instance]:
    """The objects that a phrase fits, by brute force over the boxes."""
    found = _PHRASE.fullmatch(phrase)
    assert found, phrase
    said = found.groupdict()
    kind = [i for i in chip.instances if i.category == said["category"]]
    if said["size"]:
        kind = [i for i in kind if _size(i.bbox, chip) == said["size"]]
    if said["shape"]:
        kind = [i for i in kind if _shape(i.bbox) == said["shape"]]
    if said["cell"]:
        kind = [i for i in kind if cell_of(i.bbox, chip) == said["cell"]]
    if said["order"] in ("largest", "smallest"):
        areas = [(i.bbox[2] - i.bbox[0]) * (i.bbox[3] - i.bbox[1]) for i in kind]
        wanted = (max if said["order"] == "largest" else min)(areas)
        kind = [i for i, area in zip(kind, areas, strict=True) if area == wanted]
    elif said["order"] or said["side"]:
        axis, sign = _AXIS[said["side"] or said["order"].removesuffix("most")]
        at = sorted(sign * center(i.bbox)[axis] for i in kind)
        rank = {None: 0, "second": 1, "third": 2}[said["rank"]]
        kind = [i for i in kind if sign * center(i.bbox)[axis] == at[rank]]
    if said["relation"]:
        (anchor,) = (i for i in chip.instances if i.category == said["anchor"])
        if said["relation"] == "nearest to":
            away = [math.dist(center(i.bbox), center(anchor.bbox)) for i in kind]
            kind = [i for i, d in zip(kind, away, strict=True) if d == min(away)]
        else:
            kind = [i for i in kind if direction_of(i.bbox, anchor.bbox) == said["relation"]]
    return kind


def _size(box: Box, chip: Chip) -> str:
    ratio = (box[2] - box[0]) * (box[3] - box[1]) / (chip.width_px * chip.height_px)
    return next(word for word, bound in _SIZE_FROM.items() if ratio >= bound)


def _shape(box: Box) -> str:
    ratio = (box[2] - box[0]) / (box[3] - box[1])
    return "wide" if ratio > 1.5 else "tall" if ratio < 0.67 else "roughly square"


@given(pictures())
def test_unique_phrase_fits_exactly_one_object(picture: Any) -> None:
    chip, _, rejected = picture
    for question in of(ask(picture), "referring", "unique"):
        (target,) = question.mentioned
        assert fits(str(question.variables["phrase"]), chip) == [target.instance]
        assert target.category not in (*rejected, *chip.cut_categories)


def shift(seed: int, place: int) -> float:
    return ((seed >> place) % 3 - 1) / 2


@given(pictures(most=6), st.integers(0, 2**32))
def test_unique_phrase_still_fits_when_boxes_are_read_less_exactly(picture: Any, seed: int) -> None:
    chip = picture[0]
    asked = list(of(ask(picture), "referring", "unique"))
    # Another annotator's boxes: each edge up to half a pixel off.
    moved = tuple(
        replace(i, bbox=Box(*(edge + shift(seed, 4 * n + k) for k, edge in enumerate(i.bbox))))
        for n, i in enumerate(chip.instances)
    )
    if any(i.bbox[2] - i.bbox[0] < 60 or i.bbox[3] - i.bbox[1] < 60 for i in moved):
        return  # half a pixel is more than the tolerance in size or shape of a tiny box
    other = replace(chip, instances=moved)
    for question in asked:
        (target,) = question.mentioned
        fitting = [i.instance_id for i in fits(str(question.variables["phrase"]), other)]
        assert set(fitting) <= {target.instance.instance_id}, question.variables["phrase"]


@given(pictures())
def test_an_order_is_that_of_centers_and_of_edges(picture: Any) -> None:
    chip = picture[0]
    edges = {"leftmost": (0, 1), "topmost": (1, 1), "rightmost": (2, -1), "bottommost": (3, -1)}
    for question in of(ask(picture), "referring", "unique"):
        truth = question.ground_truth
        if truth["order"] in edges:
            side, sign = edges[str(truth["order"])]
            own = sign * question.mentioned[0].bbox[side]
            others = [
                sign * i.bbox[side] for i in chip.instances
                if i.category == truth["category"] and i is not question.mentioned[0].instance
            ]  # fmt: skip
            assert sum(edge < own for edge in others) == truth["rank"] - 1  # type: ignore[operator]
            assert min(abs(edge - own) for edge in others) >= 1


@given(pictures())
def test_a_size_alone_is_that_of_the_smallest_or_largest(picture: Any) -> None:
    chip = picture[0]
    for question in of(ask(picture), "referring", "unique"):
        truth = question.ground_truth
        if truth["size"] is None or truth["shape"] or truth["cell"]:
            continue
        areas = {
            i.instance_id: i.bbox.area_px2 for i in chip.instances
            if i.category == truth["category"]
        }  # fmt: skip
        extreme = min if "small" in str(truth["size"]) else max
        assert truth["size"] != "medium"
        own = question.mentioned[0].instance.instance_id
        assert own == extreme(areas, key=lambda one: areas[one])


def test_unique_phrases_are_of_every_kind() -> None:
    kinds: Counter[str] = Counter()
    for source in yields.SOURCES:
        for n in range(2, 16):
            for image in yields.layouts(source, n):
                for question in of(list(questions(image, EVERYTHING)), "referring", "unique"):
                    truth = question.ground_truth
                    kinds["order"] += truth["order"] is not None
                    kinds["relation"] += truth["relation"] is not None
                    kinds["attribute"] += any(truth[k] for k in ("size", "shape", "cell"))
    assert all(kinds[kind] > 5 for kind in ("order", "relation", "attribute")), kinds


@given(pictures())
def test_ground_truth_of_a_phrase_says_the_same(picture: Any) -> None:
    for question in of(ask(picture), "referring", "unique"):
        found = _PHRASE.fullmatch(str(question.variables["phrase"]))
        assert found
        truth, said = question.ground_truth, found.groupdict()
        assert truth["category"] == said["category"]
        assert truth["cell"] == said["cell"]
        assert truth["shape"] == said["shape"]
        assert truth["size"] == (said["size"] and said["size"].removesuffix("-sized"))
        assert truth["anchor"] == said["anchor"]
        order = said["order"] or (f"{said['side']}most" if said["side"] else None)
        assert truth["order"] == order
        assert truth["rank"] == (order and {None: 1, "second": 2, "third": 3}[said["rank"]])
