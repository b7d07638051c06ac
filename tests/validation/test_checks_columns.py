"""A wrong column of a dialogue or a picture is found and named: file, row, check."""

from __future__ import annotations

import copy
import hashlib
import io
import json

import pytest
from checks_keys import COUNT, GROUND, IDENTIFY, PAIR, UNIQUE, A
from checks_rows import picture
from checks_world import assert_named, only_errors, validate
from PIL import Image

from sarchat_build.validation.pictures.pixels import decode


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
    "no channel": (set_in(["channels"], 0), "channels"),
    "half a window": (set_in(["window_xyxy_px"], [0, 256]), "window"),
    "bits that its words deny": (
        lambda row: row.update(bit_depth=4, rendering="2 bit to gray, as PNG"),
        "bit_depth",
    ),
    "a range that ends before it begins": (
        lambda row: row.update(bit_depth=16, rendering="linear: 9…3 → 0…255"),
        "rendering",
    ),
    "corners of NaN": (set_in(["objects", "obb", 0], [float("nan")] * 8), "obb"),
    "corners of something larger": (
        set_in(["objects", "obb", 0], [10.0, 10.0, 200.0, 10.0, 200.0, 90.0, 10.0, 90.0]),
        "obb",
    ),
}


@pytest.mark.parametrize("fault", IMAGE_ROWS)
def test_a_wrong_image_row_is_named(world, tmp_path, fault):
    change, check = IMAGE_ROWS[fault]
    change(world.image(A))
    world.write(tmp_path)
    assert_named(only_errors(validate(tmp_path)), check, A)


CHIP = "beta/s@64,0"
CHIP_ROWS = {
    "an outline beyond its edge": (
        set_in(["objects", "segmentation", 0], [36.0, 40.0, 200.0, 40.0, 56.0, 60.0]),
        "segmentation",
    ),
    "a window that is too wide": (set_in(["window_xyxy_px"], [64, 0, 264, 128]), "window"),
    "a window off the grid": (set_in(["window_xyxy_px"], [0, 0, 100, 128]), "window_size"),
    "a window before the scene": (set_in(["window_xyxy_px"], [-64, 0, 64, 128]), "window"),
}


@pytest.mark.parametrize("fault", CHIP_ROWS)
def test_a_wrong_row_of_a_chip_is_named(world, tmp_path, fault):
    change, check = CHIP_ROWS[fault]
    change(world.image(CHIP))
    world.write(tmp_path)
    assert_named(only_errors(validate(tmp_path)), check, CHIP)


@pytest.mark.parametrize(
    ("source", "column", "value", "check"),
    [
        # What RE2 cannot read is open, but a scene is a part of the name.
        ("alpha", "scene", {"pattern": "(?=a)(?P<scene_id>a)"}, None),
        ("alpha", "scene", {"pattern": "(?=a)(?P<scene_id>a)"}, "scene_id"),
        ("alpha", "pixels", {"rule": "percentile"}, "rendering"),
    ],
)
def test_a_row_is_held_against_what_is_recorded_of_its_source(
    world, tmp_path, source, column, value, check
):
    world.build["sources"][source][column] = value
    if check == "scene_id":
        world.image(A)["scene_id"] = "alpha/elsewhere"
    if check == "rendering":
        world.image(A).update(bit_depth=16, rendering="percentile 2–98 of the scene: 1…3 → 0…255")
    world.write(tmp_path)
    found = validate(tmp_path)
    if check is None:
        assert found == []
    else:
        assert_named(found, check, A)


def test_a_picture_twice_in_a_shard_is_named(world, tmp_path):
    path = next(p for p in world.files if p.startswith("images/") and "train-00001" in p)
    world.files[path].insert(1, copy.deepcopy(world.image(A)))
    world.write(tmp_path)
    assert_named(validate(tmp_path), "image_id_unique", A)


def test_chips_of_one_scene_rendered_apart_are_named(world, tmp_path):
    """A range found per chip would make one ship bright here and dark there."""
    rows = [
        row for row in world.files["images/train-00000-of-00002.parquet"] if row["window_xyxy_px"]
    ]
    assert rows
    again = copy.deepcopy(rows[0])
    x0, y0, x1, y1 = again["window_xyxy_px"]
    again["image_id"] = f"{again['image_id'].partition('@')[0]}@{x0 + 8},{y0}"
    again["window_xyxy_px"] = [x0 + 8, y0, x1 + 8, y1]
    rows[0]["rendering"] = "linear: 0…4095 → 0…255"
    again["rendering"] = "linear: 0…1023 → 0…255"
    world.files["images/train-00000-of-00002.parquet"].append(again)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "rendering_per_scene", again["image_id"])


def test_names_from_a_source_are_data(world, tmp_path):
    """A file name may hold anything; it is shown on one line and harms nobody."""
    text = json.dumps(world.files["rejects/alpha.parquet"])
    rows = json.loads(text.replace("alpha/x.png", "<image>{{7*7}}<script>\\n/x.png"))
    world.files["rejects/alpha.parquet"] = rows
    world.write(tmp_path)
    assert validate(tmp_path) == []
