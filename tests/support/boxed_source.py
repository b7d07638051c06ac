"""Sources of five small pictures whose boxes any format writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from small_source import voc, voc_object, write

# A box of a size, by picture, as every format writes it: five pictures, one ship in each.
SHIPS: dict[str, tuple[float, ...]] = {
    f"{n:03}": (10 + 5 * n, 12 + 6 * n, 34 + 5 * n, 26 + 6 * n) for n in range(5)
}
PIXEL_FORMATS = ("voc", "coco", "dota", "fair1m", "labelme")
FORMATS = (*PIXEL_FORMATS, "yolo", "yolo_obb")
Boxes = dict[str, list[tuple[float, ...]]]


def ring(box: Sequence[float]) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def coco(boxes: Boxes, size: tuple[int, int] = (96, 96), **changes: Any) -> str:
    """A COCO document; `changes` are fields of its annotations."""
    annotations = [
        {
            "id": 100 * i + j,
            "image_id": i,
            "category_id": 1,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            **changes,
        }
        for i, listed in enumerate(boxes.values())
        for j, (x0, y0, x1, y1) in enumerate(listed)
    ]
    images = [
        {"id": i, "file_name": f"{stem}.png", "width": size[0], "height": size[1]}
        for i, stem in enumerate(boxes)
    ]
    categories = [{"id": 1, "name": "ship"}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def documents(file_format: str, boxes: Boxes, size: tuple[int, int] = (96, 96)) -> dict[str, str]:
    """The documents of a format about these boxes."""
    if file_format == "coco":
        return {"all": coco(boxes, size)}
    texts = {}
    for stem, listed in boxes.items():
        if file_format == "voc":
            texts[stem] = voc(*(voc_object(*box) for box in listed), size=size)
        elif file_format == "dota":
            lines = (" ".join(f"{x} {y}" for x, y in ring(box)) + " ship 0" for box in listed)
            texts[stem] = "\n".join(lines)
        elif file_format == "labelme":
            shapes = [
                {"label": "ship", "points": [[a, b], [c, d]], "shape_type": "rectangle"}
                for a, b, c, d in listed
            ]
            head = {"imagePath": f"{stem}.png", "imageWidth": size[0], "imageHeight": size[1]}
            texts[stem] = json.dumps({**head, "shapes": shapes})
        elif file_format == "yolo_obb":
            w, h = size
            corners = (" ".join(f"{x / w:.8f} {y / h:.8f}" for x, y in ring(b)) for b in listed)
            texts[stem] = "\n".join(f"0 {written}" for written in corners)
        elif file_format == "fair1m":
            things = "".join(
                "<object><possibleresult><name>ship</name></possibleresult><points>"
                + "".join(f"<point>{x},{y}</point>" for x, y in ring(box))
                + "</points></object>"
                for box in listed
            )
            texts[stem] = f"<annotation><objects>{things}</objects></annotation>"
        else:
            w, h = size
            lines = (
                f"0 {(a + c) / 2 / w:.6f} {(b + d) / 2 / h:.6f} {(c - a) / w:.6f} {(d - b) / h:.6f}"
                for a, b, c, d in listed
            )
            texts[stem] = "\n".join(lines)
    return texts


def source(
    folder: Path,
    file_format: str,
    boxes: Boxes,
    size: tuple[int, int] = (96, 96),
    texts: dict[str, str] | None = None,
    **more: Any,
) -> Path:
    """A source of pictures of one size, with these boxes or these documents."""
    options = (
        'class_names = ["ship"]' if file_format.startswith("yolo") else more.pop("options", "")
    )
    return write(
        folder,
        file_format,
        texts or documents(file_format, boxes, size),
        options=options,
        sizes=dict.fromkeys(boxes, size),
        **more,
    )


def scaled(box: Sequence[float], factor: float) -> tuple[float, ...]:
    return tuple(round(value * factor, 5) for value in box)
