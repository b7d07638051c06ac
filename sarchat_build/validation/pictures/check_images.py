"""Checks of one images file, row by row; what its dialogues are measured against is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from math import isclose, isfinite
from typing import Any

from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import (
    CheckedImage,
    CheckedObject,
    make_checked_image,
    make_checked_object,
)
from sarchat_build.validation.pictures.image_row import ImageRow, Objects, RowLog
from sarchat_build.validation.pictures.near_duplicates import near_duplicate_rule
from sarchat_build.validation.pictures.pixels import UNDECODABLE, Picture, decode
from sarchat_build.validation.rules import Rules, mapping_at
from sarchat_build.validation.shard_report import ImageFact
from sarchat_build.validation.tables import Tables
from sarchat_build.validation.vocabulary import CATEGORIES, SHA256, SOURCE_ID, source_image_id

# A rule's words end in the range of the scene that its 8 bits show.
_RANGE = re.compile(r"(-?[0-9.e+-]+)…(-?[0-9.e+-]+) → 0…255(, log)?(;.*)?")
_AS_STORED = "as stored"
_INSTANCE_INDEX = re.compile(r"#(0|[1-9][0-9]*)")

# Pictures are a quarter of a megabyte: few at a time keep memory flat.
_BATCH_ROWS = 32


def check_images(
    tables: Tables, path: str, split: str, rules: Rules
) -> tuple[tuple[ImageFact, ...], dict[str, CheckedImage | None]]:
    """Check every row of an images file.

    Returns:
        The facts the whole dataset needs, and what is known of each image by its id: None where
        the row's objects are too faulty to measure a dialogue against.
    """
    facts: list[ImageFact] = []
    checked: dict[str, CheckedImage | None] = {}
    renderings: dict[tuple[str, str, str], str] = {}
    sources = mapping_at(tables.build, "sources")
    floor = near_duplicate_rule(tables.build).min_variance
    for row, values in tables.rows("images", path, batch_rows=_BATCH_ROWS):
        image = ImageRow._make(values)
        row_log = RowLog(tables.log, path, row, image.image_id)
        row_log.same("split", split, image.split)
        if image.image_id in checked:
            row_log.add("image_id_unique", Plain("one row for each image_id"), image.image_id)
        _check_ids(image, sources, row_log)
        pixel_sha256, perceptual_hash = _check_picture(image, floor, row_log)
        checked[image.image_id] = _check_objects(image, rules, row_log)
        ids = Objects._make(image.objects).instance_id
        is_chip = bool(image.window_xyxy_px)
        # A scene is rendered as one: its chips, which lie in one shard, say the same.
        whole = (image.source, image.source_member, image.file_sha256)
        row_log.same(
            "rendering_per_scene", renderings.setdefault(whole, image.rendering), image.rendering
        )
        facts.append(
            ImageFact(
                row=row,
                image_id=image.image_id,
                source=image.source,
                scene_id=image.scene_id,
                pixel_sha256=pixel_sha256,
                perceptual_hash=perceptual_hash,
                objects=len(ids),
                is_chip=is_chip,
                instance_ids=tuple(ids) if is_chip else (),
            )
        )
    return tuple(facts), checked


def _check_ids(image: ImageRow, sources: Mapping[str, Any], log: RowLog) -> None:
    if not SOURCE_ID.fullmatch(image.source):
        log.add("source_form", Plain("a-z, 0-9 and _"), image.source)
    elif image.source not in sources:
        log.add("source_known", sorted(sources), image.source)
    prefix = f"{image.source}/"
    if not image.image_id.startswith(prefix) or image.image_id == prefix:
        log.add("image_id_source", Plain(f"{prefix}<stem>"), image.image_id)
    if not image.scene_id:
        log.add("scene_id", Plain("the name of a scene"), image.scene_id)
    for column in ("file_sha256", "pixel_sha256"):
        if not SHA256.fullmatch(getattr(image, column)):
            log.add(column, Plain("64 hexadecimal digits"), getattr(image, column))
    window = image.window_xyxy_px
    if window:
        if len(window) != 4:
            log.add("window", Plain("4 numbers"), window)
            return
        x0, y0, x1, y1 = window
        log.same("window_size", (image.width, image.height), (x1 - x0, y1 - y0))
        if not image.image_id.endswith(f"@{x0},{y0}"):
            log.add("chip_id", Plain(f"…@{x0},{y0}"), image.image_id)


def _check_picture(image: ImageRow, min_variance: float, log: RowLog) -> tuple[str, str]:
    """Compare the decoded picture with its columns; give the hashes that are true."""
    data = image.image[0]
    try:
        picture = decode(data, min_variance)
    except UNDECODABLE as error:
        log.add(
            "picture", Plain("a picture that decodes"), Plain(f"{type(error).__name__}: {error}")
        )
        return image.pixel_sha256, ""
    log.same("picture_size", (image.width, image.height), (picture.width, picture.height))
    log.same("pixel_sha256", picture.pixel_sha256, image.pixel_sha256)
    log.same("perceptual_hash", picture.perceptual_hash, image.perceptual_hash)
    _check_rendering(image, picture, log)
    if not image.window_xyxy_px and image.rendering == _AS_STORED:
        log.same("file_sha256", hashlib.sha256(data).hexdigest(), image.file_sha256)
    return picture.pixel_sha256, picture.perceptual_hash


def _check_rendering(image: ImageRow, picture: Picture, log: RowLog) -> None:
    """Compare what a picture is with what its row says about how its 8 bits came about."""
    if picture.mode not in ("L", "RGB"):
        log.add("picture_mode", Plain("gray (L) or RGB"), picture.mode)
    if picture.turned:
        log.add("orientation", Plain("a picture that no reader turns"), Plain("orientation tag"))
    if image.channels < 1 or image.bit_depth < 1:
        log.add("channels", Plain("at least 1"), (image.channels, image.bit_depth))
    if image.rendering == _AS_STORED:
        # Three equal channels are one to the eye and to the hash; either number is honest.
        if image.channels != picture.channels and not (picture.gray and image.channels == 1):
            log.add("channels", picture.channels, image.channels)
        if image.bit_depth > 8:
            log.add("rendering", Plain("how more than 8 bits became 8"), image.rendering)
        return
    if picture.format != "PNG":
        log.add("rendering_lossless", "PNG", picture.format)
    *_, scale = image.rendering.rpartition(": ")
    stated = _RANGE.fullmatch(scale)
    if not image.rendering or (image.bit_depth > 8 and not stated):
        log.add("rendering", Plain("<rule>: <low>…<high> → 0…255"), image.rendering)


def _check_objects(image: ImageRow, rules: Rules, log: RowLog) -> CheckedImage | None:
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
    if len(set(objects.instance_id)) != len(found):
        log.add("instance_id_unique", Plain("each id once"), objects.instance_id)
        return None
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


def _check_object(
    image: ImageRow, objects: Objects, index: int, rules: Rules, log: RowLog
) -> CheckedObject | None:
    instance_id, category = objects.instance_id[index], objects.category[index]
    box = objects.bbox[index]
    base = source_image_id(image.image_id) if image.window_xyxy_px else image.image_id
    suffix = instance_id[len(base) :]
    if not instance_id.startswith(base) or not _INSTANCE_INDEX.fullmatch(suffix):
        log.add("instance_id", Plain(f"{base}#<index>"), instance_id)
    for column in ("obb", "segmentation"):
        outline = getattr(objects, column)[index]
        if not all(map(isfinite, outline)) or len(outline) % 2:
            log.add(column, Plain("pairs of finite numbers"), outline)
    if len(objects.obb[index]) not in (0, 8):
        log.add("obb", Plain("8 numbers or none"), objects.obb[index])
    fault = geometry.box_fault(box, image.width, image.height)
    if fault:
        log.add(
            "box", Plain(f"a box inside {image.width}x{image.height}"), Plain(f"{box}: {fault}")
        )
    else:
        area = (box[2] - box[0]) * (box[3] - box[1])
        if not isclose(area, objects.area[index], rel_tol=1e-9):
            log.add("area", area, objects.area[index])
    if category not in CATEGORIES:
        log.add("category", CATEGORIES, category)
    if fault or category not in CATEGORIES or image.width < 1 or image.height < 1:
        return None
    return make_checked_object(instance_id, category, box, (image.width, image.height), rules)
