"""What the corners of a box say in words: the arithmetic of the dataset's description.

Boxes are (x_min, y_min, x_max, y_max) in pixels of the stored picture, 0-based and half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, sqrt

# tan(67.5°): beyond it a direction is a plain one, within it a diagonal one (sectors of 45°).
_DIAGONAL = 1 + sqrt(2)


def round_half_up(value: float) -> int:
    """Round to the nearest integer, a half upwards.

    >>> round_half_up(0.5), round_half_up(1.5), round_half_up(2.4999)
    (1, 2, 2)
    """
    return floor(value + 0.5)


def box_text(box: Sequence[float]) -> str:
    """Write a box as an answer does.

    >>> box_text((10.5, 20, 30.2, 40.49))
    '{<11><20><30><40>}'
    """
    return "{" + "".join(f"<{round_half_up(value)}>" for value in box) + "}"


def box_fault(box: Sequence[float], width: int, height: int) -> str:
    """Name what makes a box impossible in a picture of `width` by `height` pixels, "" if nothing.

    >>> box_fault((0, 0, 10, 10), 10, 10), box_fault((0, 0, 10.5, 10), 10, 10)
    ('', 'outside the picture')
    """
    if len(box) != 4:
        return f"{len(box)} numbers"
    if not all(map(isfinite, box)):
        return "not finite"
    x_min, y_min, x_max, y_max = box
    if not (x_min < x_max and y_min < y_max):
        return "empty"
    if x_min < 0 or y_min < 0 or x_max > width or y_max > height:
        return "outside the picture"
    return ""


def center(box: Sequence[float]) -> tuple[float, float]:
    """Give the mean of the corners.

    >>> center((0, 0, 5, 10))
    (2.5, 5.0)
    """
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def cell(x: float, y: float, width: int, height: int) -> str:
    """Name the ninth of the picture a center lies in; a line belongs to the lower index.

    >>> cell(100, 200, 300, 300), cell(100.5, 200.5, 300, 300)
    ('middle left', 'bottom center')
    """
    column = "left" if 3 * x <= width else "center" if 3 * x <= 2 * width else "right"
    row = "top" if 3 * y <= height else "middle" if 3 * y <= 2 * height else "bottom"
    return f"{row} {column}"


def size(box: Sequence[float], width: int, height: int) -> str:
    """Name the share of the picture's area.

    >>> size((0, 0, 30, 10), 100, 100), size((0, 0, 29, 10), 100, 100)
    ('small', 'very small')
    """
    ratio = area_ratio(box, width, height)
    for least, label in ((0.40, "very large"), (0.25, "large"), (0.10, "medium"), (0.03, "small")):
        if ratio >= least:
            return label
    return "very small"


def area_ratio(box: Sequence[float], width: int, height: int) -> float:
    """Give the share of the picture's area that a box covers.

    >>> area_ratio((0, 0, 5, 10), 10, 10)
    0.5
    """
    return (box[2] - box[0]) * (box[3] - box[1]) / (width * height)


def shape(box: Sequence[float]) -> str:
    """Name width to height.

    >>> shape((0, 0, 3, 2)), shape((0, 0, 3.1, 2)), shape((0, 0, 66, 100))
    ('roughly square', 'wide', 'tall')
    """
    ratio = (box[2] - box[0]) / (box[3] - box[1])
    return "wide" if ratio > 1.5 else "tall" if ratio < 0.67 else "roughly square"


def direction(dx: float, dy: float) -> str:
    """Name how a place lies that is `dx` to the right of and `dy` below another.

    >>> direction(-5, 0), direction(3, -3), direction(1, 3), direction(0, 0)
    ('left', 'upper_right', 'below', 'same')
    """
    if dx == 0 and dy == 0:
        return "same"
    if abs(dx) > _DIAGONAL * abs(dy):
        return "left" if dx < 0 else "right"
    if abs(dy) > _DIAGONAL * abs(dx):
        return "above" if dy < 0 else "below"
    return f"{'upper' if dy < 0 else 'lower'}_{'left' if dx < 0 else 'right'}"


def distance(dx: float, dy: float) -> float:
    """Give the length of a way in pixels.

    >>> distance(3, -4)
    5.0
    """
    return sqrt(dx * dx + dy * dy)


def proximity(dx: float, dy: float, width: int, height: int) -> str:
    """Call a way short or long against an eighth of width plus height.

    >>> proximity(0, 24.9, 100, 100), proximity(0, 25, 100, 100)
    ('near', 'far')
    """
    return "near" if distance(dx, dy) < (width + height) / 8 else "far"
