"""What a manifest states and the data show: encodings, splits, names, windows, coordinates."""

from __future__ import annotations

from pathlib import Path

import miniatures as mini
import pytest
from plain_proof import faults

from sarchat_build.errors import ConfigurationError, InputError

quality = pytest.mark.quality


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


# What a manifest states and the data contradict.
def test_pixel_origin_that_the_data_contradict_stops(tmp_path: Path) -> None:
    source = mini.msar(12)
    source.document("03", mini.voc_xml([("桥梁", 0, 10, 50, 60), ("桥梁", -3, 70, 50, 120)]))
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
    with pytest.raises(InputError, match="no annotations; there are 1 such as"):
        mini.build(raw, tmp_path / "out", stated=["hrsid.annotations.files=[{path='x/*.json'}]"])


def test_two_images_of_one_name_stop_with_both_places(tmp_path: Path) -> None:
    source = mini.ogsod(8)
    raw = source.write_folder(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(raw, tmp_path / "out", stated=["ogsod.annotations.stem_folders=0"])
    assert "two images are called '1'" in str(caught.value)
    assert "sar/images/train/1.png" in str(caught.value)


def test_wrong_setting_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"--set hrsid\.annotations\.max_edge=1: Input should be"
    ):
        mini.build(tmp_path, tmp_path.with_name("out"), stated=["hrsid.annotations.max_edge=1"])


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
    assert faults(tmp_path / "out") == []
