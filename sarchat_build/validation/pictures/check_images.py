"""Checks of one images file, row by row; what its dialogues are measured against is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from sarchat_build.published.layout import TableFile, parse_table_path
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures.check_objects import check_objects
from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.pictures.image_row import ImageRow, Objects, RowLog
from sarchat_build.validation.pictures.near_duplicates import near_duplicate_rule
from sarchat_build.validation.pictures.pixels import UNDECODABLE, Overlaps, decode
from sarchat_build.validation.pictures.provenance import (
    AS_STORED,
    check_provenance,
    check_rendering,
)
from sarchat_build.validation.pictures.scenes import Scenes
from sarchat_build.validation.pictures.source_rules import SourceRules, source_rules
from sarchat_build.validation.rules import Rules, mapping_at
from sarchat_build.validation.shard_report import CutUnexplained, ImageFact
from sarchat_build.validation.stable_hash import stable_number
from sarchat_build.validation.tables import Tables
from sarchat_build.validation.vocabulary import SHA256, SOURCE_ID, source_image_id

# Pictures are a quarter of a megabyte: few at a time keep memory flat.
_BATCH_ROWS = 32
_PLACE = re.compile(r" <[^<>]* at 0x[0-9a-f]+>")


class ImagesFound(NamedTuple):
    """What the rows of an images file are: facts for the whole dataset, and images by their id.

    An image is None where its objects are too faulty to measure a dialogue against. The images are
    in the order of the rows.
    """

    facts: tuple[ImageFact, ...]
    images: dict[str, CheckedImage | None]
    cuts: tuple[CutUnexplained, ...]


def check_images(tables: Tables, path: str, split: str, rules: Rules) -> ImagesFound:
    """Check every row of an images file."""
    facts: list[ImageFact] = []
    checked: dict[str, CheckedImage | None] = {}
    scenes, sources = Scenes(), source_rules(tables.build)
    context = _Context(
        split=split,
        file=parse_table_path(path),
        sources=sources,
        min_variance=near_duplicate_rule(tables.build).min_variance,
        keeps_empty=mapping_at(tables.build, "recipe").get("keep_images_without_objects") is True,
        overlaps=Overlaps(),
    )
    before: tuple[str, int, int] | None = None
    for row, values in tables.rows("images", path, batch_rows=_BATCH_ROWS):
        image = ImageRow._make(values)
        log = RowLog(tables.log, path, row, image.image_id)
        if image.image_id in checked:
            log.add("image_id_unique", Plain("one row for each image_id"), image.image_id)
        pixel_sha256, perceptual_hash = _check_row(image, context, log)
        sort_key = _sort_key(image)
        if before is not None and sort_key <= before:
            log.add("row_order", Plain("rows by image, chips row by row"), image.image_id)
        before = sort_key
        source = sources.get(image.source)
        checked[image.image_id] = check_objects(image, source, rules, log)
        objects = Objects._make(image.objects)
        is_chip = bool(image.window_xyxy_px)
        if len(image.window_xyxy_px) == 4 and len({len(values) for values in objects}) == 1:
            scenes.add(image, source.tiling if source else None, log)
        facts.append(
            ImageFact(
                row=row,
                image_id=image.image_id,
                source=image.source,
                scene_id=image.scene_id,
                pixel_sha256=pixel_sha256,
                perceptual_hash=perceptual_hash,
                objects=len(objects.instance_id),
                is_chip=is_chip,
                instance_ids=tuple(objects.instance_id) if is_chip else (),
                official_split=image.official_split,
                source_member=image.source_member,
                is_incomplete=bool(image.rejected_categories),
            )
        )
    context.overlaps.report()
    return ImagesFound(tuple(facts), checked, tuple(scenes.check()))


class _Context(NamedTuple):
    """What all rows of a file are checked against, one chip against another among it."""

    split: str
    file: TableFile | None
    sources: Mapping[str, SourceRules]
    min_variance: float
    keeps_empty: bool
    overlaps: Overlaps


def _check_row(image: ImageRow, context: _Context, log: RowLog) -> tuple[str, str]:
    """Check everything of a row but its objects; give the hashes that are true."""
    log.same("split", context.split, image.split)
    _check_ids(image, context.sources, log)
    if context.file and context.file.shard:
        _, shard, count = context.file.shard
        own = source_image_id(image.image_id) if image.window_xyxy_px else image.image_id
        log.same("shard_of_image", stable_number(own, "shard") % count, shard)
    if not image.objects[0] and (image.window_xyxy_px or not context.keeps_empty):
        log.add("no_object", Plain("an object: the recipe keeps no picture without"), 0)
    source = context.sources.get(image.source)
    if source is not None:
        check_provenance(image, source, log)
    return _check_picture(image, source, context, log)


def _sort_key(image: ImageRow) -> tuple[str, int, int]:
    window = image.window_xyxy_px
    if len(window) != 4:
        return image.image_id, 0, 0
    return source_image_id(image.image_id), window[1], window[0]


def _check_ids(image: ImageRow, sources: Mapping[str, SourceRules], log: RowLog) -> None:
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
        sides = {"width": (image.width, x1 - x0), "height": (image.height, y1 - y0)}
        for column, (stated, shown) in sides.items():
            if stated != shown:
                expected = Plain(f"a window as large as {column} {stated}")
                log.add("window_size", expected, Plain(f"{shown} pixels"))
        if not image.image_id.endswith(f"@{x0},{y0}"):
            log.add("chip_id", Plain(f"…@{x0},{y0}"), image.image_id)


def _check_picture(
    image: ImageRow, source: SourceRules | None, context: _Context, log: RowLog
) -> tuple[str, str]:
    """Compare the decoded picture with its columns; give the hashes that are true."""
    data = image.image[0]
    try:
        picture = decode(data, context.min_variance)
    except UNDECODABLE as error:
        # Pillow names the place in memory, which tells nobody anything.
        words = _PLACE.sub("", f"{type(error).__name__}: {error}")
        log.add("picture", Plain("a picture that decodes"), Plain(words))
        return image.pixel_sha256, ""
    for column in ("width", "height"):
        stated, real = getattr(image, column), getattr(picture, column)
        if stated != real:
            expected = Plain(f"{column} {real}, that of the picture")
            log.add("picture_size", expected, Plain(f"{stated} in the column"))
    log.same("pixel_sha256", picture.pixel_sha256, image.pixel_sha256)
    log.same("perceptual_hash", picture.perceptual_hash, image.perceptual_hash)
    if source is not None:
        check_rendering(image, picture, source, log)
    if not image.window_xyxy_px and image.rendering == AS_STORED:
        log.same("file_sha256", hashlib.sha256(data).hexdigest(), image.file_sha256)
    if image.window_xyxy_px:
        scene = source_image_id(image.image_id)
        context.overlaps.add(scene, image.window_xyxy_px, picture, log)
    return picture.pixel_sha256, picture.perceptual_hash
