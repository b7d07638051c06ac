"""Faults of build.json by itself, and of the small tables: each is named with its key."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from checks_keys import A
from checks_pictures import make_world
from checks_rows import reject
from checks_world import World, assert_named, validate

from sarchat_build import validation as checks
from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.validation.dataset.documents.build_record import check_record
from sarchat_build.validation.dataset.documents.comparison import check_comparison
from sarchat_build.validation.findings import Finding, FindingLog

Change = Callable[[Any], object]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of a sound dataset."""
    folder = tmp_path_factory.mktemp("record")
    make_world().write(folder)
    record: dict[str, Any] = json.loads((folder / BUILD_FILE).read_text(encoding="utf-8"))
    return record


def found_in(record: dict[str, Any]) -> list[Finding]:
    log = FindingLog()
    check_record(record, log)
    return [*log.findings]


def put(path: str, value: Any) -> Change:
    """Give a change of one key of a record."""
    *above, last = path.split("/")

    def change(record: Any) -> None:
        for key in above:
            record = record[key]
        record[last] = value

    return change


def rename_source(record: Any) -> None:
    record["sources"]["Alpha 1"] = record["sources"].pop("alpha")


ALPHA = "sources.alpha"
RECORDS: dict[str, tuple[Change, str, str]] = {
    "a category that nobody knows": (
        put("recipe/candidates", ["ship", "zeppelin"]), "recipe", "recipe.candidates"
    ),
    "a source with capitals": (rename_source, "source_form", "sources.Alpha 1"),
    "a category that no name means": (
        put("sources/alpha/categories/annotated", ["tank"]),
        "source_facts",
        f"{ALPHA}.categories.annotated",
    ),
    "no list of categories": (
        put("sources/alpha/categories/annotated", None),
        "source_facts",
        f"{ALPHA}.categories.annotated",
    ),
    "no names": (
        put("sources/alpha/categories/names", {}), "source_facts", f"{ALPHA}.categories.names"
    ),
    "no annotations": (
        put("sources/alpha/annotations", {}), "source_facts", f"{ALPHA}.annotations"
    ),
    "a scene of another kind": (
        put("sources/alpha/scene", "P1"), "source_facts", f"{ALPHA}.scene"
    ),
    "tiles that do not advance": (
        put("sources/beta/tiling/overlap_px", 128), "source_facts", "sources.beta.tiling"
    ),
    "an archive that is a name": (
        put("sources/alpha/archives", ["a.zip"]), "source_archives", f"{ALPHA}.archives"
    ),
    "a digest of zeros": (
        put("sources/alpha/manifest_sha256", "0" * 64), "source_facts", f"{ALPHA}.manifest_sha256"
    ),
    "a negative count": (
        put("sources/alpha/fixes", {"clipped": -1}), "source_facts", f"{ALPHA}.fixes"
    ),
    "no version": (put("versions/numpy", "latest"), "versions", "versions.numpy"),
    "a phrasing used a part of a time": (
        put("templates/uses/x", 0.5), "templates", "templates.uses.x"
    ),
    "a split without its objects": (
        lambda record: record["counts"]["test"].pop("objects"), "counts", "counts.test"
    ),
}  # fmt: skip


def test_the_record_of_a_sound_dataset_has_no_fault(record: dict[str, Any]) -> None:
    assert found_in(record) == []


@pytest.mark.parametrize("fault", RECORDS)
def test_a_fault_of_the_record_is_named_by_its_key(record: dict[str, Any], fault: str) -> None:
    change, check, key = RECORDS[fault]
    spoiled = copy.deepcopy(record)
    change(spoiled)
    assert_named(found_in(spoiled), check, key)


REJECTS, DUPLICATES = "rejects/alpha.parquet", "duplicates/duplicates.parquet"


def add(path: str, **columns: Any) -> Change:
    """Give a change that adds a reject, which is none of the sound ones."""

    def change(world: World) -> None:
        row = reject("alpha", "alpha/x.png", "image_truncated", 1, 2) | columns
        world.files[path].append(row)

    return change


def alter(path: str, row: int, **columns: Any) -> Change:
    """Give a change of one row."""
    return lambda world: world.files[path][row].update(columns)


def no_list(world: World) -> None:
    del world.files[REJECTS]


def groups_backwards(world: World) -> None:
    rows = world.files[DUPLICATES]
    rows += [row | {"group_id": "alpha/a"} for row in copy.deepcopy(rows)]


TABLES: dict[str, tuple[Change, str, str]] = {
    "a line before the first": (alter(REJECTS, 0, line=-1), "reject", "alpha/x"),
    "a source with a blank": (alter(REJECTS, 0, source="al pha"), "source_form", "alpha/x"),
    "an object that is a picture": (
        alter(REJECTS, 0, stage="normalize", key="alpha/x#1"), "reject", "alpha/x#1"
    ),
    "a picture that is published": (
        alter(REJECTS, 0, key=A, file="a.zip/alpha/a.png"), "reject_published", A
    ),
    "an object at the edge that is published": (
        add(
            "rejects/beta.parquet", source="beta", stage="cut", key="beta/s#0", images=0,
            reason="lost_at_edge",
        ),
        "reject_published",
        "beta/s#0",
    ),
    "no rejects of a source": (no_list, "missing_file", ""),
    "groups in another order": (groups_backwards, "row_order", "alpha/b"),
    "a duplicate of an unknown source": (
        alter(DUPLICATES, 1, source="gamma"), "source_known", "alpha/b_copy"
    ),
    "a duplicate of a source with a blank": (
        alter(DUPLICATES, 1, source="al pha"), "source_form", "alpha/b_copy"
    ),
    "a split that is none": (alter(DUPLICATES, 1, split="dev"), "split", "alpha/b_copy"),
    "an official split that is none": (
        alter(DUPLICATES, 1, official_split="dev"), "official_split", "alpha/b_copy"
    ),
    "objects less than none": (alter(DUPLICATES, 1, instances=-1), "duplicate_row", "alpha/b_copy"),
    "a near one that is kept": (
        alter(DUPLICATES, 1, kept=True, reason="near"), "duplicate_kept", "alpha/b_copy"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", TABLES)
def test_a_wrong_row_of_a_small_table_is_named(world: World, tmp_path: Any, fault: str) -> None:
    change, check, key = TABLES[fault]
    change(world)
    world.write(tmp_path)
    assert_named(validate(tmp_path), check, key)


# Of every source the lists that made its splits, whether it was cut, and what was rejected.
CAUSES = {
    "archive": {"expected": {"images": 9}},
    "rule": {"sardet": {"split": "halved_test"}},
    "hash": {"sardet": {"split": "scene"}, "rule": "scene"},
    "tiling": {"tiling": {"chip_px": 512}},
    "rejected": {"rejected": 3},
    "lists": {},
}


@pytest.mark.parametrize("stated", CAUSES)
@pytest.mark.parametrize("cause", CAUSES)
def test_only_the_cause_that_a_source_has_explains_a_difference(cause: str, stated: str) -> None:
    given = {"expected": {"images": 10}, "sardet": {"split": "official"}, "tiling": None} | {
        key: value for key, value in CAUSES[cause].items() if key not in ("rule", "rejected")
    }
    published = {"images": {"train": 10, "validation": 0, "test": 0}, "instances": {"train": 20}}
    entry = given | {"sardet": {**given["sardet"], **published}}
    entry["counts"] = {
        "read": {"images": 10},
        "rejected": {"instances": CAUSES[cause].get("rejected", 0)},
        "deduplicated": {"images": 0, "instances": 0},
    }
    reasons = {stated: {"images": -10, "objects": -20}}
    rows = [
        {
            "source": "alpha",
            "split": split,
            "here": {"images": 0, "objects": 0},
            "published": {
                "images": published["images"].get(split),
                "objects": published["instances"].get(split),
            },
            "reasons": reasons if split == "train" else {},
        }
        for split in ("train", "validation", "test")
    ]
    recipe = {"split": CAUSES[cause].get("rule", "official")}
    log = FindingLog()
    check_comparison([], {"sources": {"alpha": entry}, "recipe": recipe, "comparison": rows}, log)
    named = [finding.key for finding in log.findings if finding.key == "alpha train reasons"]
    # What was rejected is counted picture by picture, whatever the cause of the rest.
    assert bool(named) == (stated not in (cause, "rejected"))


def test_a_duplicate_that_the_comparison_leaves_out_is_named() -> None:
    counts = {"deduplicated": {"images": 2, "instances": 0}, "read": {}, "rejected": {}}
    entry = {"sardet": {"split": "official"}, "counts": counts}
    row = {"source": "alpha", "reasons": {"duplicates": {"images": -1, "objects": 0}}}
    rows = [row | {"split": split} for split in ("train", "validation", "test")]
    log = FindingLog()
    check_comparison([], {"sources": {"alpha": entry}, "comparison": rows}, log)
    assert_named(log.findings, "comparison", "alpha duplicates images")


def test_what_builds_have_left_is_no_fault_but_where_it_leads_out(tmp_path: Any) -> None:
    make_world().write(tmp_path)
    receipts = tmp_path / ".sarchat" / "receipts"
    receipts.mkdir(parents=True)
    (tmp_path / ".sarchat" / "log").mkdir()  # empty
    (receipts / "torn.json").write_text('{"files": [')
    assert validate(tmp_path) == []
    (receipts / "other.json").write_text('{"files": [{"path": 3}]}')
    (finding,) = validate(tmp_path)
    assert (finding.check, finding.file) == ("path_escape", ".sarchat/receipts/other.json")


def test_a_listed_file_without_a_digest_is_named(world: World, tmp_path: Any) -> None:
    world.write(tmp_path)
    record = json.loads((tmp_path / BUILD_FILE).read_text())
    record["files"]["README.md"]["sha256"] = "unknown"
    (tmp_path / BUILD_FILE).write_text(json.dumps(record))
    found = checks.check_files(str(tmp_path), record)
    assert_named(found, "build_json", "README.md")


def test_a_card_that_is_no_text_is_named(world: World, tmp_path: Any) -> None:
    world.write(tmp_path)
    (tmp_path / "README.md").write_bytes(b"\xff\xfe\x00")
    record = json.loads((tmp_path / BUILD_FILE).read_text())
    found = checks.check_files(str(tmp_path), record)
    assert {f.check for f in found} == {"file_bytes", "file_sha256", "unreadable"}
