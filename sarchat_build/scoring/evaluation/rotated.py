"""IoU of boxes as they are turned, where the source says how its objects lie."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from sarchat_build.geometry.clipping import clip_oriented_box
from sarchat_build.scoring.answers import Expected
from sarchat_build.scoring.matching import Match, Outline
from sarchat_build.types import Box


def rotated_ious(
    predicted: Sequence[Outline], expected: Expected, pairs: Sequence[Match]
) -> list[float | None]:
    """Give the rotated IoU of each pair; None where the truth has no rotated box.

    An upright prediction has its upright outline.

    >>> upright, turned = (0.0, 0.0, 8.0, 0.0, 8.0, 4.0, 0.0, 4.0), (4.0, 0.0, 8.0, 4.0, 4.0, 8.0)
    >>> truth = Expected("referring", "single", 8, 8, None, frozenset(), outlines=(upright, ()))
    >>> rotated_ious([upright, turned], truth, [Match(0, 0, 1.0), Match(1, 1, 1.0)])
    [1.0, None]
    """
    frame = Box(0, 0, expected.width_px, expected.height_px)
    return [
        rotated_iou(predicted[pair.predicted], true, frame)
        if (true := expected.outlines[pair.true] if expected.outlines else ())
        else None
        for pair in pairs
    ]


def rotated_iou(a: Outline, b: Outline, frame: Box) -> float:
    """Give intersection over union of two outlines, both cut to the chip as the truth is.

    >>> round(rotated_iou((2, 0, 4, 2, 2, 4, 0, 2), (0, 0, 4, 0, 4, 4, 0, 4), Box(0, 0, 9, 9)), 6)
    0.5
    """
    cut = [clip_oriented_box(outline, frame) for outline in (a, b)]
    if not all(cut):
        return 0.0
    one, other = (shapely.Polygon(zip(c[0::2], c[1::2], strict=True)) for c in cut)
    both = float(shapely.intersection(one, other).area)
    return both / (float(one.area) + float(other.area) - both)
