"""A wrong answer or question in a sound dataset is found and named: file, row, check."""

from __future__ import annotations

import pytest
from checks_keys import (
    ABSENCE,
    CELL,
    CHOICE,
    CLASSIFY,
    COUNT,
    DESCRIBE,
    GROUND,
    IDENTIFY,
    NAME,
    NEAR_PAIR,
    NEAREST,
    NEGATIVE,
    NO_CELL,
    PAIR,
    PRESENCE,
    REFER,
    REFER_ONE,
    UNIQUE,
    A,
)
from checks_world import assert_named, validate

quality = pytest.mark.quality


# dialogue, what it says, what it says then, check
ANSWERS = {
    "a count": (COUNT, "2 ships", "3 ships", "answer_count"),
    "a count in one digit more": (COUNT, "2 ships", "12 ships", "answer_count"),
    "a singular": (COUNT, "2 ships", "2 ship", "grammar"),
    "no instead of a count": (COUNT, "2 ships", "no ships", "answer_count"),
    "a category counted": (COUNT, "2 ships", "2 harbors", "answer_category"),
    "a box moved by 2 px": (COUNT, "{<10><10><60><40>}", "{<12><10><62><40>}", "answer_box"),
    "a box dropped": (COUNT, "{<10><10><60><40>}", "", "answer_box"),
    "boxes in another order": (
        COUNT,
        "{<10><10><60><40>}{<100><100><200><200>}",
        "{<100><100><200><200>}{<10><10><60><40>}",
        "answer_box",
    ),
    "a box with a leading zero": (COUNT, "<10><10>", "<010><10>", "answer_box"),
    "a box cut short": (COUNT, "<60><40>}", "<60>", "answer_stray"),
    "a count beside the count": (COUNT, "There are", "There are two, that is", "answer_stray"),
    "a negative turned around": (NEGATIVE, "no aircraft", "1 aircraft", "answer_count"),
    "a cell grounded": (GROUND, "in the top left", "in the top right", "answer_cell"),
    "a row of a cell": (GROUND, "in the middle right", "in the bottom right", "answer_cell"),
    "a group's count": (GROUND, "1 harbor", "2 harbors", "answer_count"),
    "a group's category": (GROUND, "1 harbor", "1 bridge", "answer_category"),
    "a box grounded": (GROUND, "{<200><20><250><220>}", "{<200><20><250><222>}", "answer_box"),
    "a box in the wrong group": (
        GROUND,
        "{<10><10><60><40>}. 1 ship in the middle center: ",
        ". 1 ship in the middle center: {<10><10><60><40>}",
        "answer_order",
    ),
    "right and left of a relation": (
        GROUND,
        "to the right of",
        "to the left of",
        "answer_direction",
    ),
    "far and near of a relation": (GROUND, "far from", "near", "answer_proximity"),
    "first and second of a relation": (
        GROUND,
        "harbor in the middle right: to the right of the ship in the middle center",
        "ship in the middle center: to the right of the harbor in the middle right",
        "answer_category",
    ),
    "which ship a relation is about": (
        GROUND,
        "of the ship in the middle center",
        "of the ship in the top left",
        "answer_cell",
    ),
    "a relation that names nobody": (GROUND, "The harbor in the middle right: ", "", "answer_cell"),
    "a size described": (DESCRIBE, "very small ship", "small ship", "answer_size"),
    "a cell described": (DESCRIBE, "middle right", "middle left", "answer_cell"),
    "a category described": (
        DESCRIBE,
        "medium-sized harbor",
        "medium-sized tank",
        "answer_category",
    ),
    "an object not described": (
        DESCRIBE,
        "A very small ship lies in the top left. ",
        "",
        "answer_category",
    ),
    "a count described": (DESCRIBE, "A very small ship", "2 very small ships", "answer_count"),
    "a category left out": (CLASSIFY, "ship and harbor", "ship", "answer_category"),
    "a category added": (CLASSIFY, "and harbor", "and harbor and car", "answer_category"),
    "categories in another order": (
        CLASSIFY,
        "ship and harbor",
        "harbor and ship",
        "answer_category",
    ),
    "a category identified": (IDENTIFY, "ship", "car", "answer_category"),
    "a size word": (IDENTIFY, "very small", "small", "answer_size"),
    "a shape word": (IDENTIFY, "wide", "tall", "answer_shape"),
    "a shape left out": (IDENTIFY, ", wide", "", "answer_shape"),
    "a cell identified": (IDENTIFY, "top left", "top center", "answer_cell"),
    "two cells": (IDENTIFY, "top left", "top left or the top right", "answer_cell"),
    "left and right": (PAIR, "to the upper left of", "to the upper right of", "answer_direction"),
    "up and down": (NEAR_PAIR, "above", "below", "answer_direction"),
    "near and far": (NEAR_PAIR, "near it", "far from it", "answer_proximity"),
    "a distance off by one": (PAIR, "170 px", "171 px", "answer_distance"),
    "a distance left out": (PAIR, ", 170 px away", "", "answer_distance"),
    "first and second swapped": (
        NEAR_PAIR,
        "a ship, the second a aircraft",
        "a aircraft, the second a ship",
        "answer_category",
    ),
    "a box referred to": (REFER, "<60><40>", "<60><42>", "answer_box"),
    "a cell referred to": (REFER, "(middle center)", "(middle left)", "answer_cell"),
    "a cell missing": (REFER_ONE, " (middle right)", "", "answer_cell"),
    "a unique box": (UNIQUE, "<10><10>", "<10><12>", "answer_box"),
    "a unique cell": (UNIQUE, "top left", "bottom left", "answer_cell"),
    "yes and no": (PRESENCE, "Yes", "No", "answer_verdict"),
    "no and yes": (ABSENCE, "No", "Yes", "answer_verdict"),
    "a count of what is present": (PRESENCE, "2 ships", "3 ships", "answer_count"),
    "yes to an empty cell": (NO_CELL, "No, no ships", "Yes, 1 ship", "answer_verdict"),
    "a count in a cell": (CELL, "1 ship", "2 ships", "answer_count"),
    "a cell that was not asked": (CELL, "top left", "top right", "answer_cell"),
    "a class": (NAME, "ship", "tank", "answer_category"),
    "the other option": (CHOICE, "ship", "aircraft", "answer_category"),
    "the box of another": (NEAREST, "{<100><100>", "{<101><100>", "answer_box"),
    "the direction back": (NEAREST, "to the left", "to the right", "answer_direction"),
    "the distance to the nearest": (NEAREST, "81 px", "80 px", "answer_distance"),
    "which of two lies": (PAIR, "the first lies", "the second lies", "answer_roles"),
    "a fact turned round": (COUNT, "There are 2", "There are not 2", "answer_stray"),
    "a size in another word": (CELL, "1 ship", "1 ship, tiny", "answer_stray"),
    "a number in another script": (COUNT, "There are", "There are \u0663", "answer_stray"),
    "a class in another word": (COUNT, "2 ships", "2 ships, vessels", "answer_stray"),
    "markup": (IDENTIFY, "This is", "This <b>is</b>", "answer_stray"),
    "template code": (IDENTIFY, "This is", "This {{7*7}} is", "answer_stray"),
    "a second image": (IDENTIFY, "This is", "This <image> is", "answer_stray"),
    "blanks around": (IDENTIFY, "This is", " This is", "text"),
}


@quality(row=45)
@pytest.mark.parametrize("fault", ANSWERS)
def test_a_wrong_answer_is_named(world, tmp_path, fault):
    dialogue, old, new, check = ANSWERS[fault]
    world.say(dialogue, old, new)
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, check, dialogue)
    assert {finding.key for finding in findings} == {dialogue}


QUESTIONS = {
    "another box": (IDENTIFY, "<10><10>", "<10><12>", "question_box"),
    "no box": (IDENTIFY, "{<10><10><60><40>}", "the middle", "question_box"),
    "boxes swapped": (PAIR, "{<10><10><60><40>}", "{<100><100><200><200>}", "question_box"),
    "the answer given away": (IDENTIFY, "What is", "What is the ship", "question_gives_away"),
    "a box given away": (COUNT, "ships?", "ships? {<10><10><60><40>}", "question_box"),
    "a count given away": (COUNT, "How many ships", "Are these 2 ships", "question_count"),
    "another category": (COUNT, "ships", "tanks", "question_category"),
    "another category referred to": (REFER, "2 ships", "2 harbors", "question_category"),
    "another number": (REFER, "2 ships", "3 ships", "question_count"),
    "five candidates": (CLASSIFY, "bridge and ", "", "question_category"),
    "two images": (CLASSIFY, "Which", "<image> Which", "question_markup"),
    "template code": (CLASSIFY, "Which", "{{7*7}} Which", "question_markup"),
    "another tag": (COUNT, "[count]", "[refer]", "question_opening"),
    "a phrase that fits two": (UNIQUE, "wide ship", "ship", "referring_phrase"),
    "a phrase that fits another": (
        UNIQUE,
        "wide ship",
        "medium-sized ship",
        "referring_unique",
    ),
    "a phrase that fits none": (UNIQUE, "wide ship", "wide tank", "referring_unique"),
    "two phrases": (UNIQUE, "wide ship", "wide ship, the leftmost ship", "referring_phrase"),
    "a phrase of another order": (UNIQUE, "wide ship", "rightmost ship", "referring_unique"),
    "a nearest of another category": (NEAREST, "Which ship", "Which tank", "question_category"),
    "another option": (CHOICE, "a aircraft", "a bridge", "question_category"),
    "options swapped": (
        CHOICE,
        "a aircraft or a ship",
        "a ship or a aircraft",
        "question_category",
    ),
    "another cell": (CELL, "top left", "top right", "question_cell"),
    "a question turned round": (PRESENCE, "show any", "show no", "question_count"),
    "a question turned round in prose": (PRESENCE, "show any", "lack any", "question_negated"),
}


@pytest.mark.parametrize("fault", QUESTIONS)
def test_a_wrong_question_is_named(world, tmp_path, fault):
    dialogue, old, new, check = QUESTIONS[fault]
    world.say(dialogue, old, new, turn=0)
    world.write(tmp_path)
    assert_named(validate(tmp_path), check, dialogue)


def test_a_phrase_that_fits_two_objects_is_not_unique(world, tmp_path):
    """Both ships become wide: the sentence is as before, but no longer true of one ship only."""
    objects = world.image(A)["objects"]
    objects["bbox"][1] = [100.0, 100.0, 200.0, 150.0]
    objects["area"][1] = 5000.0
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "referring_unique", UNIQUE)
    assert_named(findings, "answer_box", COUNT)
    assert_named(findings, "objects_bbox", COUNT)
