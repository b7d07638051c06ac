"""XML with one element per line, which is how every tool in this field writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.sax.saxutils import escape

# An element is a tag with text or with elements.
Content: TypeAlias = str | int | float | Sequence["Element"]
Element: TypeAlias = tuple[str, Content]


def render(
    root: str,
    elements: Sequence[Element],
    *,
    indent: str = "",
    encoding: str = "ascii",
    declaration: str = "",
    spelling: Mapping[str, str] | None = None,
) -> bytes:
    r"""Render `<root>` with each level set in by `indent`, without a last newline.

    Args:
        root: tag of the outermost element.
        elements: what it holds.
        indent: one level of white space.
        encoding: of the bytes; `utf-8-sig` and `utf-16` begin with their mark.
        declaration: a first line such as `<?xml version="1.0"?>`, or nothing.
        spelling: tags to be written differently, such as `{"difficult": "Difficult"}`.

    Raises:
        UnicodeEncodeError: a text has characters that `encoding` lacks.

    >>> render("size", [("width", 8)], indent=" ")
    b'<size>\n <width>8</width>\n</size>'
    """
    lines = [declaration] if declaration else []
    lines += _lines(root, elements, indent, "", spelling or {})
    return "\n".join(lines).encode(encoding)


def _lines(
    tag: str, content: Content, indent: str, margin: str, spelling: Mapping[str, str]
) -> list[str]:
    written = spelling.get(tag, tag)
    if isinstance(content, (str, int, float)):
        return [f"{margin}<{written}>{escape(str(content))}</{written}>"]
    lines = [f"{margin}<{written}>"]
    for child, inner in content:
        lines += _lines(child, inner, indent, margin + indent, spelling)
    return [*lines, f"{margin}</{written}>"]
