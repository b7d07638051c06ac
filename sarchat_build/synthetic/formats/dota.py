"""DOTA text: one object a line, four corners, category, difficulty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DotaObject:
    """Corners x1, y1 … x4, y4 in pixels; without `difficult` the line has nine fields."""

    corners_px: tuple[float, float, float, float, float, float, float, float]
    name: str
    difficult: int | None = 0


def document(
    objects: Iterable[DotaObject], *, header: Sequence[str] = (), encoding: str = "ascii"
) -> bytes:
    r"""Render one label file.

    Args:
        objects: in the order of the lines.
        header: lines before the objects, such as `imagesource:GoogleEarth` and `gsd:0.5`.
        encoding: of the bytes.

    >>> document([DotaObject((0, 0, 4, 0, 4, 2, 0, 2), "bridge")])
    b'0 0 4 0 4 2 0 2 bridge 0\n'
    """
    lines = list(header)
    for item in objects:
        fields = map(str, item.corners_px)
        tail = [] if item.difficult is None else [str(item.difficult)]
        lines.append(" ".join([*fields, item.name, *tail]))
    return "".join(line + "\n" for line in lines).encode(encoding)
