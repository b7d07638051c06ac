"""Every source end to end: exactly what was planted comes back as rejects, fixes, duplicates."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import miniatures as mini
import numpy as np
import pyarrow.parquet as pq
import pytest
from plain_proof import faults
from written_archives import written_archive

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.synthetic import RAW_SOURCES, SYNTHESIZERS, Quirk, SyntheticArchive
from sarchat_build.synthetic.pictures.canvas import Canvas
from sarchat_build.synthetic.pictures.noise import TILE_PX

quality = pytest.mark.quality

# Enough of each to hold every kind of quirk that its layout plants.
SIZES = {
    "air_sarship_1": 2,
    "air_sarship_2": 4,
    "hrsid": 30,
    "msar": 85,
    "sadd": 40,
    "sar_aircraft": 10,
    "sar_ship_dataset": 92,
    "ssdd": 20,
    "ogsod": 40,
    "sived": 20,
    "sardet_100k": 40,
}
KINDS = {
    "air_sarship_1": {"label_suffix", "sixteen_bit"},
    "air_sarship_2": {"no_size", "sixteen_bit"},
    "hrsid": {"degenerate_box"},
    "msar": {
        *("cut_document", "empty_file", "no_document", "no_object", "no_size"),
        *("wrong_size", "zero_size"),
    },
    "sadd": {"box_overflows", "empty_label_file", "no_label_file"},
    "sar_aircraft": {"box_touches_edge", "no_filename"},
    "sar_ship_dataset": {
        *("blank_lines", "box_overflows", "duplicate", "label_without_image"),
        *("one_channel", "truncated_image"),
    },
    "ssdd": {"box_touches_edge", "channels_differ", "duplicate", "rotated_corner_outside"},
    "ogsod": {"box_overflows", "channels_differ", "degenerate_box"},
    "sived": {"angle_disagrees"},
    "sardet_100k": {"degenerate_box"},
}
# Facts of the pipeline about good data, not reactions to a defect.
NO_REACTION = {"empty_windows_dropped", "other_encoding"}


@dataclass(frozen=True)
class Built:
    """An archive and what a build published of it."""

    source_id: str
    archive: SyntheticArchive
    source: dict[str, Any]
    rejects: list[dict[str, Any]]
    duplicates: list[dict[str, Any]]
    output: Path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Build the ten raw sources together, and the merged release by itself."""
    folder = tmp_path_factory.mktemp("synthetic")
    ten = _publish(tmp_path_factory, folder / "ten", RAW_SOURCES)
    return ten | _publish(tmp_path_factory, folder / "merged", ("sardet_100k",))


def _publish(
    factory: pytest.TempPathFactory, folder: Path, source_ids: tuple[str, ...]
) -> dict[str, Built]:
    archives = {
        source_id: written_archive(factory, source_id, SIZES[source_id]) for source_id in source_ids
    }
    for source_id, archive in archives.items():
        (folder / "raw" / source_id).mkdir(parents=True)
        (folder / "raw" / source_id / archive.path.name).symlink_to(archive.path)
    # Proven by `test_the_builds_pass_their_proof`.
    record = mini.build(folder / "raw", folder / "out", prove=False)
    duplicates = rows(folder / "out" / "duplicates" / "duplicates.parquet")
    return {
        source_id: Built(
            source_id,
            archive,
            record["sources"][source_id],
            rows(folder / "out" / "rejects" / f"{source_id}.parquet"),
            [row for row in duplicates if row["image_id"].startswith(f"{source_id}/")],
            folder / "out",
        )
        for source_id, archive in archives.items()
    }


@pytest.fixture(params=sorted(SYNTHESIZERS))
def built(request: pytest.FixtureRequest, published: dict[str, Built]) -> Built:
    return published[str(request.param)]


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


@quality(row=38)
def test_planted_twins_are_the_duplicates(built: Built) -> None:
    wanted = {
        (f"{built.source_id}/{quirk.image}", f"{built.source_id}/{quirk.twin}", quirk.expect.reason)
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
    kinds = {quirk.kind for quirk in built.archive.planted}
    assert kinds == KINDS[built.source_id]
    listed = json.loads(built.archive.planted_path.read_text(encoding="utf-8"))
    assert set(listed["counts"]) == kinds


@pytest.mark.parametrize("source_id", sorted(SYNTHESIZERS))
def test_published_scale_is_what_the_manifest_expects(
    source_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Speckle comes last and moves no object.
    dark = np.zeros((TILE_PX, TILE_PX), np.float32)
    monkeypatch.setattr(
        Canvas, "amplitude", lambda self: dark[: self.size_px[1], : self.size_px[0]]
    )
    layout = SYNTHESIZERS[source_id]
    manifest = load_manifests(resource_folder("source_manifests"))[source_id]
    assert manifest.expected is not None
    assert layout.published_images == manifest.expected.images
    if source_id == "air_sarship_1":
        return  # its scenes are few and large; fifteen ships more or less are one of them
    samples = [layout.sample(number) for number in range(1, 161)]
    per_image = sum(sample.instances for sample in samples) / len(samples)
    published = manifest.expected.instances / manifest.expected.images
    assert per_image == pytest.approx(published, rel=0.25)


def test_the_builds_pass_their_proof(published: dict[str, Built]) -> None:
    for output in {built.output for built in published.values()}:
        assert faults(output) == []
