"""Raw archives read as a stranger would, by nothing that the project reads them with."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from PIL import Image

from sarchat_build.synthetic import SyntheticArchive

Corners = tuple[float, float, float, float]


@dataclass
class Seen:
    """One picture and its boxes in 0-based pixels, maximum edges exclusive."""

    name: str
    data: bytes
    boxes: list[Corners] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)

    @property
    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.data))


@dataclass(frozen=True)
class Source:
    """An archive and what a stranger finds in it."""

    archive: SyntheticArchive
    names: list[str]
    seen: list[Seen]


def members(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def yolo_boxes(text: bytes, width: int, height: int) -> Iterator[tuple[str, Corners]]:
    for line in text.decode("ascii").splitlines():
        if not line.strip():
            continue
        name, *numbers = line.split()
        cx, cy, w, h = map(float, numbers)
        yield (
            name,
            (
                (cx - w / 2) * width,
                (cy - h / 2) * height,
                (cx + w / 2) * width,
                (cy + h / 2) * height,
            ),
        )


def read_yolo(files: dict[str, bytes], images: str, label: str) -> Iterator[Seen]:
    for name, data in files.items():
        match = re.fullmatch(images, name)
        if match:
            seen = Seen(match[1], data)
            text = files.get(label.format(match[1]), b"")
            if text:
                for kind, box in yolo_boxes(text, *seen.picture.size):
                    seen.boxes.append(box)
                    seen.classes.append(kind)
            yield seen


def read_coco(files: dict[str, bytes], documents: str, images: str) -> Iterator[Seen]:
    for name, data in files.items():
        match = re.fullmatch(documents, name)
        if not match:
            continue
        document = json.loads(data)
        names = {entry["id"]: entry["name"] for entry in document["categories"]}
        by_id = {
            image["id"]: Seen(
                image["file_name"], files[images.format(match[1]) + image["file_name"]]
            )
            for image in document["images"]
        }
        for entry in document["annotations"]:
            x, y, w, h = entry["bbox"]
            by_id[entry["image_id"]].boxes.append((x, y, x + w, y + h))
            by_id[entry["image_id"]].classes.append(names[entry["category_id"]])
        yield from by_id.values()


def decoded(document: bytes) -> Element:
    for encoding in ("utf-8-sig", "gbk"):
        try:
            text = document.decode(encoding)
        except UnicodeDecodeError:
            continue
        return fromstring(re.sub(r"^<\?xml.*?\?>", "", text))
    raise AssertionError("neither UTF-8 nor GBK")


def read_voc(files: dict[str, bytes], images: str, document: str, shift: int) -> Iterator[Seen]:
    for name, data in files.items():
        match = re.fullmatch(images, name)
        text = files.get(document.format(match[1])) if match else None
        if not match or not text or not text.endswith(b"</annotation>") or not data:
            continue
        seen = Seen(match[1], data)
        for thing in decoded(text).iterfind("object"):
            x0, y0, x1, y1 = (
                float(thing.findtext(f"bndbox/{key}") or "nan")
                for key in ("xmin", "ymin", "xmax", "ymax")
            )
            seen.boxes.append((x0 - shift, y0 - shift, x1, y1))
            seen.classes.append(thing.findtext("name") or "")
        yield seen


def read_fair1m(files: dict[str, bytes]) -> Iterator[Seen]:
    for name, data in files.items():
        match = re.fullmatch(r"AIR-SARShip-2\.0-data/(\d+)\.tiff", name)
        if match:
            root = fromstring(files[f"AIR-SARShip-2.0-xml/{match[1]}.xml"])
            assert root.findtext("source/filename") == f"{match[1]}.tiff"
            assert root.find("size") is None
            seen = Seen(match[1], data)
            for thing in root.iterfind("objects/object"):
                ring = [
                    tuple(map(int, (point.text or "").split(", ")))
                    for point in thing.iterfind("points/point")
                ]
                assert len(ring) == 5
                assert ring[0] == ring[4]
                columns, lines = zip(*ring, strict=True)
                seen.boxes.append((min(columns), min(lines), max(columns), max(lines)))
                seen.classes.append(thing.findtext("possibleresult/name") or "")
            yield seen


def read_dota(files: dict[str, bytes]) -> Iterator[Seen]:
    for name, data in files.items():
        match = re.fullmatch(r"SIVED/ImageSets/images/((train|valid|test)/\w+)\.jpg", name)
        if match:
            seen = Seen(match[1], data)
            for line in files[f"SIVED/ImageSets/labelTxt/{match[1]}.txt"].decode().splitlines():
                *numbers, kind, difficult = line.split()
                assert (len(numbers), difficult) == (8, "0")
                columns, lines = [*map(int, numbers[::2])], [*map(int, numbers[1::2])]
                seen.boxes.append((min(columns), min(lines), max(columns), max(lines)))
                seen.classes.append(kind)
            yield seen


READERS: dict[str, Any] = {
    "air_sarship_1": lambda files: read_voc(
        files, r"AIR-SARShip-1\.0-data/(\d+)\.tiff", "AIR-SARShip-1.0-xml/{}-label.xml", 0
    ),
    "air_sarship_2": read_fair1m,
    "hrsid": lambda files: read_coco(
        files, r"HRSID_JPG/annotations/(train2017|test2017)\.json", "HRSID_JPG/JPEGImages/"
    ),
    "msar": lambda files: read_voc(
        files,
        r"MSAR-1\.0 dataset/JPEGImages/(\d+)\.jpg",
        "MSAR-1.0 dataset/Annotations/{}.xml",
        1,
    ),
    "sadd": lambda files: read_yolo(files, r"SADD/images/(\d{5})\.jpg", "SADD/labels/{}.txt"),
    "sar_ship_dataset": lambda files: read_yolo(
        files, r"ship_dataset_v0/(\w+)\.jpg", "ship_dataset_v0/{}.txt"
    ),
    "ogsod": lambda files: read_yolo(
        files, r"OGSOD-1\.0/sar/images/((?:train|test)/\d+)\.png", "OGSOD-1.0/sar/labels/{}.txt"
    ),
    "sived": read_dota,
    "sardet_100k": lambda files: read_coco(
        files,
        r"SARDet_100K/Annotations/(train|val|test)\.json",
        "SARDet_100K/JPEGImages/{}/",
    ),
}
