"""Every source end to end: what was planted comes back as rejects, fixes and duplicates, exactly."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sarchat_build.synthesis import SYNTHESIZERS, Quirk, SyntheticArchive, synthesize
from tests.conftest import build_here

# Enough of each to hold every kind of quirk that its layout plants.
SIZES = {
    "air_sarship_1": 2,
    "air_sarship_2": 8,
    "hrsid": 84,
    "msar": 110,
    "sadd": 120,
    "sar_aircraft": 20,
    "sar_ship_dataset": 110,
    "ssdd": 62,
    "ogsod": 110,
    "sived": 40,
    "sardet_100k": 100,
}
# Facts of the pipeline about good data, not reactions to a defect.
NO_REACTION = {"empty_windows_dropped"}


@dataclass(frozen=True)
class Built:
    """An archive and what a build of it alone published."""

    archive: SyntheticArchive
    source: dict[str, Any]
    rejects: list[dict[str, Any]]
    duplicates: list[dict[str, Any]]


@pytest.fixture(scope="module", params=sorted(SYNTHESIZERS))
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    source_id = str(request.param)
    folder = tmp_path_factory.mktemp(source_id)
    archive = synthesize(source_id, folder / "raw", SIZES[source_id], workers=2)
    record = build_here(folder / "raw", folder / "out", workers=2)
    return Built(
        archive,
        record["sources"][source_id],
        rows(folder / "out" / "rejects" / f"{source_id}.parquet"),
        rows(folder / "out" / "duplicates" / "duplicates.parquet"),
    )


def rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist() if path.exists() else []


def expected(built: Built, *outcomes: str) -> list[Quirk]:
    return [quirk for quirk in built.archive.planted if quirk.expect.outcome in outcomes]


def test_planted_losses_are_the_rejects(built: Built) -> None:
    wanted = Counter(
        (
            quirk.expect.stage,
            quirk.image,
            quirk.expect.reason,
            quirk.expect.images,
            quirk.expect.instances,
        )
        for quirk in expected(built, "reject")
    )
    found = Counter(
        (
            row["stage"],
            row["key"].split("/", 1)[1].split("#")[0],
            row["reason"],
            row["images"],
            row["instances"],
        )
        for row in built.rejects
    )
    assert found == wanted


def test_planted_flaws_are_the_fixes_and_warnings(built: Built) -> None:
    wanted = Counter(quirk.expect.reason for quirk in expected(built, "fix", "warning"))
    found = {
        reason: count
        for reason, count in built.source["fixes"].items()
        if reason not in NO_REACTION
    }
    assert found == wanted


def test_planted_twins_are_the_duplicates(built: Built) -> None:
    source_id = built.archive.planted_path.name.split(".")[0]
    wanted = {
        (f"{source_id}/{quirk.image}", f"{source_id}/{quirk.twin}", quirk.expect.reason)
        for quirk in expected(built, "duplicate")
    }
    kept = {row["group_id"]: row["image_id"] for row in built.duplicates if row["kept"]}
    found = {
        (row["image_id"], kept[row["group_id"]], row["reason"])
        for row in built.duplicates
        if not row["kept"]
    }
    assert found == wanted
    assert not any(row["label_conflict"] for row in built.duplicates)


def test_what_is_left_is_the_archive_less_what_was_planted(built: Built) -> None:
    counts = built.source["counts"]
    losses = expected(built, "reject")
    orphans = sum(quirk.kind == "label_without_image" for quirk in losses)
    twins = expected(built, "duplicate")
    archive = built.archive
    assert counts["read"] == {"images": archive.images + orphans, "instances": archive.instances}
    assert counts["kept"] == {
        "images": archive.images
        + orphans
        - sum(quirk.expect.images for quirk in (*losses, *twins)),
        "instances": archive.instances - sum(quirk.expect.instances for quirk in (*losses, *twins)),
    }


def test_the_sizes_here_plant_every_kind(built: Built) -> None:
    """Guard the tests above against archives too small to hold what they test."""
    source_id = built.archive.planted_path.name.split(".")[0]
    layout = SYNTHESIZERS[source_id]
    schedule = getattr(__import__(layout.sample.__module__, fromlist=["_QUIRKS"]), "_QUIRKS", None)
    kinds = {quirk.kind for quirk in built.archive.planted}
    assert kinds >= set(schedule.places.values() if schedule else ())
    listed = json.loads(built.archive.planted_path.read_text(encoding="utf-8"))
    assert set(listed["counts"]) == kinds
