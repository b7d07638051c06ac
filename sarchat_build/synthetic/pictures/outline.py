"""Convex outlines and the labels made from them: rounded polygon, box, rotated box."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, degrees, floor, pi, sin

import numpy as np

from sarchat_build.synthetic.pictures.scene import Floats
from sarchat_build.types import Box


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A rotated box: sides, angle (0 to 90 degrees) of the `width_px` side, corners clockwise."""

    center_px: tuple[int, int]
    width_px: int
    height_px: int
    theta_deg: float
    corners_px: tuple[tuple[int, int], ...]


def nearest(value: float) -> int:
    """Round half up.

    >>> nearest(2.5), nearest(-0.5)
    (3, 0)
    """
    return floor(value + 0.5)


def rounded(outline: Floats) -> list[tuple[int, int]]:
    """Round corners to whole pixels and drop those that fall together.

    >>> rounded(np.array([[0.2, 0.0], [0.3, 0.1], [4.0, 0.0], [4.0, 4.0]]))
    [(0, 0), (4, 0), (4, 4)]
    """
    return list(dict.fromkeys((nearest(x), nearest(y)) for x, y in outline.tolist()))


def cut_to(outline: Floats, width_px: int, height_px: int) -> Floats:
    """Cut a convex outline to 0 ≤ x ≤ width_px - 1, 0 ≤ y ≤ height_px - 1 (Sutherland-Hodgman).

    >>> cut_to(np.array([[-2.0, 1.0], [2.0, 1.0], [2.0, 5.0]]), 10, 10).tolist()
    [[0.0, 3.0], [0.0, 1.0], [2.0, 1.0], [2.0, 5.0]]
    """
    corners: list[list[float]] = outline.tolist()
    for axis, sign, limit in ((0, 1, 0), (0, -1, 1 - width_px), (1, 1, 0), (1, -1, 1 - height_px)):
        kept: list[list[float]] = []
        for before, after in zip(corners[-1:] + corners[:-1], corners, strict=True):
            depth_before = sign * before[axis] - limit
            depth_after = sign * after[axis] - limit
            if (depth_before < 0) != (depth_after < 0):
                share = depth_before / (depth_before - depth_after)
                kept.append([b + (a - b) * share for b, a in zip(before, after, strict=True)])
            if depth_after >= 0:
                kept.append(after)
        corners = kept
    return np.array(corners)


def box_of(corners: list[tuple[int, int]]) -> Box:
    """Give the box of whole pixels that just holds the corners.

    >>> box_of([(4, 1), (0, 3), (2, 7)])
    Box(x_min_px=0, y_min_px=1, x_max_px=4, y_max_px=7)
    """
    columns, rows = zip(*corners, strict=True)
    return Box(min(columns), min(rows), max(columns), max(rows))


def rotated_box_of(corners: list[tuple[int, int]], heading: float) -> RotatedBox:
    """Give the box along `heading` that just holds the corners.

    Corner 1 is where the height side starts, as `cv2.boxPoints` orders them; with an angle of 0
    that is the lower left one.

    >>> rotated_box_of([(0, 0), (8, 0), (8, 4), (0, 4)], 0.0).corners_px
    ((0, 4), (0, 0), (8, 0), (8, 4))
    """
    theta = heading % (pi / 2)
    points = np.array(corners, float)
    across = np.array([cos(theta), sin(theta)])
    down = np.array([-sin(theta), cos(theta)])
    low_a, high_a = float((points @ across).min()), float((points @ across).max())
    low_d, high_d = float((points @ down).min()), float((points @ down).max())
    places = ((low_a, high_d), (low_a, low_d), (high_a, low_d), (high_a, high_d))
    corner_points = [across * a + down * d for a, d in places]
    center = across * ((low_a + high_a) / 2) + down * ((low_d + high_d) / 2)
    return RotatedBox(
        center_px=(nearest(center[0]), nearest(center[1])),
        width_px=nearest(high_a - low_a),
        height_px=nearest(high_d - low_d),
        theta_deg=float(np.float32(degrees(theta))),
        corners_px=tuple((nearest(x), nearest(y)) for x, y in corner_points),
    )


def inner_depth(outline: Floats, x_px: int, y_px: int, width_px: int, height_px: int) -> Floats:
    """Give how far the center of each pixel of a window lies inside a convex outline, in pixels.

    Negative outside. Corners run counterclockwise as seen with y down.
    """
    sides = np.roll(outline, -1, axis=0) - outline
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    keep = lengths > 1e-6
    sides, lengths, corners = sides[keep], lengths[keep], outline[keep]
    center_x = np.arange(x_px, x_px + width_px) + 0.5
    center_y = np.arange(y_px, y_px + height_px) + 0.5
    depth = np.full((height_px, width_px), np.inf)
    for (dx, dy), length, (x, y) in zip(sides, lengths, corners, strict=True):
        offset = dy / length * (center_x - x)[None, :] - dx / length * (center_y - y)[:, None]
        np.minimum(depth, offset, out=depth)
    return depth
