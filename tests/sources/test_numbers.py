"""Numbers that nobody takes at their word: shares, copies, contradictions, marks, tiny boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boxed_source import FORMATS, PIXEL_FORMATS, SHIPS, Boxes, coco, scaled, source
from small_source import Outcome, voc, voc_object, write

from sarchat_build.errors import InputError
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.reasons import Reason


def quality(row: int) -> pytest.MarkDecorator:
    return pytest.mark.quality(row=row)


# Row 77: shares and percents.
@quality(77)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
def test_shares_in_a_format_of_pixels_stop(tmp_path: Path, file_format: str) -> None:
    folder = source(tmp_path, file_format, {s: [scaled(b, 1 / 96)] for s, b in SHIPS.items()})
    outcome = Outcome(folder)
    assert "case: 5 of 5 objects: the numbers of a box are shares or percents" in outcome.stop
    assert not outcome.images
    with pytest.raises(InputError, match=r"are shares \(0 to 1\) of the picture"):
        survey(str(folder / "raw" / "case"))


@quality(77)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
def test_percents_of_large_pictures_stop(tmp_path: Path, file_format: str) -> None:
    size = (512, 512)
    boxes: Boxes = {s: [scaled(b, 100 / 96)] for s, b in SHIPS.items()}
    folder = source(tmp_path, file_format, boxes, size)
    assert "no box reaches beyond 100 in 5 pictures of up to 512 × 512" in Outcome(folder).stop
    with pytest.raises(InputError, match=r"are percents \(0 to 100\) of the picture"):
        survey(str(folder / "raw" / "case"))


@quality(77)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
def test_a_tiny_box_does_not_stop_a_sound_source(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    boxes["000"] = [(0.1, 0.2, 0.9, 0.95), SHIPS["000"]]
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert not outcome.stop
    assert {reason for _, reason in outcome.rejects} == {Reason.SHARES_OF_PICTURE}
    assert outcome.incomplete("000") == ("ship",)
    assert outcome.incomplete("001") == ()


# Row 78: boxes that have no area once they are written, and absurd ones.
@quality(78)
@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    "box",
    [(40, 12, 64, 12.1), (70.6, 40, 70.9, 60), (40, 11.6, 64, 12.4), (20.6, 9, 21.4, 30)],
)
def test_boxes_whose_text_has_no_area(
    tmp_path: Path, file_format: str, box: tuple[float, ...]
) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    boxes["000"].append(box)
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert {reason for _, reason in outcome.rejects} == {Reason.DEGENERATE}
    assert outcome.incomplete("000") == ("ship",)
    assert outcome.boxes("000") == [(10, 12, 34, 26)]


@quality(78)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
@pytest.mark.parametrize("far", [(1e7, 1e7, 2e7, 2e7), (-5000, 3, 9000, 40), (1e300, 1, 1e301, 9)])
def test_absurd_boxes(tmp_path: Path, file_format: str, far: tuple[float, ...]) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    boxes["000"].append(far)
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert {reason for _, reason in outcome.rejects} == {Reason.DEGENERATE}
    assert outcome.incomplete("000") == ("ship",)


@quality(78)
def test_what_a_chip_cuts_to_less_than_a_pixel_is_cut_off(tmp_path: Path) -> None:
    boxes: Boxes = {"0": [(90, 40, 128.3, 60), (10, 10, 40, 40)]}
    tail = "[tiling]\nchip_px = 128\noverlap_px = 0\nmin_visible = 0.001"
    outcome = Outcome(source(tmp_path, "voc", boxes, (256, 128), tail=tail))
    (chip,) = outcome.images["0"].chips
    assert [tuple(map(round, i.bbox)) for i in chip.instances] == [
        (90, 40, 128, 60),
        (10, 10, 40, 40),
    ]


# Row 79: the same object again.
@quality(79)
@pytest.mark.parametrize("file_format", FORMATS)
def test_one_of_equal_objects_is_kept(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    boxes["000"] = [SHIPS["000"]] * 3
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert outcome.boxes("000") == [(10, 12, 34, 26)]
    assert outcome.notices(Reason.DUPLICATE_OBJECT) == 2
    assert outcome.incomplete("000") == ()
    assert len(outcome.rejects) == 2


@quality(79)
def test_two_ships_may_cross_in_one_upright_box(tmp_path: Path) -> None:
    def crossed(*numbers: int) -> str:
        keys = [f"{axis}{corner}" for corner in "1234" for axis in "xy"]
        parts = "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, numbers, strict=True))
        return voc_object(20, 20, 60, 60, more=f"<rotated_bndbox>{parts}</rotated_bndbox>")

    rising = crossed(20, 50, 50, 20, 60, 30, 30, 60)
    falling = crossed(30, 20, 60, 50, 50, 60, 20, 30)
    again = crossed(50, 20, 60, 30, 30, 60, 20, 50)  # rising, begun at another corner
    outcome = Outcome(write(tmp_path, "voc", {"0": voc(rising, falling, again)}))
    assert len(outcome.boxes("0")) == 2
    assert outcome.notices(Reason.DUPLICATE_OBJECT) == 1


@quality(79)
def test_other_names_of_one_category_are_the_same_object(tmp_path: Path) -> None:
    text = voc(voc_object(*SHIPS["000"], name="cargo"), voc_object(*SHIPS["000"], name="Tanker"))
    names = {"cargo": "ship", "tanker": "ship", "car": "car"}
    outcome = Outcome(write(tmp_path, "voc", {"0": text}, names=names))
    assert len(outcome.boxes("0")) == 1


# Row 80: fields that contradict each other.
@quality(80)
@pytest.mark.parametrize("area", [True, False])
def test_corners_in_place_of_sizes_stop_and_can_be_stated(tmp_path: Path, area: bool) -> None:
    size = (96, 96)
    boxes: Boxes = {s: [(b[0] + 30, b[1] + 30, b[2] + 30, b[3] + 30)] for s, b in SHIPS.items()}
    content = json.loads(coco(boxes))
    for entry in content["annotations"]:
        x, y, w, h = entry["bbox"]
        entry["bbox"] = [x, y, x + w, y + h]
        entry |= {"area": w * h} if area else {}
    folder = source(tmp_path, "coco", boxes, size, {"all": json.dumps(content)})
    outcome = Outcome(folder)
    assert "contradicts_itself: case: " in outcome.stop
    assert "say --set 'case.annotations.bbox=\"xyxy\"'" in outcome.stop
    # The advice is followed.
    again = Outcome(folder, 'case.annotations.bbox="xyxy"')
    assert not again.stop
    assert again.boxes("000") == [tuple(map(round, boxes["000"][0]))]
    assert not Outcome(folder, 'case.annotations.bbox="xywh"').stop


@quality(80)
@pytest.mark.parametrize(
    "fields",
    [
        {"area": 5000},
        {"segmentation": [[60, 60, 90, 60, 90, 90]]},
        {"bbox": [34, 26, -24, -14]},
    ],
)
def test_one_contradiction_costs_one_object(tmp_path: Path, fields: dict[str, Any]) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    boxes["000"] = [(50, 50, 70, 70), SHIPS["000"]]
    content = json.loads(coco(boxes))
    content["annotations"][1] |= fields
    outcome = Outcome(source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}))
    assert not outcome.stop
    assert outcome.boxes("000") == [(50, 50, 70, 70)]
    assert outcome.incomplete("000") == ("ship",)


@quality(80)
@pytest.mark.parametrize(
    "fields",
    [
        {"area": None},
        {"area": "unknown"},
        {"area": 150.5},  # of an outline inside the box
        {"area": 25 * 15},  # the last pixel counted
        {"segmentation": []},
        {"segmentation": [[10, 12, 33, 12, 33, 25]], "area": 9999},
        {"segmentation": {"counts": "abc", "size": [96, 96]}},
        {"segmentation": [[10, 12, 20, 12, 20, 25], [25, 13, 33, 13, 33, 25]]},
        {"iscrowd": "0"},
        {"iscrowd": False, "ignore": 0},
    ],
)
def test_what_contradicts_nothing_is_kept(tmp_path: Path, fields: dict[str, Any]) -> None:
    boxes: Boxes = {"000": [SHIPS["000"]]}
    content = json.loads(coco(boxes, **fields))
    outcome = Outcome(source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}))
    assert outcome.boxes("000") == [(10, 12, 34, 26)]


@quality(80)
def test_a_box_and_a_rotated_box_of_two_objects(tmp_path: Path) -> None:
    numbers = zip(("cx", "cy", "w", "h", "angle"), (80, 80, 20, 10, 30), strict=True)
    rotated = "".join(f"<{k}>{v}</{k}>" for k, v in numbers)
    wrong = voc_object(*SHIPS["000"], more=f"<robndbox>{rotated}</robndbox>")
    two = voc_object(*SHIPS["001"], more="<bndbox><xmin>1</xmin></bndbox>".replace("1", "5"))
    text = voc(wrong, voc_object(50, 50, 70, 70), two)
    outcome = Outcome(write(tmp_path, "voc", {"0": text}, options='angle = "opencv"'))
    assert outcome.boxes("0") == [(50, 50, 70, 70)]
    assert ("0#object[1]", Reason.CONTRADICTS_ITSELF) in outcome.rejects


@quality(80)
@pytest.mark.parametrize("entry", ["images", "annotations", "categories", "category_id"])
def test_ids_as_text_are_the_same_ids(tmp_path: Path, entry: str) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    content = json.loads(coco(boxes))
    for thing in content["annotations" if entry == "category_id" else entry]:
        key = {"annotations": "image_id", "category_id": "category_id"}.get(entry, "id")
        thing[key] = str(thing[key])
    outcome = Outcome(source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}))
    assert not outcome.stop
    assert [outcome.boxes(stem) for stem in SHIPS] == [
        [tuple(map(round, b))] for b in SHIPS.values()
    ]


@quality(80)
def test_ids_that_match_nothing_stop(tmp_path: Path) -> None:
    boxes: Boxes = {s: [b] for s, b in SHIPS.items()}
    content = json.loads(coco(boxes))
    for thing in content["annotations"]:
        thing["image_id"] = f"{thing['image_id']:05}"
    content["annotations"][0]["image_id"] = 0
    outcome = Outcome(source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}))
    assert "orphan_annotation: case: 4 of 5 objects" in outcome.stop
