"""Every fault that can be made in a sound dataset is found and named: file, row, check."""

from __future__ import annotations

import copy
import json
import pickle
import shutil

import pyarrow.parquet as pq
import pytest
from test_checks_builder import picture, reject
from test_checks_world import World, columns_of, entry, make_world, validate

from sarchat_build import checks

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
NEGATIVE = f"{A}/instance_counting/all/aircraft"

TRAIN = "images/train-00000-of-00002.parquet"
TEST = "images/test-00000-of-00001.parquet"


def only_errors(findings):
    return [finding for finding in findings if finding.severity == "error"]


def assert_named(findings, check, key):
    """The check fired, and its line names the row it is about."""
    named = [finding for finding in findings if finding.check == check and finding.key == key]
    assert named, [finding.message for finding in findings]
    assert all(key in f.message and check in f.message and f.file in f.message for f in named)


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
    "markup": (IDENTIFY, "This is", "This <b>is</b>", "answer_stray"),
    "template code": (IDENTIFY, "This is", "This {{7*7}} is", "answer_stray"),
    "a second image": (IDENTIFY, "This is", "This <image> is", "answer_stray"),
    "blanks around": (IDENTIFY, "This is", " This is", "text"),
}


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
    "a phrase that fits none": (UNIQUE, "wide ship", "wide tank", "question_category"),
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


@pytest.mark.parametrize("dialogue", [CLASSIFY, COUNT, GROUND, IDENTIFY, REFER, REFER_ONE])
def test_a_missing_dialogue_is_named(world, tmp_path, dialogue):
    world.drop(dialogue)
    world.write(tmp_path)
    key = dialogue.replace("single/0", "single/alpha/a#0")
    assert_named(validate(tmp_path), "missing_dialogue", key)


@pytest.mark.parametrize("dialogue", [DESCRIBE, PAIR, UNIQUE, NEGATIVE])
def test_what_a_recipe_may_cap_is_not_demanded(world, tmp_path, dialogue):
    world.drop(dialogue)
    task = dialogue.split("/")[2]
    world.build["counts"]["train"][task] -= 1
    world.write(tmp_path)
    assert validate(tmp_path) == []


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
    "a class with an object cut": ("cut_categories", ["aircraft"], "wrong_negative"),
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


IMAGE_ROWS = {
    "a width": (set_in(["width"], 257), "picture_size"),
    "channels": (set_in(["channels"], 4), "channels"),
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


def test_names_from_a_source_are_data(world, tmp_path):
    """A file name may hold anything; it is shown on one line and harms nobody."""
    text = json.dumps(world.files["rejects/rejects.parquet"])
    rows = json.loads(text.replace("alpha/x.png", "<image>{{7*7}}<script>\\n"))
    world.files["rejects/rejects.parquet"] = rows
    world.write(tmp_path)
    assert validate(tmp_path) == []


def test_leakage_of_a_scene_is_named(world, tmp_path):
    world.image("alpha/c")["scene_id"] = world.image(A)["scene_id"]
    world.write(tmp_path)
    (finding,) = validate(tmp_path)
    assert finding.check == "leakage_scene_id"
    assert f"{TEST} row 0" in finding.message
    assert f"{TRAIN} row 0" in finding.message


def test_leakage_of_a_picture_is_named(world, tmp_path):
    """The same pixels under another file format and name."""
    test, train = world.image("alpha/c"), world.image(A)
    train["image"]["bytes"], _ = picture(240, 240, 3, color=True)
    test["image"]["bytes"], _ = picture(240, 240, 3)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "leakage_pixel_sha256", A)


def test_an_image_published_twice_is_named(world, tmp_path):
    world.files["images/train-00001-of-00002.parquet"].append(copy.deepcopy(world.image(A)))
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "image_id_unique", A)
    assert_named(findings, "picture_twice", A)
    assert_named(findings, "counts", "train.images")


def test_an_instance_may_lie_in_several_chips_but_counts_once(world, tmp_path):
    world.build["sources"]["beta"]["counts"]["kept"]["instances"] = 2
    world.write(tmp_path)
    assert_named(validate(tmp_path), "source_counts", "beta.kept.instances")


CONSERVATION = {
    "a missing reject": ("rejects/rejects.parquet", lambda rows: rows.pop(0), "alpha.read.images"),
    "a missing box": ("rejects/rejects.parquet", lambda rows: rows.pop(1), "beta.read.instances"),
    "a reject too many": (
        "rejects/rejects.parquet",
        lambda rows: rows.append(reject("alpha", "y", "x", 1, 0)),
        "alpha.read.images",
    ),
    "a missing duplicate": (
        "duplicates/duplicates.parquet",
        lambda rows: rows.pop(1),
        "alpha.read.instances",
    ),
    "a missing image": (TRAIN, lambda rows: rows.pop(0), "alpha.read.images"),
}


@pytest.mark.parametrize("fault", CONSERVATION)
def test_what_was_read_and_is_nowhere_is_named(world, tmp_path, fault):
    path, change, key = CONSERVATION[fault]
    change(world.files[path])
    world.write(tmp_path)
    assert_named(validate(tmp_path), "conservation", key)


B, COPY = "alpha/b", "alpha/b_copy"
DUPLICATE_ROWS = {
    "two kept": (1, "kept", True, "duplicate_kept", B),
    "none kept": (0, "kept", False, "duplicate_kept", B),
    "a kept one not published": (0, "image_id", "alpha/z", "duplicate_kept_missing", "alpha/z"),
    "a published one": (1, "image_id", A, "duplicate_published", A),
    "two splits": (1, "split", "test", "duplicate_straddles", B),
    "other pixels": (1, "pixel_sha256", "0" * 64, "duplicate_pixels", COPY),
    "two groups": (1, "group_id", "g2", "duplicate_group", COPY),
    "listed twice": (1, "image_id", B, "duplicate_member", B),
}


@pytest.mark.parametrize("fault", DUPLICATE_ROWS)
def test_a_wrong_duplicate_row_is_named(world, tmp_path, fault):
    row, column, value, check, key = DUPLICATE_ROWS[fault]
    world.files["duplicates/duplicates.parquet"][row][column] = value
    world.write(tmp_path)
    assert_named(validate(tmp_path), check, key)


def test_a_group_in_the_wrong_split_is_named(world, tmp_path):
    for row in world.files["duplicates/duplicates.parquet"]:
        row["split"] = "test"
    world.write(tmp_path)
    assert_named(validate(tmp_path), "duplicate_straddles", B)


def test_a_duplicate_of_a_tiled_image_is_found_by_its_chips(world, tmp_path):
    for row, image_id in zip(
        world.files["duplicates/duplicates.parquet"], ("beta/s", "beta/t"), strict=True
    ):
        row |= {"image_id": image_id, "source": "beta"}
    for source, n in (("alpha", -1), ("beta", 1)):
        counts = world.build["sources"][source]["counts"]
        for stage in ("read", "deduplicated"):
            counts[stage] = {unit: value + n for unit, value in counts[stage].items()}
    world.write(tmp_path)
    assert validate(tmp_path) == []


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", [TRAIN, "dialogues/referring/train-00000-of-00002.parquet"])
def test_one_flipped_byte_is_named(world, tmp_path, name, place):
    world.write(tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[int(len(data) * place)] ^= 1
    (tmp_path / name).write_bytes(data)
    findings = [finding for finding in validate(tmp_path) if finding.file == name]
    assert "file_sha256" in {finding.check for finding in findings}


def test_a_flipped_page_is_noticed_without_the_list(world, tmp_path):
    world.write(tmp_path)
    data = bytearray((tmp_path / TRAIN).read_bytes())
    data[data.index(b"IDAT") + 100] ^= 1
    (tmp_path / TRAIN).write_bytes(data)
    build, _ = checks.read_build(str(tmp_path))
    report = checks.check_shard(str(tmp_path), "train", 0, 2, build)
    assert "unreadable" in {finding.check for finding in report.findings}


@pytest.mark.parametrize("garbage", [b"", b"PAR1", b"PAR1" * 100, b"<html></html>"])
def test_a_shard_that_is_no_parquet_is_named(world, tmp_path, garbage):
    world.write(tmp_path)
    (tmp_path / TRAIN).write_bytes(garbage)
    assert {"unreadable", "file_bytes", "file_sha256"} <= {
        finding.check for finding in validate(tmp_path) if finding.file == TRAIN
    }


def test_a_deleted_shard_is_named(world, tmp_path):
    world.write(tmp_path)
    (tmp_path / TRAIN).unlink()
    found = {finding.check for finding in validate(tmp_path) if finding.file == TRAIN}
    assert {"missing_file", "unreadable"} <= found


def test_a_shard_deleted_and_struck_off_is_named(world, tmp_path):
    del world.files["images/train-00001-of-00002.parquet"]
    world.write(tmp_path)
    named = [f for f in validate(tmp_path) if f.file == "images/train-00001-of-00002.parquet"]
    assert "missing_shard" in {finding.check for finding in named}


@pytest.mark.parametrize("name", ["images/extra.parquet", "stale.parquet", "dialogues/x/notes.txt"])
def test_a_foreign_file_is_named(world, tmp_path, name):
    world.write(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(tmp_path / TRAIN, path)
    assert [(f.check, f.file) for f in validate(tmp_path)] == [("foreign_file", name)]


def test_a_listed_table_of_no_known_place_is_named(world, tmp_path):
    world.files["images/train-00002-of-00003.parquet"] = []
    world.write(tmp_path)
    found = {finding.check for finding in validate(tmp_path)}
    assert {"surplus_shard", "missing_shard"} <= found


def test_working_files_and_reports_are_not_foreign(world, tmp_path):
    world.write(tmp_path)
    (tmp_path / ".sarchat").mkdir()
    (tmp_path / ".sarchat" / "state.json").write_text("{}")
    (tmp_path / "validation.json").write_text("{}")
    assert validate(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (TRAIN, "scene_id"),
        ("dialogues/referring/test-00000-of-00001.parquet", "ground_truth"),
        ("rejects/rejects.parquet", "reason"),
        ("duplicates/duplicates.parquet", "kept"),
    ],
)
@pytest.mark.parametrize("change", ["drop", "retype", "rename"])
def test_a_column_that_is_not_as_published_is_named(world, tmp_path, name, column, change):
    world.write(tmp_path)
    table = pq.read_table(tmp_path / name)
    place = table.schema.get_field_index(column)
    if change == "drop":
        table = table.drop_columns([column])
    elif change == "retype":
        table = table.set_column(place, column, [[0] * len(table)])
    else:
        table = table.rename_columns([n if n != column else "other" for n in table.column_names])
    pq.write_table(table, tmp_path / name)
    named = [f for f in validate(tmp_path) if f.file == name and f.check == "schema"]
    assert column in {finding.key for finding in named}


def test_wrong_rows_in_the_list_are_named(world, tmp_path):
    world.write(tmp_path)
    build = json.loads((tmp_path / "build.json").read_text())
    build["files"][TRAIN]["rows"] = 4
    (tmp_path / "build.json").write_text(json.dumps(build))
    assert [(f.check, f.file) for f in validate(tmp_path)] == [("file_rows", TRAIN)]


def test_wrong_counts_in_build_json_are_named(world, tmp_path):
    world.build["counts"]["test"]["referring"] += 1
    world.write(tmp_path)
    assert [(f.check, f.key) for f in validate(tmp_path)] == [("counts", "test.referring")]


def test_a_path_out_of_the_dataset_is_named_and_not_opened(world, tmp_path):
    out = tmp_path / "out"
    world.write(out)
    build = json.loads((out / "build.json").read_text())
    (tmp_path / "secret").write_text("x")
    build["files"]["../secret"] = entry(tmp_path / "secret", None)
    (out / "build.json").write_text(json.dumps(build))
    assert [finding.check for finding in validate(out)] == ["path_escape"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"files": 3}', "\ufeff{}"])
def test_a_build_json_that_tells_nothing_is_named(world, tmp_path, text):
    world.write(tmp_path)
    (tmp_path / "build.json").unlink()
    if text is not None:
        (tmp_path / "build.json").write_text(text, encoding="utf-8")
    build, _ = checks.read_build(str(tmp_path))
    findings = checks.check_files(str(tmp_path), build)
    assert "build_json" in {finding.check for finding in findings}
    assert checks.check_dataset(str(tmp_path), build, []) == ()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    findings = checks.check_files(str(tmp_path / "nowhere"), {})
    assert {"folder", "build_json"} <= {finding.check for finding in findings}


def test_a_shard_nobody_checked_is_named(world, tmp_path):
    world.write(tmp_path)
    build, _ = checks.read_build(str(tmp_path))
    plans = checks.plan_shards(build)
    reports = [checks.check_shard(str(tmp_path), *plan, build) for plan in plans[1:]]
    findings = checks.check_dataset(str(tmp_path), build, reports)
    assert "shard_checked" in {finding.check for finding in findings}


def test_reports_travel_and_their_order_does_not_matter(world, tmp_path):
    world.write(tmp_path)
    build, _ = checks.read_build(str(tmp_path))
    reports = [checks.check_shard(str(tmp_path), *p, build) for p in checks.plan_shards(build)]
    travelled = pickle.loads(pickle.dumps(reports[::-1]))
    assert travelled == reports[::-1]
    assert checks.check_dataset(str(tmp_path), build, travelled) == ()


def test_the_same_fault_a_thousand_times_is_counted_and_capped(world, tmp_path):
    path = "dialogues/instance_counting/train-00000-of-00002.parquet"
    row = world.dialogue(COUNT) | {"image_id": "alpha/nowhere"}
    world.files[path] = [row] * 1000
    world.write(tmp_path)
    build, _ = checks.read_build(str(tmp_path))
    report = checks.check_shard(str(tmp_path), "train", 0, 2, build)
    assert sum(finding.check == "image_in_shard" for finding in report.findings) == 100
    assert report.errors >= 1000
    assert len(pickle.dumps(report)) < 200_000


def test_every_table_of_the_test_has_a_schema():
    assert all(columns_of(name) for name in make_world().files)
