"""COCO: one file of instances for each split, beside the pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Item, Picture, PictureObject
from sarchat_build.types import CATEGORIES

_FOLDER = "pictures"


def annotation(number: int, image: int, of: PictureObject) -> dict[str, Any]:
    """Give the annotation of an object; numbers count from 1, the box is x, y, width, height."""
    x0, y0, x1, y1 = of.bbox
    outline = of.segmentation or of.obb or [x0, y0, x1, y0, x1, y1, x0, y1]
    return {
        "id": number,
        "image_id": image,
        "category_id": CATEGORIES.index(of.category) + 1,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": of.area,
        "segmentation": [outline],
        "iscrowd": 0,
        "instance_id": of.instance_id,
        "source_category": of.source_category,
        "obb": of.obb,
        "difficult": of.difficult,
        "truncated": of.truncated,
    }


def _units(export: Export) -> list[FileUnit]:
    ids = {
        name: n for n, name in enumerate(sorted({s.license for s in export.sources.values()}), 1)
    }

    def image(number: int, picture: Picture) -> dict[str, Any]:
        return {
            "id": number,
            "file_name": export.picture_name(picture).removeprefix(f"{picture.split}/"),
            "width": picture.width_px,
            "height": picture.height_px,
            "license": ids[picture.license],
            "name": picture.image_id,
        }

    def fill(name: str, items: Iterator[Item]) -> int:
        images: list[str] = []
        objects: list[str] = []
        for number, (picture, _) in enumerate(items, 1):
            images.append(json.dumps(image(number, picture), ensure_ascii=False))
            for of in picture.objects:
                entry = annotation(len(objects) + 1, number, of)
                objects.append(json.dumps(entry, ensure_ascii=False))
        parts = {
            "info": json.dumps({"description": "SAR pictures and boxes", "version": "1"}),
            "licenses": json.dumps([{"id": n, "name": name, "url": ""} for name, n in ids.items()]),
            "categories": json.dumps([
                {"id": n, "name": category, "supercategory": "object"}
                for n, category in enumerate(CATEGORIES, 1)
            ]),
            "images": "[\n" + ",\n".join(images) + "\n]",
            "annotations": "[\n" + ",\n".join(objects) + "\n]",
        }  # fmt: skip
        with open(name, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(
                "{" + ",\n".join(f'"{key}": {text}' for key, text in parts.items()) + "}\n"
            )
        return len(objects)

    return [
        FileUnit(f"annotations/instances_{split}.json", export.of_split(split), (), fill)
        for split in export.splits
    ]


FORMAT = Format(
    "coco",
    _units,
    boxes="",
    picture_folder=_FOLDER,
    next_steps=(
        "COCO('{dir}/annotations/instances_train.json'), pictures in {dir}/pictures/train",
    ),
)
