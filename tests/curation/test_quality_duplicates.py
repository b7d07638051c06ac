"""The same picture twice, in one source or two: one stays, in one split; conflicts are reported."""

from __future__ import annotations

import io
from pathlib import Path

import miniatures as mini
import numpy as np
import pytest
from miniatures import SHIP, picture, voc_xml
from PIL import Image

quality = pytest.mark.quality


@quality(row=38)
def test_row_38_of_the_same_picture_one_stays_and_other_boxes_are_a_warning(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    rng = np.random.default_rng(1)
    scene = Image.fromarray(rng.integers(0, 256, (24, 30), dtype=np.uint8)).resize((300, 240))
    moved = ("ship", 120, 130, 190, 180)
    copies = {
        "000003": (95, SHIP),
        "000005": (95, moved),
        "000008": (60, SHIP),
        "000009": (60, moved),
    }
    for stem, (quality, ship) in copies.items():
        stream = io.BytesIO()
        scene.save(stream, "JPEG", quality=quality)
        side = "test" if stem == "000005" else "train"
        source.image(stem, stream.getvalue(), side)
        source.document(stem, voc_xml([ship], size=(300, 240)), side)
    source.write_zip(tmp_path / "raw")
    record = mini.build(tmp_path / "raw", tmp_path / "out")
    table = {r["image_id"]: r for r in mini.read_duplicates(tmp_path / "out")}
    assert {k: (r["kept"], r["reason"], r["label_conflict"]) for k, r in table.items()} == {
        "ssdd/000003": (True, "kept", False),
        "ssdd/000005": (False, "file", True),
        "ssdd/000008": (False, "near", False),
        "ssdd/000009": (False, "near", True),
    }
    assert {r["group_id"] for r in table.values()} == {"ssdd/000003"}
    assert all(0 <= row["distance"] <= 20 for row in table.values())
    assert record["sources"]["ssdd"]["fixes"]["label_conflict"] == 2
    assert record["sources"]["ssdd"]["counts"]["deduplicated"] == {"images": 3, "instances": 3}
    # 000005 and 000010 are the test list; by turns the first is validation, and takes the others.
    assert {r["split"] for r in table.values()} == {"validation"}
    assert mini.read_images(tmp_path / "out")["ssdd/000003"]["split"] == "validation"


@quality(row=38)
def test_row_38_of_the_same_picture_in_two_sources_one_stays_in_one_split(tmp_path: Path) -> None:
    first, second = mini.ssdd(10), mini.sar_ship_dataset(6)
    shared = ("Gao_ship_hh_020160001", "newship000002")
    for stem, side, ship, name in zip(
        ("000005", "000006"),
        ("test", "train"),
        (SHIP, ("ship", 120, 130, 190, 180)),
        shared,
        strict=True,
    ):
        data = picture(int(stem) + 5000, (256, 256))
        first.image(stem, data, side)
        first.document(stem, voc_xml([ship], size=(256, 256)), side)
        second.image(name, data)
    for source in (first, second):
        source.write_zip(tmp_path / "raw")
    record = mini.build(tmp_path / "raw", tmp_path / "out")
    table = {r["image_id"]: r for r in mini.read_duplicates(tmp_path / "out")}
    # SSDD has the smaller number for a priority, so its copy is the one that stays.
    assert {k: (r["group_id"], r["kept"], r["label_conflict"]) for k, r in table.items()} == {
        "ssdd/000005": ("ssdd/000005", True, False),
        f"sar_ship_dataset/{shared[0]}": ("ssdd/000005", False, False),
        "ssdd/000006": ("ssdd/000006", True, False),
        f"sar_ship_dataset/{shared[1]}": ("ssdd/000006", False, True),
    }
    for group in ("ssdd/000005", "ssdd/000006"):
        assert len({r["split"] for r in table.values() if r["group_id"] == group}) == 1
    assert table["ssdd/000005"]["split"] != "train"
    assert record["sources"]["sar_ship_dataset"]["fixes"]["label_conflict"] == 1
    assert record["sources"]["sar_ship_dataset"]["counts"]["deduplicated"]["images"] == 2
    images = mini.read_images(tmp_path / "out")
    assert not [name for name in shared if f"sar_ship_dataset/{name}" in images]
