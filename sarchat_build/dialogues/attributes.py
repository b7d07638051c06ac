"""Words for one box: size, shape, and the cell of a 3 × 3 grid (paper, §3).

The `…_about` functions give every word that fits when a person measures less exactly.
"""

from __future__ import annotations

from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.types import Box

SIZE_ORDER = ("very large", "large", "medium", "small", "very small")
SIZE_WORDS = {name: "medium-sized" if name == "medium" else name for name in SIZE_ORDER}
SHAPES = ("wide", "roughly square", "tall")
CELLS = tuple(
    f"{row} {column}"
    for row in ("top", "middle", "bottom")
    for column in ("left", "center", "right")
)
_PAPER_THRESHOLDS = LabelThresholds()


def size(
    box: Box, width_px: int, height_px: int, thresholds: LabelThresholds = _PAPER_THRESHOLDS
) -> str:
    """Name the share of the picture that a box covers (paper, identification scale).

    >>> size(Box(0, 0, 50, 50), 100, 100)
    'large'
    """
    return size_of(box.area_px2 / (width_px * height_px), thresholds)


def size_of(ratio: float, thresholds: LabelThresholds = _PAPER_THRESHOLDS) -> str:
    """Name a share of the picture's area, 0 ≤ ratio ≤ 1.

    >>> size_of(0.03), size_of(0.0299)
    ('small', 'very small')
    """
    bounds = (
        thresholds.very_large_from,
        thresholds.large_from,
        thresholds.medium_from,
        thresholds.small_from,
    )
    reached = (name for bound, name in zip(bounds, SIZE_ORDER, strict=False) if ratio >= bound)
    return next(reached, SIZE_ORDER[-1])


def described_size(box: Box, width_px: int, height_px: int, thresholds: LabelThresholds) -> str:
    """Name the size as descriptions do; the same as `size` unless the recipe has a second scale.

    >>> paper = LabelThresholds(description_size={"large_above": 0.30, "small_below": 0.05})
    >>> described_size(Box(0, 0, 20, 20), 100, 100, paper)
    'small'
    """
    scale = thresholds.description_size
    if scale is None:
        return size(box, width_px, height_px, thresholds)
    ratio = box.area_px2 / (width_px * height_px)
    if ratio > scale.large_above:
        return "large"
    return "small" if ratio < scale.small_below else "medium"


def shape(box: Box, thresholds: LabelThresholds = _PAPER_THRESHOLDS) -> str:
    """Name the proportion of width to height (paper, §3).

    >>> shape(Box(0, 0, 30, 20)), shape(Box(0, 0, 31, 20)), shape(Box(0, 0, 2, 3.1))
    ('roughly square', 'wide', 'tall')
    """
    return shape_of(box.width_px / box.height_px, thresholds)


def shape_of(ratio: float, thresholds: LabelThresholds = _PAPER_THRESHOLDS) -> str:
    """Name a proportion of width to height."""
    if ratio > thresholds.wide_above:
        return "wide"
    return "tall" if ratio < thresholds.tall_below else "roughly square"


def cell(box: Box, width_px: int, height_px: int) -> str:
    """Name the third of the picture, by rows and columns, that holds the box's center.

    A center exactly on a line belongs to the upper or left cell.

    >>> cell(Box(0, 0, 200, 10), 300, 300)
    'top left'
    """
    return cell_of(*box.center_px, width_px, height_px)


def cell_of(x_px: float, y_px: float, width_px: int, height_px: int) -> str:
    """Name the cell that holds a point."""
    column = 0 if 3 * x_px <= width_px else 1 if 3 * x_px <= 2 * width_px else 2
    row = 0 if 3 * y_px <= height_px else 1 if 3 * y_px <= 2 * height_px else 2
    return CELLS[3 * row + column]


def sizes_about(
    box: Box, width_px: int, height_px: int, thresholds: LabelThresholds, tolerance: float
) -> set[str]:
    """Give every size word that fits when the area is misjudged by a share of `tolerance`."""
    ratio = box.area_px2 / (width_px * height_px)
    return {size_of(ratio * factor, thresholds) for factor in (1, 1 - tolerance, 1 + tolerance)}


def shapes_about(box: Box, thresholds: LabelThresholds, tolerance: float) -> set[str]:
    """Give every shape word that fits when the proportion is misjudged by `tolerance`."""
    ratio = box.width_px / box.height_px
    return {shape_of(ratio * factor, thresholds) for factor in (1, 1 - tolerance, 1 + tolerance)}


def cells_about(box: Box, width_px: int, height_px: int, tolerance_px: float) -> set[str]:
    """Give every cell that fits when the center is misjudged by `tolerance_px`.

    >>> sorted(cells_about(Box(90, 0, 111, 10), 300, 300, 2.0))
    ['top center', 'top left']
    """
    x_px, y_px = box.center_px
    shifts = (0, -tolerance_px, tolerance_px)
    return {cell_of(x_px + dx, y_px + dy, width_px, height_px) for dx in shifts for dy in shifts}


def reached_cells(box: Box, width_px: int, height_px: int, tolerance_px: float) -> set[str]:
    """Give the cell of the box's center, and every cell that the box enters by more.

    >>> sorted(reached_cells(Box(60, 0, 103, 10), 300, 300, 2.0))
    ['top center', 'top left']
    """
    columns = _thirds(box.x_min_px, box.x_max_px, width_px, tolerance_px)
    rows = _thirds(box.y_min_px, box.y_max_px, height_px, tolerance_px)
    reached = {CELLS[3 * row + column] for row in rows for column in columns}
    return reached | {cell(box, width_px, height_px)}


def _thirds(low_px: float, high_px: float, side_px: int, tolerance_px: float) -> list[int]:
    # Three times everything: a third of a whole number is rarely one.
    inside = (
        min(3 * high_px, (third + 1) * side_px) - max(3 * low_px, third * side_px)
        for third in range(3)
    )
    return [third for third, inside_px3 in enumerate(inside) if inside_px3 > 3 * tolerance_px]
