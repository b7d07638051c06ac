"""Boxes by aspect ratio and area, and what a model's text format leaves of them: their IoU.

Edges of classes are simple shares and whole pixels, so that equal boxes are in equal classes on any
machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Shares of the picture, n × 4 (x_min, y_min, x_max, y_max), and its size in pixels (w, h, w, h).
Quantize = Callable[[Array, Array], Array]

# Class → its lower edge, width / height.
ASPECT_RATIOS = {
    "below 1:4": 0.0,
    "1:4 to 1:2": 1 / 4,
    "1:2 to 2:3": 1 / 2,
    "2:3 to 1:1": 2 / 3,
    "1:1 to 3:2": 1.0,
    "3:2 to 2:1": 3 / 2,
    "2:1 to 4:1": 2.0,
    "4:1 and more": 4.0,
}
# Class → its lower edge in square pixels; 32 and 96 squared are COCO's.
AREAS_PX2 = {
    "below 16 x 16 px": 0.0,
    "16 x 16 to 32 x 32 px": 16.0**2,
    "32 x 32 to 96 x 96 px": 32.0**2,
    "96 x 96 px and more": 96.0**2,
}

# IoU is counted in thousandths: whole numbers, so that the sum is the same in any order.
STEPS = 1000


def _grid(divisions: int) -> Quantize:
    """Round each corner to the nearest of `divisions` + 1 lines."""

    def quantize(shares: Array, size_px: Array) -> Array:
        rounded: Array = np.floor(shares * divisions + 0.5) / divisions
        return rounded

    return quantize


def _bins(count: int) -> Quantize:
    """Name the bin that holds each corner; a reader takes the bin's middle."""

    def quantize(shares: Array, size_px: Array) -> Array:
        middle: Array = (np.clip(np.floor(shares * count), 0, count - 1) + 0.5) / count
        return middle

    return quantize


def _cells(side: int) -> Quantize:
    """Name the cells of the two corners; a reader takes their middles (Kosmos-2).

    Where both lie in one row or column of cells, a reader takes the cells whole.
    """

    def quantize(shares: Array, size_px: Array) -> Array:
        first = np.clip(np.floor(shares[:, :2] * side), 0, side - 1)
        last = np.clip(np.ceil(shares[:, 2:] * side - 1), 0, side - 1)
        whole = (first == last).any(axis=1, keepdims=True)
        inset = np.where(whole, 0.0, 0.5)
        return np.hstack([first + inset, last + 1 - inset]) / side

    return quantize


def _native(shares: Array, size_px: Array) -> Array:
    rounded: Array = np.floor(shares * size_px + 0.5) / size_px
    return rounded


# Text formats of the models that the exports serve, by the frame they write.
FORMATS: Mapping[str, Quantize] = {
    "native integer pixels (SARChat, Qwen2.5-VL)": _native,
    "0-100 (GeoChat, MiniGPT-v2)": _grid(100),
    "0-999 (DeepSeek-VL2)": _grid(999),
    "0-1000 (InternVL, Qwen2-VL, Qwen3-VL)": _grid(1000),
    "0-1 with 3 decimals (Shikra)": _grid(1000),
    "1000 bins (Florence-2)": _bins(1000),
    "32 x 32 cells (Kosmos-2)": _cells(32),
}


def iou_histograms(
    boxes_xyxy_px: Sequence[Sequence[float]], sides_px: Sequence[tuple[int, int]]
) -> dict[str, Counter[str]]:
    """Count, per format, boxes by their IoU with what is left of them, in thousandths (floor).

    `sides_px` are width and height of each box's picture.

    >>> histograms = iou_histograms([(10.0, 10.0, 20.0, 20.0)], [(100, 100)])
    >>> histograms["0-100 (GeoChat, MiniGPT-v2)"], histograms["32 x 32 cells (Kosmos-2)"]
    (Counter({'1000': 1}), Counter({'776': 1}))
    """
    if not boxes_xyxy_px:
        return {}
    boxes = np.asarray(boxes_xyxy_px, dtype=np.float64)
    size_px = np.tile(np.asarray(sides_px, dtype=np.float64), 2)
    histograms = {}
    for name, quantize in FORMATS.items():
        rounded = quantize(boxes / size_px, size_px) * size_px
        # A hair's breadth is added: an IoU of exactly 1 must not count as 0.999.
        steps = np.floor(_iou(boxes, rounded) * STEPS + 1e-9).astype(int)
        histograms[name] = Counter(map(str, steps.tolist()))
    return histograms


def _iou(one: Array, other: Array) -> Array:
    shared = _area(np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:]))
    union = _area(one[:, :2], one[:, 2:]) + _area(other[:, :2], other[:, 2:]) - shared
    overlap: Array = shared / union
    return overlap


def _area(low: Array, high: Array) -> Array:
    sides = np.clip(high - low, 0, None)
    product: Array = sides[:, 0] * sides[:, 1]
    return product


def box_classes(boxes_xyxy_px: Sequence[Sequence[float]]) -> dict[str, Counter[str]]:
    """Count boxes by the classes of their aspect ratio and of their area.

    >>> found = box_classes([(0, 0, 10, 10), (0, 0, 40, 30)])
    >>> dict(found["aspect_ratios"]), dict(found["areas_px2"])["below 16 x 16 px"]
    ({'1:1 to 3:2': 2}, 1)
    """
    boxes = np.asarray(boxes_xyxy_px, np.float64).reshape(-1, 4)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    sound = (width > 0) & (height > 0)
    width, height = width[sound], height[sound]
    return {
        "aspect_ratios": _classes(ASPECT_RATIOS, width / height),
        "areas_px2": _classes(AREAS_PX2, width * height),
    }


def _classes(edges: dict[str, float], values: Array) -> Counter[str]:
    names = list(edges)
    found = np.searchsorted(list(edges.values()), values, side="right") - 1
    times = np.bincount(found, minlength=len(names))
    return Counter({name: int(n) for name, n in zip(names, times, strict=True) if n})
