"""COCO detection JSON, entry by entry, so that a document of any length is written as it grows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SEPARATOR = b",\n"


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One entry of `images`; `extra` are further fields, such as license or date_captured."""

    id: int
    file_name: str
    width_px: int
    height_px: int
    extra: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class CocoAnnotation:
    """One entry of `annotations`: box x, y, width, height; rings x1, y1, x2, y2, and so on."""

    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float
    rings: tuple[tuple[float, ...], ...] = ()
    iscrowd: int = 0
    extra: tuple[tuple[str, str | int], ...] = ()


def image_entry(image: CocoImage) -> bytes:
    """Render one entry of `images`.

    >>> image_entry(CocoImage(7, "a.jpg", 3, 2))
    b'{"file_name":"a.jpg","height":2,"width":3,"id":7}'
    """
    fields = {
        **dict(image.extra),
        "file_name": image.file_name,
        "height": image.height_px,
        "width": image.width_px,
        "id": image.id,
    }
    return _compact(fields)


def annotation_entry(annotation: CocoAnnotation) -> bytes:
    """Render one entry of `annotations`.

    >>> annotation_entry(CocoAnnotation(1, 7, 0, (0.0, 0.0, 2.0, 1.0), 2.0))[:44]
    b'{"area":2.0,"iscrowd":0,"image_id":7,"bbox":'
    """
    fields = {
        "area": annotation.area,
        "iscrowd": annotation.iscrowd,
        "image_id": annotation.image_id,
        "bbox": annotation.bbox,
        "category_id": annotation.category_id,
        "id": annotation.id,
        "segmentation": annotation.rings,
        **dict(annotation.extra),
    }
    return _compact(fields)


def frame(
    categories: Sequence[tuple[int, str]], head: Mapping[str, object] | None = None
) -> tuple[bytes, bytes, bytes]:
    """Give what comes before the images, between images and annotations, and after them.

    Args:
        categories: id and name of each.
        head: fields that come first, such as `info` and `licenses`.
    """
    first = "".join(
        f"{json.dumps(key)}:{json.dumps(value)},\n" for key, value in (head or {}).items()
    )
    listed = [{"supercategory": "none", "id": number, "name": name} for number, name in categories]
    return (
        f'{{{first}"images":[\n'.encode(),
        b'\n],\n"annotations":[\n',
        b'\n],\n"categories":' + _compact(listed) + b"}\n",
    )


def document(
    images: Iterable[CocoImage],
    annotations: Iterable[CocoAnnotation],
    categories: Sequence[tuple[int, str]],
    head: Mapping[str, object] | None = None,
) -> bytes:
    """Render a whole document: images, annotations, categories, in this order.

    >>> json.loads(document([], [], [(0, "ship")]))["categories"][0]["name"]
    'ship'
    """
    before, between, after = frame(categories, head)
    first = SEPARATOR.join(map(image_entry, images))
    second = SEPARATOR.join(map(annotation_entry, annotations))
    return b"".join((before, first, between, second, after))


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
