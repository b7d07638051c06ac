"""Read with datumaro what `export.py` wrote, and compare box for box with what we read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datumaro import AnnotationType, Dataset

FORMATS = {"voc": "voc_detection", "coco": "coco_instances", "yolo": "yolo", "dota": "dota"}
# Pixels; YOLO goes through pixels of the picture and back.
TOLERANCE = 1e-3


def corners(box: list[float], file_format: str, size: tuple[int, int]) -> list[float]:
    """Our reader's numbers as x_min, y_min, x_max, y_max."""
    if file_format == "voc":
        return box
    if file_format == "coco":
        return [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    if file_format == "yolo":
        (cx, cy, w, h), (height, width) = box, size
        left, top, right, bottom = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
        return [left * width, top * height, right * width, bottom * height]
    return [min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2])]


def read(folder: Path, file_format: str) -> dict[str, tuple[list[list[float]], tuple[int, int]]]:
    found = {}
    for item in Dataset.import_from(str(folder), FORMATS[file_format]):
        boxes = []
        for annotation in item.annotations:
            # COCO objects come twice, as a box and as an outline: keep the box.
            if annotation.type == AnnotationType.bbox:
                x, y, w, h = annotation.get_bbox()
                boxes.append([x, y, x + w, y + h])
            elif annotation.type == AnnotationType.rotated_bbox:
                xs, ys = zip(*annotation.as_polygon(), strict=True)
                boxes.append([min(xs), min(ys), max(xs), max(ys)])
        found[Path(item.id).name] = (sorted(boxes), item.media.size)
    return found


def main(folder: Path) -> int:
    faults = 0
    for name, expected in json.loads((folder / "expected.json").read_text()).items():
        file_format = name.partition("_")[0]
        found = read(folder / name, file_format)
        if found.keys() != expected.keys():
            print(f"{name}: {len(found)} images by datumaro, {len(expected)} by us")
            faults += 1
        boxes = 0
        for image in found.keys() & expected.keys():
            theirs, size = found[image]
            ours = sorted(corners(box, file_format, size) for box in expected[image])
            boxes += len(ours)
            same = len(ours) == len(theirs) and all(
                abs(a - b) <= TOLERANCE
                for mine, other in zip(ours, theirs, strict=True)
                for a, b in zip(mine, other, strict=True)
            )
            if not same:
                print(f"{name}: {image}: ours {ours}, datumaro's {theirs}")
                faults += 1
        print(f"{name}: {len(found)} images, {boxes} boxes compared")
    return faults


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
