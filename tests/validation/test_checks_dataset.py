"""Faults of files and of the whole dataset: leakage, conservation, duplicates, bytes."""

from __future__ import annotations

import copy
import io
import json
import pickle
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from checks_keys import COUNT, TEST, TRAIN, A
from checks_pictures import make_world
from checks_rows import picture, reject
from checks_world import assert_named, entry, schema_of, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sarchat_build import validation as checks
from sarchat_build.validation.pictures.near_duplicates import close_pairs

quality = pytest.mark.quality


def test_a_sound_dataset_has_no_findings(tmp_path):
    make_world().write(tmp_path)
    assert [finding.message for finding in validate(tmp_path)] == []


@quality(row=39)
def test_leakage_of_a_scene_is_named(world, tmp_path):
    world.image("alpha/c")["scene_id"] = world.image(A)["scene_id"]
    world.write(tmp_path)
    # The id of the scene no longer follows from the picture's name, either.
    named = {finding.check: finding for finding in validate(tmp_path)}
    assert named.keys() == {"leakage_scene_id", "scene_id"}
    finding = named["leakage_scene_id"]
    assert f"{TEST} row 0" in finding.message
    assert f"{TRAIN} row 0" in finding.message


@quality(row=39)
def test_leakage_of_a_picture_is_named(world, tmp_path):
    """The same pixels under another file format and name."""
    test, train = world.image("alpha/c"), world.image(A)
    train["image"]["bytes"], _ = picture(240, 240, 3, color=True)
    test["image"]["bytes"], _ = picture(240, 240, 3)
    world.write(tmp_path)
    assert_named(validate(tmp_path), "leakage_pixel_sha256", A)


def test_leakage_of_a_picture_that_looks_the_same_is_named(world, tmp_path):
    """One picture in test and train, re-encoded and of another size: no hash of bytes tells."""
    blocks = np.random.default_rng(3).integers(0, 256, (16, 16), dtype=np.uint8)
    for row, kind in ((world.image("alpha/c"), "PNG"), (world.image(A), "JPEG")):
        stream = io.BytesIO()
        size = row["width"], row["height"]
        Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC).save(stream, kind)
        row["image"]["bytes"] = stream.getvalue()
    world.write(tmp_path)
    assert_named(validate(tmp_path), "leakage_near", A)
    world.build["recipe"]["duplicates"] = {"near": "off"}
    world.write(tmp_path)
    assert not [f for f in validate(tmp_path) if f.check == "leakage_near"]


def test_chips_that_look_the_same_are_a_warning(world, tmp_path):
    chip, train = world.image("beta/s@0,0"), world.image("alpha/c")
    chip["image"]["bytes"], _ = picture(128, 128, 3, color=True)
    train["image"]["bytes"], _ = picture(128, 128, 3)
    world.write(tmp_path)
    found = [f for f in validate(tmp_path) if f.check == "leakage_near"]
    assert [f.severity for f in found] == ["warning"]


@given(st.integers(0, 1 << 32), st.integers(0, 24))
@settings(deadline=None)  # how long it takes is measured elsewhere
def test_close_pictures_across_sides_are_all_found(seed, distance):
    rng = np.random.default_rng(seed)
    centers = rng.integers(0, 256, (2, 32), dtype=np.uint8)
    words = centers[rng.integers(0, 2, 30)]
    for word in words:
        for bit in rng.choice(256, int(rng.integers(0, 16)), replace=False):
            word[bit // 8] ^= 1 << (bit % 8)
    sides = [("test", "train", "validation")[i] for i in rng.integers(0, 3, 30)]
    hashes = [word.tobytes().hex() for word in words]
    expected = {
        (frozenset((i, j)), d)
        for i in range(30)
        for j in range(i)
        if sides[i] != sides[j]
        and (d := (int(hashes[i], 16) ^ int(hashes[j], 16)).bit_count()) <= distance
    }
    found = [(frozenset(pair), d) for *pair, d in close_pairs(hashes, sides, distance)]
    assert set(found) == expected
    assert len(found) == len(expected)


def test_an_image_published_twice_is_named(world, tmp_path):
    world.files["images/train-00000-of-00002.parquet"].append(copy.deepcopy(world.image(A)))
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
    "a missing reject": ("rejects/alpha.parquet", lambda rows: rows.pop(0), "alpha.read.images"),
    "a missing box": ("rejects/beta.parquet", lambda rows: rows.pop(0), "beta.read.instances"),
    "a reject too many": (
        "rejects/alpha.parquet",
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
    "two kept": (1, "kept", True, "duplicate_kept", COPY),
    "two best": (1, "reason", "kept", "duplicate_kept", B),
    "equal pixels called near": (1, "reason", "near", "duplicate_reason", COPY),
    "an unknown reason": (1, "reason", "alike", "duplicate_reason", COPY),
    "too far": (1, "distance", 21, "duplicate_distance", COPY),
    "a conflict with itself": (0, "label_conflict", True, "duplicate_labels", B),
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
        row |= {"group_id": "beta/s", "file": f"a.zip/{image_id}.png"}
    for source, n in (("alpha", -1), ("beta", 1)):
        counts = world.build["sources"][source]["counts"]
        for stage in ("read", "deduplicated"):
            counts[stage] = {unit: value + n for unit, value in counts[stage].items()}
    world.write(tmp_path)
    assert validate(tmp_path) == []


@quality(row=55)
@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", [TRAIN, "dialogues/referring/train-00001-of-00002.parquet"])
def test_one_flipped_byte_is_named(world, tmp_path, name, fraction):
    world.write(tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[int(len(data) * fraction)] ^= 1
    (tmp_path / name).write_bytes(data)
    findings = [finding for finding in validate(tmp_path) if finding.file == name]
    assert "file_sha256" in {finding.check for finding in findings}


def test_a_flipped_page_is_noticed_without_the_list(world, tmp_path):
    world.write(tmp_path)
    data = bytearray((tmp_path / TRAIN).read_bytes())
    data[data.index(b"IDAT") + 100] ^= 1
    (tmp_path / TRAIN).write_bytes(data)
    build, _ = checks.read_build(str(tmp_path))
    report = checks.check_shard(str(tmp_path), "train", 1, 2, build)
    assert "unreadable" in {finding.check for finding in report.findings}


@pytest.mark.parametrize("garbage", [b"", b"PAR1", b"PAR1" * 100, b"<html></html>"])
def test_a_shard_that_is_no_parquet_is_named(world, tmp_path, garbage):
    world.write(tmp_path)
    (tmp_path / TRAIN).write_bytes(garbage)
    assert {"unreadable", "file_bytes", "file_sha256"} <= {
        finding.check for finding in validate(tmp_path) if finding.file == TRAIN
    }


@quality(row=55)
def test_a_deleted_shard_is_named(world, tmp_path):
    world.write(tmp_path)
    (tmp_path / TRAIN).unlink()
    found = {finding.check for finding in validate(tmp_path) if finding.file == TRAIN}
    assert {"missing_file", "unreadable"} <= found


def test_a_shard_deleted_and_struck_off_is_named(world, tmp_path):
    del world.files["images/train-00000-of-00002.parquet"]
    world.write(tmp_path)
    named = [f for f in validate(tmp_path) if f.file == "images/train-00000-of-00002.parquet"]
    assert "missing_shard" in {finding.check for finding in named}


@quality(row=55)
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
    (tmp_path / ".sarchat" / "repacked").mkdir()
    (tmp_path / ".sarchat" / "repacked" / f"{'0' * 64}.gb18030.zip").write_text("")
    (tmp_path / ".sarchat" / "repacked" / f"{'0' * 64}.gb18030.zip.json").write_text("{}")
    (tmp_path / "validation.json").write_text("{}")
    assert validate(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (TRAIN, "scene_id"),
        ("dialogues/referring/test-00000-of-00001.parquet", "ground_truth"),
        ("rejects/alpha.parquet", "reason"),
        ("duplicates/duplicates.parquet", "kept"),
    ],
)
@pytest.mark.parametrize("change", ["drop", "retype", "rename"])
def test_a_column_that_is_not_as_published_is_named(world, tmp_path, name, column, change):
    world.write(tmp_path)
    table = pq.read_table(tmp_path / name)
    position = table.schema.get_field_index(column)
    if change == "drop":
        table = table.drop_columns([column])
    elif change == "retype":
        table = table.set_column(position, column, [[0] * len(table)])
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
    named = {(f.check, f.file) for f in validate(tmp_path)}
    assert named == {("file_rows", TRAIN), ("card", "README.md")}


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


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        '{"files": 3}',
        "\ufeff{}",
        '{"files": {}, "files": {}}',
        '{"files": NaN}',
    ],
)
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
    path = "dialogues/instance_counting/train-00001-of-00002.parquet"
    row = world.dialogue(COUNT) | {"image_id": "alpha/nowhere"}
    world.files[path] = [row] * 1000
    world.write(tmp_path)
    build, _ = checks.read_build(str(tmp_path))
    report = checks.check_shard(str(tmp_path), "train", 1, 2, build)
    assert sum(finding.check == "image_in_shard" for finding in report.findings) == 100
    assert report.errors >= 1000
    assert len(pickle.dumps(report)) < 200_000


def test_every_table_of_the_test_has_a_schema():
    assert all(schema_of(name) for name in make_world().files)
