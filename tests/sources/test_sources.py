"""Every source in its own layout reads to exactly its images, objects, splits and sizes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import miniatures as mini
import pytest
from plain_proof import faults

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder

BOX = (20, 30, 90, 80)
RECTANGLE = list(mini.QUAD)
OUTLINE = [20, 30, 89, 30, 89, 79, 20, 79]

# source: images, categories, splits as in SARDet-100K (chips of scenes are checked below)
EXPECTED = {
    "air_sarship_1": (2, {"ship": 2}, None),
    "air_sarship_2": (6, {"ship": 6}, None),
    # Both panoramas are on two sides of the official lists: whole ones are placed by hash.
    "hrsid": (10, {"ship": 10}, {"train": 10}),
    "msar": (6, {"ship": 1, "aircraft": 2, "tank": 2, "bridge": 1}, None),
    "sadd": (6, {"aircraft": 6}, None),
    "sar_aircraft": (6, {"aircraft": 6}, None),
    "sar_ship_dataset": (6, {"ship": 6}, None),
    "ssdd": (10, {"ship": 10}, {"train": 8, "validation": 1, "test": 1}),
    "ogsod": (8, {"tank": 3, "bridge": 2, "harbor": 3}, {"train": 6, "validation": 1, "test": 1}),
    "sived": (10, {"car": 10}, {"train": 8, "validation": 1, "test": 1}),
    "sardet_100k": (12, {"ship": 12}, {"train": 8, "validation": 2, "test": 2}),
}


def test_every_source_has_a_miniature() -> None:
    assert set(EXPECTED) == set(load_manifests(resource_folder("source_manifests")))


@pytest.mark.parametrize("source_id", EXPECTED)
def test_miniature_reads_to_what_it_holds(tmp_path: Path, source_id: str) -> None:
    images, categories, splits = EXPECTED[source_id]
    source = getattr(mini, source_id)()
    out = tmp_path / "out"
    record = mini.build(source.write_zip(tmp_path / "raw"), out)
    counts = record["sources"][source_id]["counts"]
    assert counts["read"] == counts["kept"] == {"images": images, "instances": images}
    assert mini.read_rejects(out) == []
    rows = mini.read_images(out).values()
    found: Counter[str] = Counter()
    for row in rows:
        ((x0, y0, x1, y1),) = row["objects"]["bbox"]
        assert (x0, y0, x1, y1) == pytest.approx(BOX, abs=1e-9)
        found.update(row["objects"]["category"])
        rotated = source_id in ("air_sarship_2", "sived")
        assert row["objects"]["obb"] == [RECTANGLE if rotated else []]
        outlined = source_id in ("hrsid", "sardet_100k")
        assert row["objects"]["segmentation"] == [OUTLINE if outlined else []]
        assert row["source"] == source_id
    assert found == categories
    if splits is not None:
        assert {split: n["images"] for split, n in record["counts"].items()} == splits
    assert faults(out) == []


def test_names_and_scenes(tmp_path: Path) -> None:
    for source_id in ("ogsod", "hrsid", "msar", "air_sarship_1"):
        getattr(mini, source_id)().write_folder(tmp_path / "raw")
    mini.build(tmp_path / "raw", tmp_path / "out")
    images = mini.read_images(tmp_path / "out")
    assert {"ogsod/train/1", "ogsod/test/1", "msar/02"} <= set(images)
    assert "air_sarship_1/1@0,0" in images
    # Only the slice that is larger than a chip is cut; the others keep their bytes.
    assert "msar/01@0,0" in images
    assert {row["scene_id"] for key, row in images.items() if key.startswith("hrsid/")} == {
        "hrsid/P0001",
        "hrsid/P0002",
    }


def test_every_source_at_once(tmp_path: Path) -> None:
    sources = set(EXPECTED) - {"sardet_100k"}  # which holds the same pictures
    for source_id in sources:
        getattr(mini, source_id)().write_folder(tmp_path / "raw")
    record = mini.build(tmp_path / "raw", tmp_path / "out")
    kept = {s: found["counts"]["kept"]["images"] for s, found in record["sources"].items()}
    assert kept == {
        source_id: images for source_id, (images, _, _) in EXPECTED.items() if source_id in sources
    }
    assert set(record["sources"]["msar"]["unverified"]) == {
        "annotations.pixel_origin",
        "annotations.images",
        "categories.names",
    }
    assert faults(tmp_path / "out") == []
