"""Damage that makes no sense is named as any other; no check ends with an error of Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checks_keys import COUNT
from checks_world import World, assert_named, validate

from sarchat_build import validation as checks
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import QUALITY_FILE
from sarchat_build.validation.findings import Finding, shorten
from sarchat_build.validation.pictures.source_rules import source_rules
from sarchat_build.validation.rules import rules_of, unrecorded

quality = pytest.mark.quality


@quality(row=87)
@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": 9223372036854775808}',
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b"",
    ],
)
def test_what_no_build_writes_is_no_document(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "build.json").write_bytes(data)
    with pytest.raises(ValueError, match=r"JSON|utf|UTF|64 bits|twice|nested|line 1"):
        DatasetFolder(str(tmp_path)).json("build.json")
    build, (finding,) = checks.read_build(str(tmp_path))
    assert (build, finding.check) == ({}, "build_json")


@quality(row=87)
@pytest.mark.parametrize("path", ["a\0b", "rejects/\udcff.parquet"])
def test_what_is_no_name_of_a_file_is_not_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(OSError, match="no name of a file"):
        DatasetFolder(str(tmp_path)).open(path)


@quality(row=87)
@pytest.mark.parametrize(
    ("recipe", "named"),
    [
        ({"words": {"near_divisor": 0}}, "recipe.words.near_divisor"),
        ({"words": {"near_divisor": -8.0}}, "recipe.words.near_divisor"),
        ({"phrasing": {"held_out_percent": "x"}}, "recipe.phrasing.held_out_percent"),
        ({"candidates": 7}, "recipe.candidates"),
    ],
)
def test_a_choice_that_none_may_make_has_its_default(recipe: dict[str, Any], named: str) -> None:
    build = {"recipe": recipe}
    assert named in list(unrecorded(build))
    assert rules_of(build) == rules_of({})


@quality(row=87)
def test_names_of_no_form_are_passed_over() -> None:
    build = {
        "recipe": {"candidates": [{}, ["ship"], None, "ship"]},
        "templates": {"uses": {"a": 1, "": 2, "../b": 3}},
        "sources": {"a": {"annotations": {"files": [{"split": []}], "split_lists": [{}]}}},
    }
    assert rules_of(build).candidates == ("ship",)
    assert rules_of(build).held_out == frozenset()
    assert source_rules(build)["a"].official_splits == {None}


@quality(row=87)
@pytest.mark.parametrize(
    "document",
    [
        [],
        {"dialogues": [{"split": ["train"], "task": {}, "rows": "x", "lengths": 1}, 7]},
        {"phrasings": [{"task": 5, "dead": [[1], {}]}, {"task": "a", "dead": [1, None]}]},
        {"pictures": {"a": 1}, "proofs": [{"unit": 5, "of": "many"}]},
    ],
)
def test_a_report_of_another_shape_is_compared_all_the_same(
    tmp_path: Path, document: object
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / QUALITY_FILE).write_text(json.dumps(document))
    report = checks.ShardReport("test", 0, 1, (), 0, 0, (), (), (), (), (), (), ())
    found = checks.check_quality(str(tmp_path), {"files": {QUALITY_FILE: {}}}, [report])
    assert {finding.check for finding in found} <= {"quality_figure"}


@quality(row=87)
@pytest.mark.parametrize(
    ("answer", "check"),
    [
        ("9" * 5000 + " ships", "answer_stray"),
        ("ship " * 200_001, "messages"),
        ("", "text"),
    ],
    ids=["digits", "longer", "nothing"],
)
def test_an_answer_beyond_all_reading_is_named(
    world: World, tmp_path: Path, answer: str, check: str
) -> None:
    world.dialogue(COUNT)["messages"][1]["content"] = answer
    world.write(tmp_path)
    assert_named(validate(tmp_path), check, COUNT)


@quality(row=87)
def test_a_dialogue_without_phrasings_is_named(world: World, tmp_path: Path) -> None:
    world.dialogue(COUNT)["template_ids"] = []
    world.write(tmp_path)
    assert_named(validate(tmp_path), "template_ids", COUNT)


@quality(row=87)
def test_a_shard_that_stands_twice_is_named_before_its_rows(world: World, tmp_path: Path) -> None:
    world.write(tmp_path)
    build = json.loads((tmp_path / "build.json").read_text())
    one = next(path for path in build["files"] if path.startswith("images/train"))
    build["files"]["images/validation-00000-of-00001.parquet"] = build["files"][one]
    found = [f for f in checks.check_files(str(tmp_path), build) if f.check == "surplus_shard"]
    assert [finding.found for finding in found] == [repr(one)]


@quality(row=87)
def test_what_names_pictures_follows_from_their_loss() -> None:
    shard, rejects = "images/test-00000-of-00001.parquet", "rejects/ssdd.parquet"
    lost = Finding("error", "unreadable", shard, None, "", "a Parquet file", "none")
    unknown = Finding("error", "reject_key", rejects, 0, "ssdd/1#0", "an object", "ssdd/1#0")
    lines = [line.text for line in checks.lines_of([unknown, lost])]
    assert lines[0].startswith(f"{shard}: unreadable")
    assert lines[1] == f"{rejects}: 1 further finding follows from these: reject_key"
    assert checks.lines_of([unknown])[0].text.startswith(rejects)


@quality(row=87)
def test_what_is_nested_beyond_reading_is_written_short() -> None:
    value: object = 1
    for _ in range(900):
        value = [value]
    assert "[…]" in shorten(value)
