"""Every fault that can be made in a sound dataset is found and named: file, row, check."""

from __future__ import annotations

import copy
import hashlib
import io
import json
from collections import Counter

import pytest
from PIL import Image
from test_checks_builder import picture
from test_checks_world import World, assert_named, make_world, only_errors, validate

from sarchat_build.checks.pixels import decode
from sarchat_build.checks.vocabulary import TASKS

quality = pytest.mark.quality

A = "alpha/a"
COUNT = f"{A}/instance_counting/all/ship"
GROUND = f"{A}/spatial_grounding/multi/all"
DESCRIBE = f"{A}/fine_grained_description/all/all"
CLASSIFY = f"{A}/classification/all/all"
IDENTIFY = f"{A}/cross_modal_identification/single/0"
PAIR = f"{A}/cross_modal_identification/multi/0-1"
NEAR_PAIR = "alpha/c/cross_modal_identification/multi/1-2"
REFER = f"{A}/referring/multi/ship"
REFER_ONE = f"{A}/referring/single/harbor"
UNIQUE = f"{A}/referring/unique/0"
NEAREST = f"{A}/cross_modal_identification/nearest/2-ship"
CHOICE = f"{A}/cross_modal_identification/choice/0"
NAME = f"{A}/cross_modal_identification/category/1"
NAME_2 = f"{A}/cross_modal_identification/category/2"
PRESENCE = f"{A}/classification/presence/ship"
ABSENCE = f"{A}/classification/presence/aircraft"
CELL = f"{A}/spatial_grounding/presence/ship-top_left"
NO_CELL = f"{A}/spatial_grounding/presence/ship-bottom_left"
NEGATIVE = f"{A}/instance_counting/all/aircraft"

TRAIN = "images/train-00000-of-00002.parquet"
TEST = "images/test-00000-of-00001.parquet"


@pytest.fixture
def world() -> World:
    return make_world()


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


def set_in(path, value):
    """Give a change that sets `path` within a row to `value`."""

    def change(row):
        for part in path[:-1]:
            row = row[part]
        row[path[-1]] = value

    return change


DIALOGUE_ROWS = {
    "a count": (COUNT, set_in(["ground_truth", "count"], 3), "ground_truth"),
    "a listed": (COUNT, set_in(["ground_truth", "listed"], 0), "ground_truth"),
    "a label": (IDENTIFY, set_in(["ground_truth", "objects", 0, "size"], "small"), "ground_truth"),
    "a relation": (
        GROUND,
        set_in(["ground_truth", "relations", 0, "proximity"], "near"),
        "ground_truth",
    ),
    "a distance": (PAIR, set_in(["ground_truth", "distance_px"], 171), "ground_truth"),
    "attributes": (UNIQUE, set_in(["ground_truth", "size"], "large"), "ground_truth"),
    "a box": (COUNT, set_in(["objects", "bbox", 0], [12.0, 10.0, 60.0, 40.0]), "objects_bbox"),
    "a reference": (COUNT, set_in(["objects", "ref", 0], "car"), "objects_ref"),
    "an unknown object": (COUNT, set_in(["instance_ids", 0], "alpha/a#9"), "instance_ids"),
    "another object": (IDENTIFY, set_in(["instance_ids", 0], "alpha/a#1"), "dialogue_key"),
    "a source": (COUNT, set_in(["source"], "beta"), "source"),
    "a split": (COUNT, set_in(["split"], "test"), "split"),
    "a task": (COUNT, set_in(["task"], "referring"), "task"),
    "a subtask": (COUNT, set_in(["subtask"], "unique"), "subtask"),
    "a number of objects": (GROUND, set_in(["subtask"], "single"), "dialogue_id"),
    "templates": (COUNT, set_in(["template_ids"], ["referring/single/question/x"]), "template_ids"),
    "one turn": (COUNT, lambda row: row["messages"].pop(), "messages"),
    "roles": (COUNT, set_in(["messages", 0, "role"], "system"), "messages"),
    "an image elsewhere": (COUNT, set_in(["image_id"], "alpha/c"), "image_in_shard"),
    "a null": (COUNT, set_in(["messages", 1, "content"], None), "null"),
}


@pytest.mark.parametrize("fault", DIALOGUE_ROWS)
def test_a_wrong_dialogue_row_is_named(world, tmp_path, fault):
    dialogue, change, check = DIALOGUE_ROWS[fault]
    change(world.dialogue(dialogue))
    world.write(tmp_path)
    key = "messages.content" if check == "null" else dialogue
    assert_named(validate(tmp_path), check, key)


@pytest.mark.parametrize(
    "dialogue",
    [CLASSIFY, DESCRIBE, COUNT, GROUND, IDENTIFY, NAME_2, NEAREST, PAIR, REFER, REFER_ONE, UNIQUE],
)
def test_a_missing_dialogue_is_named(world, tmp_path, dialogue):
    world.drop(dialogue)
    world.write(tmp_path)
    missing = [f for f in validate(tmp_path) if f.check == "missing_dialogue"]
    assert [dialogue.startswith(finding.key) for finding in missing] == [True]


@pytest.mark.parametrize("dialogue", [PRESENCE, ABSENCE, CELL, NO_CELL])
def test_half_a_pair_is_named(world, tmp_path, dialogue):
    world.drop(dialogue)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "presence_pair", dialogue.rpartition("/")[0] + "/")


def test_a_missing_negative_is_named(world, tmp_path):
    world.drop(NEGATIVE)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "negatives", f"{A}/instance_counting/all/")


@pytest.mark.parametrize("task", TASKS)
def test_a_share_decides_what_is_asked(world, tmp_path, task):
    """Without any share nothing of the task is demanded, and all that is there is one too many."""
    shares = world.build["recipe"]["tasks"][task]["share_percent"]
    world.build["recipe"]["tasks"][task]["share_percent"] = dict.fromkeys(shares, 0)
    world.write(tmp_path)
    findings = validate(tmp_path)
    rows = sum(len(rows) for path, rows in world.files.items() if f"/{task}/" in path)
    assert [finding.check for finding in findings].count("recipe_share") == rows
    assert not [finding for finding in findings if finding.check == "missing_dialogue"]


def test_more_than_the_recipe_allows_is_named(world, tmp_path):
    tasks = world.build["recipe"]["tasks"]
    tasks["instance_counting"]["negatives_percent"] = 0
    tasks["cross_modal_identification"]["pairs_cap"] = 1
    tasks["referring"]["unique_cap"] = 1
    world.write(tmp_path)
    findings = validate(tmp_path)
    for check, key in (
        ("negatives", f"{A}/instance_counting/all/"),
        ("surplus_dialogue", f"{A}/cross_modal_identification/multi/"),
        ("surplus_dialogue", f"{A}/referring/unique/"),
    ):
        assert_named(findings, check, key)


def test_a_phrasing_held_out_is_named_in_training(world, tmp_path):
    """All phrasings of the world are one per subtask, and at least one stays in training."""
    unused = {f"instance_counting/all/question/other_{n}": 0 for n in range(40)}
    used = Counter(
        template_id
        for path, rows in world.files.items()
        if path.startswith("dialogues/")
        for row in rows
        for template_id in row["template_ids"]
    )
    world.build["templates"] = {"uses": used | unused}
    world.build["recipe"]["phrasing"]["held_out_percent"] = 50
    world.write(tmp_path)
    before = {finding.check for finding in validate(tmp_path)}
    world.build["recipe"]["phrasing"]["held_out_percent"] = 98
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert before <= {"held_out"}
    assert_named(findings, "held_out", COUNT)
    test_row = "alpha/c/instance_counting/all/ship"
    assert test_row not in {finding.key for finding in findings}


def test_a_word_that_changes_with_the_picture_is_named(world, tmp_path):
    world.say(COUNT, "There are", "There, off the promontory, are")
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "unknown_word", COUNT)
    assert {finding.key for finding in findings} == {COUNT}


@pytest.mark.parametrize(
    "place",
    [
        "words.wide_above",
        "tasks.cut_objects",
        "tasks.fine_grained_description.left_out_objects",
        "tasks.referring.share_percent",
        "candidates",
        "phrasing",
    ],
)
def test_a_recipe_that_is_not_recorded_is_named(world, tmp_path, place):
    *above, last = place.split(".")
    tree = world.build["recipe"]
    for key in above:
        tree = tree[key]
    del tree[last]
    world.write(tmp_path)
    named = [f.key for f in validate(tmp_path) if f.check == "recipe"]
    assert named
    assert all(key.startswith(f"recipe.{place}") for key in named)


@pytest.mark.parametrize("check", ["template_known", "template_uses"])
def test_phrasings_that_are_not_recorded_are_named(world, tmp_path, check):
    world.build["templates"] = {"uses": {"referring/single/question/plain": 2}}
    world.write(tmp_path)
    key = COUNT if check == "template_known" else "instance_counting/all/answer/plain"
    assert_named(validate(tmp_path), check, key)


def test_a_task_that_is_off_is_not_demanded(world, tmp_path):
    world.build["recipe"]["tasks"]["enabled"].remove("referring")
    for path in [path for path in world.files if "/referring/" in path]:
        del world.files[path]
    world.write(tmp_path)
    assert validate(tmp_path) == []


def test_a_question_asked_twice_is_named(world, tmp_path):
    rows = world.files["dialogues/instance_counting/train-00000-of-00002.parquet"]
    again = copy.deepcopy(world.dialogue(COUNT))
    rows.append(again)
    world.write(tmp_path)
    findings = validate(tmp_path)
    for check in ("dialogue_id_unique", "duplicate_dialogue", "repeated_dialogue"):
        assert_named(findings, check, COUNT)
    world.say(COUNT, "There are", "One sees")
    world.write(tmp_path)
    assert_named(validate(tmp_path), "conflicting_answers", COUNT)


NEGATIVES = {
    "a class nobody annotated": ("categories_annotated", ["ship", "harbor"], "wrong_negative"),
    "a class with an object cut": ("cut_categories", ["aircraft"], "cut_category"),
    "a class with an object rejected": ("rejected_categories", ["aircraft"], "rejected_category"),
}


@pytest.mark.parametrize("fault", NEGATIVES)
def test_a_wrong_negative_is_named(world, tmp_path, fault):
    column, value, check = NEGATIVES[fault]
    world.image(A)[column] = value
    world.write(tmp_path)
    assert_named(validate(tmp_path), check, NEGATIVE)


def test_a_rejected_category_is_classified_but_not_counted(world, tmp_path):
    world.image(A)["rejected_categories"] = ["ship", "bridge"]
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "answer_category", CLASSIFY)
    for dialogue in (COUNT, REFER, UNIQUE):
        assert_named(findings, "rejected_category", dialogue)


@pytest.mark.parametrize(
    ("column", "check"),
    [("rejected_categories", "rejected_category"), ("cut_categories", "cut_category")],
)
def test_all_of_a_category_of_which_one_is_not_listed_is_named(world, tmp_path, column, check):
    world.image(A)[column] = ["ship"]
    world.write(tmp_path)
    findings = validate(tmp_path)
    for dialogue in (COUNT, REFER, PRESENCE):
        assert_named(findings, check, dialogue)
    assert_named(findings, "cut_category", GROUND)
    assert not [finding for finding in findings if finding.key in (REFER_ONE, PAIR)]


def test_a_recipe_that_ignores_cut_objects_asks_all_the_same(world, tmp_path):
    world.build["recipe"]["tasks"]["cut_objects"] = "ignore"
    world.write(tmp_path)
    findings = validate(tmp_path)
    names = [f"beta/s@{x},0/spatial_grounding/single/all" for x in (0, 64)]
    assert [(f.check, f.key) for f in findings] == [("missing_dialogue", name) for name in names]
    world.image(A)["cut_categories"] = ["ship"]
    world.write(tmp_path)
    keys = {finding.key for finding in validate(tmp_path)}
    assert not keys & {COUNT, REFER, GROUND}


@pytest.mark.parametrize(
    ("box", "named"),
    [
        ([84.0, 84.0, 100.0, 100.0], set()),  # by its corner alone, 1.3 px
        ([80.0, 80.0, 110.0, 110.0], {CELL}),
        ([10.0, 168.0, 200.0, 250.0], {NO_CELL}),
    ],
)
def test_a_cell_that_an_object_enters_from_beside_it_is_named(world, tmp_path, box, named):
    objects = world.image(A)["objects"]
    objects["bbox"][1], objects["area"][1] = box, (box[2] - box[0]) * (box[3] - box[1])
    world.write(tmp_path)
    found = {f.key for f in validate(tmp_path) if f.check == "presence"}
    assert found == named


@pytest.mark.parametrize(
    ("box", "named"),
    [
        ([30.0, 20.0, 40.0, 30.0], True),  # a ship where a ship is described
        ([200.0, 100.0, 210.0, 110.0], False),  # the only one in its cell
        ([200.0, 100.0, 224.0, 124.0], True),  # nearly 1 % of the picture
        ([90.0, 1.0, 250.0, 12.0], True),  # large and too long
        ([90.0, 1.0, 122.0, 4.0], False),  # small and too long
    ],
)
def test_a_description_beside_what_it_leaves_out_is_named(world, tmp_path, box, named):
    """The medium-sized ship shrinks: what stands there is as before, but for it."""
    objects = world.image(A)["objects"]
    objects["bbox"][1], objects["area"][1] = box, (box[2] - box[0]) * (box[3] - box[1])
    world.write(tmp_path)
    assert (DESCRIBE in {f.key for f in validate(tmp_path) if f.check == "left_out"}) == named
    world.build["recipe"]["tasks"]["fine_grained_description"]["left_out_objects"] = "ignore"
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert "left_out" not in {finding.check for finding in findings}
    missing = "alpha/c/fine_grained_description/all/all"
    assert missing in {f.key for f in findings if f.check == "missing_dialogue"}


@pytest.mark.parametrize(
    ("words", "check"),
    [
        ("covering at least 1 % of the image.", None),
        ("covering at least 1 percent of it.", None),
        ("covering at least 2 % of the image.", "question_percent"),
        ("all 1 of them.", "question_count"),
    ],
)
def test_a_description_may_say_from_which_size_on(world, tmp_path, words, check):
    world.say(DESCRIBE, "targets.", f"targets {words}", turn=0)
    world.write(tmp_path)
    found = [(finding.check, finding.key) for finding in validate(tmp_path)]
    assert found == ([(check, DESCRIBE)] if check else [])


def test_a_group_is_near_or_far_where_its_middle_and_its_closest_member_agree(world, tmp_path):
    """A row of ships reaches up to the aircraft, and its middle lies far from it."""
    picture = world.image("alpha/c")["objects"]
    boxes = {0: [0.0, 0.0, 4.0, 4.0], 1: [60.0, 60.0, 64.0, 64.0], 2: [76.0, 76.0, 80.0, 80.0]}
    for place, box in boxes.items():
        picture["bbox"][place] = box
    world.write(tmp_path)
    near = "alpha/c/spatial_grounding/multi/all"
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    assert "'near'" not in found[near]
    assert "'far'" not in found[near]
    picture["bbox"][1] = [4.0, 60.0, 8.0, 64.0]
    world.write(tmp_path)
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    assert "'far'" in found[near]
    picture["bbox"][0:2] = [70.0, 70.0, 74.0, 74.0], [72.0, 72.0, 76.0, 76.0]
    world.write(tmp_path)
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    assert "'near'" in found[near]


def test_a_nearest_by_center_that_another_touches_is_named(world, tmp_path):
    """The second ship is nearest to the aircraft's center until the first one becomes its neighbor.

    Its box then ends 4.5 px above the aircraft, and its center is as far away as before.
    """
    key = "alpha/c/cross_modal_identification/nearest/2-ship"
    box = [0.0, 0.0, 41.0, 47.5]
    picture = world.image("alpha/c")["objects"]
    picture["bbox"][0], picture["area"][0] = box, 41.0 * 47.5
    world.write(tmp_path)
    assert_named(validate(tmp_path), "nearest", key)


def test_a_nearest_is_asked_where_one_of_several_clearly_is(world, tmp_path):
    """The harbor has one, until the first ship comes as near as the second."""
    row = copy.deepcopy(world.dialogue(NEAREST))
    world.drop(NEAREST)
    world.write(tmp_path)
    missing = [f.key for f in validate(tmp_path) if f.check == "missing_dialogue"]
    assert missing == [f"{A}/cross_modal_identification/nearest/"]
    world.files["dialogues/cross_modal_identification/train-00000-of-00002.parquet"].append(row)
    objects = world.image(A)["objects"]
    objects["bbox"][0], objects["area"][0] = [150.0, 100.0, 200.0, 110.0], 500.0
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "nearest", NEAREST)


def test_a_nearest_of_the_only_other_is_named(world, tmp_path):
    row = world.dialogue(NEAREST)
    row["dialogue_id"] = f"{A}/cross_modal_identification/nearest/0-ship"
    row["instance_ids"] = [f"{A}#0", f"{A}#1"]
    world.write(tmp_path)
    assert_named(validate(tmp_path), "nearest", row["dialogue_id"])


@pytest.mark.parametrize("x_min", [10.0, 40.2, 39.0])
def test_an_order_that_edges_do_not_have_is_named(world, tmp_path, x_min):
    """The leftmost ship by its center is that by its left edge until the other one grows."""
    key = "alpha/c/referring/unique/0"
    picture = world.image("alpha/c")["objects"]
    picture["bbox"][1] = [x_min, 10.0, 120.0, 40.0]
    picture["bbox"][0] = [40.0, 10.0, 60.0, 40.0]
    world.write(tmp_path)
    named = key in {f.key for f in validate(tmp_path) if f.check == "referring_unique"}
    assert named
    picture["bbox"][1][0] = 41.0
    world.write(tmp_path)
    assert key not in {f.key for f in validate(tmp_path) if f.check == "referring_unique"}


@pytest.mark.parametrize(
    ("size", "corner", "named"),
    [
        ("very small", 40.0, False),
        ("small", 70.0, True),  # the other one is very small
        ("medium", 110.0, True),
        ("large", 160.0, False),
        ("very large", 200.0, False),
    ],
)
def test_a_size_alone_between_others_is_named(world, tmp_path, size, corner, named):
    """The other ship is very small but for the first case, where it is medium-sized."""
    word = "medium-sized" if size == "medium" else size
    picture = world.image(A)["objects"]
    picture["bbox"][0] = [10.0, 10.0, corner, corner]
    if size != "very small":
        picture["bbox"][1] = [100.0, 100.0, 110.0, 110.0]
    world.say(UNIQUE, "wide ship", f"{word} ship", turn=0)
    world.write(tmp_path)
    assert (UNIQUE in {f.key for f in validate(tmp_path) if f.check == "referring_unique"}) == named


def store_as(form, mode, rendering, orientation=1):
    """Give a change that stores a row's picture in another way, its hashes being right."""

    def change(row):
        exif, stream = Image.Exif(), io.BytesIO()
        exif[0x0112] = orientation
        Image.open(io.BytesIO(row["image"]["bytes"])).convert(mode).save(stream, form, exif=exif)
        row["image"]["bytes"] = stream.getvalue()
        row["file_sha256"] = hashlib.sha256(stream.getvalue()).hexdigest()
        proven = decode(stream.getvalue(), 1.0)
        row["pixel_sha256"], row["perceptual_hash"] = proven.pixel_sha256, proven.perceptual_hash
        row["rendering"] = rendering

    return change


IMAGE_ROWS = {
    "a width": (set_in(["width"], 257), "picture_size"),
    "channels": (set_in(["channels"], 4), "channels"),
    "no word on its 8 bits": (set_in(["bit_depth"], 16), "rendering"),
    "words without a range": (
        lambda row: row.update(bit_depth=16, rendering="made nice"),
        "rendering",
    ),
    "nothing said of its 8 bits": (set_in(["rendering"], ""), "rendering"),
    "a rendering that loses": (store_as("JPEG", "L", "gray, as PNG"), "rendering_lossless"),
    "a palette": (store_as("PNG", "P", "as stored"), "picture_mode"),
    "an orientation tag": (store_as("PNG", "L", "as stored", orientation=6), "orientation"),
    "pixels": (set_in(["pixel_sha256"], "0" * 64), "pixel_sha256"),
    "a hash": (set_in(["pixel_sha256"], "none"), "pixel_sha256"),
    "a file": (set_in(["file_sha256"], "0" * 64), "file_sha256"),
    "no picture": (set_in(["image", "bytes"], b"<html>not found</html>"), "picture"),
    "a truncated picture": (set_in(["image", "bytes"], picture(256, 256, 1)[0][:-200]), "picture"),
    "a box outside": (set_in(["objects", "bbox", 0], [10.0, 10.0, 260.0, 40.0]), "box"),
    "an empty box": (set_in(["objects", "bbox", 0], [10.0, 10.0, 10.0, 40.0]), "box"),
    "a box of NaN": (set_in(["objects", "bbox", 0], [float("nan"), 10.0, 60.0, 40.0]), "box"),
    "a box of three": (set_in(["objects", "bbox", 0], [10.0, 60.0, 40.0]), "box"),
    "an area": (set_in(["objects", "area", 0], 1.0), "area"),
    "an outline": (set_in(["objects", "obb", 0], [1.0, 2.0]), "obb"),
    "a category": (set_in(["objects", "category", 0], "submarine"), "category"),
    "an instance id": (set_in(["objects", "instance_id", 0], "alpha/b#0"), "instance_id"),
    "an instance twice": (
        set_in(["objects", "instance_id", 1], "alpha/a#0"),
        "instance_id_unique",
    ),
    "lists of two lengths": (lambda row: row["objects"]["area"].pop(), "objects_parallel"),
    "a window": (set_in(["window_xyxy_px"], [0, 0, 256, 256]), "chip_id"),
    "a window's size": (set_in(["window_xyxy_px"], [0, 0, 200, 256]), "window_size"),
    "a split": (set_in(["split"], "test"), "split"),
    "an unknown source": (set_in(["source"], "gamma"), "source_known"),
    "another source": (set_in(["source"], "beta"), "image_id_source"),
    "HTML in a source": (set_in(["source"], "<script>alert(1)</script>"), "source_form"),
    "template code in a source": (set_in(["source"], "{{7*7}}"), "source_form"),
    "an image tag in a source": (set_in(["source"], "<image>"), "source_form"),
    "no scene": (set_in(["scene_id"], ""), "scene_id"),
    "an unknown class annotated": (
        set_in(["categories_annotated"], ["boat"]),
        "categories_annotated",
    ),
}


@pytest.mark.parametrize("fault", IMAGE_ROWS)
def test_a_wrong_image_row_is_named(world, tmp_path, fault):
    change, check = IMAGE_ROWS[fault]
    change(world.image(A))
    world.write(tmp_path)
    assert_named(only_errors(validate(tmp_path)), check, A)


def test_chips_of_one_scene_rendered_apart_are_named(world, tmp_path):
    """A range found per chip would make one ship bright here and dark there."""
    rows = [row for row in world.files[TRAIN] if row["window_xyxy_px"]]
    assert rows
    again = copy.deepcopy(rows[0])
    x0, y0, x1, y1 = again["window_xyxy_px"]
    again["image_id"] = f"{again['image_id'].partition('@')[0]}@{x0 + 8},{y0}"
    again["window_xyxy_px"] = [x0 + 8, y0, x1 + 8, y1]
    rows[0]["rendering"] = "linear: 0…4095 → 0…255"
    again["rendering"] = "linear: 0…1023 → 0…255"
    world.files[TRAIN].append(again)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "rendering_per_scene", again["image_id"])


def test_names_from_a_source_are_data(world, tmp_path):
    """A file name may hold anything; it is shown on one line and harms nobody."""
    text = json.dumps(world.files["rejects/rejects.parquet"])
    rows = json.loads(text.replace("alpha/x.png", "<image>{{7*7}}<script>\\n"))
    world.files["rejects/rejects.parquet"] = rows
    world.write(tmp_path)
    assert validate(tmp_path) == []
