"""LabelMe JSON and YOLO oriented boxes: what each says, and every fault at its place."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from reader_rules import RULES, read
from small_source import Outcome, write

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.readers import labelme, labelme_pixels
from sarchat_build.types import BoxFormat, RawImage

quality = pytest.mark.quality


def shape(points: Any, kind: str | None = "rectangle", **fields: Any) -> dict[str, Any]:
    """One shape as LabelMe writes it."""
    kinds = {} if kind is None else {"shape_type": kind}
    return {"label": "ship", "points": points, **kinds, "group_id": None, "flags": {}, **fields}


def document(*shapes: Any, **fields: Any) -> str:
    """A LabelMe document."""
    head = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": "a.png"}
    tail = {"imageData": None, "imageHeight": 96, "imageWidth": 96}
    return json.dumps({**head, **tail, **fields}, ensure_ascii=False)


def one(text: str | bytes) -> RawImage:
    """Read a document about one image."""
    (image,) = read(text.encode() if isinstance(text, str) else text, "labelme")
    return image


SQUARE = [[10, 20], [30, 20], [30, 40], [10, 40]]
DIAMOND = [[20, 10], [30, 20], [20, 30], [10, 20]]


@pytest.mark.parametrize(
    ("written", "box", "box_format", "outline"),
    [
        (shape([[10, 20], [30, 40]]), (10, 20, 30, 40), "xyxy_px", ()),
        # Whichever corner was drawn first.
        (shape([[30, 20], [10, 40]]), (10, 20, 30, 40), "xyxy_px", ()),
        (shape(SQUARE), (10, 20, 30, 40), "xyxy_px", ()),
        (shape(DIAMOND), (20, 10, 30, 20, 20, 30, 10, 20), "quad_px", ()),
        (shape(DIAMOND, "oriented_rectangle"), (20, 10, 30, 20, 20, 30, 10, 20), "quad_px", ()),
        (
            shape(DIAMOND, "rotation", direction=0.785),
            (20, 10, 30, 20, 20, 30, 10, 20),
            "quad_px",
            (),
        ),
        (shape([[1, 2], [9, 2], [5, 8]], "polygon"), (1, 2, 9, 8), "xyxy_px", (1, 2, 9, 2, 5, 8)),
        # LabelMe before 4 wrote no type: it had nothing but polygons.
        (shape([[1, 2], [9, 2], [5, 8]], None), (1, 2, 9, 8), "xyxy_px", (1, 2, 9, 2, 5, 8)),
        (shape([[50, 40], [53, 44]], "circle"), (45, 35, 55, 45), "xyxy_px", ()),
        # The second point of a mask is its last pixel, not the edge behind it.
        (shape([[3, 4], [9, 9]], "mask", mask="iVBORw0KGgo="), (3, 4, 10, 10), "xyxy_px", ()),
    ],
)
def test_a_shape_is_what_labelme_defines(
    written: dict[str, Any], box: tuple[float, ...], box_format: str, outline: tuple[float, ...]
) -> None:
    image = one(document(written))
    (found,) = image.instances
    assert not image.faults
    assert (found.bbox, found.bbox_format, found.polygon) == (box, BoxFormat(box_format), outline)
    assert (found.key, found.category) == ("shapes[1]", "ship")


FAULTY = {
    "point": (shape([[1, 2]], "point"), Reason.DEGENERATE, "a point has no area"),
    "line": (shape([[1, 2], [3, 4]], "line"), Reason.DEGENERATE, "a line has no area"),
    "strip": (shape([[1, 2], [3, 4]], "linestrip"), Reason.DEGENERATE, "has no area"),
    "two corners": (shape([[1, 2], [3, 4]], "polygon"), Reason.BAD_VALUE, "of 2 points, not 3"),
    "one corner": (shape([[1, 2]]), Reason.BAD_VALUE, "a rectangle of 1 points, not 2 or 4"),
    "rim": (shape([[1, 2]], "circle"), Reason.BAD_VALUE, "a circle of 1 points, not 2"),
    "three": (shape(SQUARE[:3], "rotation"), Reason.BAD_VALUE, "of 3 points, not 4"),
    "cuboid": (shape(SQUARE, "cuboid"), Reason.BAD_VALUE, "shape_type 'cuboid' is not known"),
    "a list": (shape(SQUARE, ["x"]), Reason.BAD_VALUE, "is not known"),  # type: ignore[arg-type]
    "words": (shape([["a", 2], [3, 4]]), Reason.BAD_VALUE, "'a' is not a number"),
    "truth": (shape([[True, 2], [3, 4]]), Reason.BAD_VALUE, "'True' is not a number"),
    "flat": (shape([1, 2, 3, 4]), Reason.BAD_VALUE, "not pairs of numbers"),
    "triples": (shape([[1, 2, 3], [4, 5, 6]]), Reason.BAD_VALUE, "not pairs of numbers"),
    "none": (shape(None), Reason.BAD_VALUE, "points of a rectangle are None"),
    "empty": (shape([]), Reason.BAD_VALUE, "not pairs of numbers"),
    "NaN": (shape([[float("nan"), 2], [3, 4]]), Reason.NON_FINITE, "points of a rectangle"),
    "infinity": (shape([[1, float("inf")], [3, 4]]), Reason.NON_FINITE, "points of a rectangle"),
    "no name": (shape(SQUARE, label=None), Reason.BAD_VALUE, "label is 'None', not a name"),
    "no shape": (7, Reason.BAD_VALUE, "label is 'None', not a name"),
}


@quality(row=18)
@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_shape_is_a_fault_and_the_next_is_read(fault: str) -> None:
    written, reason, detail = FAULTY[fault]
    image = one(document(written, shape(SQUARE)))
    (found,) = image.faults
    assert (found.key, found.reason, found.instances) == ("shapes[1]", reason, 1)
    assert detail in found.detail
    assert [i.key for i in image.instances] == ["shapes[2]"]


def test_parts_of_a_group_are_one_object() -> None:
    image = one(
        document(
            shape([[10, 20], [30, 40]], group_id=1),
            shape([[60, 20], [70, 40]]),
            shape([[50, 50], [60, 40], [70, 80]], "polygon", group_id=1, flags={"difficult": True}),
            shape([[5, 5], [9, 9]], group_id=1, label="car"),
            shape([[50, 50], [60, 40], [70, 80]], "polygon", group_id=2),
        )
    )
    assert [(i.key, i.category, i.bbox, i.difficult) for i in image.instances] == [
        ("shapes[1]", "ship", (10, 20, 70, 80), True),
        ("shapes[2]", "ship", (60, 20, 70, 40), False),
        ("shapes[4]", "car", (5, 5, 9, 9), False),
        ("shapes[5]", "ship", (50, 40, 70, 80), False),
    ]
    # The outline of an object in one piece stays.
    assert [len(i.polygon) for i in image.instances] == [0, 0, 0, 6]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_an_object_with_a_part_that_cannot_be_read_is_one_fault(order: tuple[int, ...]) -> None:
    parts = [
        shape([[10, 20], [30, 40]], group_id="a"),
        shape([[1, 2]], group_id="a"),
        shape([[50, 50], [60, 60]], group_id="a"),
    ]
    image = one(document(*(parts[number] for number in order)))
    assert (len(image.instances), len(image.faults)) == (0, 1)


@quality(row=81)
def test_marks_are_read_as_flags_of_every_format_are() -> None:
    image = one(
        document(
            shape(SQUARE, difficult=True),
            shape(SQUARE, flags={"difficult": True, "truncated": False}),
            shape(SQUARE, flags={"difficult": "no", "truncated": "Yes"}),
            shape(SQUARE, flags=None, difficult=0),
            shape(SQUARE, flags={"difficult": "rather"}),
        )
    )
    marks = [(i.difficult, i.truncated) for i in image.instances]
    assert marks == [(True, False), (True, False), (False, True), (False, False), (False, False)]
    (notice,) = image.notices
    assert (notice.key, notice.reason) == ("shapes[5]", Reason.UNKNOWN_FLAG)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.png", "a.png"),
        ("../images/a.png", "images/a.png"),
        ("..\\images\\a.png", "images/a.png"),
        ("D:\\船\\a.png", "船/a.png"),
        ("/home/somebody/./a.png", "home/somebody/a.png"),
        (None, ""),
        (7, ""),
    ],
)
def test_steps_upwards_are_left_out_of_the_path_of_the_picture(path: object, name: str) -> None:
    assert one(document(shape(SQUARE), imagePath=path)).filename == name


@pytest.mark.parametrize("size", [None, "96", 0, -3, 1e12, True])
def test_a_size_that_is_none_is_no_claim(size: object) -> None:
    image = one(document(shape(SQUARE), imageWidth=size, imageHeight=96))
    assert (image.width_px, image.height_px) == (None, 96)


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (document(shape(SQUARE))[:150], Reason.JSON_PARSE, "ends too early, at byte 150"),
        ('{"shapes": [x]}', Reason.JSON_PARSE, "breaks at byte 12"),
        ('{"images": []}', Reason.BAD_VALUE, "has no list of shapes"),
        ('{"shapes": null}', Reason.BAD_VALUE, "has no list of shapes"),
        ('{"shapes": {}}', Reason.BAD_VALUE, "has no list of shapes"),
        ("[]", Reason.BAD_VALUE, "has no list of shapes"),
        (b'{"shapes": [{"label": "\xb4\xac"}]}', Reason.JSON_PARSE, "byte"),
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes, reason: Reason, detail: str) -> None:
    with pytest.raises(RecordError) as caught:
        one(text)
    assert caught.value.reason == reason
    assert detail in caught.value.detail


def test_other_encodings_are_read() -> None:
    text = document(shape(SQUARE, label="船"))
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gbk"):
        (image,) = read(text.encode(encoding), "labelme", encodings=("utf-8", "gbk"))
        assert image.instances[0].category == "船"


def test_an_image_without_shapes_has_no_objects() -> None:
    image = one(document())
    assert (image.instances, image.faults) == ((), ())


@pytest.mark.parametrize("length", [0, 1, 40, 65_400, 65_536, 200_000])
@pytest.mark.parametrize("spaces", ["", "  ", "\n    "])
def test_pixels_are_left_out_wherever_chunks_end(length: int, spaces: str) -> None:
    pixels = base64.b64encode(bytes(length)).decode()
    text = document(
        shape([[3, 4], [9, 9]], "mask", mask=pixels),
        shape(SQUARE, label='"imageData" : "'),
        imageData=pixels,
    ).replace('": ', f'":{spaces}')
    image = one(text)
    assert (image.width_px, image.height_px, image.filename) == (96, 96, "a.png")
    assert [i.bbox for i in image.instances] == [(3, 4, 10, 10), (10, 20, 30, 40)]
    # The byte at which a document breaks is that of the file.
    broken = text.rstrip("}") + "?"
    with pytest.raises(RecordError, match=f"breaks at byte {len(broken) - 1:,}:"):
        one(broken)


def test_a_key_that_two_chunks_tear_apart_is_found() -> None:
    for pad in range(65_300, 65_560, 3):
        image = one(document(shape([[3, 4], [9, 9]], "mask", note="x" * pad, mask="iVBORw0KGgo=")))
        assert [i.bbox for i in image.instances] == [(3, 4, 10, 10)]
        assert image.width_px == 96


@quality(row=66)
def test_pixels_are_never_in_memory() -> None:
    """Sixty megabytes of pixels; the document is read from a file that is no memory either."""

    class Endless(io.RawIOBase):
        head = document(shape(SQUARE), imageData="@").encode()
        parts = (head.split(b"@")[0], 60 << 20, head.split(b"@")[1])

        def seek(self, position: int, whence: int = 0) -> int:
            self.chunks = iter([self.parts[0], *[b"A" * (1 << 16)] * 960, self.parts[2]])
            return position

        def read(self, size: int = -1) -> bytes:
            return next(self.chunks, b"")

    document_file: Any = Endless()
    document_file.seek(0)
    tracemalloc.start()
    (image,) = labelme.read(document_file, RULES["labelme"])  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(image.instances) == 1
    assert (image.width_px, image.height_px) == (96, 96)
    assert peak < 4 << 20


@quality(row=66)
@pytest.mark.parametrize("filler", ["{}", "0", '{"label": "ship"}'])
def test_a_document_of_endless_shapes_is_refused_in_bounded_memory(
    filler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelme, "MAX_OBJECTS", labelme.MAX_OBJECTS // 10)
    text = f'{{"shapes": [{",".join([filler] * 400_000)}]}}'.encode()
    tracemalloc.start()
    with pytest.raises(RecordError) as caught:
        one(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason == Reason.TOO_LARGE
    assert peak < 6 << 20


@quality(row=66)
def test_text_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelme_pixels, "MAX_TEXT_BYTES", 1 << 18)
    with pytest.raises(RecordError) as caught:
        one(document(shape(SQUARE, description="x" * (1 << 19))))
    assert caught.value.reason == Reason.TOO_LARGE


@quality(row=66)
def test_five_thousand_shapes_are_read_in_linear_time() -> None:
    image = one(document(*[shape([[n % 90, 1], [n % 90 + 5, 9]]) for n in range(5000)]))
    assert len(image.instances) == 5000


def test_labelme_from_documents_to_boxes(tmp_path: Path) -> None:
    documents = {
        "000": document(shape([[10.5, 20], [30, 40]]), imagePath="..\\images\\000.png"),
        "001": document(shape(DIAMOND, "rotation"), imagePath="D:\\work\\001.jpg"),
        "002": document(shape([[1, 2]], "point"), shape([[90, 90], [99, 99]])),
        "003": "{",
    }
    outcome = Outcome(write(tmp_path, "labelme", documents))
    assert outcome.boxes("000") == [(10, 20, 30, 40)]
    (found,) = outcome.images["001"].image.instances
    assert found.obb_px == (20, 10, 30, 20, 20, 30, 10, 20)
    assert outcome.boxes("002") == [(90, 90, 96, 96)]
    assert outcome.notices(Reason.FILENAME_DIFFERS) == 2
    assert outcome.rejects == {("002#shapes[1]", Reason.DEGENERATE), ("003", Reason.JSON_PARSE)}
    assert outcome.incomplete("002") == ("ship",)


CORNERS = ".25 .25 .5 .25 .5 .5 .25 .5"


@quality(row=23)
def test_oriented_boxes_from_text_to_corners(tmp_path: Path) -> None:
    documents = {
        "000": f"0 {CORNERS}\n\n1 .5 .25 .75 .5 .5 .75 .25 .5 \n",
        "001": "0 -.25 .5 .25 .5 .25 .75 -.25 .75\n",  # leaves the picture; its center does not
        "002": "",
        "003": f"0 {CORNERS} 1\n0 .5 .5 .2 .1\n0 {CORNERS}",
        "004": f"0 nan .2 .3 .2 .3 .4 .1 .4\n2 {CORNERS}\n0.5 {CORNERS}\nx {CORNERS}\n0 {CORNERS}",
        "005": f"0 24 24 48 24 48 48 24 48\n0 1.5 .5 1.6 .5 1.6 .6 1.5 .6\n0 {CORNERS}",
        "006": f"0 .2 .2 .2 .2 .2 .2 .2 .2\n0 .1 .1 .2 .2 .2 .1 .1 .2\n0 {CORNERS}",
    }
    folder = write(
        tmp_path,
        "yolo_obb",
        documents,
        options='class_names = ["ship", "car"]',
        names={"ship": "ship", "car": "car"},
    )
    outcome = Outcome(folder)
    first, second = outcome.images["000"].image.instances
    assert (first.category, first.obb_px) == ("ship", (24, 24, 48, 24, 48, 48, 24, 48))
    assert (second.category, second.obb_px) == ("car", (48, 24, 72, 48, 48, 72, 24, 48))
    assert outcome.boxes("000") == [(24, 24, 48, 48), (24, 24, 72, 72)]
    assert outcome.boxes("001") == [(0, 48, 24, 72)]
    assert outcome.notices(Reason.BOX_CLIPPED) == 1
    assert "002" not in outcome.images  # without objects, by the recipe
    assert outcome.notices(Reason.QUAD_HULL) == 1
    assert outcome.rejects == {
        ("002", Reason.NO_OBJECT),
        ("003#line 1", Reason.BAD_VALUE),
        ("003#line 2", Reason.BAD_VALUE),
        ("004#line 1", Reason.NON_FINITE),
        ("004#line 2", Reason.CONTRADICTS_MANIFEST),
        ("004#line 3", Reason.CONTRADICTS_MANIFEST),
        ("004#line 4", Reason.BAD_VALUE),
        ("005#line 1", Reason.BAD_VALUE),
        ("005#line 2", Reason.BAD_VALUE),
        ("006#line 1", Reason.DEGENERATE),
    }


def test_columns_of_an_oriented_box_are_counted() -> None:
    (image,) = read(b"0 .5 .5 .2 .1\n0 1 2 3 4 5 6 7 8\n", "yolo_obb")
    assert [(f.line, f.detail) for f in image.faults] == [
        (1, "line 1 has 5 columns, not 9"),
        (2, "line 2: 3 is no share of the picture (0 to 1)"),
    ]
