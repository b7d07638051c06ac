"""Scores of single answers, each counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.scoring.answers import (
    Expected,
    Prediction,
    Scored,
    Tally,
    box_metric,
    score_answer,
    tally_facts,
)

TWO = ((10.0, 10.0, 50.0, 50.0), (100.0, 100.0, 140.0, 140.0))
REFER = Expected("referring", "multi", 512, 512, TWO, frozenset())
COUNT = Expected("instance_counting", "all", 512, 512, TWO, frozenset({("count", 2)}), "ship")
CLASSES = Expected(
    "classification", "all", 512, 512, None, frozenset({("category", "ship"), ("category", "car")})
)
SINGLE = Expected(
    "cross_modal_identification", "single", 512, 512, None,
    frozenset({("class", "ship"), ("size", "very small"), ("shape", "wide"), ("cell", "top left")}),
)  # fmt: skip
PRESENCE = Expected(
    "spatial_grounding", "presence", 512, 512, None, frozenset({("answer", "no")}), "ship"
)
DESCRIBE = Expected(
    "fine_grained_description", "all", 512, 512, None,
    frozenset({("place", ("ship", "top left")), ("place", ("car", "bottom right"))}),
)  # fmt: skip


def score(text: str | None, expected: Expected, *, stopped: bool = False) -> Scored:
    return score_answer(Prediction(text, stopped), expected)


BOTH = "{<10><10><50><50>}{<100><100><140><140>}"


@pytest.mark.parametrize(
    ("text", "at_half"),
    [
        (BOTH, Tally(2, 0, 0)),
        ("{<100><100><140><140>}{<10><10><50><50>}", Tally(2, 0, 0)),
        ("{<10><10><50><50>}", Tally(1, 0, 1)),
        (BOTH + "{<200><200><240><240>}", Tally(2, 1, 0)),
        (BOTH + "{<10><10><50><50>}", Tally(2, 1, 0)),
        ("{<10><10><50><50>}" * 10, Tally(1, 9, 1)),
        ("{<30><10><70><50>}{<100><100><140><140>}", Tally(1, 1, 1)),  # 20 of 60 columns: IoU 1/3
        ("none", Tally(0, 0, 2)),
    ],
)
def test_boxes_are_counted_one_to_one(text: str, at_half: Tally) -> None:
    assert score(text, REFER).tallies[box_metric(0.5)] == at_half


def test_thresholds_are_inclusive_and_apart() -> None:
    """A box of half the area within: IoU is 0.5 exactly."""
    tallies = score("{<10><10><50><30>}{<100><100><140><140>}", REFER).tallies
    assert tallies[box_metric(0.25)] == Tally(2, 0, 0)
    assert tallies[box_metric(0.5)] == Tally(2, 0, 0)
    assert tallies[box_metric(0.75)] == Tally(1, 1, 1)


@pytest.mark.parametrize(
    ("text", "tally"),
    [
        (f"2 ships: {BOTH}", Tally(1, 0, 0)),
        (f"There are two vessels at {BOTH}.", Tally(1, 0, 0)),
        (f"3 ships: {BOTH}", Tally(0, 1, 0)),
        (BOTH, Tally(1, 0, 0)),
        ("I see ships.", Tally(0, 0, 1)),
    ],
)
def test_a_wrong_count_is_one_error(text: str, tally: Tally) -> None:
    scored = score(text, COUNT)
    assert scored.tallies["count"] == tally
    assert scored.counted_boxes is (text == BOTH)


@pytest.mark.parametrize(
    ("text", "tally"),
    [
        ("Ships and cars.", Tally(2, 0, 0)),
        ("Ships.", Tally(1, 0, 1)),
        ("Ships, cars and bridges.", Tally(2, 1, 0)),
        ("Cars and bridges, but no ships.", Tally(1, 1, 1)),
        ("None of them.", Tally(0, 1, 2)),
        ("Yes.", Tally(0, 0, 2)),
    ],
)
def test_classes_are_sets(text: str, tally: Tally) -> None:
    assert score(text, CLASSES).tallies == {"classes": tally}


@pytest.mark.parametrize(
    ("text", "tally"),
    [
        ("A very small, wide vessel in the upper left.", Tally(4, 0, 0)),
        ("A very small, tall ship in the upper left.", Tally(3, 1, 0)),
        ("A very small ship in the upper left.", Tally(3, 0, 1)),
        ("A ship.", Tally(1, 0, 3)),
        ("A very small, wide car in the bottom left.", Tally(2, 2, 0)),
    ],
)
def test_a_wrong_fact_is_one_error_and_a_missing_one_too(text: str, tally: Tally) -> None:
    assert score(text, SINGLE).tallies == {"facts": tally}


def test_a_distance_may_be_missed_by_five_per_cent_or_two_pixels() -> None:
    for said, true, right in (
        (100, 100, 1),
        (105, 100, 1),
        (106, 100, 0),
        (12, 10, 1),
        (13, 10, 0),
    ):
        assert tally_facts({("distance", said)}, {("distance", true)}).right == right


def test_facts_that_were_not_asked_for_cost_nothing() -> None:
    assert tally_facts({("size", "small"), ("cell", "x")}, {("size", "small")}) == Tally(1, 0, 0)


@pytest.mark.parametrize(
    ("expected", "text", "outcome"),
    [
        (REFER, BOTH, "right"),
        (REFER, "{<10><10><50><50>}", "wrong"),
        (REFER, "The ships are in the top left.", "no box"),
        (REFER, "", "no box"),
        (REFER, "[]", "no box"),
        (REFER, "[x1, y1, x2, y2]", "unparsable"),
        (REFER, "{<10><10>", "truncated"),
        (REFER, "{<10><10><50><50>}{<100><1", "truncated"),
        (REFER, "<think>Where is it?", "truncated"),
        (REFER, "I'm sorry, I cannot locate any ship.", "refusal"),
        (REFER, "I cannot determine what lies at {<10><10><50><50>}.", "refusal"),
        (REFER, "I'm sorry for that. They are at {<10><10><50><50>}.", "wrong"),
        (REFER, "I can't give both, but one is at {<10><10><50><50>}.", "wrong"),
        (REFER, f"I am unable to see more than these: {BOTH}", "right"),
        (REFER, f"{BOTH}\n\nUSER: [refer] Where?\nASSISTANT: {BOTH}", "right"),
        (REFER, None, "missing"),
        (CLASSES, "ships, cars", "right"),
        (CLASSES, "ships", "wrong"),
        (CLASSES, "asdf", "unparsable"),
        (CLASSES, "As an AI model I can't see pictures.", "refusal"),
        (PRESENCE, "No.", "right"),
        (PRESENCE, "Yes.", "wrong"),
        (PRESENCE, "Perhaps.", "unparsable"),
        (DESCRIBE, "A ship in the top left, a car in the bottom right.", "right"),
        (DESCRIBE, "A ship in the top left.", "wrong"),
        (COUNT, f"2 ships: {BOTH}", "right"),
        (COUNT, f"3 ships: {BOTH}", "wrong"),
    ],
)  # fmt: skip
def test_outcomes(expected: Expected, text: str | None, outcome: str) -> None:
    assert score(text, expected).outcome == outcome


def test_a_box_that_a_refusal_quotes_is_no_false_positive() -> None:
    scored = score("I cannot identify the object at {<10><10><50><50>}.", REFER)
    assert scored.tallies[box_metric(0.5)] == Tally(0, 0, 2)
    assert scored.boxes == scored.outlines == ()


def test_an_answer_that_became_too_long_is_truncated() -> None:
    assert score("{<10><10><50><50>}", REFER, stopped=True).outcome == "truncated"
    assert score(BOTH, REFER, stopped=True).outcome == "right"


def test_nothing_there_and_nothing_said_is_right() -> None:
    nothing = Expected("instance_counting", "all", 512, 512, (), frozenset({("count", 0)}), "ship")
    assert score("No ships.", nothing).score == 1.0
    assert score(f"2 ships: {BOTH}", nothing).tallies[box_metric(0.5)] == Tally(0, 2, 0)
    assert score("", nothing).outcome == "unparsable"


BOXES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(20, 90), st.integers(20, 90)),
    min_size=1,
    max_size=8,
    unique=True,
).map(lambda rows: [(x, y, x + w, y + h) for x, y, w, h in rows])


def text_of(boxes: list[tuple[int, int, int, int]]) -> str:
    return "".join("{" + "".join(f"<{value}>" for value in box) + "}" for box in boxes)


def expect(boxes: list[tuple[int, int, int, int]]) -> Expected:
    true = tuple(tuple(map(float, box)) for box in boxes)
    return Expected("referring", "multi", 512, 512, true, frozenset())  # type: ignore[arg-type]


@given(BOXES, BOXES, st.randoms())
def test_the_order_of_boxes_costs_nothing(
    true: list[tuple[int, int, int, int]], said: list[tuple[int, int, int, int]], order: object
) -> None:
    before = score(text_of(said), expect(true)).tallies
    order.shuffle(said)  # type: ignore[attr-defined]
    order.shuffle(true)  # type: ignore[attr-defined]
    assert score(text_of(said), expect(true)).tallies == before


@given(BOXES)
def test_each_error_costs_and_none_gains(true: list[tuple[int, int, int, int]]) -> None:
    own = score(text_of(true), expect(true))
    assert own.score == 1.0
    previous = 1.0
    for kept in range(len(true) - 1, -1, -1):  # one box less each time
        now = score(text_of(true[:kept]), expect(true))
        assert now.tallies[box_metric(0.5)] == Tally(kept, 0, len(true) - kept)
        assert now.score < previous
        previous = now.score
    repeated = score(text_of(true + true), expect(true))
    assert repeated.tallies[box_metric(0.75)] == Tally(len(true), len(true), 0)
