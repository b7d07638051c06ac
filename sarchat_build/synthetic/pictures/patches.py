"""Areas of even surface: a bridge deck, a pier, a roof, a shadow."""

from __future__ import annotations

from math import floor

import numpy as np

from sarchat_build.synthetic.pictures.outline import inner_depth
from sarchat_build.synthetic.pictures.scene import Floats, extent_of
from sarchat_build.synthetic.pictures.speckle import Field

Window = tuple[slice, slice]


def paint_patch(
    canvas: Field, outline: Floats, level: float, texture: Field, soft_px: float = 1.0
) -> None:
    """Lay a speckled area of mean amplitude `level` over what is there, where it is louder.

    `outline` is convex, (n, 2), counterclockwise as seen with y down; `soft_px` is how far inside
    it the level is reached; `texture` is unit-mean speckle of the canvas' size.
    """
    found = _covered(canvas, outline, soft_px)
    if found is None:
        return
    window, share = found
    painted = (share * np.float32(level) * texture[window]).astype(np.float32)
    canvas[window] = np.maximum(canvas[window], painted)


def shade_patch(canvas: Field, outline: Floats, remaining: float, soft_px: float = 1.5) -> None:
    """Take away echo where the radar cannot look, down to a share `remaining` of it."""
    found = _covered(canvas, outline, soft_px)
    if found is not None:
        window, share = found
        canvas[window] *= (1 - (1 - remaining) * share).astype(np.float32)


def _covered(canvas: Field, outline: Floats, soft_px: float) -> tuple[Window, Floats] | None:
    """Give the window that holds the outline, and how much of each of its pixels is covered."""
    height_px, width_px = canvas.shape
    extent = extent_of(outline)
    x0, y0 = max(0, floor(extent.x_min_px) - 1), max(0, floor(extent.y_min_px) - 1)
    x1, y1 = min(width_px, floor(extent.x_max_px) + 2), min(height_px, floor(extent.y_max_px) + 2)
    if x1 <= x0 or y1 <= y0:
        return None
    depth = inner_depth(outline, x0, y0, x1 - x0, y1 - y0)
    share: Floats = np.clip((depth + 0.5) / soft_px, 0.0, 1.0)
    return (slice(y0, y1), slice(x0, x1)), share
