"""What a reader could see two ways must not be asked: cut objects, edges, near and far, ranks."""

from __future__ import annotations

import copy

import pytest
from checks_keys import (
    CELL,
    CLASSIFY,
    COUNT,
    DESCRIBE,
    GROUND,
    NEAREST,
    NO_CELL,
    PAIR,
    PRESENCE,
    REFER,
    REFER_ONE,
    UNIQUE,
    A,
)
from checks_world import assert_named, validate


def test_a_rejected_category_that_is_not_listed_is_neither_classified_nor_counted(world, tmp_path):
    world.image(A)["rejected_categories"] = ["ship", "bridge"]
    world.write(tmp_path)
    findings = validate(tmp_path)
    assert_named(findings, "left_out_class", CLASSIFY)
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
    for index, box in boxes.items():
        picture["bbox"][index] = box
    world.write(tmp_path)
    near = "alpha/c/spatial_grounding/multi/all"
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    assert "relations.0.proximity null" in found[near]
    picture["bbox"][1] = [4.0, 60.0, 8.0, 64.0]
    world.write(tmp_path)
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    assert "relations.0.proximity 'far'" in found[near]
    picture["bbox"][0:2] = [70.0, 70.0, 74.0, 74.0], [72.0, 72.0, 76.0, 76.0]
    world.write(tmp_path)
    found = {f.key: f.expected for f in validate(tmp_path) if f.check == "ground_truth"}
    # Which the row says already; where the aircraft lies is what differs.
    assert "relations.0.direction" in found[near]
    assert "proximity" not in found[near]


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
    world.files["dialogues/cross_modal_identification/train-00001-of-00002.parquet"].append(row)
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
