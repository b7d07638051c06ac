"""Each reader undoes its format's writer, in the format's own precision, and survives any bytes."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_rules import RULES, points, read

from sarchat_build.errors import RecordError
from sarchat_build.geometry.conventions import to_pixel_box
from sarchat_build.geometry.quads import bounds
from sarchat_build.sources.readers import FORMATS, coco, dota, fair1m, labelme, voc, yolo, yolo_obb
from sarchat_build.synthetic.formats import coco as write_coco
from sarchat_build.synthetic.formats import dota as write_dota
from sarchat_build.synthetic.formats import fair1m as write_fair1m
from sarchat_build.synthetic.formats import voc as write_voc
from sarchat_build.synthetic.formats import yolo as write_yolo
from sarchat_build.types import BoxFormat, RawImage, RawInstance

quality = pytest.mark.quality

settings.register_profile("quick", deadline=None, max_examples=60)
settings.load_profile("quick")

# Any number that a document can hold; halves of pixels where a rectangle is to have area.
values = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
halves = st.integers(-800, 8000).map(lambda value: value / 2)
names = st.text("abcxyz油罐-_ ", min_size=1, max_size=8).map(str.strip).filter(bool)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "gbk"]


voc_objects = st.builds(
    write_voc.VocObject,
    name=names,
    box=st.tuples(*[values] * 4),
    difficult=st.integers(0, 1),
    truncated=st.integers(0, 1),
    rotated_corners=st.one_of(st.just(()), st.tuples(*[st.tuples(values, values)] * 4)),
    outline=st.lists(st.tuples(values, values), max_size=5).map(tuple),
)


@given(st.lists(voc_objects, max_size=4), st.sampled_from(ENCODINGS), st.booleans())
def test_voc_reads_what_was_written(
    objects: list[write_voc.VocObject], encoding: str, odd_spelling: bool
) -> None:
    spelling = {"difficult": "Difficult"} if odd_spelling else None
    elements = write_voc.annotation(objects, filename="船 1.jpg", size_px=(80, 60), depth=1)
    document = write_voc.document(elements, encoding=encoding, spelling=spelling)
    (image,) = read(document, "voc", encodings=("utf-8", "gbk"))
    assert (image.filename, image.width_px, image.height_px) == ("船 1.jpg", 80, 60)
    assert image.faults == ()
    assert [
        (i.category, i.bbox, points(i.obb), points(i.polygon), i.difficult, i.truncated)
        for i in image.instances
    ] == [
        (o.name, o.box, o.rotated_corners, o.outline, bool(o.difficult), bool(o.truncated))
        for o in objects
    ]


@given(st.tuples(*[values] * 5), st.booleans())
def test_voc_reads_boxes_of_center_size_and_angle(
    rotated: tuple[float, float, float, float, float], beside: bool
) -> None:
    box = (1.0, 2.0, 3.0, 4.0) if beside else None
    thing = write_voc.VocObject("Vehicle", box, rbndbox=rotated)
    (image,) = read(write_voc.document(write_voc.annotation([thing])), "voc")
    (found,) = image.instances
    assert (found.obb if beside else found.bbox) == rotated
    assert found.bbox_format is (BoxFormat.XYXY_PX if beside else BoxFormat.CXCYWHA_PX)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.tuples(*[shares] * 4)), max_size=5),
    st.sampled_from([None, 6, 16]),
    st.sampled_from([("\n", " "), (" \r\n", "  "), (" \n", "\t")]),
    st.sampled_from([frozenset(), frozenset({0, 2})]),
)
def test_yolo_reads_what_was_written(
    objects: list[tuple[int, tuple[float, ...]]],
    decimals: int | None,
    spacing: tuple[str, str],
    blank: frozenset[int],
) -> None:
    written = [write_yolo.YoloObject(index, box) for index, box in objects]  # type: ignore[arg-type]
    document = write_yolo.document(
        written,
        decimals=decimals,
        line_end=spacing[0],
        separator=spacing[1],
        blank_lines_after=blank,
    )
    (image,) = read(document, "yolo")
    assert (image.filename, image.faults) == (None, ())
    assert [i.category for i in image.instances] == [
        ("bridge", "harbor", "tank")[index] for index, _ in objects
    ]
    for found, (_, box) in zip(image.instances, objects, strict=True):
        precision = 0 if decimals is None else 0.5 * 10**-decimals + 1e-15
        assert found.bbox == pytest.approx(box, abs=precision, rel=0)


@given(
    st.lists(st.tuples(st.tuples(*[values] * 8), names, st.sampled_from([None, 0, 1])), max_size=4),
    st.sampled_from(ENCODINGS),
    st.sampled_from([(), ("imagesource:GoogleEarth", "gsd:0.5")]),
)
def test_dota_reads_what_was_written(
    objects: list[tuple[tuple[float, ...], str, int | None]],
    encoding: str,
    header: tuple[str, ...],
) -> None:
    written = [write_dota.DotaObject(*fields) for fields in objects]  # type: ignore[arg-type]
    document = write_dota.document(written, header=header, encoding=encoding)
    (image,) = read(document, "dota", encodings=("utf-8", "gbk"))
    assert image.faults == ()
    assert [(i.bbox, i.category, i.difficult) for i in image.instances] == [
        (quad, " ".join(name.split()), difficult == 1) for quad, name, difficult in objects
    ]


@given(
    st.lists(
        st.tuples(names, st.lists(st.tuples(halves, halves), min_size=2, max_size=6, unique=True)),
        max_size=4,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([", ", ",", " ,  "]),
)
def test_fair1m_reads_what_was_written(
    objects: list[tuple[str, list[tuple[float, float]]]], encoding: str, separator: str
) -> None:
    written = [write_fair1m.Fair1mObject(name, tuple(ring)) for name, ring in objects]
    document = write_fair1m.document(
        written, filename="83.tiff", encoding=encoding, declaration="", point_separator=separator
    )
    (image,) = read(document, "fair1m")
    assert (image.filename, image.faults) == ("83.tiff", ())
    assert [i.category for i in image.instances] == [name for name, _ in objects]
    for found, (_, ring) in zip(image.instances, objects, strict=True):
        if len(ring) == 4:
            assert points(found.bbox) == tuple(ring)
        else:
            assert points(found.polygon) == tuple(ring)
            assert found.bbox == bounds([value for point in ring for value in point])


coco_ids = st.one_of(st.integers(0, 50), st.integers(-(10**30), 10**30))


@st.composite
def coco_documents(draw: st.DrawFn) -> tuple[list[Any], list[Any], list[tuple[int, str]]]:
    categories = draw(st.lists(st.tuples(coco_ids, names), max_size=3, unique_by=lambda c: c[0]))
    image_ids = draw(st.lists(coco_ids, max_size=5, unique=True))
    images = [
        write_coco.CocoImage(number, f"{place:07d}.jpg", 80 + place, 60)
        for place, number in enumerate(image_ids)
    ]
    annotations: list[Any] = []
    if images and categories:
        annotations = draw(
            st.lists(
                st.builds(
                    write_coco.CocoAnnotation,
                    id=coco_ids,
                    image_id=st.sampled_from(image_ids),
                    category_id=st.sampled_from([number for number, _ in categories]),
                    bbox=st.tuples(values, values, values.map(abs), values.map(abs)),
                    area=values,
                    rings=st.one_of(st.just(()), st.tuples(st.tuples(*[values] * 6))),
                    iscrowd=st.integers(0, 1),
                ),
                max_size=12,
                unique_by=lambda a: a.id,
            )
        )
    return images, annotations, categories or [(0, "ship")]


def joined(parts: Iterable[RawImage]) -> dict[str | None, list[RawInstance]]:
    found: dict[str | None, list[RawInstance]] = {}
    numbers: dict[str | None, int] = {}
    for part in parts:
        assert part.part == numbers.get(part.filename, 0)
        numbers[part.filename] = part.part + 1
        found.setdefault(part.filename, []).extend(part.instances)
        assert all(fault.reason == "not_one_object" for fault in part.faults)
    return found


@given(coco_documents(), st.sampled_from(ENCODINGS), st.integers(0, 60), st.booleans())
def test_coco_reads_what_was_written(
    content: tuple[list[Any], list[Any], list[tuple[int, str]]],
    encoding: str,
    held: int,
    turned: bool,
) -> None:
    images, annotations, categories = content
    document = write_coco.document(images, annotations, categories)
    if turned:  # annotations first, images last
        document = json.dumps(dict(reversed(json.loads(document).items()))).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco, "MAX_PENDING_NUMBERS", held)
        stated = {"encodings": ("utf-8", "gbk"), "bbox": "xywh"}
        parts = read(document.decode().encode(encoding), "coco", **stated)
    found = joined(parts)
    name_of = {image.id: image.file_name for image in images}
    assert set(found) == set(name_of.values())
    assert {(p.filename, p.width_px, p.height_px) for p in parts} == {
        (i.file_name, i.width_px, i.height_px) for i in images
    }
    for filename, instances in found.items():
        assert [(i.category, i.bbox, i.polygon, i.difficult) for i in instances] == [
            (
                dict(categories)[a.category_id],
                a.bbox,
                a.rings[0] if a.rings else (),
                False,
            )
            for a in annotations
            if name_of[a.image_id] == filename and not a.iscrowd
        ]
    faults = [fault.category for part in parts for fault in part.faults]
    crowds = [dict(categories)[a.category_id] for a in annotations if a.iscrowd]
    assert sorted(faults) == sorted(crowds)


def test_coco_flushes_so_that_no_image_waits_for_the_end() -> None:
    images = [write_coco.CocoImage(i, f"{i}.jpg", 9, 9) for i in range(3)]
    written = [write_coco.CocoAnnotation(i, i % 3, 0, (i, 0, 1, 1), 1) for i in range(100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco, "MAX_PENDING_NUMBERS", 160)
        parts = read(write_coco.document(images, written, [(0, "ship")]), "coco")
    assert max(len(part.instances) for part in parts) <= 11
    assert len(parts) > 20
    assert [i.bbox[0] for i in joined(parts)["1.jpg"]] == list(range(1, 100, 3))


# Whatever is cut off or changed, a document is read, or refused for one of these reasons.
REFUSALS = (
    *("encoding", "xml_parse", "xml_forbidden", "json_parse", "contradicts_manifest", "bad_value"),
)
SAMPLES = {
    "voc": write_voc.document(
        write_voc.annotation(
            [write_voc.VocObject("ship", (1, 2, 30, 40), rbndbox=(9, 9, 8, 4, 0.5))],
            filename="1.jpg", size_px=(80, 60),
        )
    ),
    "coco": write_coco.document(
        [write_coco.CocoImage(7, "a.jpg", 80, 60), write_coco.CocoImage(8, "b.jpg", 80, 60)],
        [write_coco.CocoAnnotation(i, 7 + i % 2, 1, (1, 2, 3, 4), 12.5, ((1, 2, 3, 4, 5, 6),))
         for i in range(4)],
        [(1, "ship"), (9, "car")],
    ),
    "yolo": write_yolo.document([write_yolo.YoloObject(0, (0.5, 0.5, 0.25, 0.125))] * 3),
    "yolo_obb": b"0 .1 .1 .3 .1 .3 .2 .1 .2\n2 0.5 0.4 0.6 0.5 0.5 0.6 0.4 0.5\n",
    "dota": write_dota.document([write_dota.DotaObject((0, 0, 4, 0, 4, 2, 0, 2), "bridge")] * 3),
    "fair1m": write_fair1m.document(
        [write_fair1m.Fair1mObject("ship", ((0, 0), (4, 0), (4, 2), (0, 2)))], filename="1.tiff"
    ),
    "labelme": json.dumps({
        "shapes": [
            {"label": "ship", "points": [[1, 2], [30, 40]], "shape_type": "rectangle", "flags": {}},
            {"label": "ship", "points": [[1, 2], [9, 2], [5, 8]], "group_id": 1},
            {"label": "ship", "points": [[3, 2], [9, 5]], "shape_type": "circle", "group_id": 1},
        ],
        "imagePath": "..\\a.jpg", "imageData": "iVBORw0KGgo=", "imageHeight": 60, "imageWidth": 80,
    }).encode(),
}  # fmt: skip


@pytest.mark.parametrize("file_format", FORMATS)
@settings(max_examples=150)
@given(data=st.data())
def test_reader_survives_a_cut_or_changed_bytes(file_format: str, data: st.DataObject) -> None:
    document = bytearray(SAMPLES[file_format])
    if data.draw(st.booleans()):
        del document[data.draw(st.integers(0, len(document) - 1)) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if document:
            document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.integers(0, 255))
    try:
        for image in read(bytes(document), file_format):
            for found in image.instances:
                _to_pixels(found)
    except RecordError as error:
        assert error.reason in REFUSALS


def _to_pixels(found: RawInstance) -> None:
    try:
        to_pixel_box(
            found.bbox, found.bbox_format, RULES["dota"].convention, width_px=80, height_px=60
        )
    except RecordError as error:
        assert error.reason in ("non_finite", "degenerate", "contradicts_manifest")


HOSTILE_JSON = {
    "endless number": b'{"images": [{"id": ' + b"9" * 5000 + b', "file_name": "a.jpg"}]}',
    "endless exponent": b'{"images": [{"id": 1e99999999999999999999, "file_name": "a.jpg"}]}',
    "deep nesting": b'{"images": ' + b"[" * 100_000,
    "deep nesting, closed": b'{"images": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "ids that are lists": b'{"images": [{"id": [1], "file_name": "a.jpg"}, 3, null, [], "x"]}',
    "a number for a name": b'{"images": [{"id": 1, "file_name": 3}], "annotations": [4, null]}',
    "no object at all": b"[]",
    "a string": b'"images"',
    "half a character": b'{"images": [{"id": 1, "file_name": "\\ud800.jpg"}]}',
    "wild boxes": b'{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": ['
    b'{"image_id": 1, "category_id": [1], "bbox": [1e400, "1", true, {}]}]}',
    "keys twice": b'{"images": [{"id": 1, "id": 2, "file_name": "a.jpg"}], "images": []}',
}


@pytest.mark.parametrize("fault", HOSTILE_JSON)
def test_hostile_json_is_refused_or_read(fault: str) -> None:
    try:
        read(HOSTILE_JSON[fault], "coco", class_names=("ship",))
    except RecordError as error:
        assert error.reason == "json_parse"


def held_bytes(count: int, step: int) -> int:
    """Memory that reading takes at most, of so many images whose ids lie `step` apart."""
    images = [write_coco.CocoImage(i * step, f"{i}.jpg", 9, 9) for i in range(count)]
    written = [
        write_coco.CocoAnnotation(i * step, i * step, 3 * step, (1, 2, 3, 4), 12.0)
        for i in range(count)
    ]
    document = io.BytesIO(write_coco.document(images, written, [(0, "car"), (3 * step, "ship")]))
    tracemalloc.start()
    found = sum(
        instance.category == "ship"
        for image in coco.read(document, RULES["coco"])  # type: ignore[arg-type]
        for instance in image.instances
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == count
    return peak


@quality(row=21)
def test_row_21_memory_grows_with_the_number_of_ids_and_not_with_their_size() -> None:
    plain = held_bytes(2000, 1)
    assert held_bytes(2000, 2**48) < 1.5 * plain
    assert held_bytes(4000, 2**48) < 3 * plain


def test_modules_of_readers_are_registered() -> None:
    modules = {
        **{"voc": voc, "coco": coco, "yolo": yolo, "yolo_obb": yolo_obb},
        **{"dota": dota, "fair1m": fair1m, "labelme": labelme},
    }
    assert {name: found.read for name, found in FORMATS.items()} == {
        name: module.read for name, module in modules.items()
    }
