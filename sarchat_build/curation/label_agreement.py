"""Label agreement: whether two pictures that show the same are also labeled the same."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sarchat_build.geometry.boxes import clip
from sarchat_build.types import CATEGORIES, Box, SourceImage

_OBJECT = struct.Struct(">B4H")
_SIDE = 0xFFFF
# Half of the union in common: copies may be cut or resized by a few pixels, and ships are small.
_SAME_OBJECT_IOU = 0.5


def pack_objects(image: SourceImage) -> bytes:
    """Pack an image's objects, in nine bytes each, relative to its sides and in a fixed order."""
    across, down = _SIDE / image.pixels.width_px, _SIDE / image.pixels.height_px
    return b"".join(
        sorted(
            _OBJECT.pack(
                CATEGORIES.index(found.category),
                round(found.bbox.x_min_px * across),
                round(found.bbox.y_min_px * down),
                round(found.bbox.x_max_px * across),
                round(found.bbox.y_max_px * down),
            )
            for found in image.instances
        )
    )


def boxes_agree(first: bytes, second: bytes) -> bool:
    """Tell whether each object of one image has its own partner in the other.

    Partners are of one category and share half of their common area; boxes count as relative to
    their pictures, since a copy may have another size.
    """
    if first == second:
        return True
    partners = list(_unpack(second))
    for category, box in _unpack(first):
        best = max(
            (p for p in partners if p[0] == category), key=lambda p: _iou(box, p[1]), default=None
        )
        if best is None or _iou(box, best[1]) < _SAME_OBJECT_IOU:
            return False
        partners.remove(best)
    return not partners


def _unpack(objects: bytes) -> Iterator[tuple[int, Box]]:
    for category, *corners in _OBJECT.iter_unpack(objects):
        yield category, Box(*corners)


def _iou(first: Box, second: Box) -> float:
    shared = clip(first, second)
    if shared is None:
        return 0.0
    return shared.area_px2 / (first.area_px2 + second.area_px2 - shared.area_px2)
