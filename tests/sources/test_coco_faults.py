"""Bad input of COCO: one document that holds every fault at once, and documents that stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from faulty_source import GOOD_BOX, RECIPE, Planted, lenient

from sarchat_build.errors import InputError

quality = pytest.mark.quality


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
    for number in (4, 5, 6, 7, 8):  # area and outline would contradict these
        del annotations[number]["area"], annotations[number]["segmentation"]
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
        # row 21: a huge id
        dict(annotations[20], id=10**30, bbox=[100, 110, 10, 10], area=100, segmentation=[])
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
    "P0001_0013#annotations[13]": ("not_one_object", "is marked as a crowd", 0, 1),
    "P0001_0013": ("no_valid_instance", "", 1, 0),
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
    offset = len(whole) // 2
    while whole[offset : offset + 2] != b'":':
        offset += 1
    whole[offset + 1] = ord("!")
    source.files[path] = bytes(whole)
    with pytest.raises(InputError, match=rf"breaks at byte {offset + 1:,}: lexical error"):
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
