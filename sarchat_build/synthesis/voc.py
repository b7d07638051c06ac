"""Pascal VOC documents, written the way the sources write them: no declaration, no last newline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from xml.sax.saxutils import escape

# An element is a tag with text or with elements.
Content: TypeAlias = str | int | float | Sequence["Element"]
Element: TypeAlias = tuple[str, Content]


def document(elements: Sequence[Element], *, indent: str) -> bytes:
    r"""Render `<annotation>` with one element per line, each level set in by `indent`.

    >>> document([("size", [("width", 8)])], indent="")
    b'<annotation>\n<size>\n<width>8</width>\n</size>\n</annotation>'
    """
    return "\n".join(_lines("annotation", elements, indent, "")).encode("ascii")


def object_head(name: str) -> list[Element]:
    """Give the fields that every object starts with; no published object is flagged."""
    return [("name", name), ("pose", "Unspecified"), ("truncated", 0), ("difficult", 0)]


def corners(x_min: int, y_min: int, x_max: int, y_max: int) -> list[Element]:
    """Give the four fields of `bndbox` in the order VOC has them."""
    return [("xmin", x_min), ("ymin", y_min), ("xmax", x_max), ("ymax", y_max)]


def _lines(tag: str, content: Content, indent: str, margin: str) -> list[str]:
    if isinstance(content, (str, int, float)):
        return [f"{margin}<{tag}>{escape(str(content))}</{tag}>"]
    lines = [f"{margin}<{tag}>"]
    for child, inner in content:
        lines += _lines(child, inner, indent, margin + indent)
    return [*lines, f"{margin}</{tag}>"]
