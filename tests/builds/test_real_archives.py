"""The real archives, where they are: conserved, divided, cut and proven."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from conftest import REAL_ARCHIVES, needs_real_data, sarchat
from whole_builds import record, rows

quality = pytest.mark.quality


@needs_real_data
class TestRealArchives:
    """The complete real SSDD and the real SAR-AIRcraft sample."""

    def test_ssdd_is_conserved(self, real_built: Path) -> None:
        counts = record(real_built)["sources"]["ssdd"]["counts"]
        assert counts["read"] == {"images": 1160, "instances": 2587}
        assert counts["kept"]["images"] + counts["deduplicated"]["images"] == 1160
        assert counts["kept"]["instances"] + counts["deduplicated"]["instances"] == 2587

    def test_ssdd_boxes_are_those_of_the_xml(self, real_built: Path) -> None:
        import re
        import zipfile

        published = {}
        with zipfile.ZipFile(REAL_ARCHIVES["ssdd"]) as archive:
            for name in archive.namelist():
                if name.endswith(".xml"):
                    text = archive.read(name).decode()
                    corners = [
                        [float(v) for v in re.findall(rf"<{tag}>(\d+)</{tag}>", text)]
                        for tag in ("xmin", "ymin", "xmax", "ymax")
                    ]
                    published[f"ssdd/{Path(name).stem}"] = [
                        list(b) for b in zip(*corners, strict=True)
                    ]
        images = [r for r in rows(real_built, "images/*.parquet") if r["source"] == "ssdd"]
        assert {r["image_id"]: r["objects"]["bbox"] for r in images} == {
            r["image_id"]: published[r["image_id"]] for r in images
        }

    def test_ssdd_keeps_original_bytes(self, real_built: Path) -> None:
        import zipfile

        with zipfile.ZipFile(REAL_ARCHIVES["ssdd"]) as archive:
            for row in rows(real_built, "images/test-*.parquet"):
                if row["source"] == "ssdd":
                    assert row["image"]["bytes"] == archive.read(row["source_member"])

    @quality(row=38)
    def test_ssdd_duplicates(self, real_built: Path) -> None:
        import hashlib
        import zipfile

        by_bytes = defaultdict(set)
        with zipfile.ZipFile(REAL_ARCHIVES["ssdd"]) as archive:
            for name in archive.namelist():
                if name.endswith(".jpg"):
                    digest = hashlib.sha256(archive.read(name)).hexdigest()
                    by_bytes[digest].add(f"ssdd/{Path(name).stem}")
        identical = {frozenset(names) for names in by_bytes.values() if len(names) > 1}
        assert len(identical) == 22
        found = defaultdict(lambda: defaultdict(set))
        splits = defaultdict(set)
        torn = defaultdict(set)
        for row in rows(real_built, "duplicates/*.parquet"):
            found[row["group_id"]][row["reason"]].add(row["image_id"])
            splits[row["group_id"]].add(row["split"])
            if row["reason"] in ("kept", "file"):
                torn[row["group_id"]].add(row["official_split"])
        assert {frozenset(g["kept"] | g["file"]) for g in found.values() if g["file"]} == identical
        assert [g["kept"] | g["pixels"] for g in found.values() if g["pixels"]] == [
            {"ssdd/000117", "ssdd/000118"}
        ]
        # Looked at by eye: the same ships, cut a few pixels differently.
        assert {frozenset(g["kept"] | g["near"]) for g in found.values() if g["near"]} == {
            frozenset({"ssdd/000011", "ssdd/000226"}),
            frozenset({"ssdd/000725", "ssdd/000727"}),
        }
        assert all(len(where) == 1 for where in splits.values())
        # The official lists of SSDD tear ten of the 22 apart.
        assert sum(len(torn[name]) > 1 for name, group in found.items() if group["file"]) == 10

    def test_ssdd_is_divided_as_in_sardet_100k(self, real_built: Path) -> None:
        """928, 116 and 116, of which duplicates are taken; what moved has its reason."""
        table = {r["split"]: r for r in record(real_built)["comparison"] if r["source"] == "ssdd"}
        published = {"train": (928, 2041), "validation": (116, 252), "test": (116, 294)}
        for split, row in table.items():
            assert (row["published"]["images"], row["published"]["objects"]) == published[split]
            # Nothing is left to "the lists differ": every image lies where SARDet-100K has it.
            assert set(row["reasons"]) <= {"duplicates", "moved_with_duplicates"}
            for unit in ("images", "objects"):
                explained = sum(number[unit] for number in row["reasons"].values())
                assert row["here"][unit] - row["published"][unit] == explained
        # 22 groups of equal files drop 25 images, 000118 is equal in pixels, two more are near.
        assert sum(r["reasons"]["duplicates"]["images"] for r in table.values()) == -28
        images = [r for r in rows(real_built, "images/*.parquet") if r["source"] == "ssdd"]
        moved = {r["image_id"] for r in rows(real_built, "duplicates/*.parquet")}
        for row in images:
            if row["image_id"] not in moved:
                expected = {"1": "validation", "9": "test"}.get(row["image_id"][-1], "train")
                assert row["split"] == expected, row["image_id"]

    @quality(row=30)
    def test_sar_aircraft_chips_equal_an_independent_computation(self, real_built: Path) -> None:
        import re
        import zipfile

        expected: dict[str, list[list[float]]] = {}
        with zipfile.ZipFile(REAL_ARCHIVES["sar_aircraft"]) as archive:
            for name in archive.namelist():
                if not name.endswith(".xml"):
                    continue
                text = archive.read(name).decode()
                side = int(re.search(r"<width>(\d+)", text)[1])
                values = [
                    [int(v) for v in re.findall(rf"<{tag}>(\d+)", text)]
                    for tag in ("xmin", "ymin", "xmax", "ymax")
                ]
                starts = [*range(0, side - 512, 312), side - 512]
                for top in starts:
                    for left in starts:
                        boxes = []
                        for x0, y0, x1, y1 in zip(*values, strict=True):
                            a, b = max(x0, left) - left, max(y0, top) - top
                            c, d = min(x1, left + 512) - left, min(y1, top + 512) - top
                            visible = max(0, c - a) * max(0, d - b)
                            if 10 * visible >= 7 * (x1 - x0) * (y1 - y0):
                                boxes.append([float(a), float(b), float(c), float(d)])
                        if boxes:
                            key = f"sar_aircraft/{Path(name).stem}@{left},{top}"
                            expected[key] = boxes
        chips = [r for r in rows(real_built, "images/*.parquet") if r["source"] == "sar_aircraft"]
        assert {r["image_id"]: r["objects"]["bbox"] for r in chips} == expected
        assert len(chips) == 31
        assert sum(len(boxes) for boxes in expected.values()) == 58

    def test_real_dataset_is_proven(self, real_built: Path) -> None:
        done = sarchat("validate", str(real_built))
        assert done.returncode == 0, done.stderr
