"""Bad input of COCO, YOLO, DOTA and FAIR1M: one source of each that holds every fault at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest

from pipelines import launch
from pipelines.validate_dataset import validate_folder
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.synthesis.formats import fair1m as write_fair1m

quality = pytest.mark.quality

GOOD_BOX = [20, 30, 90, 80]
RECIPE = (launch.RECIPES / "sarchat_2m.toml").read_text()


class Planted:
    """One faulty source as built: its record, rejects by key, and pictures."""

    def __init__(self, source: mini.Source, folder: Path, **build: Any) -> None:
        self.source_id = source.source_id
        self.out = folder / "out"
        self.record = mini.build(source.write_folder(folder / "raw"), self.out, **build)
        self.counts = self.record["sources"][source.source_id]["counts"]
        self.fixes = self.record["sources"][source.source_id]["fixes"]
        self.rejects = mini.read_rejects(self.out)
        self.images = mini.read_images(self.out)

    def check(self, expected: dict[str, tuple[str, str, int, int]]) -> None:
        """Every expected reject is there with reason, part of its detail and counts; no other."""
        found = {r["key"].removeprefix(f"{self.source_id}/"): r for r in self.rejects}
        assert set(found) == set(expected)
        for key, (reason, detail, images, instances) in expected.items():
            row = found[key]
            assert (row["reason"], row["images"], row["instances"]) == (reason, images, instances)
            assert detail in row["detail"], (key, row["detail"])

    def boxes(self, name: str) -> list[list[float]]:
        return [list(box) for box in self.images[f"{self.source_id}/{name}"]["objects"]["bbox"]]


def lenient(tmp_path: Path) -> str:
    """A recipe under which contradictions are set aside, so that all other faults show too."""
    path = tmp_path / "lenient.toml"
    path.write_text(
        RECIPE.replace('contradiction    = "stop"', 'contradiction    = "reject"')
        .replace('unknown_category = "stop"', 'unknown_category = "reject"')
        .replace("max_image_ratio  = 0.2 ", "max_image_ratio  = 0.9 ")
        .replace("keep_images_without_objects = false", "keep_images_without_objects = true")
    )
    return str(path)


# COCO: rows 6, 14, 17-21, 28, 29.
def coco_fault_document(content: dict[str, Any]) -> None:
    """Spoil a good document whose images, of one ship each, and annotations have the same ids."""
    images = {entry["id"]: entry for entry in content["images"]}
    annotations = {entry["id"]: entry for entry in content["annotations"]}
    images[2]["file_name"] = "../../x.jpg"  # row 6
    images[3]["width"] = 900
    annotations[4]["bbox"] = [20, 30, float("nan"), 50]
    annotations[5]["bbox"] = [20, 30, float("inf"), 50]
    annotations[6]["bbox"] = [0, 0, 0, 0]
    annotations[7]["bbox"] = [280, 200, 70, 80]
    annotations[8]["bbox"] = [400, 300, 70, 50]
    annotations[9]["bbox"] = "20 30 70 50"
    annotations[10]["bbox"] = [20, 30, 70]
    annotations[11]["category_id"] = 7
    annotations[12]["image_id"] = 4711
    annotations[13]["iscrowd"] = 1
    annotations[14]["segmentation"] = {"counts": "abc", "size": [240, 300]}
    content["annotations"].append(dict(annotations[15]))  # row 19: identical
    content["images"].append(dict(images[16]))
    images[17]["file_name"] = "mini/" + images[17]["file_name"]
    images[18]["file_name"] = images[18]["file_name"].replace(".jpg", ".png")
    content["images"].append({"id": 99, "file_name": "nowhere.jpg", "width": 300, "height": 240})
    content["annotations"].append(
        {"id": 99, "image_id": 99, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": []}
    )
    content["images"].append({"id": 98})
    content["annotations"].append(
        dict(annotations[20], id=10**30, bbox=[100, 110, 10, 10])  # row 21: a huge id
    )
    annotations[21]["bbox"] = [20.5, 30.25, 69.5, 49.75]


COCO_REJECTED = {
    "../../x.jpg": ("path_escape", "'../../x.jpg'", 1, 1),
    "P0001_0002": ("no_annotation", "no annotation document", 1, 0),
    "P0001_0004#annotations[4]": ("non_finite", "nan", 0, 1),
    "P0001_0004": ("no_valid_instance", "each of its objects", 1, 0),
    "P0001_0005#annotations[5]": ("non_finite", "nan", 0, 1),
    "P0001_0005": ("no_valid_instance", "each of its objects", 1, 0),
    "P0001_0006#annotations[6]": ("degenerate", "(0, 0, 0, 0) has no area", 0, 1),
    "P0001_0006": ("no_valid_instance", "", 1, 0),
    "P0001_0008#annotations[8]": ("outside", "picture of 300 × 240", 0, 1),
    "P0001_0008": ("no_valid_instance", "", 1, 0),
    "P0001_0009#annotations[9]": ("bad_value", "bbox is 20 30 70 50, not four numbers", 0, 1),
    "P0001_0009": ("no_valid_instance", "", 1, 0),
    "P0001_0010#annotations[10]": ("bad_value", "not four numbers", 0, 1),
    "P0001_0010": ("no_valid_instance", "", 1, 0),
    "P0001_0011#annotations[11]": ("unknown_category", "category_id 7", 0, 1),
    "P0001_0011": ("no_valid_instance", "", 1, 0),
    "annotations[12]": ("orphan_annotation", "image_id 4711 is no image", 0, 1),
    "nowhere.jpg": ("image_missing", "the document names 'nowhere.jpg'", 1, 1),
    "train2017": ("image_missing", "the document names ''", 1, 0),
}


@pytest.fixture(scope="module")
def coco_planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("coco")
    source = mini.hrsid(60)
    source.change_json("train2017.json", coco_fault_document)
    return Planted(source, folder, recipe=lenient(folder))


@quality(row=6)
@quality(row=14)
@quality(row=18)
@quality(row=19)
@quality(row=20)
@quality(row=28)
@quality(row=29)
def test_coco_faults(coco_planted: Planted) -> None:
    coco_planted.check(COCO_REJECTED)
    assert coco_planted.fixes == {
        "size_mismatch": 1,  # row 14
        "box_clipped": 1,  # row 29
        "duplicate_entry": 2,  # row 19
        "filename_differs": 1,
    }
    # Row 20: an image that the document lists, and that has no annotations, holds no objects.
    assert coco_planted.boxes("P0001_0012") == []
    assert coco_planted.boxes("P0001_0007") == [[280, 200, 300, 240]]
    assert coco_planted.boxes("P0001_0015") == [GOOD_BOX]
    assert coco_planted.boxes("P0001_0017") == [GOOD_BOX]
    assert coco_planted.boxes("P0001_0018") == [GOOD_BOX]
    assert coco_planted.boxes("P0001_0020") == [GOOD_BOX, [100, 110, 110, 120]]
    assert coco_planted.boxes("P0001_0021") == [[20.5, 30.25, 90, 80]]
    assert coco_planted.images["hrsid/P0001_0013"]["objects"]["difficult"] == [True]
    assert coco_planted.counts["read"] == {"images": 63, "instances": 62}


@quality(row=20)
@pytest.mark.parametrize("keep", [False, True])
def test_row_20_image_without_annotations_is_a_negative_by_recipe(
    tmp_path: Path, keep: bool
) -> None:
    source = mini.hrsid(20)
    source.change_json("train2017.json", lambda content: content["annotations"].pop(2))
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        RECIPE.replace("without_objects = false", f"without_objects = {str(keep).lower()}")
    )
    out = tmp_path / "out"
    record = mini.build(source.write_folder(tmp_path / "raw"), out, recipe=str(recipe))
    counts = record["sources"]["hrsid"]["counts"]
    assert counts["read"] == {"images": 20, "instances": 19}
    assert counts["kept"] == {"images": 19 + keep, "instances": 19}
    found = [(r["key"], r["reason"], r["detail"]) for r in mini.read_rejects(out)]
    if keep:
        assert found == []
        assert mini.read_images(out)["hrsid/P0001_0003"]["objects"]["bbox"] == []
    else:
        assert found == [("hrsid/P0001_0003", "no_object", "its annotation lists no object")]


def spoil_coco(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> str:
    source = mini.hrsid(20)
    source.change_json("train2017.json", change)
    with pytest.raises(InputError) as caught:
        mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    assert not (tmp_path / "out" / "build.json").exists()
    return str(caught.value)


@quality(row=19)
def test_row_19_ids_that_disagree_stop(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        first, second, third = content["images"][:3]
        content["images"].append(dict(first, file_name=second["file_name"], id=first["id"]))
        content["images"].append(dict(third, id=77, width=512))
        content["annotations"].append(dict(content["annotations"][4], bbox=[1, 2, 3, 4]))
        content["categories"].append({"id": 1, "name": "boat"})

    message = spoil_coco(tmp_path, change)
    assert "nothing was published" in message
    for part in (
        "id 1 stands for P0001_0001.jpg and P0001_0002.jpg",
        "P0001_0003.jpg is listed with two sizes",
        "annotation id 5 has two contents",
        "category id 1 stands for ship and boat",
        "train2017.json",
    ):
        assert part in message


@quality(row=40)
def test_row_40_image_in_two_splits_stops_and_lists_them_all(tmp_path: Path) -> None:
    source = mini.hrsid(30)
    test = json.loads(source.files[source.path_of("test2017.json")])

    def change(content: dict[str, Any]) -> None:
        for number, entry in enumerate(test["images"][:3]):
            content["images"].append(dict(entry, id=900 + number))

    source.change_json("train2017.json", change)
    with pytest.raises(InputError) as caught:
        mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    message = str(caught.value)
    assert "official lists put images into two splits; remove each from one of them (3)" in message
    for entry in test["images"][:3]:
        stem = entry["file_name"].removesuffix(".jpg")
        assert f"{stem} is test by" in message
    assert "train by HRSID_JPG/annotations/train2017.json" in message


@quality(row=40)
def test_row_40_split_lists(tmp_path: Path) -> None:
    source = mini.sar_aircraft(4)
    for split, stems in {
        "train": ["0000001", "0000002", "0000003"],
        "val": ["0000002"],
        "test": ["0000003", "0000004", ""],
    }.items():
        path = f"{mini.AIRCRAFT_LAYOUT}/ImageSets/Main/{split}.txt"
        source.files[path] = "\n".join(stems).encode("utf-16" if split == "val" else "utf-8")
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out")
    assert "put 2 images into two splits" in str(caught.value)
    assert "0000002 (train and validation), 0000003 (train and test)" in str(caught.value)
    (raw / "sar_aircraft" / mini.AIRCRAFT_LAYOUT / "ImageSets/Main/val.txt").unlink()
    with pytest.raises(InputError, match=r"no file matches \*\*/ImageSets/Main/val.txt, but other"):
        mini.build(raw, tmp_path / "out")


@quality(row=22)
@pytest.mark.parametrize("share", [10, 55, 99])
def test_row_22_truncated_json_stops_with_its_byte(tmp_path: Path, share: int) -> None:
    source = mini.hrsid(20)
    path = source.path_of("train2017.json")
    whole = source.files[path]
    cut = len(whole) * share // 100
    source.files[path] = whole[:cut]
    with pytest.raises(InputError) as caught:
        mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    assert f"train2017.json: json_parse: ends too early, at byte {cut:,}" in str(caught.value)
    assert "fetch the archive again" in str(caught.value)
    assert not (tmp_path / "out" / "build.json").exists()


@quality(row=22)
def test_row_22_broken_json_names_the_byte(tmp_path: Path) -> None:
    source = mini.hrsid(20)
    path = source.path_of("train2017.json")
    whole = bytearray(source.files[path])
    place = len(whole) // 2
    while whole[place : place + 2] != b'":':
        place += 1
    whole[place + 1] = ord("!")
    source.files[path] = bytes(whole)
    with pytest.raises(InputError, match=rf"breaks at byte {place + 1:,}: lexical error"):
        mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")


@quality(row=21)
@pytest.mark.parametrize(
    "ids", [[0, 1], [10**30, -3], [7, 7 + 2**40]], ids=["zero-based", "huge", "sparse"]
)
def test_row_21_any_ids(tmp_path: Path, ids: list[int]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["categories"] = [{"id": ids[0], "name": "car"}, {"id": ids[1], "name": "ship"}]
        for entry in content["annotations"]:
            entry["category_id"] = ids[1]
            entry["id"] += ids[0]

    source = mini.hrsid(10)
    source.change_json("train2017.json", change)
    record = mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    assert record["sources"]["hrsid"]["counts"]["kept"] == {"images": 10, "instances": 10}


def test_document_without_categories_needs_the_manifest(tmp_path: Path) -> None:
    source = mini.hrsid(10)
    source.change_json("train2017.json", lambda content: content.pop("categories"))
    raw = source.write_folder(tmp_path / "raw")
    stated = ["hrsid.annotations.first_class_id=1"]
    record = mini.build(raw, tmp_path / "a", stated=stated)
    assert record["sources"]["hrsid"]["counts"]["kept"]["instances"] == 10
    with pytest.raises(
        InputError, match=r"annotations\.class_names is empty, but the document has"
    ):
        mini.build(raw, tmp_path / "b", stated=["hrsid.annotations.class_names=[]"])
    with pytest.raises(InputError, match="'category_id 1' × 8"):
        mini.build(raw, tmp_path / "c")


# YOLO: rows 23, 24.
YOLO_TEXTS: dict[int, str | bytes] = {
    1: "",
    2: "\n  \r\n",
    3: "0 0.5 0.5 0.2 0.1 \n\n0   0.25 0.25  0.1 0.1",
    4: "0 1.5 0.5 0.2 0.1\n0 0.5 0.5 0.2 0.1",
    5: "0 0.5 0.5 0.2 -0.1\n0 0.5 0.5 0.2 0.1",
    6: "3 0.5 0.5 0.2 0.1\n0 0.5 0.5 0.2 0.1",
    7: "0 0.5 0.5 0.2\n0 0.5 0.5 0.2 0.1 0.9\n0 0.5 0.5 0.2 0.1",
    8: "0 nan 0.5 0.2 0.1\n0 0.5 inf 0.2 0.1\n0 0.5 0.5 0.2 0.1",
    9: "0 x 0.5 0.2 0.1\n0 0.5 0.5 0.2 0.1",
    10: "0 1.0 0.5 0.2 0.1",
    11: "0 0.01 0.01 0.1 0.1",
    12: "0 0.5 0.5 0 0.1\n0 0.5 0.5 0.2 0.1",
    13: "0.5 0.5 0.5 0.2 0.1\n0 0.5 0.5 0.2 0.1",
    14: "0 0.5 0.5 0.2 0.1".encode("utf-16"),
    15: "\ufeff0 0.5 0.5 0.2 0.1".encode(),
    16: b"0 0.5 0.5 0.2 0.1 \xb4\xac",
    17: "0 0.9375000 0.5 0.1250001 0.5",  # a rounded edge is no overflow
}
YOLO_REJECTED = {
    "00004#line 1": ("bad_value", "line 1: 1.5 is no share of the picture (0 to 1)", 0, 1),
    "00005#line 1": ("bad_value", "line 1: -0.1 is no share", 0, 1),
    "00006#line 1": ("contradicts_manifest", "lists 1 (aircraft), but class 3 is used", 0, 1),
    "00007#line 1": ("bad_value", "line 1 has 4 columns, not 5", 0, 1),
    "00007#line 2": ("bad_value", "line 2 has 6 columns, not 5", 0, 1),
    "00008#line 1": ("non_finite", "line 1: 0 nan", 0, 1),
    "00008#line 2": ("non_finite", "line 2: 0 0.5 inf", 0, 1),
    "00009#line 1": ("bad_value", "line 1 has 'x', not a number", 0, 1),
    "00012#line 1": ("degenerate", "has no area", 0, 1),
    "00013#line 1": ("contradicts_manifest", "class 0.5 is used", 0, 1),
    "00016": ("encoding", "not utf-8; list the encoding in the manifest's", 1, 0),
}


@quality(row=13)
@quality(row=18)
@quality(row=23)
@quality(row=24)
def test_yolo_faults(tmp_path: Path) -> None:
    source = mini.sadd(30)
    for number, text in YOLO_TEXTS.items():
        source.document(f"{number:05d}", text)
    planted = Planted(source, tmp_path, recipe=lenient(tmp_path))
    planted.check(YOLO_REJECTED)
    assert validate_folder(str(planted.out), 1)
    lines = {r["key"]: r["line"] for r in planted.rejects}
    assert all(line == (int(key[-1]) if "#" in key else None) for key, line in lines.items())
    assert planted.fixes == {"box_clipped": 2, "other_encoding": 2}
    assert planted.boxes("00001") == planted.boxes("00002") == []  # row 24
    assert len(planted.boxes("00003")) == 2
    assert planted.boxes("00010") == [pytest.approx([201.6, 100.8, 224, 123.2])]
    assert planted.boxes("00011") == [pytest.approx([0, 0, 13.44, 13.44])]
    assert planted.boxes("00014") == planted.boxes("00015")
    assert planted.boxes("00014") == [pytest.approx([89.6, 100.8, 134.4, 123.2])]
    assert planted.images["sadd/00004"]["rejected_categories"] == ["aircraft"]


@quality(row=23)
def test_row_23_wrong_class_list_stops_by_default(tmp_path: Path) -> None:
    source = mini.sadd(12)
    source.document("00003", "1 0.5 0.5 0.2 0.1\n1 0.2 0.5 0.2 0.1")
    with pytest.raises(InputError) as caught:
        mini.build(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    message = str(caught.value)
    assert "annotations.class_names lists 1 (aircraft), but class 1 is used (2 objects)" in message
    assert "--set sadd.annotations.class_names=VALUE" in message
    stated = ['sadd.annotations.class_names=["aircraft", "aircraft"]']
    record = mini.build(tmp_path / "raw", tmp_path / "out", stated=stated)
    assert record["sources"]["sadd"]["counts"]["kept"]["instances"] == 13


def test_images_without_a_label_file(tmp_path: Path) -> None:
    source = mini.sadd(12)
    for number in range(1, 9):
        del source.files[f"SADD/labels/{number:05d}.txt"]
    raw = source.write_folder(tmp_path / "raw")
    record = mini.build(raw, tmp_path / "a")
    assert record["sources"]["sadd"]["counts"]["kept"]["images"] == 4
    record = mini.build(raw, tmp_path / "b", recipe=lenient(tmp_path))
    assert record["sources"]["sadd"]["counts"]["kept"]["images"] == 12
    with pytest.raises(InputError, match="8 of 12 images rejected"):
        mini.build(raw, tmp_path / "c", stated=['sadd.annotations.unlabeled="reject"'])


# DOTA: rows 25, 26, 28, 29.
DOTA_TEXTS = {
    1: "20 30 90 30 90 80 20 80 vehicle\n",
    2: "20 30 20 80 90 80 90 30 Vehicle 1\n",  # counter-clockwise
    3: "20 30 90 80 90 30 20 80 car 0\n",  # a bow-tie
    4: "20 30 40 50 60 70 30 40 car 0\n20 30 90 30 90 80 20 80 car 0\n",  # all in a line
    5: "20 30 90 30 90 80 car 0\n20 30 90 30 90 80 20 80 car 0\n",
    6: "20 30 90 30 90 80 20 x car 0\n20 30 90 30 90 80 20 80 car 0\n",
    7: "20 30 90 30 90 80 20 nan car 0\n20 30 90 30 90 80 20 80 car 0\n",
    8: "-20 30 90 30 90 80 -20 80 car 0\n",
    9: "600 30 690 30 690 80 600 80 car 0\n20 30 90 30 90 80 20 80 car 0\n",
    10: "20 30 90 30 90 80 30 35 car 0\n",  # dented
    11: "imagesource:GoogleEarth\ngsd:0.5\n20 30 90 30 90 80 20 80 car 0\n",
    12: "",
}
DOTA_REJECTED = {
    "FARAD_0004#line 1": ("degenerate", "enclose no area", 0, 1),
    "FARAD_0005#line 1": ("bad_value", "line 1 has 8 fields, not 9 or 10", 0, 1),
    "FARAD_0006#line 1": ("bad_value", "line 1 has 'x', not a number", 0, 1),
    "FARAD_0007#line 1": ("non_finite", "nan", 0, 1),
    "FARAD_0009#line 1": ("outside", "picture of 512 × 512", 0, 1),
    "FARAD_0011#line 1": ("contradicts_manifest", "header_lines = 0, but there are header", 0, 1),
    "FARAD_0011#line 2": ("contradicts_manifest", "header_lines = 0, but there are header", 0, 1),
}


@quality(row=18)
@quality(row=25)
@quality(row=26)
@quality(row=29)
def test_dota_faults(tmp_path: Path) -> None:
    source = mini.sived(40)
    for number, text in DOTA_TEXTS.items():
        source.document(f"FARAD_{number:04d}", text, mini.sived_side(number))
    planted = Planted(source, tmp_path, recipe=lenient(tmp_path))
    planted.check(DOTA_REJECTED)
    # The last: the ramps of some miniatures average out.
    assert planted.fixes == {"box_clipped": 1, "quad_hull": 2, "too_flat_to_compare": 3}
    square = [20, 30, 90, 30, 90, 80, 20, 80]
    for number in (1, 2, 3):
        assert planted.boxes(f"FARAD_{number:04d}") == [GOOD_BOX]
        assert planted.images[f"sived/FARAD_{number:04d}"]["objects"]["obb"] == [square]
    assert planted.images["sived/FARAD_0002"]["objects"]["difficult"] == [True]
    assert planted.boxes("FARAD_0008") == [[0, 30, 90, 80]]
    assert planted.images["sived/FARAD_0008"]["objects"]["obb"][0][0] == -20
    assert planted.images["sived/FARAD_0010"]["objects"]["obb"] == [
        [20, 30, 90, 30, 90, 80, 90, 80]
    ]
    assert planted.boxes("FARAD_0012") == []


@quality(row=25)
def test_row_25_header_lines_are_stated_and_never_guessed(tmp_path: Path) -> None:
    source = mini.sived(20)
    for path in [p for p in source.files if p.endswith(".txt")]:
        source.files[path] = b"imagesource:GoogleEarth\ngsd:0.5\n" + source.files[path]
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out")
    assert "annotations.header_lines = 0, but there are header lines below (40 obj" in str(
        caught.value
    )
    assert "--set sived.annotations.header_lines=VALUE" in str(caught.value)
    stated = ["sived.annotations.header_lines=2"]
    record = mini.build(raw, tmp_path / "out", stated=stated)
    assert record["sources"]["sived"]["counts"]["kept"] == {"images": 20, "instances": 20}
    with pytest.raises(InputError, match="header_lines = 3, but an object stands there"):
        mini.build(raw, tmp_path / "out2", stated=["sived.annotations.header_lines=3"])


# Row 13: what the manifest lists is read, and counted; what it does not list is a reject.
@quality(row=13)
@pytest.mark.parametrize("listed", [False, True])
def test_row_13_encodings_that_the_manifest_lists(tmp_path: Path, listed: bool) -> None:
    source = mini.ssdd(20)
    text = mini.voc_xml([mini.SHIP]).replace("<annotation>", "<annotation><folder>船</folder>")
    source.document("000003", text.encode("gbk"))
    out = tmp_path / "out"
    stated = ['ssdd.annotations.encodings=["utf-8", "gbk"]'] if listed else []
    record = mini.build(source.write_zip(tmp_path / "raw"), out, stated=stated)
    assert record["sources"]["ssdd"]["fixes"].get("other_encoding", 0) == listed
    assert ("ssdd/000003" in mini.read_images(out)) == listed
    advice = "not utf-8; list the encoding in the manifest's annotations.encodings"
    found = [(row["key"], row["reason"], row["detail"]) for row in mini.read_rejects(out)]
    assert found == ([] if listed else [("ssdd/000003", "encoding", advice)])


@quality(row=13)
def test_row_13_a_document_of_many_images_is_counted_once(tmp_path: Path) -> None:
    source = mini.hrsid(10)
    path = source.path_of("train2017.json")
    source.files[path] = source.files[path].decode().encode("utf-16")
    record = mini.build(source.write_zip(tmp_path / "raw"), tmp_path / "out")
    assert record["sources"]["hrsid"]["fixes"] == {"other_encoding": 1}
    assert record["sources"]["hrsid"]["counts"]["kept"] == {"images": 10, "instances": 10}


# Row 30: what a window must show of a box.
@quality(row=30)
def test_row_30_the_rule_of_seven_tenths_and_what_no_chip_shows(tmp_path: Path) -> None:
    source = mini.sar_aircraft(4)
    # Windows of 512 px start at 0 and at 288: 350 of 500 px lie in the first, 349 of the next one.
    boxes = {"exactly": (162, 300, 662, 400), "less": (163, 410, 663, 490)}
    lost = (50, 50, 750, 150)
    objects: list[mini.Object] = [("A220", *box) for box in (*boxes.values(), lost)]
    source.document("0000001", mini.voc_xml(objects, size=(800, 800)))
    record = mini.build(source.write_zip(tmp_path / "raw"), tmp_path / "out")
    (row,) = mini.read_rejects(tmp_path / "out")
    assert (row["key"], row["reason"]) == ("sar_aircraft/0000001#2", "lost_at_edge")
    assert row["file"].endswith("0000001.jpg")
    assert row["detail"] == "no window shows enough of box (50.0, 50.0, 750.0, 150.0)"
    assert record["sources"]["sar_aircraft"]["counts"]["rejected"] == {"images": 0, "instances": 1}
    images = mini.read_images(tmp_path / "out")
    left = images["sar_aircraft/0000001@0,0"]
    assert left["objects"]["bbox"] == [[162, 300, 512, 400]]
    assert left["objects"]["truncated"] == [True]
    assert left["cut_categories"] == ["aircraft"]
    right = images["sar_aircraft/0000001@288,0"]
    assert right["objects"]["bbox"] == [[0, 300, 374, 400], [0, 410, 375, 490]]


# FAIR1M: rows 11-13, 18, 26.
@quality(row=11)
@quality(row=12)
@quality(row=13)
@quality(row=18)
@quality(row=26)
def test_fair1m_faults(tmp_path: Path) -> None:
    source = mini.air_sarship_2(30)
    ring = ((20, 30), (90, 30), (90, 80), (20, 80))

    def document(*rings: Any, **options: Any) -> bytes:
        things = [write_fair1m.Fair1mObject("ship", tuple(ring)) for ring in rings]
        return write_fair1m.document(things, filename="1.tiff", **options)

    good = document(ring)
    source.document("1", good[:200])
    source.document("2", b'<!DOCTYPE a [<!ENTITY x "y">]>' + good.split(b"?>")[1])
    gbk = good.replace(b"GF3", "高分三号".encode("gbk")).split(b"?>")[1]
    source.document("3", gbk)
    source.document("4", document(ring, declaration="", encoding="utf-16"))
    source.document("5", document(((1, 2), ("nan", 3), (4, 4), (5, 1)), ring))
    source.document("6", good.replace(b"20, 30", b"20; 30"))
    source.document("7", good.replace(b"20, 30", b"20, 30, 1"))
    source.document("8", document(((20, 30),), ring))
    source.document("9", document(((20, 30), (55, 20), (90, 30), (90, 80), (20, 80)), ring))
    source.document("10", document(((20, 30), (90, 80), (90, 30), (20, 80))))
    source.document("11", document(ring, size_px=(9999, 9999)))
    source.document("12", good.replace(b"ship", "舰船".encode()))
    planted = Planted(source, tmp_path, recipe=lenient(tmp_path))
    planted.check(
        {
            "1": ("xml_parse", "line ", 1, 0),
            "2": ("xml_forbidden", "DTD", 1, 0),
            "5#object[1]": ("non_finite", "nan", 0, 1),
            "6#object[1]": ("bad_value", "'20; 30', not a number", 0, 1),
            "6": ("no_valid_instance", "", 1, 0),
            "7#object[1]": ("bad_value", "point is '20, 30, 1', not 'x, y'", 0, 1),
            "7": ("no_valid_instance", "", 1, 0),
            "8#object[1]": ("bad_value", "has 1 points", 0, 1),
            "12#object[1]": ("unknown_category", "舰船", 0, 1),
            "12": ("no_valid_instance", "", 1, 0),
        }
    )
    assert planted.fixes == {
        "size_mismatch": 1,
        "quad_hull": 1,
        "filename_differs": 10,
        "other_encoding": 2,
    }
    assert planted.boxes("3") == planted.boxes("4") == planted.boxes("10") == [GOOD_BOX]
    assert planted.boxes("9") == [[20, 20, 90, 80], GOOD_BOX]
    assert planted.images["air_sarship_2/9"]["objects"]["segmentation"][0][:4] == [20, 30, 55, 20]


# What a manifest states and the data contradict.
def test_pixel_origin_that_the_data_contradict_stops(tmp_path: Path) -> None:
    source = mini.msar(12)
    source.document("03", mini.voc_xml([("桥梁", 0, 10, 50, 60), ("桥梁", -3, 10, 50, 60)]))
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out")
    message = str(caught.value)
    assert "msar: annotations.pixel_origin = 1, but boxes start at 0 (1 objects)" in message
    assert "--set msar.annotations.pixel_origin=VALUE" in message
    stated = ["msar.annotations.pixel_origin=0", 'msar.annotations.max_edge="exclusive"']
    record = mini.build(raw, tmp_path / "out", stated=stated)
    assert record["sources"]["msar"]["annotations"]["pixel_origin"] == 0
    assert "annotations.pixel_origin" not in record["sources"]["msar"]["unverified"]
    assert record["sources"]["msar"]["fixes"]["box_clipped"] == 1


@quality(row=27)
def test_angles_without_a_stated_convention_stop(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    angled = mini.voc_xml([]).replace(
        "</annotation>",
        "<object><name>ship</name><rbndbox><cx>60</cx><cy>50</cy><w>40</w><h>20</h>"
        "<angle>30</angle></rbndbox></object></annotation>",
    )
    source.document("000003", angled)
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError, match=r"ssdd: annotations\.angle is not stated, but boxes have"):
        mini.build(raw, tmp_path / "out")
    record = mini.build(raw, tmp_path / "out", stated=['ssdd.annotations.angle="opencv"'])
    assert record["sources"]["ssdd"]["counts"]["kept"] == {"images": 10, "instances": 10}
    box = mini.read_images(tmp_path / "out")["ssdd/000003"]["objects"]["bbox"][0]
    assert box == pytest.approx([37.68, 31.34, 82.32, 68.66], abs=0.01)
    with pytest.raises(InputError, match=r'annotations\.angle = "le90", but an angle lies outside'):
        mini.build(raw, tmp_path / "out2", stated=['ssdd.annotations.angle="le90"'])


def test_pattern_that_matches_nothing_stops(tmp_path: Path) -> None:
    source = mini.hrsid(10)
    del source.files[source.path_of("test2017.json")]
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out")
    assert "no file matches **/annotations/test2017.json" in str(caught.value)
    assert "--set hrsid.annotations.files.1.optional=true" in str(caught.value)
    with pytest.raises(InputError, match="no annotations; expected"):
        mini.build(raw, tmp_path / "out", stated=["hrsid.annotations.files=[{path='x/*.json'}]"])


def test_two_images_of_one_name_stop_with_both_places(tmp_path: Path) -> None:
    source = mini.ogsod(8)
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out", stated=["ogsod.annotations.stem_folders=0"])
    assert "two images are called '1'" in str(caught.value)
    assert "sar/images/train/1.png" in str(caught.value)


def test_wrong_setting_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"hrsid\.toml › annotations\.max_edge"):
        mini.build(tmp_path, tmp_path / "out", stated=["hrsid.annotations.max_edge=1"])


# Row 41: names.
NAMES = {
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301 2",
    "spaces": " a  b ",
    "newline": "a\nb",
    "long": "n" * 251,
    "chinese": "船只 01",
    "two dots": "a.b.c",
}


@quality(row=41)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_row_41_names(tmp_path: Path, form: str) -> None:
    source = mini.ssdd(6)
    for number, name in enumerate(NAMES.values(), start=50):
        source.image(name, mini.picture(number))
        source.document(name, mini.voc_xml([mini.SHIP], filename=f"{name}.jpg", size=(300, 240)))
    raw = tmp_path / "raw"
    (source.write_folder if form == "folder" else source.write_zip)(raw)
    if form == "folder":
        strange = bytes(raw / "ssdd" / mini.SSDD_LAYOUT / "JPEGImages_train") + b"/b\xe9.jpg"
        Path(strange.decode("utf-8", "surrogateescape")).write_bytes(mini.picture(90))
        strange = strange.replace(b"JPEGImages", b"Annotations").replace(b".jpg", b".xml")
        Path(strange.decode("utf-8", "surrogateescape")).write_text(mini.voc_xml([mini.SHIP]))
    record = mini.build(raw, tmp_path / "out")
    images = mini.read_images(tmp_path / "out")
    wanted = {f"ssdd/{name}" for name in NAMES.values()} - {"ssdd/cafe\u0301 2"}
    wanted |= {"ssdd/caf\u00e9 2"} | ({r"ssdd/b\xe9"} if form == "folder" else set())
    assert wanted <= set(images)
    counts = record["sources"]["ssdd"]["counts"]
    assert counts["kept"]["images"] == counts["read"]["images"] == len(wanted) + 6
    assert validate_folder(str(tmp_path / "out"), 1)
