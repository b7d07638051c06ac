"""Each reader undoes its format's writer, in the format's own precision, and survives any bytes."""

from __future__ import annotations

import io
import json
import math
import re
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.annotation_rules import (
    AnnotationFiles,
    AnnotationRule,
    CocoRule,
    DotaRule,
    Fair1mRule,
    VocRule,
    YoloRule,
)
from sarchat_build.errors import ConfigurationError, RecordError
from sarchat_build.manifest import load_manifests
from sarchat_build.placement import place, place_quad
from sarchat_build.quads import bounds, clockwise
from sarchat_build.readers import FORMATS, coco, dota, fair1m, voc, yolo
from sarchat_build.resources import resource_folder
from sarchat_build.rotated import ANGLES, AngleName, corners, from_corners
from sarchat_build.synthesis.formats import coco as write_coco
from sarchat_build.synthesis.formats import dota as write_dota
from sarchat_build.synthesis.formats import fair1m as write_fair1m
from sarchat_build.synthesis.formats import voc as write_voc
from sarchat_build.synthesis.formats import yolo as write_yolo
from sarchat_build.types import BoxFormat, RawImage, RawInstance

quality = pytest.mark.quality

settings.register_profile("quick", deadline=None, max_examples=60)
settings.load_profile("quick")

FILES: dict[str, Any] = {"images": ("*.jpg",), "files": (AnnotationFiles(path="*"),)}
PIXELS: dict[str, Any] = {**FILES, "pixel_origin": 0, "max_edge": "exclusive"}
RULES: dict[str, AnnotationRule] = {
    "voc": VocRule(format="voc", **PIXELS),
    "coco": CocoRule(format="coco", **PIXELS),
    "yolo": YoloRule(format="yolo", class_names=("bridge", "harbor", "tank"), **FILES),
    "dota": DotaRule(format="dota", header_lines=0, **PIXELS),
    "fair1m": Fair1mRule(format="fair1m", **PIXELS),
}

# Any number that a document can hold; halves of pixels where a rectangle is to have area.
values = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
halves = st.integers(-800, 8000).map(lambda value: value / 2)
names = st.text("abcxyz油罐-_ ", min_size=1, max_size=8).map(str.strip).filter(bool)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "gbk"]


def read(document: bytes, file_format: str, **changes: Any) -> list[RawImage]:
    rule = RULES[file_format].model_copy(update=changes)
    return list(FORMATS[file_format].read(io.BytesIO(document), rule))


def points(quad: Iterable[float]) -> tuple[tuple[float, float], ...]:
    flat = list(quad)
    return tuple(zip(flat[0::2], flat[1::2], strict=True))


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
    (image,) = read(document, "dota", header_lines=len(header), encodings=("utf-8", "gbk"))
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
                    bbox=st.tuples(*[values] * 4),
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
        assert part.faults == ()
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
        patch.setattr(coco, "HELD_NUMBERS", held)
        parts = read(document.decode().encode(encoding), "coco", encodings=("utf-8", "gbk"))
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
                bool(a.iscrowd),
            )
            for a in annotations
            if name_of[a.image_id] == filename
        ]


def test_coco_flushes_so_that_no_image_waits_for_the_end() -> None:
    images = [write_coco.CocoImage(i, f"{i}.jpg", 9, 9) for i in range(3)]
    written = [write_coco.CocoAnnotation(i, i % 3, 0, (i, 0, 1, 1), 1) for i in range(100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco, "HELD_NUMBERS", 160)
        parts = read(write_coco.document(images, written, [(0, "ship")]), "coco")
    assert max(len(part.instances) for part in parts) <= 11
    assert len(parts) > 20
    assert [i.bbox[0] for i in joined(parts)["1.jpg"]] == list(range(1, 100, 3))


# Whatever is cut off or changed, a document is read, or refused for one of these reasons.
REFUSALS = ("encoding", "xml_parse", "xml_forbidden", "json_parse", "contradicts_manifest")
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
    "dota": write_dota.document([write_dota.DotaObject((0, 0, 4, 0, 4, 2, 0, 2), "bridge")] * 3),
    "fair1m": write_fair1m.document(
        [write_fair1m.Fair1mObject("ship", ((0, 0), (4, 0), (4, 2), (0, 2)))], filename="1.tiff"
    ),
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
                _place(found)
    except RecordError as error:
        assert error.reason in REFUSALS


def _place(found: RawInstance) -> None:
    try:
        place(found.bbox, found.bbox_format, RULES["dota"].convention, 80, 60)
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
    plain = held_bytes(4000, 1)
    assert held_bytes(4000, 2**48) < 1.5 * plain
    assert held_bytes(8000, 2**48) < 3 * plain


# Row 27: conventions of rotated boxes.
rectangles = st.tuples(
    st.floats(-50, 4000), st.floats(-50, 4000), st.floats(4, 900), st.floats(4, 900),
    st.floats(0, 2 * math.pi),
)  # fmt: skip


def rectangle(cx: float, cy: float, w: float, h: float, turn: float) -> list[complex]:
    """Corners by complex numbers: nothing in common with the code under test."""
    spin = complex(math.cos(turn), math.sin(turn))
    return [complex(cx, cy) + spin * complex(sx * w, sy * h) / 2
            for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]  # fmt: skip


def far_apart(a: list[complex], b: list[complex]) -> float:
    """Largest distance between two sets of corners, whichever comes first."""
    return max(min(abs(p - q) for q in b) for p in a)


@quality(row=27)
@pytest.mark.parametrize("name", ANGLES)
@given(numbers=rectangles)
def test_row_27_round_trip_of_each_convention(name: AngleName, numbers: tuple[float, ...]) -> None:
    truth = rectangle(*numbers)
    flat = [value for corner in truth for value in (corner.real, corner.imag)]
    stated = from_corners(flat, name)
    angle = ANGLES[name]
    assert angle.low - 1e-9 <= stated[4] <= angle.high + 1e-9
    assert not angle.long_edge_first or stated[2] >= stated[3]
    rounded = (*(round(value, 2) for value in stated[:4]), round(stated[4], 4))
    back = [complex(x, y) for x, y in points(corners(rounded, name))]
    assert far_apart(truth, back) < 0.5
    assert far_apart(back, truth) < 0.5


@quality(row=27)
@pytest.mark.parametrize(
    ("name", "box", "expected"),
    [
        # The same ship, 40 long and 10 wide, bow to the lower right by 30 degrees.
        ("opencv", (100, 80, 40, 10, 30), 30),
        ("opencv_before_4_5_1", (100, 80, 10, 40, -60), 30),
        ("le90", (100, 80, 40, 10, math.pi / 6), 30),
        ("le135", (100, 80, 40, 10, math.pi / 6), 30),
        ("long_edge", (100, 80, 40, 10, 30), 30),
        # And upright: where the conventions differ most.
        ("opencv", (100, 80, 40, 10, 90), 90),
        ("opencv_before_4_5_1", (100, 80, 40, 10, -90), 90),
        ("le90", (100, 80, 40, 10, -math.pi / 2), 90),
        ("le135", (100, 80, 40, 10, math.pi / 2), 90),
        ("long_edge", (100, 80, 40, 10, -90), 90),
    ],
)
def test_row_27_one_ship_in_every_convention(
    name: AngleName, box: tuple[float, ...], expected: float
) -> None:
    truth = rectangle(100, 80, 40, 10, math.radians(expected))
    found = [complex(x, y) for x, y in points(corners(box, name))]
    assert far_apart(truth, found) < 1e-9


@quality(row=27)
@pytest.mark.parametrize(
    ("name", "box", "message"),
    [
        ("opencv", (9, 9, 8, 4, -62.5), 'annotations.angle = "opencv", but an angle lies outside'),
        ("le90", (9, 9, 8, 4, 45), "outside -1.571 to 1.571"),
        ("long_edge", (9, 9, 4, 8, 45), "but a width is the shorter side"),
    ],
)
def test_row_27_numbers_of_another_convention_are_refused(
    name: AngleName, box: tuple[float, ...], message: str
) -> None:
    with pytest.raises(RecordError, match=re.escape(message)) as caught:
        corners(box, name)
    assert caught.value.reason == "contradicts_manifest"


# Row 26: corners in any order.
@quality(row=26)
@given(st.tuples(*[st.integers(0, 30)] * 8))
def test_row_26_quads_become_clockwise_or_are_refused(quad: tuple[int, ...]) -> None:
    try:
        found, mended = clockwise(quad)
    except RecordError as error:
        assert error.reason == "degenerate"
        x0, y0 = quad[:2]
        lines = [(x - x0, y - y0) for x, y in points(quad)]
        assert all(a * d == b * c for a, b in lines for c, d in lines)
        return
    corners_found = points(found)
    assert set(corners_found) <= set(points(quad))
    assert mended or set(corners_found) == set(points(quad))
    turns = [
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        for a, b, c in zip(
            corners_found,
            corners_found[1:] + corners_found[:1],
            corners_found[2:] + corners_found[:2],
            strict=True,
        )
    ]
    assert all(turn >= 0 for turn in turns)
    assert any(turn > 0 for turn in turns)
    assert bounds(found) == bounds(quad) or mended
    assert bounds(found) == bounds(quad)  # the hull reaches as far as its corners


@quality(row=26)
@given(rectangles, st.integers(0, 3), st.booleans())
def test_row_26_rectangles_stay_what_they_are(
    numbers: tuple[float, ...], start: int, turned: bool
) -> None:
    ring = rectangle(*numbers)
    ring = ring[start:] + ring[:start]
    given_ring = [ring[0], *reversed(ring[1:])] if turned else ring
    flat = [value for corner in given_ring for value in (corner.real, corner.imag)]
    found, repairs = place_quad(flat, RULES["dota"].convention)
    assert repairs == ()
    assert points(found) == tuple((c.real, c.imag) for c in ring)


# What the user states instead of a manifest.
MANIFESTS = resource_folder("source_manifests")
OGSOD_TEXT = (MANIFESTS / "ogsod.toml").read_text()


def test_set_states_any_key() -> None:
    manifests = load_manifests(
        MANIFESTS,
        [
            "msar.annotations.pixel_origin=0",
            "hrsid.annotations.files.1.optional = true",
            'msar.annotations.encodings=["gbk"]',
            'ssdd.title="a=b"',
        ],
    )
    assert manifests["msar"].annotations.convention.pixel_origin == 0
    assert manifests["msar"].annotations.encodings == ("gbk",)
    assert manifests["hrsid"].annotations.files[1].optional
    assert manifests["ssdd"].title == "a=b"


def test_set_of_the_documented_alternative() -> None:
    comment = " ".join(
        line.removeprefix("#").strip() for line in OGSOD_TEXT.splitlines() if line.startswith("#")
    )
    found = re.search(r"--set '(ogsod\.annotations=\{.*\})'", comment)
    assert found is not None
    manifest = load_manifests(MANIFESTS, [found[1]])["ogsod"]
    rule = manifest.annotations
    assert isinstance(rule, DotaRule)
    assert rule.document_name("x/train/labelTxt/7.txt") == rule.image_name("sar/images/train/7.png")


def test_set_faults_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(
            MANIFESTS,
            [
                "msar.annotations.pixel_origin=3",
                "ogsod.title=OGSOD",
                "nosuch.title=1",
                "ssdd=1",
                "hrsid.annotations.files.9.path='x'",
                "sived.annotations.header_line=2",
                'sadd.unverified={"annotations.nothing" = "?"}',
                "ogsod.id=1\nx=2",
            ],
        )
    told = str(caught.value)
    for part in (
        "msar.toml › annotations.pixel_origin: Input should be 0 or 1",
        "--set ogsod.title=OGSOD: 'OGSOD' is not a TOML value; text needs quotes: "
        "--set 'ogsod.title=\"OGSOD\"'",
        "--set nosuch.title=1: no source 'nosuch'; known: air_sarship_1",
        "--set ssdd=1: expected SOURCE.key.path=VALUE",
        "--set hrsid.annotations.files.9.path='x': there is no '9' on the way",
        "sived.toml › annotations.header_line: unknown key",
        "unverified: no key of a manifest is annotations.nothing",
        "is not a TOML value",
    ):
        assert part in told


def test_manifests_name_what_nobody_verified() -> None:
    manifests = load_manifests(MANIFESTS)
    assert len(manifests) == 11
    assert set(manifests["sardet_100k"].contains) == set(manifests) - {"sardet_100k"}
    silent = {source_id for source_id, manifest in manifests.items() if not manifest.unverified}
    assert silent == {"ssdd"}  # the only source whose real archive was read
    totals = manifests["sardet_100k"].sardet
    for unit in ("images", "instances"):
        for split in ("train", "validation", "test"):
            parts = sum(
                getattr(getattr(manifest.sardet, unit), split)
                for source_id, manifest in manifests.items()
                if source_id != "sardet_100k"
            )
            assert parts == getattr(getattr(totals, unit), split)


def test_modules_of_readers_are_registered() -> None:
    modules = {"voc": voc, "coco": coco, "yolo": yolo, "dota": dota, "fair1m": fair1m}
    assert {name: found.read for name, found in FORMATS.items()} == {
        name: module.read for name, module in modules.items()
    }
