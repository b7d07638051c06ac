"""The reader of answers, and the arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.validation.answers.check_dialogues import dialogue_problems
from sarchat_build.validation.answers.expected import Dialogue
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import make_checked_image, make_checked_object
from sarchat_build.validation.rules import Rules, rules_of
from sarchat_build.validation.texts.parse import read
from sarchat_build.validation.vocabulary import CATEGORIES, TASKS


def facts(text):
    reading = read(text)
    return reading.order, [(noun.category, noun.number, noun.size) for noun in reading.nouns]


@pytest.mark.parametrize(
    ("text", "order", "nouns"),
    [
        ("1 ship", "n", [("ship", 1, None)]),
        ("No aircraft can be seen.", "n", [("aircraft", 0, None)]),
        ("12 medium-sized harbors", "zn", [("harbor", 12, "medium")]),
        ("A very small, roughly square car", "zhn", [("car", None, "very small")]),
        ("very large", "z", []),
        ("a friendship of cartoonists and tankers", "", []),
        ("Bottom right, MIDDLE CENTER", "cc", []),
        ("to the left of it, above it, to the lower right of it", "ddd", []),
        ("at the same place as, near, far from", "dpp", []),
        ("at 12 px or 13 pixels", "xx", []),
        ("the first 100 of 250 tanks", "ln", [("tank", 250, None)]),
        ("3 {<1><2><3><4>}{<10><0><20><5>} ships", "bbn", [("ship", None, None)]),
        ("9 objects: a ship", "n", [("ship", None, None)]),
    ],
)
def test_phrases_are_read_longest_first(text, order, nouns):
    assert facts(text) == (order, nouns)
    assert read(text).strays == []


@pytest.mark.parametrize(
    "text",
    ["the left ship", "far away", "two", "<b>", "{{7*7}}", "{<1><2><3>}", "{<01><2><3><4>}"],
)
def test_what_is_no_phrase_is_a_stray(text):
    assert read(text).strays


def test_a_total_is_a_number_and_no_count():
    assert read("There are 9 objects here, ships").numbers == [9]


numbers = st.floats(-4000, 4000, allow_nan=False)


@given(numbers, numbers)
def test_directions_have_opposites(dx, dy):
    opposites = {"left": "right", "above": "below", "upper": "lower", "same": "same"}
    opposites |= {there: back for back, there in opposites.items()}
    forth = geometry.direction(dx, dy).split("_")
    assert [opposites[word] for word in forth] == geometry.direction(-dx, -dy).split("_")


@given(st.integers(1, 2000), st.integers(1, 2000), st.data())
def test_every_pixel_lies_in_one_cell(width, height, data):
    x = data.draw(st.floats(0, width))
    y = data.draw(st.floats(0, height))
    row, column = geometry.cell(x, y, width, height).split()
    assert ("left", "center", "right").index(column) == (x > width / 3) + (x > 2 * width / 3) or (
        min(abs(3 * x - width), abs(3 * x - 2 * width)) < 1e-6
    )
    assert row in ("top", "middle", "bottom")


def checked(boxes, category="ship", annotated=CATEGORIES, cut=()):
    objects = [
        make_checked_object(f"s/i#{index}", category, box, (300, 300), Rules())
        for index, box in enumerate(boxes)
    ]
    return make_checked_image(
        "s/i", "s", (300, 300), objects, annotated=annotated, rejected=(), cut=cut
    )


def problems(found, task, subtask, key, question, answer, truth, objects, rules=None):
    dialogue = Dialogue(
        task=task,
        subtask=subtask,
        key=key,
        question=question,
        answer=answer,
        refs=[obj.category for obj in objects],
        boxes=[list(obj.box) for obj in objects],
        instance_ids=[obj.instance_id for obj in objects],
        ground_truth=truth,
    )
    return [
        problem.check
        for problem in dialogue_problems(found, dialogue, read(answer), rules or Rules())
    ]


THREE = [(0.0, 10.0 * n, 5.0, 10.0 * n + 5) for n in range(3)]
TEXTS = "{<0><0><5><5>}{<0><10><5><15>}"


def test_above_the_cap_the_first_boxes_are_listed():
    found = checked(THREE)
    answer = f"There are 3 ships; the first 2 of them are {TEXTS}"
    args = (found, "instance_counting", "all", "ship", "How many ships?")
    rest = (("ship", 3, 2), found.objects[:2], Rules(counting_cap=2))
    assert problems(*args, answer, *rest) == []
    assert "answer_listed" in problems(*args, answer.replace("first 2", "first"), *rest)
    assert "answer_box" in problems(*args, answer + "{<0><20><5><25>}", *rest)


def test_relations_end_at_the_cap():
    found = checked([(0, 0, 10, 10), (140, 140, 160, 160), (290, 290, 300, 300)])
    names = ("ship in the top left", "ship in the middle center", "ship in the bottom right")
    boxes = ("{<0><0><10><10>}", "{<140><140><160><160>}", "{<290><290><300><300>}")
    answer = "".join(f"1 {name}: {box}. " for name, box in zip(names, boxes, strict=True))
    cells = ("top left", "middle center", "bottom right")
    groups = [("ship", cell, 1) for cell in cells]
    relation = f"The {names[1]} lies to the lower right of the {names[0]}, far from it."
    args = (found, "spatial_grounding", "multi", "all", "Where?")
    truth = (groups, [("lower_right", "far")], None, None, None)
    rules = Rules(relations_cap=1)
    assert problems(*args, answer + relation, truth, found.objects, rules) == []
    assert "ground_truth" in problems(*args, answer + relation, truth, found.objects)


CANDIDATES = "ship, aircraft, car, tank, bridge or harbor?"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("None of them is present.", []),
        ("No candidate appears.", []),
        ("Not one of ship, aircraft, car, tank, bridge and harbor is here.", ["answer_category"]),
        ("It shows nothing but a ship.", ["answer_category"]),
        ("Yes.", ["answer_verdict"]),
    ],
)
def test_none_may_be_said_in_any_words(answer, expected):
    args = ("classification", "all", "all", CANDIDATES, answer, ([], None, None), ())
    found = problems(checked([]), *args)
    assert expected == [] == found or (expected and set(expected) <= set(found))


@pytest.mark.parametrize(
    ("more", "rules", "expected"),
    [
        ({"annotated": ("ship",)}, Rules(), "wrong_negative"),
        ({"cut": ("ship",)}, Rules(), "left_out_class"),
        ({"cut": ("ship",)}, Rules(skip_cut=False), "wrong_negative"),
    ],
)
def test_none_is_said_only_where_it_is_known(more, rules, expected):
    args = ("classification", "all", "all", CANDIDATES, "None.", ([], None, None), ())
    assert problems(checked([], **more), *args, rules) == [expected]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("The first is a ship, the second a ship", []),
        ("Both are ships", []),
        ("These are 2 ships", []),
        ("These are 3 ships", ["answer_category"]),
        ("Both are cars", ["answer_category"]),
    ],
)
def test_two_of_a_kind_may_be_named_at_once(named, expected):
    found = checked(THREE)
    first, second = found.objects[:2]
    words = ("ship", "very small", "roughly square", "top left")
    answer = f"{named}; the first lies above the second, near it, at 10 px."
    question = f"How does {first.text} lie to {second.text}?"
    truth = ([words, words], "above", "near", 10, [])
    args = ("cross_modal_identification", "multi", "0-1", question, answer, truth, (first, second))
    named = problems(found, *args)
    assert expected == [] == named or (expected and set(expected) <= set(named))


@pytest.mark.parametrize(
    ("recipe", "tasks"),
    [
        ({}, TASKS),
        ({"tasks": {"enabled": ["referring"]}}, ("referring",)),
        ({"tasks": "all"}, TASKS),
    ],
)
def test_tasks_that_are_on(recipe, tasks):
    assert rules_of({"recipe": recipe}).tasks == tasks
