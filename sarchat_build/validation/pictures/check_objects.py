"""Checks of the objects of one picture: ids, boxes, outlines, names and flags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import isclose, isfinite

from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import (
    CheckedImage,
    CheckedObject,
    make_checked_image,
    make_checked_object,
)
from sarchat_build.validation.pictures.image_row import ImageRow, Objects, RowLog
from sarchat_build.validation.pictures.source_rules import SourceRules, fold
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import CATEGORIES, source_image_id

_INSTANCE_INDEX = re.compile(r"#(0|[1-9][0-9]*)")
# Formats whose documents have no field for it.
_WITHOUT = {
    "difficult": ("yolo", "yolo_obb"),
    "truncated": ("yolo", "yolo_obb", "coco", "dota"),
    "obb": ("coco", "yolo"),
    "segmentation": ("yolo", "yolo_obb", "dota"),
}
# Formats that state four corners and nothing else: the upright box is their bounds.
_CORNERS_ONLY = ("dota", "fair1m", "yolo_obb")
_ALWAYS_CORNERS = ("dota", "yolo_obb")
# Less of a common frame, with a pixel of play, and a rotated box is of another object.
_SAME_PLACE, _PLAY_PX = 0.2, 2.0
_ROUNDING_PX = 1e-6


def check_objects(
    image: ImageRow, facts: SourceRules | None, rules: Rules, log: RowLog
) -> CheckedImage | None:
    """Check every object of a row; None where they are too faulty to measure a dialogue against."""
    objects = Objects._make(image.objects)
    lengths = {name: len(values) for name, values in objects._asdict().items()}
    if len(set(lengths.values())) > 1:
        log.add("objects_parallel", Plain("lists of one length"), lengths)
        return None
    for column in ("categories_annotated", "rejected_categories", "cut_categories"):
        unknown = set(getattr(image, column)) - set(CATEGORIES)
        if unknown:
            log.add(column, CATEGORIES, sorted(unknown))
    found = [_check_object(image, objects, index, rules, log) for index in range(len(objects.bbox))]
    if facts is not None:
        for index in range(len(found)):
            _check_source_fields(image, objects, index, facts, log)
    if len(set(objects.instance_id)) != len(found):
        log.add("instance_id_unique", Plain("each id once"), objects.instance_id)
        return None
    indices = [
        int(i) for i in (one.rpartition("#")[2] for one in objects.instance_id) if _is_int(i)
    ]
    if any(one >= other for one, other in pairwise(indices)):
        log.add("instance_order", Plain("objects by ascending number"), objects.instance_id)
    sound = [obj for obj in found if obj is not None]
    if len(sound) != len(found):
        return None
    return make_checked_image(
        image.image_id,
        image.source,
        (image.width, image.height),
        sound,
        annotated=image.categories_annotated,
        rejected=image.rejected_categories,
        cut=image.cut_categories,
    )


def _is_int(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _check_object(
    image: ImageRow, objects: Objects, index: int, rules: Rules, log: RowLog
) -> CheckedObject | None:
    instance_id, category = objects.instance_id[index], objects.category[index]
    box = objects.bbox[index]
    base = source_image_id(image.image_id) if image.window_xyxy_px else image.image_id
    suffix = instance_id[len(base) :]
    if not instance_id.startswith(base) or not _INSTANCE_INDEX.fullmatch(suffix):
        log.add("instance_id", Plain(f"{base}#<index>"), instance_id)
    fault = geometry.box_fault(box, image.width, image.height)
    if fault:
        log.add(
            "box", Plain(f"a box inside {image.width}x{image.height}"), Plain(f"{box}: {fault}")
        )
    else:
        area = (box[2] - box[0]) * (box[3] - box[1])
        if not isclose(area, objects.area[index], rel_tol=1e-9):
            log.add("area", area, objects.area[index])
        for column in ("obb", "segmentation"):
            _check_outline(column, getattr(objects, column)[index], box, image, log)
    if category not in CATEGORIES:
        log.add("category", CATEGORIES, category)
    if fault or category not in CATEGORIES or image.width < 1 or image.height < 1:
        return None
    return make_checked_object(instance_id, category, box, (image.width, image.height), rules)


def _check_outline(
    column: str, outline: Sequence[float], box: Sequence[float], image: ImageRow, log: RowLog
) -> None:
    """Find corners or an outline that are no numbers, or lie elsewhere than the upright box."""
    if not outline:
        return
    if not all(map(isfinite, outline)) or len(outline) % 2:
        log.add(column, Plain("pairs of finite numbers"), outline)
        return
    if column == "obb":
        if len(outline) != 8:
            log.add(column, Plain("8 numbers or none"), outline)
            return
        if geometry.signed_area(outline) < -_ROUNDING_PX:
            log.add(column, Plain("corners clockwise"), outline)
    x_min, y_min, x_max, y_max = geometry.bounds(outline)
    is_chip = bool(image.window_xyxy_px)
    frame = (0, 0, image.width, image.height) if is_chip else box
    if x_min > frame[2] or x_max < frame[0] or y_min > frame[3] or y_max < frame[1]:
        log.add(column, Plain(f"something inside {frame}"), outline)
    elif column == "obb" and not is_chip and not _is_at(outline, box, image):
        log.add(column, Plain(f"corners around {box}"), outline)
    elif is_chip and column == "segmentation":
        leaves = min(x_min, y_min, image.width - x_max, image.height - y_max)
        if leaves < -_ROUNDING_PX:
            log.add(column, Plain(f"cut to {image.width}x{image.height}"), outline)


def _is_at(obb: Sequence[float], box: Sequence[float], image: ImageRow) -> bool:
    """Tell whether a rotated box and an upright one may be of one object.

    An upright box that reaches the edge may be what is left of a larger one.
    """
    if box[0] <= 0 or box[1] <= 0 or box[2] >= image.width or box[3] >= image.height:
        return True
    other = geometry.bounds(obb)
    areas = [(b[2] - b[0] + _PLAY_PX) * (b[3] - b[1] + _PLAY_PX) for b in (box, other)]
    width, height = (
        min(box[axis + 2], other[axis + 2]) + _PLAY_PX - max(box[axis], other[axis])
        for axis in (0, 1)
    )
    common = max(0.0, width) * max(0.0, height)
    return common >= (_SAME_PLACE - _ROUNDING_PX) * (sum(areas) - common)


def _check_source_fields(
    image: ImageRow, objects: Objects, index: int, facts: SourceRules, log: RowLog
) -> None:
    """Compare what an object has from its source with what the source can say."""
    name, category = objects.source_category[index], objects.category[index]
    named = facts.categories.get(fold(name))
    if named is None:
        log.add("source_category", Plain("a name that build.json lists"), name)
    elif named != category:
        log.add("source_category", Plain(f"a name for {category}"), name)
    for column, formats in _WITHOUT.items():
        value = getattr(objects, column)[index]
        cut = column == "truncated" and bool(image.window_xyxy_px)
        if facts.annotation_format in formats and value and not cut:
            log.add(column, Plain(f"nothing: {facts.annotation_format} has none"), value)
    obb = objects.obb[index]
    if facts.annotation_format in _CORNERS_ONLY and not image.window_xyxy_px:
        if facts.annotation_format in _ALWAYS_CORNERS and not obb:
            log.add("obb", Plain("the four corners"), obb)
        if not obb and not objects.segmentation[index]:
            log.add("obb", Plain("four corners, or an outline of other points"), obb)
        if len(obb) == 8 and len(objects.bbox[index]) == 4:
            x_min, y_min, x_max, y_max = geometry.bounds(obb)
            more = facts.max_edge_inclusive
            expected = (
                *(max(0.0, x_min), max(0.0, y_min)),
                *(min(image.width, x_max + more), min(image.height, y_max + more)),
            )
            if any(
                abs(a - b) > _ROUNDING_PX
                for a, b in zip(expected, objects.bbox[index], strict=True)
            ):
                log.add("obb", Plain(f"corners with the bounds {objects.bbox[index]}"), obb)
