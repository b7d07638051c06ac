"""YOLO text: one object a line, class index and box as shares of the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class YoloObject:
    """Class index; center x, center y, width, height as shares of the picture's sides."""

    class_index: int
    box: tuple[float, float, float, float]


def shares_of(
    box_px: tuple[float, float, float, float], width_px: int, height_px: int
) -> tuple[float, float, float, float]:
    """Turn x_min, y_min, x_max, y_max in pixels into YOLO's four shares.

    >>> shares_of((0, 0, 112, 56), 224, 224)
    (0.25, 0.125, 0.5, 0.25)
    """
    x_min, y_min, x_max, y_max = box_px
    center = (x_min + x_max) / 2 / width_px, (y_min + y_max) / 2 / height_px
    return (*center, (x_max - x_min) / width_px, (y_max - y_min) / height_px)


def document(
    objects: Iterable[YoloObject],
    *,
    decimals: int | None = None,
    separator: str = " ",
    line_end: str = "\n",
    blank_lines_after: frozenset[int] = frozenset(),
) -> bytes:
    r"""Render one label file; no objects give no bytes.

    Args:
        objects: in the order of the lines.
        decimals: digits after the point; None writes each number in full.
        separator: between the fields of a line.
        line_end: what ends every line; SADD has a blank before the newline.
        blank_lines_after: 0-based indices of objects that an empty line follows.

    >>> document([YoloObject(0, (0.5, 0.5, 0.25, 0.125))], line_end=" \n")
    b'0 0.5 0.5 0.25 0.125 \n'
    """
    lines = []
    for index, item in enumerate(objects):
        numbers = (repr(v) if decimals is None else f"{v:.{decimals}f}" for v in item.box)
        lines.append(separator.join((str(item.class_index), *numbers)) + line_end)
        if index in blank_lines_after:
            lines.append(line_end)
    return "".join(lines).encode("ascii")
