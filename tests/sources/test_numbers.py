"""Numbers that nobody takes at their word: shares, copies, contradictions, marks, tiny boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boxed_source import FORMATS, PIXEL_FORMATS, SHIPS, Boxes, coco, documents, ring, scaled, source
from reader_rules import read
from small_source import Outcome, voc, voc_object, write

from sarchat_build.errors import InputError, RecordError
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


# Row 81: marks and flags.
FLAGS = {
    "0": False, "1": True, "2": True, "true": True, "False": False, "YES": True, "No": False,
    "Unspecified": False, "": False, " 1 ": True,
}  # fmt: skip


@quality(81)
def test_flags_in_words(tmp_path: Path) -> None:
    words = [*FLAGS, "maybe", "-1"]
    texts = {
        f"{n:02}": voc(
            voc_object(*SHIPS["000"], flags=f"<Difficult>{w}</Difficult><truncated>{w}</truncated>")
        )
        for n, w in enumerate(words)
    }
    outcome = Outcome(write(tmp_path, "voc", texts))
    found = [outcome.images[stem].image.instances[0] for stem in sorted(texts)]
    expected = [*FLAGS.values(), False, False]
    assert [i.difficult for i in found] == [i.truncated for i in found] == expected
    # "Unspecified" is no yes, and it does not say no either.
    assert outcome.notices(Reason.UNKNOWN_FLAG) == 6


@quality(81)
@pytest.mark.parametrize("key", ["iscrowd", "ignore"])
@pytest.mark.parametrize("value", [1, True, "1", "true"])
def test_a_crowd_is_not_one_object(tmp_path: Path, key: str, value: Any) -> None:
    boxes: Boxes = {"000": [(50, 50, 70, 70), SHIPS["000"]], "001": [SHIPS["001"]]}
    content = json.loads(coco(boxes))
    content["categories"].append({"id": 2, "name": "car"})
    content["annotations"][1][key] = value
    content["annotations"][2][key] = "perhaps"
    names = {"ship": "ship", "car": "car"}
    outcome = Outcome(
        source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}, names=names)
    )
    assert outcome.boxes("000") == [(50, 50, 70, 70)]
    assert outcome.incomplete("000") == ("ship",)  # and not the car
    assert outcome.rejects == {("000#annotations[2]", Reason.NOT_ONE_OBJECT)}
    assert outcome.notices(Reason.UNKNOWN_FLAG) == 1


@quality(81)
def test_parts_of_an_object_are_none(tmp_path: Path) -> None:
    part = "<part><name>ship</name><bndbox><xmin>1</xmin></bndbox></part>"
    text = voc(voc_object(*SHIPS["000"], flags=part, more=part))
    assert Outcome(write(tmp_path, "voc", {"0": text})).boxes("0") == [(10, 12, 34, 26)]


@quality(81)
def test_a_confidence_is_no_label(tmp_path: Path) -> None:
    texts = dict.fromkeys(SHIPS, "0 0.5 0.5 0.25 0.25") | {"004": "0 0.5 0.5 0.25 0.25 0.9"}
    outcome = Outcome(source(tmp_path, "yolo", {s: [b] for s, b in SHIPS.items()}, texts=texts))
    (reject,) = [r for r in outcome.reading.rejects if r.reason is Reason.BAD_VALUE]
    assert reject.detail == "line 1 has 6 columns, not 5 (one more is the confidence of a guess)"


# Row 85: categories that are not ours.
@quality(85)
def test_ignored_categories_are_left_out_and_leave_others_complete(tmp_path: Path) -> None:
    platform = voc_object(50, 50, 70, 70, name="Offshore-Platform")
    texts = {"0": voc(platform, voc_object(*SHIPS["000"])), "1": voc(platform)}
    names = {"ship": "ship", "offshore-platform": "ignore"}
    outcome = Outcome(write(tmp_path, "voc", texts, names=names))
    assert not outcome.stop
    assert outcome.boxes("0") == [(10, 12, 34, 26)]
    assert outcome.incomplete("0") == ()
    assert ("0#object[1]", Reason.IGNORED_CATEGORY) in outcome.rejects
    # A picture of nothing else is one without objects, and no rejected one.
    reasons = {r.reason for r in outcome.reading.rejects}
    assert Reason.NO_VALID_INSTANCE not in reasons
    assert outcome.boxes("1") == [] if "1" in outcome.images else Reason.NO_OBJECT in reasons


# Row 84: header lines in some files only.
@quality(84)
@pytest.mark.parametrize("options", ["", "header_lines = 2", "header_lines = 0"])
def test_header_lines_in_some_files(tmp_path: Path, options: str) -> None:
    texts = documents("dota", {s: [b] for s, b in SHIPS.items()})
    for stem in ("000", "002"):
        texts[stem] = f"imagesource:GF3\nGSD: 1.0\n{texts[stem]}"
    folder = source(
        tmp_path, "dota", {s: [b] for s, b in SHIPS.items()}, texts=texts, options=options
    )
    outcome = Outcome(folder)
    assert not outcome.stop
    assert not outcome.rejects
    assert len(outcome.images) == 5


@quality(84)
def test_a_short_line_is_an_object_that_lacks_numbers(tmp_path: Path) -> None:
    texts = {"0": "any words\n10 12 34 12 34 26 ship 0\n10 12 34 12 34 26 10 26 ship 0"}
    assert len(Outcome(write(tmp_path / "a", "dota", texts)).rejects) == 2
    stated = Outcome(write(tmp_path / "b", "dota", texts, options="header_lines = 1"))
    assert stated.rejects == {("0#line 2", Reason.BAD_VALUE)}


# Row 83: encodings and paths.
@quality(83)
@pytest.mark.parametrize("declared", ["utf-8", "gb2312", "nonsense", "utf-16", "punycode"])
def test_a_declaration_may_be_wrong(tmp_path: Path, declared: str) -> None:
    name = "船镕"  # the second is in GBK and not in GB 2312
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    text = (head + voc(voc_object(*SHIPS["000"], name=name))).encode("gbk")
    folder = write(
        tmp_path, "voc", {"0": text}, names={name: "ship"}, options='encodings = ["utf-8", "gbk"]'
    )
    outcome = Outcome(folder)
    assert outcome.boxes("0") == [(10, 12, 34, 26)]
    assert outcome.notices(Reason.OTHER_ENCODING) == 1


@quality(83)
def test_the_advice_about_encodings_works(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    text = (head + voc(voc_object(*SHIPS["000"], name="船"))).encode("gbk")
    folder = write(tmp_path, "voc", {"0": text}, names={"船": "ship"})
    (reject,) = [r for r in Outcome(folder).reading.rejects if r.reason is Reason.ENCODING]
    assert reject.detail == "not utf-8; list the encoding in the manifest's annotations.encodings"
    followed = Outcome(folder, 'case.annotations.encodings=["utf-8", "gbk"]')
    assert followed.boxes("0") == [(10, 12, 34, 26)]


@quality(83)
@pytest.mark.parametrize(
    "written", [r"C:\data\JPEGImages\{}.png", "/home/a/images/{}.png", r"..\JPEGImages\{}.png"]
)
def test_a_path_of_another_machine_is_not_needed(tmp_path: Path, written: str) -> None:
    texts = {s: voc(voc_object(*b), filename=written.format(s)) for s, b in SHIPS.items()}
    outcome = Outcome(write(tmp_path, "voc", texts))
    assert not outcome.rejects
    assert len(outcome.images) == 5
    assert outcome.notices(Reason.FILENAME_DIFFERS) >= 1


# Row 76 and others: rings by the names of their corners.
NAMED = [
    f"{axis}_{corner}"
    for corner in ("left_top", "right_top", "right_bottom", "left_bottom")
    for axis in "xy"
]
COUNTED = [f"{axis}{corner}" for corner in "1234" for axis in "xy"]


@quality(84)
@pytest.mark.parametrize("tag", ["robndbox", "rbndbox", "rotated_bndbox", "bndbox"])
@pytest.mark.parametrize("keys", [NAMED, COUNTED])
def test_rotated_boxes_as_named_corners(tmp_path: Path, tag: str, keys: list[str]) -> None:
    numbers = [value for point in ring(SHIPS["000"]) for value in point]
    parts = "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, numbers, strict=True))
    text = voc(voc_object(more=f"<{tag}>{parts}</{tag}><angle>0</angle>"))
    folder = write(tmp_path, "voc", {"0": text})
    outcome = Outcome(folder)
    (instance,) = outcome.images["0"].image.instances
    assert instance.obb_px == tuple(numbers)
    assert survey(str(folder / "raw" / "case")).object_count == 1


@quality(84)
def test_an_unknown_way_to_write_a_box_is_shown(tmp_path: Path) -> None:
    text = voc(voc_object(more="<robndbox><theta>1</theta><radius>2</radius></robndbox>"))
    folder = write(tmp_path, "voc", {"0": text})
    with pytest.raises(InputError, match="robndbox holds radius, theta, not cx, cy, w, h, angle"):
        survey(str(folder / "raw" / "case"))


# Row 66: millions of records about one picture.
@quality(66)
@pytest.mark.parametrize(
    ("file_format", "data"),
    [
        ("voc", b"<annotation>" + b"<object/>" * 2_100_000 + b"</annotation>"),
        ("yolo", b"0 .5 .5 .1 .1\n" * 1_000_000),
        ("dota", b"1 1 9 1 9 9 1 9 ship 0\n" * 1_000_000),
    ],
)
def test_millions_of_records_about_one_picture(file_format: str, data: bytes) -> None:
    with pytest.raises(RecordError, match="about one image") as caught:
        read(data, file_format)
    assert caught.value.reason is Reason.TOO_LARGE
