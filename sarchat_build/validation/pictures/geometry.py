"""Labels of boxes: the arithmetic of the dataset's description, in pixels.

Boxes are (x_min, y_min, x_max, y_max) in pixels of the stored picture, 0-based and half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, sqrt

from sarchat_build.validation.rules import Rules

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
    if not (round_half_up(x_min) < round_half_up(x_max)) or not (
        round_half_up(y_min) < round_half_up(y_max)
    ):
        return "degenerate box text"
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


def size(ratio: float, rules: Rules) -> str:
    """Name a share of the picture's area.

    >>> size(0.03, Rules()), size(0.029, Rules())
    ('small', 'very small')
    """
    if ratio >= rules.very_large_from:
        return "very large"
    if ratio >= rules.large_from:
        return "large"
    if ratio >= rules.medium_from:
        return "medium"
    return "small" if ratio >= rules.small_from else "very small"


def described_size(ratio: float, rules: Rules) -> str:
    """Name a share of the picture's area as descriptions do, which may have a scale of their own.

    >>> from sarchat_build.validation.rules import DescriptionScale
    >>> two_scales = Rules(description=DescriptionScale())
    >>> described_size(0.02, two_scales), described_size(0.02, Rules())
    ('small', 'very small')
    """
    scale = rules.description
    if scale is None:
        return size(ratio, rules)
    return (
        "small" if ratio < scale.small_below else "large" if ratio > scale.large_above else "medium"
    )


def area_ratio(box: Sequence[float], width: int, height: int) -> float:
    """Give the share of the picture's area that a box covers.

    >>> area_ratio((0, 0, 5, 10), 10, 10)
    0.5
    """
    return (box[2] - box[0]) * (box[3] - box[1]) / (width * height)


def aspect(box: Sequence[float]) -> float:
    """Give width to height.

    >>> aspect((0, 0, 3, 2))
    1.5
    """
    return (box[2] - box[0]) / (box[3] - box[1])


def shape(ratio: float, rules: Rules) -> str:
    """Name width to height.

    >>> shape(1.5, Rules()), shape(1.51, Rules()), shape(0.66, Rules())
    ('roughly square', 'wide', 'tall')
    """
    if ratio > rules.wide_above:
        return "wide"
    return "tall" if ratio < rules.tall_below else "roughly square"


def direction(dx: float, dy: float) -> str:
    """Name how a point lies that is `dx` to the right of and `dy` below another.

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
    """Give the length of a vector in pixels.

    >>> distance(3, -4)
    5.0
    """
    return sqrt(dx * dx + dy * dy)


def proximity(distance_px: float, width: int, height: int, rules: Rules) -> str:
    """Name a distance, short or long against a share of width plus height.

    >>> proximity(24.9, 100, 100, Rules()), proximity(25, 100, 100, Rules())
    ('near', 'far')
    """
    return "near" if distance_px < (width + height) / rules.near_divisor else "far"


def bounds(outline: Sequence[float]) -> tuple[float, float, float, float]:
    """Give the upright box around the points of an outline, x1, y1, x2, y2 ….

    >>> bounds((0, 5, 3, 1, 2, 9))
    (0, 1, 3, 9)
    """
    xs, ys = outline[::2], outline[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def signed_area(outline: Sequence[float]) -> float:
    """Give the area within points x1, y1, x2, y2 …; negative where they go counter-clockwise.

    >>> signed_area((0, 0, 4, 0, 4, 2, 0, 2)), signed_area((0, 0, 0, 2, 4, 2, 4, 0))
    (8.0, -8.0)
    """
    points = list(zip(outline[::2], outline[1::2], strict=True))
    turned = (*points[1:], points[0])
    return sum(x * v - u * y for (x, y), (u, v) in zip(points, turned, strict=True)) / 2
