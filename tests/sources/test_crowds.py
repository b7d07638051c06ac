"""Documents of endless records and pictures of thousands of boxes: bounded memory, linear work."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from typing import Any

import crowd_layouts
import pytest
from reader_rules import read

from sarchat_build.chips import tiling as tiling_module
from sarchat_build.chips.tiling import cut_chips, window_starts
from sarchat_build.config.manifest import Tiling
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import MAX_OBJECTS
from sarchat_build.sources.readers import coco
from sarchat_build.types import Box, Instance, PixelFacts, RawImage, SourceImage

pytestmark = pytest.mark.quality(row=66)

MANY = MAX_OBJECTS + 1
BREAKS = ("\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("file_format", ["yolo", "yolo_obb", "dota"])
@pytest.mark.parametrize("end", BREAKS)
def test_lines_are_counted_however_they_end(file_format: str, end: str) -> None:
    with pytest.raises(RecordError, match="more than 100,000 lines") as caught:
        read(f"x{end}".encode() * MANY, file_format)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_as_many_lines_as_there_may_be_are_read(end: str) -> None:
    (image,) = read((end * (MAX_OBJECTS - 1) + f"0 .5 .5 .1 .1{end}").encode(), "yolo")
    assert [found.line for found in image.instances] == [MAX_OBJECTS]


@pytest.mark.parametrize(
    ("file_format", "frame"),
    [
        ("voc", b"<annotation>@</annotation>"),
        ("fair1m", b"<annotation><objects>@</objects></annotation>"),
    ],
)
def test_objects_of_a_document_are_counted(file_format: str, frame: bytes) -> None:
    with pytest.raises(RecordError, match="more than 100,000 objects") as caught:
        read(frame.replace(b"@", b"<object/>" * MANY), file_format)
    assert caught.value.reason is Reason.TOO_LARGE


def document(images: str = "", annotations: str = "", categories: str = "") -> bytes:
    """A COCO document; an empty list of categories is one of ships."""
    listed = categories or '{"id": 1, "name": "ship"}'
    text = f'{{"images": [{images}], "annotations": [{annotations}], "categories": [{listed}]}}'
    return text.encode()


ONE_IMAGE = '{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}'
A_SHIP = '{"id": @, "image_id": 1, "category_id": 1, "bbox": [1, 1, 3, 3]}'


@pytest.fixture(name="small")
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture holds a hundred objects, and a buffer as many."""
    monkeypatch.setattr(coco, "MAX_OBJECTS", 100)
    monkeypatch.setattr(coco, "MAX_PENDING_NUMBERS", 1600)


def objects(parts: list[RawImage]) -> tuple[int, int, int]:
    """Instances, rows of faults, and objects that these rows count."""
    faults = [fault for part in parts for fault in part.faults]
    return (
        sum(len(part.instances) for part in parts),
        len(faults),
        sum(fault.instances for fault in faults),
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("entry", "kept", "rows"), [("{}", 0, 101), (A_SHIP, 100, 1), ("[]", 0, 101)]
)
def test_annotations_beyond_any_picture_are_counted_and_not_listed(
    entry: str, kept: int, rows: int
) -> None:
    annotations = ",".join(entry.replace("@", str(n)) for n in range(1000))
    parts = read(document(ONE_IMAGE, annotations), "coco")
    assert objects(parts) == (kept, rows, 1000 - kept)
    last = [fault for part in parts for fault in part.faults][-1]
    assert (last.key, last.reason, last.instances) == ("annotations", Reason.TOO_LARGE, 900)


@pytest.mark.usefixtures("small")
def test_repetitions_are_handed_on_before_they_fill_the_memory() -> None:
    parts = read(document(ONE_IMAGE, ",".join([A_SHIP.replace("@", "7")] * 100)), "coco")
    assert objects(parts) == (1, 0, 0)
    assert sum(len(part.notices) for part in parts) == 99
    parts = read(
        document(f"{ONE_IMAGE}, {ONE_IMAGE.replace('1', '2', 1).replace('a.jpg', 'b.jpg')}",
                 ",".join([A_SHIP.replace("@", "7")] * 99 + [A_SHIP.replace("@", "8")] * 99)),
        "coco",
    )  # fmt: skip
    assert Counter(len(part.notices) <= 101 for part in parts) == {True: len(parts)}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(images=",".join(["{}"] * 101)), "images without id or file_name"),
        (document(categories=",".join(["{}"] * 101)), "categories"),
    ],
)
def test_endless_names_are_no_document(text: bytes, told: str) -> None:
    with pytest.raises(RecordError, match=told) as caught:
        read(text, "coco")
    assert caught.value.reason is Reason.TOO_LARGE


def held_bytes(data: bytes, file_format: str) -> int:
    """Memory that reading a document takes at most beside the document."""
    tracemalloc.start()
    try:
        read(data, file_format)
    except RecordError as error:
        assert error.reason is Reason.TOO_LARGE
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.usefixtures("small")
def test_memory_does_not_grow_with_empty_annotations() -> None:
    # Eight bytes of an id for each are kept, and copied once.
    few, many = (held_bytes(document(annotations=",".join(["{}"] * n)), "coco")
                 for n in (10_000, 40_000))  # fmt: skip
    assert many - few < 30_000 * 40


@pytest.mark.parametrize("file_format", ["dota", "yolo"])
def test_lines_that_are_too_many_are_never_split(file_format: str) -> None:
    data = b"0 .5 .5 .1 .1\r" * 1_000_000
    assert held_bytes(data, file_format) < 4 * len(data)


def test_a_box_is_cut_for_the_windows_that_show_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work grows with the boxes, and not with the boxes times the windows."""
    clips = [0]
    real = tiling_module.clip

    def counted(box: Box, frame: Box) -> Box | None:
        clips[0] += 1
        return real(box, frame)

    monkeypatch.setattr(tiling_module, "clip", counted)
    boxes, rule = crowd_layouts.spread(10_000), Tiling()
    pixels: Any = PixelFacts(3000, 3000, 1, 8, "PNG", "", "", 0)
    instances = tuple(Instance(f"s/1#{i}", "ship", "ship", b) for i, b in enumerate(boxes)
                      if max(b) <= 3000)  # fmt: skip
    image = SourceImage("s/1", "s", "s/1", "", "", pixels, None, instances)
    cut = cut_chips(image, rule)
    assert {i.instance_id for chip in cut.chips for i in chip.instances} == {
        i.instance_id for i in instances
    }
    windows = [
        (x, y) for y in window_starts(3000, rule) for x in window_starts(3000, rule)
    ]  # fmt: skip
    assert [chip.window[:2] for chip in cut.chips if chip.window] == windows
    shown = sum(
        x < i.bbox[2] and y < i.bbox[3] and x + 512 > i.bbox[0] and y + 512 > i.bbox[1]
        for x, y in windows
        for i in instances
    )
    assert clips[0] == shown < 10 * len(instances)


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
