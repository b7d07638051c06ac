"""The archives of the sources that SSDD and SAR-AIRcraft are not, read back as a stranger would."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from defusedxml.ElementTree import fromstring
from layout_readers import READERS, Seen, Source, decoded, members
from PIL import Image
from written_archives import written_archive

# Where it can be, the size of test_synthetic_sources.py: then it is the same archive.
SIZES = {
    "air_sarship_1": 2,
    "air_sarship_2": 4,
    "hrsid": 30,
    "msar": 85,
    "sadd": 40,
    "sar_ship_dataset": 92,
    "ogsod": 40,
    "sived": 20,
    "sardet_100k": 150,
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    found = {}
    for source_id, images in SIZES.items():
        archive = written_archive(tmp_path_factory, source_id, images)
        files = members(archive.path)
        found[source_id] = Source(archive, list(files), list(READERS[source_id](files)))
    return found


@pytest.mark.parametrize("source_id", sorted(SIZES))
def test_targets_are_brighter_than_their_surroundings(
    source_id: str, sources: dict[str, Source]
) -> None:
    ratios = [ratio for seen in sources[source_id].seen for ratio in contrasts(seen)]
    assert len(ratios) > 5
    assert np.median(ratios) > 1.3
    assert np.mean(np.array(ratios) > 1) > 0.85


def contrasts(seen: Seen) -> Iterator[float]:
    try:
        pixels = np.asarray(seen.picture)
    except OSError:
        return
    gray: npt.NDArray[np.float64] = np.atleast_3d(pixels)[:, :, 0].astype(float)
    height, width = gray.shape
    for box in seen.boxes:
        x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
        x1, y1 = min(width, int(box[2])), min(height, int(box[3]))
        if x1 <= x0 or y1 <= y0:
            continue
        inside = gray[y0:y1, x0:x1]
        around = gray[max(0, y0 - 12) : y1 + 12, max(0, x0 - 12) : x1 + 12]
        ring = (around.sum() - inside.sum()) / (around.size - inside.size)
        yield float(inside.mean() / max(ring, 0.5))


@pytest.mark.parametrize("source_id", sorted(SIZES))
def test_boxes_that_leave_or_have_no_area_are_the_planted_ones(
    source_id: str, sources: dict[str, Source]
) -> None:
    planted = {
        (quirk.kind, quirk.image, quirk.object_index)
        for quirk in sources[source_id].archive.planted
        if quirk.kind in ("box_overflows", "degenerate_box")
    }
    found = set()
    for seen in sources[source_id].seen:
        width, height = Image.open(io.BytesIO(seen.data)).size
        for index, (x0, y0, x1, y1) in enumerate(seen.boxes):
            stem = re.sub(r"\.\w+$", "", seen.name)
            if x0 >= x1 or y0 >= y1:
                found.add(("degenerate_box", stem, index))
                continue
            lost = max(-x0, -y0, x1 - width, y1 - height)
            # Nothing ends between clearly inside and clearly outside: no convention can matter.
            assert lost > 1 or lost <= -1.99, (source_id, stem, index, lost)
            if lost > 1:
                found.add(("box_overflows", stem, index))
                assert 0 <= (x0 + x1) / 2 <= width
                assert 0 <= (y0 + y1) / 2 <= height
    assert found == planted


@pytest.mark.parametrize(
    ("source_id", "form", "mode", "sizes"),
    [
        ("air_sarship_1", "TIFF", {"I;16"}, {(3000, 3000)}),
        ("air_sarship_2", "TIFF", {"I;16"}, {(1000, 1000)}),
        ("hrsid", "JPEG", {"RGB"}, {(800, 800)}),
        ("sadd", "JPEG", {"L"}, {(224, 224)}),
        ("sar_ship_dataset", "JPEG", {"L", "RGB"}, {(256, 256)}),
        ("ogsod", "PNG", {"RGB"}, {(256, 256)}),
        ("sived", "JPEG", {"L"}, {(512, 512)}),
    ],
)
def test_files_are_of_the_published_kind(
    source_id: str, form: str, mode: set[str], sizes: set[Any], sources: dict[str, Source]
) -> None:
    pictures = [seen.picture for seen in sources[source_id].seen]
    assert {picture.format for picture in pictures} == {form}
    assert {picture.mode for picture in pictures} == mode
    assert {picture.size for picture in pictures} == sizes


def test_hrsid_boxes_end_one_past_their_polygons(sources: dict[str, Source]) -> None:
    files = members(sources["hrsid"].archive.path)
    panoramas = {}
    for split in ("train2017", "test2017"):
        document = json.loads(files[f"HRSID_JPG/annotations/{split}.json"])
        panoramas[split] = {image["file_name"][:5] for image in document["images"]}
        for image in document["images"]:
            assert re.fullmatch(r"P\d{4}(_\d+){4}\.jpg", image["file_name"])
        for entry in document["annotations"]:
            x, y, w, h = entry["bbox"]
            if entry["area"]:
                (ring,) = entry["segmentation"]
                assert (x, y) == (min(ring[::2]), min(ring[1::2]))
                assert (x + w - 1, y + h - 1) == (max(ring[::2]), max(ring[1::2]))
            else:
                assert entry["bbox"] == [0, 0, 0, 0]
    assert panoramas["train2017"] & panoramas["test2017"]


def test_msar_documents_mix_names_and_encodings(sources: dict[str, Source]) -> None:
    names = {kind for seen in sources["msar"].seen for kind in seen.classes}
    assert names & {"船只", "飞机", "油罐", "桥梁"}
    assert names & {"ship", "airplane", "oil-tank", "bridge"}
    kinds = set()
    for name, data in members(sources["msar"].archive.path).items():
        if name.endswith(".xml") and not data.isascii():
            marked = data.startswith(b"\xef\xbb\xbf")
            kinds.add("bom" if marked else encoding_of(data))
    assert kinds == {"bom", "utf-8", "gbk"}


def encoding_of(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data.decode("gbk")
        return "gbk"
    return "utf-8"


def test_air_sarship_1_has_chinese_in_its_metadata(sources: dict[str, Source]) -> None:
    document = members(sources["air_sarship_1"].archive.path)["AIR-SARShip-1.0-xml/1-label.xml"]
    assert "级" in document.decode("utf-8")
    assert "×" in document.decode("utf-8")
    assert decoded(document).findtext("filename") == "1.tiff"


def test_sadd_lines_end_in_a_blank_and_most_slices_are_empty(sources: dict[str, Source]) -> None:
    files = members(sources["sadd"].archive.path)
    labels = [data for name, data in files.items() if name.endswith(".txt")]
    assert all(line.endswith(b" ") for data in labels for line in data.splitlines())
    filled = sum(bool(data) for data in labels)
    assert 0 < filled < 0.5 * SIZES["sadd"]
    assert any(not data for data in labels)
    assert len(labels) < SIZES["sadd"]


def test_ship_names_say_sensor_and_polarization(sources: dict[str, Source]) -> None:
    kinds = {
        re.match(r"(Gao_ship_(hh|hv|vh|vv)|Sen_ship_(hh|hv|vh|vv)|newship|ship)", seen.name)
        for seen in sources["sar_ship_dataset"].seen
    }
    assert None not in kinds
    assert {kind[1][:3] for kind in kinds if kind} >= {"Gao", "Sen", "new"}


def test_ogsod_numbers_both_folders_from_one(sources: dict[str, Source]) -> None:
    names = [seen.name for seen in sources["ogsod"].seen]
    for split in ("train", "test"):
        numbers = sorted(int(name.split("/")[1]) for name in names if name.startswith(split))
        assert numbers == list(range(1, len(numbers) + 1))
    assert {kind for seen in sources["ogsod"].seen for kind in seen.classes} == {"0", "1", "2"}


def test_sived_holds_every_image_twice_and_once_drawn_on(sources: dict[str, Source]) -> None:
    files = members(sources["sived"].archive.path)
    odd = {
        (quirk.image, quirk.object_index)
        for quirk in sources["sived"].archive.planted
        if quirk.kind == "angle_disagrees"
    }
    assert odd
    grids = 0
    for seen in sources["sived"].seen:
        stem = seen.name.split("/")[1]
        assert files[f"SIVED/JPEGImages/{stem}.jpg"] == seen.data
        assert files[f"SIVED/VisualImages/{stem}.jpg"] != seen.data
        root = fromstring(files[f"SIVED/Annotations/{stem}.xml"])
        assert root.findtext("filename") == f"{stem}.xml"
        assert root.find("object/bndbox") is None
        if stem.startswith("MSTAR"):
            grids += 1
            assert len(seen.boxes) == 16
            places = {(int(x0 + x1) // 256, int(y0 + y1) // 256) for x0, y0, x1, y1 in seen.boxes}
            assert len(places) == 16
    assert grids


def test_sardet_mixes_types_of_files_and_ids_tell_nothing(sources: dict[str, Source]) -> None:
    files = members(sources["sardet_100k"].archive.path)
    images = [name for name in files if "/JPEGImages/" in name]
    assert {name.rsplit(".", 1)[1] for name in images} == {"jpg", "png", "bmp"}
    assert all(re.search(r"/(train|val|test)/\d{7}\.\w+$", name) for name in images)
    sizes = {seen.picture.size for seen in sources["sardet_100k"].seen}
    assert sizes >= {(256, 256), (512, 512), (800, 800)}
    ids: dict[int, int] = {}
    for split in ("train", "val", "test"):
        document = json.loads(files[f"SARDet_100K/Annotations/{split}.json"])
        assert [entry["name"] for entry in document["categories"]] == [
            *("ship", "aircraft", "car", "tank", "bridge", "harbor")
        ]
        ids |= {image["id"]: int(image["file_name"][:7]) for image in document["images"]}
    assert len(ids) == SIZES["sardet_100k"]
    assert sum(number == image_id for image_id, number in ids.items()) <= 1


@pytest.mark.parametrize("source_id", ["msar", "sar_ship_dataset"])
def test_files_that_cannot_be_read_are_the_planted_ones(
    source_id: str, sources: dict[str, Source]
) -> None:
    source = sources[source_id]
    broken = set()
    for name, data in members(source.archive.path).items():
        if name.endswith(".jpg"):
            try:
                Image.open(io.BytesIO(data)).load()
            except OSError:
                broken.add(Path(name).stem)
    kinds = ("empty_file", "truncated_image")
    assert broken == {quirk.image for quirk in source.archive.planted if quirk.kind in kinds}
    assert broken
