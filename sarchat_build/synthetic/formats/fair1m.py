"""FAIR1M XML, the schema of the Gaofen competitions: objects as closed rings of `x, y` points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sarchat_build.synthetic.formats.xml import Element, render


@dataclass(frozen=True, slots=True)
class Fair1mObject:
    """One object; the ring's last point is written again as its first, so give each point once."""

    name: str
    points_px: tuple[tuple[float, float], ...]
    probability: float = 1


def document(
    objects: Sequence[Fair1mObject],
    *,
    filename: str,
    size_px: tuple[int, int] | None = None,
    encoding: str = "utf-8",
    declaration: str = '<?xml version="1.0" encoding="utf-8"?>',
    point_separator: str = ", ",
) -> bytes:
    r"""Render one document.

    Args:
        objects: in the order in which they are listed.
        filename: of the image.
        size_px: width and height; None leaves `<size>` out.
        encoding: of the bytes.
        declaration: the first line, or nothing.
        point_separator: between x and y of a point.

    >>> ring = Fair1mObject("ship", ((0, 0), (4, 0), (4, 2), (0, 2)))
    >>> document([ring], filename="1.tiff").count(b"<point>")
    5
    """
    source: Element = ("source", [("filename", filename), ("origin", "GF3")])
    size: list[Element] = []
    if size_px is not None:
        sides: list[Element] = [("width", size_px[0]), ("height", size_px[1]), ("depth", 1)]
        size = [("size", sides)]
    listed: list[Element] = [("object", _fields(item, point_separator)) for item in objects]
    return render(
        "annotation",
        [source, *size, ("objects", listed)],
        indent="  ",
        encoding=encoding,
        declaration=declaration,
    )


def _fields(item: Fair1mObject, separator: str) -> list[Element]:
    ring = [*item.points_px, *item.points_px[:1]]
    return [
        ("coordinate", "pixel"),
        ("type", "rectangle"),
        ("description", "None"),
        ("possibleresult", [("name", item.name), ("probability", item.probability)]),
        ("points", [("point", f"{x}{separator}{y}") for x, y in ring]),
    ]
