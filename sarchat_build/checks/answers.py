"""Compares what an answer states with what follows from the boxes: one function per task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sarchat_build.checks.findings import Plain
from sarchat_build.checks.parse import Noun, Reading
from sarchat_build.checks.truth import Dialogue, Expected
from sarchat_build.checks.vocabulary import CATEGORIES, NEGATION


class Problem(NamedTuple):
    """A check that failed, what it expected and what it found."""

    check: str
    expected: object
    found: object


Problems = Iterator[Problem]

# One group of a grounding answer: counted category before its boxes, the cell anywhere.
_GROUP = "(?:[Nn]cb+|c[Nn]b+|[Nn]b+c)"
# What an identification says, in this order in the code below.
_IDENTIFIED = (
    *("answer_size", "answer_shape", "answer_cell"),
    *("answer_direction", "answer_proximity", "answer_distance"),
)
_DESCRIBED = re.compile("(?:z[Nn]c)*")
# "The ships in the top left lie to the right of the tank in the middle center, near it."
_RELATIONS = re.compile("(?:ncdncp)*")


def classification(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Name every category present, in canonical order."""
    (present,) = expected.truth
    named = [noun.category for noun in answer.nouns]
    if present:
        yield from _same("answer_category", present, named)
        yield from _order(answer.order == "n" * len(present), "categories alone", answer)
    elif named not in ([], list(CATEGORIES)) or not NEGATION.search(dialogue.answer):
        yield Problem("answer_category", Plain("none"), dialogue.answer)
    yield from _nothing_else(answer, {len(present)}, bare_no=not present)


def fine_grained_description(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Give each group as "3 small ships" or "a small ship", then its cell."""
    groups = expected.groups
    yield from _order(
        _DESCRIBED.fullmatch(answer.order) is not None, "size, category, cell of each group", answer
    )
    yield from _same("answer_category", [g.category for g in groups], _categories(answer.nouns))
    yield from _same("answer_count", [len(g.things) for g in groups], _counts(answer.nouns))
    yield from _same("answer_size", [g.size for g in groups], [n.size for n in answer.nouns])
    yield from _same("answer_cell", [g.cell for g in groups], answer.cells)
    yield from _agreement(answer.nouns, [len(g.things) for g in groups])
    yield from _nothing_else(answer, {len(expected.things)})


def instance_counting(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Give the count, then every box, or the first ones and how many these are."""
    category, n, listed = expected.truth
    boxes = [thing.text for thing in expected.things[:listed]]
    yield from _same("answer_category", [category], _categories(answer.nouns))
    yield from _same("answer_count", [n], [noun.number for noun in answer.nouns])
    if listed < n or answer.listed:
        yield from _same("answer_listed", [listed], answer.listed)
    yield from _same("answer_box", boxes, answer.boxes)
    yield from _order(
        answer.order.rstrip("b") in ("N", "Nl", "lN"), "the count before the boxes", answer
    )
    yield from _agreement(answer.nouns, [n])
    yield from _nothing_else(answer, {n})


def spatial_grounding(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Give every group with count, cell and boxes, then how each lies to the one before."""
    groups, (_, relations) = expected.groups, expected.truth
    counts = [len(group.things) for group in groups]
    grouped, mentioned = answer.nouns[: len(groups)], answer.nouns[len(groups) :]
    yield from _same("answer_category", [g.category for g in groups], _categories(grouped))
    yield from _same("answer_count", counts, _counts(grouped))
    related = [
        groups[place] for later in range(1, len(relations) + 1) for place in (later, later - 1)
    ]
    yield from _same("answer_cell", [group.cell for group in (*groups, *related)], answer.cells)
    yield from _same("answer_box", [thing.text for thing in expected.things], answer.boxes)
    yield from _same("answer_direction", [d for d, _ in relations], answer.directions)
    yield from _same("answer_proximity", [p for _, p in relations], answer.proximities)
    yield from _agreement(grouped, counts)
    if dialogue.subtask == "single":
        orderly = sorted(answer.order.lower()) == ["b", "c", "n"]
    else:
        body = re.match(f"{_GROUP}{{{len(groups)}}}", answer.order)
        tail = answer.order[body.end() :] if body else ""
        runs = [len(run) for run in re.findall("b+", answer.order)]
        orderly = body is not None and _RELATIONS.fullmatch(tail) is not None and runs == counts
    yield from _order(orderly, "category, cell and boxes of each group, then relations", answer)
    yield from _same("answer_category", [g.category for g in related], _categories(mentioned))
    yield from _agreement(mentioned, [len(group.things) for group in related])
    yield from _nothing_else(answer, {sum(counts)})


def cross_modal_identification(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Name one object in words, or two and how the first lies to the second."""
    words, direction, proximity, distance = expected.truth
    texts = [thing.text for thing in expected.things]
    categories = [category for category, _, _, _ in words]
    named = _categories(answer.nouns)
    # Two of a kind may be said at once ("both are ships"), and names may be said again.
    both_alike = (
        len(categories) == 2 and len(set(categories)) == 1 and set(named) == set(categories)
    )
    if named not in (categories, categories * 2) and not both_alike:
        yield Problem("answer_category", categories, named)
    if answer.boxes and answer.boxes not in (texts, texts * 2):
        yield Problem("answer_box", texts, answer.boxes)
    counts = {noun.number for noun in answer.nouns} - {None, 1, 2 if both_alike else 1}
    if counts:
        yield Problem("answer_count", 1, counts)
    stated = (answer.sizes, answer.shapes, answer.cells)
    related = (answer.directions, answer.proximities, answer.distances)
    if dialogue.subtask == "single":
        true = (*([word] for word in words[0][1:]), [], [], [])
    else:
        true = ([], [], [], [direction], [proximity], [distance])
    if true != (*stated, *related):
        for check, expects, found in zip(_IDENTIFIED, true, (*stated, *related), strict=True):
            yield from _same(check, expects, found)
    yield from _nothing_else(answer, set())


def referring(expected: Expected, dialogue: Dialogue, answer: Reading) -> Problems:
    """Give every box, each with its cell after it; for one object in either order."""
    category = expected.truth[0]
    things, n = expected.things, len(expected.things)
    yield from _same("answer_box", [thing.text for thing in things], answer.boxes)
    for noun in answer.nouns:
        yield from _same("answer_category", category, noun.category)
        if noun.number is not None:
            yield from _same("answer_count", n, noun.number)
            yield from _agreement([noun], [n])
    places = "".join(letter for letter in answer.order if letter in "bcdpxl")
    if dialogue.subtask == "unique":
        # The phrase may be repeated, so only what it says is measured.
        (thing,) = things
        for check, value, said in (
            ("answer_cell", thing.cell, answer.cells),
            ("answer_size", thing.size, answer.sizes),
            ("answer_shape", thing.shape, answer.shapes),
        ):
            if set(said) - {value} or (check == "answer_cell" and not said):
                yield Problem(check, value, said)
        yield from _order(places.replace("c", "") == "b", "the box and its cell", answer)
    else:
        yield from _same("answer_cell", [thing.cell for thing in things], answer.cells)
        yield from _same("answer_size", [], answer.sizes)
        yield from _same("answer_shape", [], answer.shapes)
        yield from _order(
            places == "bc" * n or (n == 1 and places == "cb"), "each box and its cell", answer
        )
    yield from _nothing_else(answer, {n})


def _same(check: str, expected: object, found: object) -> Problems:
    if expected != found:
        yield Problem(check, expected, found)


def _order(orderly: bool, expected: str, answer: Reading) -> Problems:
    if not orderly:
        yield Problem("answer_order", Plain(expected), answer.order)


def _nothing_else(answer: Reading, totals: set[int], *, bare_no: bool = False) -> Problems:
    """Refuse loose vocabulary and markup, and numbers that are no total of what is there."""
    strays = [word for word in answer.strays if not (bare_no and word == "no")]
    if strays:
        yield Problem("answer_stray", [], strays)
    if not totals.issuperset(answer.numbers):
        yield Problem("answer_number", sorted(totals), answer.numbers)


def _agreement(nouns: Iterable[Noun], counts: Iterable[int]) -> Problems:
    for noun, n in zip(nouns, counts, strict=False):
        if not noun.agrees_with(n):
            yield Problem("grammar", Plain(f"the number of {n} {noun.category}"), noun)


def _categories(nouns: Iterable[Noun]) -> list[str]:
    return [noun.category for noun in nouns]


def _counts(nouns: Iterable[Noun]) -> list[int | None]:
    """Give the counts said; "a small ship" says one."""
    return [1 if noun.number is None and noun.plural is not True else noun.number for noun in nouns]


ANSWERS: Mapping[str, Callable[[Expected, Dialogue, Reading], Problems]] = {
    "classification": classification,
    "fine_grained_description": fine_grained_description,
    "instance_counting": instance_counting,
    "spatial_grounding": spatial_grounding,
    "cross_modal_identification": cross_modal_identification,
    "referring": referring,
}
