"""What documents say beside the boxes: flags, foreign categories, header lines, encodings, tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boxed_source import SHIPS, Boxes, coco, documents, ring, source
from small_source import Outcome, voc, voc_object, write

from sarchat_build.errors import InputError
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.reasons import Reason


def quality(row: int) -> pytest.MarkDecorator:
    return pytest.mark.quality(row=row)


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
