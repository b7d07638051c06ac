"""Every family of box text reads right, and text without a box gives none."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from box_cases import CASES
from box_forms import COARSENESS, FORMS
from boxed_texts import BOXED, Boxed
from hypothesis import given, settings
from hypothesis import strategies as st
from more_box_cases import MORE_CASES
from more_boxed_texts import MORE_BOXED
from more_unboxed_texts import MORE_UNBOXED
from unboxed_texts import UNBOXED

from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.frames import Frame

ALL_BOXED, ALL_UNBOXED = BOXED | MORE_BOXED, UNBOXED | MORE_UNBOXED
ALL = [
    (family, *case)
    for families in (CASES, MORE_CASES)
    for family, cases in families.items()
    for case in cases
]
SHARED = Path(os.environ.get("SARCHAT_REAL_DATA", Path(__file__).parents[3] / "shared/data")).parent
HANDED = SHARED / "cases" / "box_variants.jsonl"
TOLERANCE_PX = 0.6

SIDES = st.sampled_from([(512, 512), (500, 400), (1000, 600)])


def close(
    found: Sequence[Sequence[float]], expected: Sequence[Sequence[float]], px: float = TOLERANCE_PX
) -> bool:
    return len(found) == len(expected) and all(
        abs(a - b) <= px
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize(("family", "text", "frame", "expected"), ALL)
def test_each_form_reads_right(
    family: str, text: str, frame: str, expected: list[list[float]]
) -> None:
    found = parse_boxes(text, 500, 400, Frame.parse(frame))
    assert close(found.boxes, expected), found


@pytest.mark.parametrize("family", ALL_BOXED)
def test_words_around_a_box_do_not_hide_it(family: str) -> None:
    own = ALL_BOXED[family]
    wrong = {text: found for text in own.texts if not close(found := read(text, own), own.boxes)}
    assert not wrong


def read(text: str, own: Boxed) -> Sequence[Sequence[float]]:
    return parse_boxes(text, 500, 400, Frame.parse(own.frame)).boxes


@pytest.mark.parametrize("family", ALL_UNBOXED)
def test_numbers_that_are_no_box_give_none(family: str) -> None:
    """In no frame: where one clips everything away, another does not."""
    frames = [Frame.parse(name) for name in ("native", "norm1", "norm1000", "norm10000")]
    found = {
        text: boxes
        for text in ALL_UNBOXED[family]
        for frame in frames
        if (boxes := parse_boxes(text, 500, 400, frame).boxes)
    }
    assert not found


@pytest.mark.skipif(not HANDED.exists(), reason="the handed cases are not here")
def test_every_handed_case_reads_right() -> None:
    cases = [json.loads(line) for line in HANDED.read_text(encoding="utf-8").splitlines()]
    assert len(cases) > 40
    wrong = [
        case["id"]
        for case in cases
        if not close(
            parse_boxes(
                case["text"], case["width"], case["height"], Frame.parse(case["frame"])
            ).boxes,
            case["expected"],
        )
    ]
    assert not wrong


@st.composite
def chips(draw: st.DrawFn) -> tuple[int, int, list[list[int]]]:
    width, height = draw(SIDES)
    count = draw(st.integers(1, 5))
    boxes = []
    for _ in range(count):
        x, y = draw(st.integers(0, width - 80)), draw(st.integers(0, height - 80))
        boxes.append([x, y, x + draw(st.integers(40, 80)), y + draw(st.integers(40, 80))])
    return width, height, boxes


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=12)
@given(chip=chips())
def test_what_a_model_writes_is_read_back(
    form: str, chip: tuple[int, int, list[list[int]]]
) -> None:
    width, height, boxes = chip
    frame, write = FORMS[form]
    text = write(boxes, width, height)
    found = parse_boxes(text, width, height, Frame.parse(frame))
    coarse = COARSENESS.get(form, 0.001) * max(width, height) + 1e-6
    assert close(found.boxes, boxes, max(coarse, TOLERANCE_PX)), text
    assert not found.cut
    assert not found.broken


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=12)
@given(chip=chips(), data=st.data())
def test_a_text_that_ends_early_gives_no_box_that_is_not_there(
    form: str, chip: tuple[int, int, list[list[int]]], data: st.DataObject
) -> None:
    """Whole boxes stay, in order; nothing is made of what was cut."""
    width, height, boxes = chip
    frame, write = FORMS[form]
    text = write(boxes, width, height)
    text = text[: data.draw(st.integers(0, len(text)))]
    whole = parse_boxes(write(boxes, width, height), width, height, Frame.parse(frame)).boxes
    found = parse_boxes(text, width, height, Frame.parse(frame)).boxes
    if form != "geochat":  # without its bar and angle, GeoChat's box is MiniGPT's
        assert whole[: len(found)] == found


# Of these a beginning says something else: what is a tool's, a reference, or a prompt.
BEGIN_OTHERWISE = ("<tool_call>", "<ref>[", "<|im_start|>system")


def may_end_within_a_number(text: str) -> bool:
    return text.rstrip()[-1:].isdigit() or text.endswith(".")


@pytest.mark.parametrize("family", MORE_CASES)
def test_beginnings_give_no_box_that_is_not_there(family: str) -> None:
    """At every place but within a number, which in a sentence may be the last and whole."""
    for text, frame, _ in MORE_CASES[family]:
        if text.startswith(BEGIN_OTHERWISE):
            continue
        whole = parse_boxes(text, 500, 400, Frame.parse(frame)).boxes
        for end in range(len(text)):
            start = text[:end]
            if may_end_within_a_number(start):
                continue
            found = parse_boxes(start, 500, 400, Frame.parse(frame)).boxes
            assert found == whole[: len(found)], start


@pytest.mark.parametrize("family", ALL_BOXED)
def test_beginnings_of_such_texts_give_no_other_box(family: str) -> None:
    own = ALL_BOXED[family]
    for text in own.texts:
        whole = read(text, own)
        for end in range(len(text)):
            start = text[:end]
            if may_end_within_a_number(start) or text.startswith(BEGIN_OTHERWISE):
                continue
            found = read(start, own)
            assert found == whole[: len(found)], start


WORDS = st.sampled_from(
    [
        *("the", "ship", "lies", "near", "3", "12", "bridge,", "(top", "left)", "in", "2024-05-12"),
        *("[see]", "figure", "4.", "at", "512", "x", "{none}", "version", "1.2", "about", "40"),
        *("m;", "10%", "7", '"quoted"', "it's", "harbor:", "and"),
    ]
)


@given(st.lists(WORDS, max_size=30))
def test_prose_gives_no_box(words: list[str]) -> None:
    """Numbers side by side are a row of numbers; any with words between are none."""
    text = " ".join(words)
    if re.search(r"(?:^|\n)[\s\d.%]+$", text):
        return
    assert parse_boxes(text, 512, 512).boxes == ()


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = parse_boxes(text, 64, 48)
    for x1, y1, x2, y2 in found.boxes:
        assert 0 <= x1 < x2 <= 64
        assert 0 <= y1 < y2 <= 48


@given(st.text(alphabet="[](){}<>,;|:=\"' \n0123456789.-xyab%", max_size=300))
def test_any_row_of_signs_is_read_without_a_fault(text: str) -> None:
    parse_boxes(text, 64, 48)


LOOPS = [
    *("x" + " " * 60_000, "\n" * 99_000, "x1|y1|x2|y2\n" + "1|2|3|4\n" * 4_000, "width 1 " * 9_000),
    *("[" * 20_000, "[1," * 8_000, "(1, 2), " * 10_000, '{"a": ' * 5_000, "<think>" * 20_000),
    *("x1=1, " * 20_000, "<loc0001>" * 20_000, "a" * 200_000, "1 " * 100_000, "<" * 100_000),
    "\\" * 100_000,
]


@pytest.mark.parametrize("text", LOOPS, ids=[text[:6] for text in LOOPS])
@pytest.mark.timeout(20)
def test_long_repetitions_end(text: str) -> None:
    """Models that loop write such things; a reader that goes back and forth would never end."""
    parse_boxes(text, 512, 512)


def test_marks_of_the_text_survive_for_its_words() -> None:
    found = parse_boxes("2 ships: {<10><20><30><40>}, {<50><60><70><80>}.", 512, 512)
    assert found.rest.replace("\x00", "").split() == ["2", "ships:", ",", "."]


@pytest.mark.parametrize(
    ("text", "cut", "broken", "none"),
    [
        ("{<1><2><3", True, False, False),
        ("[x1, y1, x2, y2]", False, True, False),
        ('{"bbox_2d": null}', False, False, True),
        ("[]", False, False, True),
        ("no box here", False, False, False),
        ("<think>still thinking about [1, 2, 3, 4]", True, False, False),
    ],
)
def test_what_is_no_box_is_told_apart(text: str, cut: bool, broken: bool, none: bool) -> None:
    found = parse_boxes(text, 512, 512)
    assert (found.cut, found.broken, found.none) == (cut, broken, none)
