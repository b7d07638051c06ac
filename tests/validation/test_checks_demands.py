"""Dialogues that are missing, too many or asked twice, and rules that are not recorded: named."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
from checks_keys import (
    ABSENCE,
    CELL,
    CLASSIFY,
    COUNT,
    DESCRIBE,
    GROUND,
    IDENTIFY,
    NAME_2,
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

from sarchat_build.validation.vocabulary import TASKS


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
    # Among so many phrasings the hash of a dialogue chooses others than those by hand.
    assert before <= {"held_out", "template_choice"}
    assert_named(findings, "held_out", COUNT)
    test_row = "alpha/c/instance_counting/all/ship"
    assert test_row not in {f.key for f in findings if f.check == "held_out"}


def test_a_word_that_changes_with_the_picture_is_named(world, tmp_path):
    world.say(COUNT, "There are", "There, off the promontory, are")
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "unknown_word", COUNT)
    assert {finding.key for finding in findings} == {COUNT}


@pytest.mark.parametrize(
    "setting",
    [
        "words.wide_above",
        "tasks.cut_objects",
        "tasks.fine_grained_description.left_out_objects",
        "tasks.referring.share_percent",
        "candidates",
        "phrasing",
    ],
)
def test_a_recipe_that_is_not_recorded_is_named(world, tmp_path, setting):
    *above, last = setting.split(".")
    tree = world.build["recipe"]
    for key in above:
        tree = tree[key]
    del tree[last]
    world.write(tmp_path)
    named = [f.key for f in validate(tmp_path) if f.check == "recipe"]
    assert named
    assert all(key.startswith(f"recipe.{setting}") for key in named)


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
    for counts in world.build["counts"].values():
        for task in set(TASKS) - set(world.build["recipe"]["tasks"]["enabled"]):
            counts.pop(task)
    world.write(tmp_path)
    assert validate(tmp_path) == []


def test_a_question_asked_twice_is_named(world, tmp_path):
    rows = world.files["dialogues/instance_counting/train-00001-of-00002.parquet"]
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
