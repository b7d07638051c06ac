"""Synthetic raw archives: the same bytes always, the source's own layout, labels that are true."""

from __future__ import annotations

import io
import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
from conftest import sarchat
from defusedxml.ElementTree import fromstring
from PIL import Image
from typer.testing import CliRunner
from written_archives import SIZES, written_archive

from pipelines.cli.main import app
from sarchat_build.synthetic import SYNTHESIZERS, SyntheticArchive, synthesize
from sarchat_build.synthetic.layouts import ssdd as ssdd_layout
from sarchat_build.synthetic.pictures.scenes import TYPES

# Two sources are read back here; the others in test_synthetic_layouts.py.
READ = ("ssdd", "sar_aircraft")
SSDD = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"


@dataclass(frozen=True)
class Read:
    """One image with its document, read back as a stranger would."""

    stem: str
    image_member: str
    jpeg: bytes
    root: Element

    @property
    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.jpeg))

    @property
    def boxes(self) -> list[tuple[int, int, int, int]]:
        return [
            tuple(number(thing, f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax"))
            for thing in self.root.findall("object")
        ]


def number(element: Element, path: str) -> int:
    text = element.findtext(path)
    assert text is not None, path
    return int(text)


def read_all(path: Path) -> Iterator[Read]:
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".jpg"):
                document = name.replace("JPEGImages", "Annotations").replace(".jpg", ".xml")
                yield Read(
                    Path(name).stem, name, archive.read(name), fromstring(archive.read(document))
                )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SyntheticArchive]:
    return {
        source: written_archive(tmp_path_factory, source, images)
        for source, images in SIZES.items()
    }


@pytest.fixture(scope="module")
def read(written: dict[str, SyntheticArchive]) -> dict[str, list[Read]]:
    return {source: list(read_all(written[source].path)) for source in READ}


@pytest.mark.parametrize("source", sorted(SYNTHESIZERS))
def test_bytes_do_not_depend_on_workers(
    source: str,
    written: dict[str, SyntheticArchive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if source != "ssdd":  # for one source they start as they do for a user, for the others at once
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["sarchat_build.synthetic"])
        monkeypatch.setattr(multiprocessing, "get_context", lambda method: forking)
    again = synthesize(source, tmp_path, SIZES[source], workers=2)
    assert again.path.read_bytes() == written[source].path.read_bytes()
    assert again.planted_path.read_bytes() == written[source].planted_path.read_bytes()


@pytest.mark.parametrize("source", sorted(SYNTHESIZERS))
def test_a_larger_archive_begins_with_the_same_pictures(
    source: str, written: dict[str, SyntheticArchive], tmp_path: Path
) -> None:
    images = min(5, SIZES[source])
    small = synthesize(source, tmp_path, images)
    last_words = {member.name for member in SYNTHESIZERS[source].closing(images)}
    with ZipFile(small.path) as few, ZipFile(written[source].path) as many:
        first = [name for name in few.namelist() if name not in last_words]
        assert len(first) >= images
        assert many.namelist()[: len(first)] == first
        for name in first:
            assert many.read(name) == few.read(name)


@pytest.mark.parametrize("source", sorted(SYNTHESIZERS))
def test_members_are_stored_with_nothing_of_their_making(
    source: str, written: dict[str, SyntheticArchive]
) -> None:
    with ZipFile(written[source].path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr == 0o100644 << 16
    assert not list(written[source].path.parent.glob("*.partial"))


@pytest.mark.parametrize("source", READ)
def test_counts_are_those_of_the_archive(
    source: str, written: dict[str, SyntheticArchive], read: dict[str, list[Read]]
) -> None:
    archive = written[source]
    assert archive.images == len(read[source]) == SIZES[source]
    assert archive.instances == sum(len(image.boxes) for image in read[source])
    planted = json.loads(archive.planted_path.read_text(encoding="utf-8"))
    assert planted["planted"] == [asdict(quirk) for quirk in archive.planted]
    assert (planted["images"], planted["instances"]) == (archive.images, archive.instances)


def test_ssdd_has_the_official_layout(read: dict[str, list[Read]]) -> None:
    for place, image in enumerate(read["ssdd"], start=1):
        split = "test" if image.stem[-1] in "19" else "train"
        assert image.stem == f"{place:06d}"
        assert image.image_member == f"{SSDD}/JPEGImages_{split}/{image.stem}.jpg"
        picture = image.picture
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert 214 <= picture.width <= 668
        assert 190 <= picture.height <= 526
        root = image.root
        assert [child.tag for child in root][:4] == ["folder", "filename", "path", "size"]
        assert root.findtext("filename") == f"{image.stem}.jpg"
        size = [number(root, f"size/{key}") for key in ("width", "height", "depth")]
        assert size == [*picture.size, 3]


def test_ssdd_objects_have_box_rotated_box_and_polygon(read: dict[str, list[Read]]) -> None:
    for image in read["ssdd"]:
        for thing, (x_min, y_min, x_max, y_max) in zip(
            image.root.findall("object"), image.boxes, strict=True
        ):
            assert thing.findtext("name") == "ship"
            assert number(thing, "bndbox/bbox_w") == x_max - x_min
            assert number(thing, "bndbox/bbox_h") == y_max - y_min
            points = [
                tuple(int(value) for value in (point.text or "").split(","))
                for point in thing.iterfind("segm/*")
            ]
            assert len(points) >= 4
            columns, rows = zip(*points, strict=True)
            assert (min(columns), min(rows), max(columns), max(rows)) == (
                x_min,
                y_min,
                x_max,
                y_max,
            )
            corners = corners_of(thing)
            assert 0 <= float(thing.findtext("rotated_bndbox/rotated_bbox_theta") or "nan") <= 90
            assert turning(corners) > 0, "clockwise with y down"
            assert all(depth_inside(corners, point) >= -1.5 for point in points)


def corners_of(thing: Element) -> list[tuple[int, int]]:
    return [
        (number(thing, f"rotated_bndbox/x{i}"), number(thing, f"rotated_bndbox/y{i}"))
        for i in (1, 2, 3, 4)
    ]


def turning(corners: list[tuple[int, int]]) -> int:
    turned = corners[1:] + corners[:1]
    return sum(x * v - u * y for (x, y), (u, v) in zip(corners, turned, strict=True))


def depth_inside(corners: list[tuple[int, int]], point: tuple[int, ...]) -> float:
    depths = []
    for (x, y), (u, v) in zip(corners, corners[1:] + corners[:1], strict=True):
        cross = (u - x) * (point[1] - y) - (v - y) * (point[0] - x)
        depths.append(cross / np.hypot(u - x, v - y))
    return float(min(depths))


def test_sar_aircraft_has_the_published_layout(
    written: dict[str, SyntheticArchive], read: dict[str, list[Read]]
) -> None:
    names = set(TYPES)
    for place, image in enumerate(read["sar_aircraft"], start=1):
        assert image.image_member == f"SAR-AIRcraft-1.0/JPEGImages/{place:07d}.jpg"
        picture = image.picture
        assert (picture.format, picture.mode) == ("JPEG", "L")
        assert picture.width == picture.height
        assert picture.width in (800, 1000, 1200, 1500)
        assert {child.tag for child in image.root} == {"size", "object"}
        assert [child.tag for child in image.root[0]] == ["width", "height"]
        assert number(image.root, "size/width") == picture.width
        assert 1 <= len(image.boxes) <= 30
        assert {thing.findtext("name") for thing in image.root.findall("object")} <= names
    with ZipFile(written["sar_aircraft"].path) as archive:
        lists = [
            archive.read(f"SAR-AIRcraft-1.0/ImageSets/Main/{name}.txt").decode("ascii").split("\n")
            for name in ("train", "val", "test")
        ]
    stems = sorted(stem for lines in lists for stem in lines if stem)
    assert stems == [image.stem for image in read["sar_aircraft"]]


def test_documents_start_and_end_as_published(written: dict[str, SyntheticArchive]) -> None:
    starts = {
        "ssdd": b"<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>000001.jpg</filename>",
        "sar_aircraft": b"<annotation>\n<size>\n<width>",
    }
    for source, start in starts.items():
        with ZipFile(written[source].path) as archive:
            document = archive.read(next(n for n in archive.namelist() if n.endswith(".xml")))
        assert document.startswith(start)
        assert document.endswith(b"</object>\n</annotation>")


def test_boxes_lie_inside_and_hold_something(read: dict[str, list[Read]]) -> None:
    lowest, smallest = {"ssdd": 0, "sar_aircraft": 1}, {"ssdd": 2, "sar_aircraft": 10}
    for source, images in read.items():
        for image in images:
            width, height = image.picture.size
            assert image.boxes
            assert len(set(image.boxes)) == len(image.boxes)
            for x_min, y_min, x_max, y_max in image.boxes:
                assert lowest[source] <= x_min < x_max <= width - 1
                assert lowest[source] <= y_min < y_max <= height - 1
                assert smallest[source] <= min(x_max - x_min, y_max - y_min)
                assert source == "ssdd" or max(x_max - x_min, y_max - y_min) <= 200


@pytest.mark.parametrize("source", READ)
def test_targets_are_brighter_than_their_surroundings(
    source: str, read: dict[str, list[Read]]
) -> None:
    ratios = []
    for image in read[source]:
        gray = np.asarray(image.picture.convert("L"), float)
        for x_min, y_min, x_max, y_max in image.boxes:
            inside = gray[y_min:y_max, x_min:x_max]
            around = gray[max(0, y_min - 12) : y_max + 12, max(0, x_min - 12) : x_max + 12]
            ring = (around.sum() - inside.sum()) / (around.size - inside.size)
            ratios.append(inside.mean() / ring)
    assert np.median(ratios) > 1.5
    assert np.mean(np.array(ratios) > 1) > 0.9


def test_exactly_the_planted_quirks_are_found(
    written: dict[str, SyntheticArchive], read: dict[str, list[Read]]
) -> None:
    for source, images in read.items():
        found = set()
        by_bytes = defaultdict(list)
        for image in images:
            by_bytes[sha256(image.jpeg).hexdigest()].append(image.stem)
            found |= quirks_of(source, image)
        for stems in by_bytes.values():
            found |= {("duplicate", stem, None, stems[0]) for stem in stems[1:]}
        planted = [quirk for quirk in written[source].planted if quirk.kind != "no_filename"]
        assert found == {(q.kind, q.image, q.object_index, q.twin) for q in planted}
        assert len(found) == len(planted)
    kinds = {quirk.kind for quirk in written["ssdd"].planted}
    assert kinds == {"duplicate", "rotated_corner_outside", "channels_differ", "box_touches_edge"}
    assert written["sar_aircraft"].count("box_touches_edge") > 0


def quirks_of(source: str, image: Read) -> set[tuple[str, str, int | None, str | None]]:
    found: set[tuple[str, str, int | None, str | None]] = set()
    width, height = image.picture.size
    pixels = np.asarray(image.picture)
    if pixels.ndim == 3 and (pixels != pixels[:, :, :1]).any():
        found.add(("channels_differ", image.stem, None, None))
    first = 0 if source == "ssdd" else 1
    for index, (box, thing) in enumerate(
        zip(image.boxes, image.root.findall("object"), strict=True)
    ):
        if first in box[:2] or box[2] == width - 1 or box[3] == height - 1:
            found.add(("box_touches_edge", image.stem, index, None))
        if source != "ssdd":
            continue
        # No corner lies between the last pixel and the edge: every reading of "outside" agrees.
        outside = [
            not (0 <= x <= width - slack and 0 <= y <= height - slack)
            for x, y in corners_of(thing)
            for slack in (0, 1)
        ]
        assert outside[::2] == outside[1::2]
        if any(outside):
            found.add(("rotated_corner_outside", image.stem, index, None))
    return found


def test_duplicates_straddle_train_and_test(
    written: dict[str, SyntheticArchive], read: dict[str, list[Read]]
) -> None:
    images = {image.stem: image for image in read["ssdd"]}
    pairs = [quirk for quirk in written["ssdd"].planted if quirk.kind == "duplicate"]
    assert len(pairs) == 2
    for pair in pairs:
        assert pair.twin is not None
        first, second = images[pair.twin], images[pair.image]
        assert first.jpeg == second.jpeg
        assert first.boxes == second.boxes
        assert "_train/" in first.image_member
        assert "_test/" in second.image_member


@pytest.mark.parametrize("place", [4, 7])
def test_ssdd_edge_quirks_never_fail_to_appear(place: int) -> None:
    kind = {4: "rotated_corner_outside", 7: "box_touches_edge"}[place]
    for image in range(place, 1200, 50):
        quirks = ssdd_layout.sample(image).quirks
        assert [(quirk.kind, quirk.object_index) for quirk in quirks] == [(kind, 0)]


def test_progress_counts_images(tmp_path: Path) -> None:
    seen: list[int] = []
    synthesize("ssdd", tmp_path, 3, progress=seen.append)
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    ("source", "images", "workers", "message"),
    [
        ("atlantis", 1, 1, "no synthetic layout for source 'atlantis'; there are: air_sarship_1"),
        ("ssdd", 0, 1, "must be at least 1"),
        ("ssdd", 1, 0, "must be at least 1"),
    ],
)
def test_faulty_arguments_write_nothing(
    source: str, images: int, workers: int, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        synthesize(source, tmp_path, images, workers=workers)
    assert list(tmp_path.iterdir()) == []


def test_command_line_makes_the_published_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(SYNTHESIZERS["ssdd"], published_images=3)
    monkeypatch.setitem(SYNTHESIZERS, "ssdd", few)
    arguments = ["synthesize", "--output", str(tmp_path), "--workers", "1"]
    made = CliRunner().invoke(
        app, [*arguments, "--source", "ssdd", "--images", "published"], catch_exceptions=False
    )
    assert made.exit_code == 0
    planted = json.loads((tmp_path / "ssdd.planted.json").read_text(encoding="utf-8"))
    assert planted["images"] == 3
    assert planted["traits"] == ["three_equal_channels"]


@pytest.mark.parametrize("images", ["0", "many", "-3", "1.5"])
def test_command_line_refuses_other_numbers(images: str, tmp_path: Path) -> None:
    arguments = ["synthesize", "--output", str(tmp_path), "--source", "ssdd", "--images", images]
    refused = sarchat(*arguments)
    assert refused.returncode == 2
    assert "neither a number from 1 to 1,000,000 nor 'published'" in refused.stderr
    assert list(tmp_path.iterdir()) == []
