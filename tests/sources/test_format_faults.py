"""Bad input of YOLO, DOTA and FAIR1M: one source of each that holds every fault at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from faulty_source import GOOD_BOX, Planted, lenient
from plain_proof import faults

from sarchat_build.errors import InputError
from sarchat_build.synthetic.formats import fair1m as write_fair1m

quality = pytest.mark.quality


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
    assert faults(planted.out) == []
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
    assert planted.boxes("FARAD_0011") == [GOOD_BOX]
    assert planted.boxes("FARAD_0012") == []


@quality(row=25)
def test_row_25_header_lines_are_known_by_what_they_say(tmp_path: Path) -> None:
    source = mini.sived(20)
    for path in [p for p in source.files if p.endswith(".txt")][::2]:
        source.files[path] = b"imagesource:GoogleEarth\ngsd:0.5\n" + source.files[path]
    raw = source.write_folder(tmp_path / "raw")
    # Whatever is stated: no object is ever skipped.
    record = mini.build(raw, tmp_path / "out", stated=["sived.annotations.header_lines=3"])
    assert record["sources"]["sived"]["counts"]["kept"] == {"images": 20, "instances": 20}


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
