"""Names of a box's numbers, and the box that they make, in whatever order they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sarchat_build.scoring.matching import Rectangle

# The names of four numbers in the order in which they stand; none for x, y, x, y.
Order: TypeAlias = tuple[str, ...]

_NAME_SIGNS = re.compile(
    r"[\s_{}\\-]|\((?:px|pixels?)\)|coordinate|edge|corner|pixels?$|px$|point$|pos(?:ition)?$"
)

# Names of one box's numbers, each in the order x, y, x, y or x, y, width, height.
_CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("x0", "y0", "x1", "y1"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("minx", "miny", "maxx", "maxy"),
    ("xtl", "ytl", "xbr", "ybr"),
    ("xleft", "ytop", "xright", "ybottom"),
    ("leftx", "topy", "rightx", "bottomy"),
    ("left", "top", "right", "bottom"),
    ("x", "y", "x2", "y2"),
)
_SIZED = (
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("left", "top", "width", "height"),
    ("xmin", "ymin", "width", "height"),
    ("x1", "y1", "w", "h"),
    ("x1", "y1", "width", "height"),
)
_CENTERED = (
    ("cx", "cy", "w", "h"),
    ("xc", "yc", "w", "h"),
    ("cx", "cy", "width", "height"),
    ("xcenter", "ycenter", "w", "h"),
    ("centerx", "centery", "w", "h"),
    ("xcenter", "ycenter", "width", "height"),
    ("centerx", "centery", "width", "height"),
)
TWO_POINTS = (
    ("topleft", "bottomright"),
    ("upperleft", "lowerright"),
    ("lefttop", "rightbottom"),
    ("tl", "br"),
    ("min", "max"),
    ("start", "end"),
    ("p1", "p2"),
)
# A point that its sides follow, and what the four numbers are then.
ANCHORS = {
    "center": ("cx", "cy", "w", "h"),
    "centre": ("cx", "cy", "w", "h"),
    **dict.fromkeys((first for first, _ in TWO_POINTS[:4]), ("x", "y", "w", "h")),
}
# Of a box by named numbers: by how many degrees it is turned.
ANGLES = frozenset(("angle", "theta", "rotation", "angledeg", "angledegrees", "rotationangle"))
COORDINATE_NAMES = frozenset(name for names in (*_CORNERS, *_SIZED, *_CENTERED) for name in names)
# One word for an order of numbers.
_WORDS = {
    "xyxy": ("x1", "y1", "x2", "y2"),
    "xywh": ("x", "y", "w", "h"),
    "cxcywh": ("cx", "cy", "w", "h"),
    "yxyx": ("y1", "x1", "y2", "x2"),
    "box2d": ("y1", "x1", "y2", "x2"),
}
_ORDER = re.compile(
    r"(?:(?<![\w\\])([a-z][\w{}\\]*(?:[\s-]center)?)[\s,|;]+([a-z][\w{}\\]*(?:[\s-]center)?)[\s,|;]+"
    r"([a-z][\w{}\\]*)[\s,|;]+([a-z][\w{}\\]*)|(?:\b|_)(xyxy|xywh|cxcywh|yxyx|box_?2d))"
    r"[\s\])}>\"':=–—-]*(?:(?:in|format|order|form|coordinates?|bbox|box|is|are|at)\b[\s:=]*){0,4}"
    r"(?:\d{1,3}[.):]|[-*•])?[\s\[({]*$",
    re.IGNORECASE,
)


def plain_name(name: str) -> str:
    """Spell a coordinate's name without signs.

    >>> plain_name("Top-Left corner"), plain_name("x_{min}")
    ('topleft', 'xmin')
    """
    return _NAME_SIGNS.sub("", name.lower())


def named_box(numbers: Mapping[str, float]) -> Rectangle | None:
    """Give the box that named numbers make, by plain names; None if they make none.

    >>> named_box({"x": 1, "y": 2, "w": 3, "h": 4})
    (1, 2, 4, 6)
    """
    for names in _CORNERS:
        if all(name in numbers for name in names):
            x1, y1, x2, y2 = (numbers[name] for name in names)
            return x1, y1, x2, y2
    for names in _SIZED:
        if all(name in numbers for name in names):
            x, y, w, h = (numbers[name] for name in names)
            return x, y, x + w, y + h
    for names in _CENTERED:
        if all(name in numbers for name in names):
            x, y, w, h = (numbers[name] for name in names)
            return x - w / 2, y - h / 2, x + w / 2, y + h / 2
    return None


def order_in(key: str) -> Order:
    """Give the order that a key names.

    >>> order_in("bbox_xywh"), order_in("box_2d"), order_in("bbox_2d")
    (('x', 'y', 'w', 'h'), ('y1', 'x1', 'y2', 'x2'), ())
    """
    parts = key.lower().replace("box_2d", "box2d").split("_")
    return next((order for word, order in _WORDS.items() if word in parts), ())


def order_before(text: str) -> Order:
    """Give the names of four numbers that a text ends with.

    >>> order_before("The box in [ymin, xmin, ymax, xmax] format is ")
    ('ymin', 'xmin', 'ymax', 'xmax')
    >>> order_before("bbox (xywh): "), order_before("of the ships are ")
    (('x', 'y', 'w', 'h'), ())
    """
    found = _ORDER.search(text)
    if found is None:
        return ()
    if found[5]:
        return _WORDS[found[5].lower().replace("_", "")]
    names = tuple(plain_name(name) for name in found.groups()[:4])
    return names if named_box(dict.fromkeys(names, 0.0)) is not None else ()


def in_order(values: Sequence[float], names: Order) -> Rectangle:
    """Give the box of four numbers that stand in the order of `names`.

    >>> in_order((20, 10, 40, 30), ("y1", "x1", "y2", "x2"))
    (10, 20, 30, 40)
    """
    box = named_box(dict(zip(names, values, strict=True))) if names else None
    return (values[0], values[1], values[2], values[3]) if box is None else box
