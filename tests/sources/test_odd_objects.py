"""Objects as careless hands leave them: listed twice, left over by a cut, drawn elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boxed_source import FORMATS, PIXEL_FORMATS, SHIPS, Boxes, coco, source
from small_source import Outcome, voc, voc_object, write

from sarchat_build.config.manifest import load_manifests
from sarchat_build.errors import InputError
from sarchat_build.geometry.agreement import contradiction
from sarchat_build.onboarding.inspection import read_source
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.reasons import Reason
from sarchat_build.sources.index import index_source
from sarchat_build.types import Instance


def quality(row: int) -> pytest.MarkDecorator:
    return pytest.mark.quality(row=row)


def kept(outcome: Outcome, stem: str = "0") -> tuple[Instance, ...]:
    return outcome.images[stem].image.instances


# Row 79: the same object again.
@quality(79)
@pytest.mark.parametrize("file_format", FORMATS)
def test_boxes_that_are_written_alike_are_one_object(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    boxes["000"] = [(10, 12, 34, 26), (10.3, 11.8, 33.9, 26.4), (10, 12, 35, 26)]
    outcome = Outcome(source(tmp_path, file_format, boxes))
    # The third ends a pixel later: an answer can tell it from the first.
    assert outcome.boxes("000") == [(10, 12, 34, 26), (10, 12, 35, 26)]
    assert outcome.notices(Reason.DUPLICATE_OBJECT) == 1
    assert outcome.incomplete("000") == ()


@quality(79)
def test_boxes_equal_but_for_rounding_errors_are_one_object(tmp_path: Path) -> None:
    # 10.5 is written 11, and what is a ten-thousandth less is written 10.
    text = voc(voc_object(10.5, 12, 34, 26), voc_object(10.4999, 12, 34, 26))
    assert len(Outcome(write(tmp_path, "voc", {"0": text})).boxes("0")) == 1


def rotated(*numbers: float) -> str:
    keys = [f"{axis}{corner}" for corner in "1234" for axis in "xy"]
    parts = "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, numbers, strict=True))
    return f"<rotated_bndbox>{parts}</rotated_bndbox>"


RISING = rotated(20, 50, 50, 20, 60, 30, 30, 60)
FALLING = rotated(30, 20, 60, 50, 50, 60, 20, 30)
NEARLY_RISING = rotated(20.4, 50.3, 50, 20.4, 60, 30, 30, 60)


@quality(79)
def test_rotated_boxes_tell_ships_apart_that_cross_in_one_frame(tmp_path: Path) -> None:
    turns = (RISING, FALLING, NEARLY_RISING, "")
    text = voc(*(voc_object(20, 20, 60, 60, more=more) for more in turns))
    outcome = Outcome(write(tmp_path, "voc", {"0": text}))
    assert [bool(found.obb_px) for found in kept(outcome)] == [True, True]
    assert outcome.notices(Reason.DUPLICATE_OBJECT) == 2


@quality(79)
def test_a_copy_gives_what_the_first_lacks(tmp_path: Path) -> None:
    text = voc(voc_object(20, 20, 60, 60), voc_object(20, 20, 60, 60, more=RISING))
    (ship,) = kept(Outcome(write(tmp_path, "voc", {"0": text})))
    assert ship.obb_px


@quality(79)
@pytest.mark.parametrize("order", [1, -1])
def test_copies_that_contradict_each_other_are_told_and_lose_no_mark(
    tmp_path: Path, order: int
) -> None:
    flags = ("<difficult>1</difficult><truncated>0</truncated>", "<truncated>1</truncated>")
    named = list(zip(("cargo", "tanker"), flags, strict=True))[::order]
    text = voc(*(voc_object(*SHIPS["000"], name=name, flags=marks) for name, marks in named))
    outcome = Outcome(
        write(tmp_path, "voc", {"0": text}, names={"cargo": "ship", "tanker": "ship"})
    )
    (ship,) = kept(outcome)
    assert (ship.difficult, ship.truncated) == (True, True)
    assert ship.source_category == named[0][0]
    assert outcome.notices(Reason.COPIES_DIFFER) == 1


@quality(79)
def test_copies_that_agree_contradict_nothing(tmp_path: Path) -> None:
    text = voc(*[voc_object(*SHIPS["000"], flags="<difficult>1</difficult>")] * 2)
    assert Outcome(write(tmp_path, "voc", {"0": text})).notices(Reason.COPIES_DIFFER) == 0


@quality(79)
def test_thousands_of_copies_take_no_time(tmp_path: Path) -> None:
    # Each another quad in one frame: the worst that can be compared.
    turns = (rotated(20, 20 + n / 100, 60, 20, 60, 60, 20, 60) for n in range(3000))
    text = voc(*(voc_object(20, 20, 60, 60, more=more) for more in turns))
    assert 1 <= len(kept(Outcome(write(tmp_path, "voc", {"0": text})))) <= 41


# Row 78: what is left of a box that was cut.
@quality(78)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
@pytest.mark.parametrize("alone", [False, True])
def test_a_leftover_in_the_corner_is_degenerate(
    tmp_path: Path, file_format: str, alone: bool
) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    boxes["000"] = [(0, 0, 0.4, 0.3)] if alone else [(0, 0, 0.4, 0.3), SHIPS["000"]]
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert not outcome.stop
    assert Reason.DEGENERATE in {reason for _, reason in outcome.rejects}
    assert Reason.SHARES_OF_PICTURE not in {reason for _, reason in outcome.rejects}


@quality(78)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
def test_a_speck_beside_boxes_in_pixels_is_degenerate(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    boxes["000"] = [(0.6, 0.7, 0.9, 0.8), SHIPS["000"]]
    outcome = Outcome(source(tmp_path, file_format, boxes))
    assert {reason for _, reason in outcome.rejects} == {Reason.DEGENERATE}
    assert outcome.incomplete("000") == ("ship",)


# Rows 14 and 80: a stated size that is not the picture's.
SIZED = ("voc", "coco", "labelme")


@quality(80)
@pytest.mark.parametrize("file_format", SIZED)
def test_boxes_of_a_picture_that_was_scaled_are_rejected(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    boxes["000"] = [(150, 100, 180, 130), SHIPS["000"]]
    folder = source(tmp_path, file_format, boxes, (96, 96))
    for path in (folder / "raw" / "case" / "labels").iterdir():
        text = path.read_text()
        path.write_text(text.replace(" 96", " 192").replace(">96<", ">192<"))
    outcome = Outcome(folder)
    assert ("000", Reason.SIZE_MISMATCH) in outcome.rejects
    (reject,) = [r for r in outcome.reading.rejects if r.reason is Reason.SIZE_MISMATCH]
    assert "states 192 × 192 pixels, the picture has 96 × 96" in reject.detail
    assert "the picture was scaled or cut after they were drawn" in reject.detail
    # Boxes that fit the picture itself stay, with a warning: its own size counts.
    assert outcome.notices(Reason.SIZE_MISMATCH) == 4


@quality(14)
def test_a_border_that_is_stated_a_little_too_far_costs_nothing(tmp_path: Path) -> None:
    text = voc(voc_object(60, 60, 98, 90), size=(98, 98))
    outcome = Outcome(write(tmp_path, "voc", {"0": text}))
    assert outcome.boxes("0") == [(60, 60, 96, 90)]
    assert outcome.notices(Reason.SIZE_MISMATCH) == 1


# Row 80: areas, and ids of another type.
@quality(80)
@pytest.mark.parametrize("area", [0, 1, -5, -0.5, 11])
def test_an_area_that_no_such_box_can_have(tmp_path: Path, area: float) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    boxes["000"] = [(50, 50, 70, 70), SHIPS["000"]]
    content = json.loads(coco(boxes))
    content["annotations"][1]["area"] = area
    outcome = Outcome(source(tmp_path, "coco", boxes, texts={"all": json.dumps(content)}))
    assert not outcome.stop
    assert outcome.boxes("000") == [(50, 50, 70, 70)]
    assert ("000#annotations[2]", Reason.CONTRADICTS_ITSELF) in outcome.rejects


@quality(80)
def test_areas_that_mean_nothing_stop_and_the_advice_works(tmp_path: Path) -> None:
    boxes: Boxes = {stem: [box] for stem, box in SHIPS.items()}
    folder = source(tmp_path, "coco", boxes, texts={"all": coco(boxes, area=0)})
    assert "say --set 'case.annotations.bbox=\"xywh\"'" in Outcome(folder).stop
    assert len(Outcome(folder, 'case.annotations.bbox="xywh"').images) == 5


@quality(80)
@pytest.mark.parametrize(
    ("box", "area"), [((10, 12, 1, 1), 1), ((10, 12, 2, 2), 1), ((0, 0, 300, 300), 160)]
)
def test_thin_and_tiny_objects_have_small_areas(box: tuple[int, ...], area: float) -> None:
    assert contradiction(box, area, ()) == ""


def changed(list_name: str, key: str, change: Any) -> str:
    """The ships, where one list has other ids."""
    content = json.loads(coco({stem: [box] for stem, box in SHIPS.items()}))
    for thing in content[list_name]:
        thing[key] = change(thing[key])
    return json.dumps(content)


@quality(80)
@pytest.mark.parametrize("change", [str, float])
@pytest.mark.parametrize(
    ("list_name", "key", "told"),
    [
        ("images", "id", 5),
        ("annotations", "image_id", 5),
        ("annotations", "category_id", 5),
        ("categories", "id", 1),
        ("annotations", "id", 0),  # these only tell annotations apart
    ],
)
def test_ids_of_another_type_are_the_same_ids_and_are_told(
    tmp_path: Path, list_name: str, key: str, told: int, change: Any
) -> None:
    text = changed(list_name, key, change)
    folder = source(tmp_path, "coco", {s: [b] for s, b in SHIPS.items()}, texts={"all": text})
    outcome = Outcome(folder)
    assert not outcome.rejects
    assert len(outcome.images) == 5
    assert outcome.notices(Reason.OTHER_ID_TYPE) == told


@quality(80)
@pytest.mark.parametrize(
    ("list_name", "key", "reason"),
    [
        ("images", "id", Reason.BAD_VALUE),
        ("annotations", "image_id", Reason.ORPHAN_ANNOTATION),
        ("annotations", "category_id", Reason.UNKNOWN_CATEGORY),
        ("categories", "id", Reason.UNREADABLE_DOCUMENT),
    ],
)
def test_true_is_no_id(tmp_path: Path, list_name: str, key: str, reason: Reason) -> None:
    text = changed(list_name, key, lambda value: True if value == 1 else value)
    folder = source(tmp_path, "coco", {s: [b] for s, b in SHIPS.items()}, texts={"all": text})
    outcome = Outcome(folder)
    assert reason in {found for _, found in outcome.rejects}
    # Nothing of it is laid on the picture that has the id 1.
    assert "001" not in outcome.images


@quality(80)
@pytest.mark.parametrize("value", [None, True])
def test_annotations_without_ids_are_no_copies_of_each_other(tmp_path: Path, value: Any) -> None:
    text = changed("annotations", "id", lambda _: value)
    folder = source(tmp_path, "coco", {s: [b] for s, b in SHIPS.items()}, texts={"all": text})
    outcome = Outcome(folder)
    assert not outcome.stop
    assert len(outcome.images) == 5


# Rows 77 and 81.
@quality(77)
@pytest.mark.parametrize("file_format", PIXEL_FORMATS)
def test_percents_that_all_end_at_100_stop(tmp_path: Path, file_format: str) -> None:
    boxes: Boxes = {stem: [(20, 30, 100, 90)] for stem in SHIPS}
    folder = source(tmp_path, file_format, boxes, (512, 512))
    assert "no box reaches beyond 100 in 5 pictures of up to 512 × 512" in Outcome(folder).stop
    with pytest.raises(InputError, match=r"are percents \(0 to 100\) of the picture"):
        survey(str(folder / "raw" / "case"))


@quality(81)
@pytest.mark.parametrize("file_format", ["voc", "labelme", "coco"])
@pytest.mark.parametrize("word", ["Unspecified", "none", "perhaps"])
def test_words_that_say_neither_are_told(tmp_path: Path, file_format: str, word: str) -> None:
    if file_format == "voc":
        text = voc(voc_object(*SHIPS["000"], flags=f"<difficult>{word}</difficult>"))
    elif file_format == "labelme":
        shape = {"label": "ship", "points": [[1, 2], [9, 8]], "shape_type": "rectangle"}
        text = json.dumps({"shapes": [{**shape, "difficult": word}], "imagePath": "0.png"})
    else:
        text = coco({"0": [SHIPS["000"]]}, iscrowd=word)
    outcome = Outcome(write(tmp_path, file_format, {"0": text}))
    assert [ship.difficult for ship in kept(outcome)] == [False]
    assert outcome.notices(Reason.UNKNOWN_FLAG) == 1


# Row 83: messages that show both names.
@quality(83)
def test_a_name_with_another_ending_is_shown_in_full(tmp_path: Path) -> None:
    text = voc(voc_object(*SHIPS["000"]), filename="0.jpg")
    folder = write(tmp_path, "voc", {"0": text})
    manifest = load_manifests(folder / "m")["case"]
    summary = read_source(manifest, index_source(manifest, str(folder / "raw")), 0)
    (notice,) = summary.notices.first[Reason.FILENAME_DIFFERS]
    assert notice.detail == "names '0.jpg', and is taken to be about images/0.png"


# Row 47: shares of what was read.
@quality(47)
def test_images_that_only_documents_name_are_of_the_total(tmp_path: Path) -> None:
    texts = {str(n): voc(voc_object(*SHIPS["000"]), filename="no.png") for n in range(6)}
    folder = write(tmp_path, "voc", texts, sizes={str(n): (96, 96) for n in (7, 8, 9)})
    assert "case: 9 of 9 images rejected" in Outcome(folder).stop


# Row 79: told once.
@quality(79)
def test_a_copy_is_told_among_what_was_left_out_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, "voc", {"0": voc(*[voc_object(*SHIPS["000"])] * 3)})
    manifest = load_manifests(folder / "m")["case"]
    summary = read_source(manifest, index_source(manifest, str(folder / "raw")), 0)
    assert summary.rejects.counts == {Reason.DUPLICATE_OBJECT: 2}
    assert Reason.DUPLICATE_OBJECT not in summary.notices.counts
