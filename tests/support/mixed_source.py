"""A raw source of six categories that holds every case the proof distinguishes, drawn by a hash."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

CATEGORIES = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
# Width and height in pixels; what is larger than 512 is cut into chips.
SIZES = ((256, 256), (300, 240), (512, 512), (448, 320), (200, 200), (800, 640))

Box = tuple[str, int, int, int, int]

MANIFEST = """
schema_version = 1
id       = "mixed"
title    = "Six categories in one source"
homepage = "https://example.org"
license  = "CC0-1.0"
citation = "none"
priority = 90

[[archives]]
name   = "mixed.zip"
sha256 = ""

[annotations]
format       = "voc"
images       = ["mixed/JPEGImages/*.png"]
pixel_origin = 0
max_edge     = "exclusive"
[[annotations.files]]
path = "mixed/Annotations/*.xml"

[categories]
annotated = ["ship", "aircraft", "car", "tank", "bridge", "harbor"]
[categories.names]
ship = "ship"
aircraft = "aircraft"
car = "car"
tank = "tank"
bridge = "bridge"
harbor = "harbor"

[tiling]
chip_px     = 512
overlap_px  = 200
min_visible = 0.7
"""


def write_mixed(raw: Path, images: int) -> None:
    """Write `raw/mixed/mixed.zip` with so many pictures; equal arguments give equal bytes."""
    target = raw / "mixed" / "mixed.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(images):
            size = SIZES[number % len(SIZES)]
            archive.writestr(f"mixed/JPEGImages/{number:04d}.png", _picture(number, size))
            document = _document(_boxes(number, size), size)
            archive.writestr(f"mixed/Annotations/{number:04d}.xml", document)


def write_manifests(source: Path, target: Path) -> Path:
    """Copy the manifests of a folder and add the one of `mixed`."""
    shutil.copytree(source, target)
    (target / "mixed.toml").write_text(MANIFEST)
    return target


def _draws(number: int) -> Iterator[int]:
    """Yield numbers below 65,536 that depend on `number` alone."""
    block = 0
    while True:
        digest = sha256(f"{number}:{block}".encode()).digest()
        yield from (int.from_bytes(digest[at : at + 2], "big") for at in range(0, 32, 2))
        block += 1


def _boxes(number: int, size: tuple[int, int]) -> list[Box]:
    draws, (width, height) = _draws(number), size
    kinds = [CATEGORIES[next(draws) % 6] for _ in range(1 + next(draws) % 3)]
    objects = 130 if number == 2 else 1 if number % 5 == 0 else 2 + next(draws) % 9
    # Small objects where there are many, else every size that has a word.
    largest = 24 if objects > 20 else 60 + next(draws) % 400
    boxes: list[Box] = []
    for place in range(objects):
        w, h = (4 + next(draws) % min(largest, side - 8) for side in size)
        x, y = next(draws) % (width - w), next(draws) % (height - h)
        boxes.append((kinds[place % len(kinds)], x, y, x + w, y + h))
    if number % 11 == 3:  # the same corners twice, once of a kind and once of another
        _, *corners = boxes[0]
        boxes += [(boxes[0][0], *corners), ("bridge", *corners)]
    if number % 7 == 4:  # a box without extent: its category is uncertain
        boxes.append((CATEGORIES[next(draws) % 6], 10, 10, 10, 20))
    return boxes


def _picture(number: int, size: tuple[int, int]) -> bytes:
    ramp = np.arange(size[0] * size[1], dtype=np.uint32).reshape(size[1], size[0])
    stream = io.BytesIO()
    Image.fromarray((ramp * (number + 3) % 251).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def _document(boxes: list[Box], size: tuple[int, int]) -> str:
    objects = "".join(
        f"<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{a}</xmin>"
        f"<ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for name, a, b, c, d in boxes
    )
    sides = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation>{sides}{objects}</annotation>"
