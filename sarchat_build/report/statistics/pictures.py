"""Figures of pictures: their objects, how many dialogues each has, what box text keeps of boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sarchat_build.config.toml import Model
from sarchat_build.report.statistics.boxes import AREAS_PX2, ASPECT_RATIOS, FORMATS, STEPS
from sarchat_build.report.statistics.tallies import Group, Tallies, by_value, percent, percentile
from sarchat_build.types import CATEGORIES


class CrowdingFigures(Model):
    """How the dialogues of one group are spread over the pictures that have any."""

    split: str | None
    task: str | None
    source: str | None
    pictures: int
    rows_per_picture: float | None
    p50: int | None
    p99: int | None
    max: int
    max_share_percent: float | None
    top_1_percent_share: float | None


class BoxTextFigures(Model):
    """IoU of boxes with what one text format keeps of them."""

    boxes: int
    mean_iou: float
    p1_iou: float
    min_iou: float
    below_half_percent: float | None


class PictureFigures(Model):
    """Pictures and objects of one group; None for what the group does not tell apart.

    `chips` are the pictures that were cut from a larger one, `objects` those of every picture: what
    two chips show counts twice. `objects_of` and `pictures_of` are by category, `aspect_ratios` and
    `areas_px2` by the classes of `boxes`, `box_text_iou` by the text format of boxes.
    """

    split: str | None
    source: str | None
    images: int
    chips: int
    objects: int
    invalid_boxes: int
    degenerate_texts: int
    statements: int
    contradictions: int
    objects_of: dict[str, int]
    pictures_of: dict[str, int]
    aspect_ratios: dict[str, int]
    areas_px2: dict[str, int]
    box_text_iou: dict[str, BoxTextFigures]


def picture_figures(images: Tallies, group: Group) -> PictureFigures:
    """Give the figures of the pictures of one group, and of their boxes."""
    counts = images.get(group, "images")
    return PictureFigures(
        split=group.split or None,
        source=group.source or None,
        images=counts["images"],
        chips=counts["chips"],
        objects=counts["objects"],
        invalid_boxes=counts["invalid_boxes"],
        degenerate_texts=counts["degenerate_texts"],
        statements=counts["statements"],
        contradictions=counts["contradictions"],
        objects_of=_in_order(images.get(group, "objects_of"), CATEGORIES),
        pictures_of=_in_order(images.get(group, "pictures_of"), CATEGORIES),
        aspect_ratios=_in_order(images.get(group, "aspect_ratios"), ASPECT_RATIOS),
        areas_px2=_in_order(images.get(group, "areas_px2"), AREAS_PX2),
        box_text_iou=box_figures(images, group),
    )


def _in_order(counter: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: counter[name] for name in names if name in counter}


def crowding_figures(group: Group, rows_per_image: Mapping[str, int]) -> CrowdingFigures:
    """Say how the rows of a group are spread over the pictures that have any.

    >>> crowding_figures(Group("train"), {"1": 99, "101": 1}).top_1_percent_share
    50.5
    """
    images = sum(times for value, times in by_value(rows_per_image) if value)
    rows = sum(value * times for value, times in by_value(rows_per_image))
    left, crowded = -(-images // 100), 0
    for value, times in reversed(list(by_value(rows_per_image))):
        taken = min(left, times)
        crowded, left = crowded + taken * value, left - taken
    most = percentile(rows_per_image, 100) or 0
    return CrowdingFigures(
        split=group.split or None,
        task=group.task or None,
        source=group.source or None,
        pictures=images,
        rows_per_picture=round(rows / images, 4) if images else None,
        p50=percentile(rows_per_image, 50),
        p99=percentile(rows_per_image, 99),
        max=most,
        max_share_percent=percent(most, rows),
        top_1_percent_share=percent(crowded, rows),
    )


def box_figures(tallies: Tallies, group: Group) -> dict[str, BoxTextFigures]:
    """Give, per text format, what IoU boxes keep: mean, first percentile, least, share below .5.

    The mean is of thousandths rounded down, so at most .001 below the true one.
    """
    figures = {}
    for name in FORMATS:
        histogram = tallies.get(group, f"iou/{name}")
        boxes = sum(histogram.values())
        if not boxes:
            continue
        total = sum(value * times for value, times in by_value(histogram))
        low = sum(times for value, times in by_value(histogram) if 2 * value < STEPS)
        figures[name] = BoxTextFigures(
            boxes=boxes,
            mean_iou=round(total / (boxes * STEPS), 4),
            p1_iou=(percentile(histogram, 1) or 0) / STEPS,
            min_iou=min(value for value, _ in by_value(histogram)) / STEPS,
            below_half_percent=percent(low, boxes),
        )
    return figures
