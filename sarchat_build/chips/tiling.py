"""Scenes to chips, by the rule whose counts SARDet-100K publishes (arXiv 2403.06534, table 2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sarchat_build.config.manifest import Tiling, sort_categories
from sarchat_build.geometry.boxes import clip, has_text_area, shift_points
from sarchat_build.geometry.clipping import clip_oriented_box, clip_outline, visible_area_px2
from sarchat_build.names import printable
from sarchat_build.reasons import Reason
from sarchat_build.types import Box, Category, Chip, Instance, Reject, SourceImage, Window

STAGE = "cut_chips"


@dataclass(frozen=True, slots=True)
class TilingResult:
    """The chips of one image, how many windows showed no object, and the objects in no chip."""

    chips: tuple[Chip, ...]
    empty_windows: int
    rejects: tuple[Reject, ...]


def cut_chips(image: SourceImage, tiling: Tiling | None) -> TilingResult:
    """Cut an image as its source's manifest says; one that needs no cutting is one chip, itself.

    Windows without an object are dropped and counted. An object that no window shows well enough
    is a reject, and so is an image that gives no chip. Boxes, rotated boxes and outlines are cut to
    their window (`geometry.clipping`); those of an image that needs no cutting stay as they are.
    """
    width_px, height_px = image.pixels.width_px, image.pixels.height_px
    if tiling is None or max(width_px, height_px) <= tiling.chip_px:
        whole = Chip(image.image_id, None, width_px, height_px, image.instances)
        return TilingResult((whole,), 0, ())
    starts = window_starts(width_px, tiling), window_starts(height_px, tiling)
    windows = len(starts[0]) * len(starts[1])
    shown: dict[tuple[int, int], list[Instance]] = defaultdict(list)
    for instance in image.instances:
        x0, y0, x1, y1 = instance.bbox
        for y in _reached(starts[1], y0, y1, tiling):
            for x in _reached(starts[0], x0, x1, tiling):
                shown[y, x].append(instance)
    chips = []
    for (y, x), instances in sorted(shown.items()):
        window = Window(x, y, min(x + tiling.chip_px, width_px), min(y + tiling.chip_px, height_px))
        chip = _chip(image, window, instances, tiling)
        if chip.instances:
            chips.append(chip)
    rejects = _losses(image, tuple(chips), windows)
    return TilingResult(tuple(chips), windows - len(chips), rejects)


def window_starts(length_px: int, tiling: Tiling) -> tuple[int, ...]:
    """Give the first pixels of the windows along one side; the last window ends with the side.

    >>> window_starts(800, Tiling())
    (0, 288)
    >>> len(window_starts(3000, Tiling())), window_starts(400, Tiling())
    (9, (0,))
    """
    if length_px <= tiling.chip_px:
        return (0,)
    stride_px = tiling.chip_px - tiling.overlap_px
    last = length_px - tiling.chip_px
    return (*range(0, last, stride_px), last)


def _reached(
    starts: tuple[int, ...], low_px: float, high_px: float, tiling: Tiling
) -> tuple[int, ...]:
    """Give the starts of the windows that show something between two edges of a box."""
    first = bisect_right(starts, low_px - tiling.chip_px)
    return starts[first : bisect_left(starts, high_px)]


def _chip(
    image: SourceImage, window: Window, instances: Iterable[Instance], tiling: Tiling
) -> Chip:
    frame = Box(*window)
    kept: list[Instance] = []
    cut_categories: list[Category] = []
    for instance in instances:
        visible = clip(instance.bbox, frame)
        if visible is None:
            continue
        share = _visible_share(instance, visible, frame, image, tiling)
        if share < tiling.min_visible or not has_text_area(visible):
            cut_categories.append(instance.category)
            continue
        dx, dy = -window.x0_px, -window.y0_px
        kept.append(
            replace(
                instance,
                bbox=Box(*shift_points(visible, dx, dy)),
                obb_px=shift_points(clip_oriented_box(instance.obb_px, frame), dx, dy),
                polygon_px=shift_points(clip_outline(instance.polygon_px, frame), dx, dy),
                truncated=instance.truncated or visible != instance.bbox,
            )
        )
    return Chip(
        image_id=f"{image.image_id}@{window.x0_px},{window.y0_px}",
        window=window,
        width_px=window.x1_px - window.x0_px,
        height_px=window.y1_px - window.y0_px,
        instances=tuple(kept),
        cut_categories=sort_categories(cut_categories),
    )


def _visible_share(
    instance: Instance, visible: Box, frame: Box, image: SourceImage, tiling: Tiling
) -> float:
    # Of what the picture shows: a rotated box may leave it, an upright one never does.
    if tiling.visibility == "obb" and instance.obb_px:
        picture = Box(0, 0, image.pixels.width_px, image.pixels.height_px)
        whole_px2 = visible_area_px2(instance.obb_px, picture)
        if whole_px2 > 0:
            return visible_area_px2(instance.obb_px, frame) / whole_px2
    return visible.area_px2 / instance.bbox.area_px2


def _losses(image: SourceImage, chips: tuple[Chip, ...], windows: int) -> tuple[Reject, ...]:
    shown = {instance.instance_id for chip in chips for instance in chip.instances}
    lost = [i for i in image.instances if i.instance_id not in shown]
    file = printable(image.member)
    rejects = [
        Reject(
            stage=STAGE,
            source_id=image.source_id,
            file=file,
            key=instance.instance_id,
            reason=Reason.LOST_AT_EDGE,
            detail=f"no window shows enough of box {tuple(instance.bbox)}",
            instances=1,
        )
        for instance in lost
    ]
    if not chips:
        rejects.append(
            Reject(
                stage=STAGE,
                source_id=image.source_id,
                file=file,
                key=image.image_id,
                reason=Reason.NO_OBJECT,
                detail=f"none of its {windows} windows holds an object",
                images=1,
            )
        )
    return tuple(rejects)
