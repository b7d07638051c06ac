"""From what a source wrote to pixels and canonical categories, with a reason for each loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sarchat_build.config.manifest import Manifest, fold, sort_categories
from sarchat_build.errors import RecordError
from sarchat_build.geometry.boxes import repair
from sarchat_build.geometry.conventions import to_pixel_box, to_pixel_quad
from sarchat_build.sources.documents import count_objects
from sarchat_build.sources.files import FileRef
from sarchat_build.types import (
    Category,
    Instance,
    Notice,
    PixelFacts,
    RawImage,
    RawInstance,
    Reject,
    RejectedImage,
    SourceImage,
    Split,
)

STAGE = "normalize"


@dataclass(frozen=True, slots=True)
class Normalized:
    """What became of one raw image: the image, or `lost` when nothing of it is usable."""

    image: SourceImage | None
    lost: RejectedImage | None
    rejects: tuple[Reject, ...]
    fixes: tuple[Notice, ...]


def normalize_image(
    raw: RawImage,
    file: FileRef,
    document: FileRef,
    pixels: PixelFacts,
    manifest: Manifest,
    official_split: Split | None,
) -> Normalized:
    """Bring one image's objects into its own pixels and our categories.

    The real size wins over the one the document claims. An object that cannot be kept becomes a
    reject of its own; an image that had objects and keeps none is rejected too, since it must not
    pass for one without objects.
    """
    image_id = manifest.image_id(file.path)
    lookup = manifest.categories.by_folded_name()
    instances: list[Instance] = []
    rejects: list[Reject] = []
    fixes: list[Notice] = []
    lost: set[Category] = set()
    scene_id, found_objects = manifest.scene_id(file.path), count_objects(raw)
    lost_image = RejectedImage(image_id, manifest.id, scene_id, official_split, found_objects)

    def reject(key: str, reason: str, detail: str, line: int | None = None, **counted: int) -> None:
        rejects.append(
            Reject(STAGE, manifest.id, str(document), line, key, reason, detail, **counted)
        )

    mismatch = _size_mismatch(raw, pixels)
    if mismatch and _fits_neither(raw, pixels, manifest):
        reject(image_id, "size_mismatch", f"{mismatch}, and the boxes fit neither", images=1,
               instances=found_objects)  # fmt: skip
        return Normalized(None, lost_image, tuple(rejects), ())
    if mismatch:
        fixes.append(Notice(manifest.id, str(document), image_id, "size_mismatch", mismatch))
    for fault in raw.faults:
        key = f"{image_id}#{fault.key}"
        reject(key, fault.reason, fault.detail, fault.line, instances=fault.instances)
        lost.update(manifest.categories.named())
    for number, found in enumerate(raw.instances):
        category = lookup.get(fold(found.category))
        key = f"{image_id}#{found.key}"
        if category is None:
            reject(key, "unknown_category", found.category, found.line, instances=1)
            # Whatever it is, it may be one of any kind that this source names.
            lost.update(manifest.categories.named())
            continue
        try:
            instance, repairs = _instance(found, f"{image_id}#{number}", category, pixels, manifest)
        except RecordError as error:
            reject(key, error.reason, error.detail, found.line, instances=1)
            if error.reason != "outside":
                lost.add(category)
            continue
        instances.append(instance)
        fixes.extend(
            Notice(manifest.id, str(document), key, name, str(found.bbox)) for name in repairs
        )
    if not instances and (raw.instances or raw.faults):
        reject(image_id, "no_valid_instance", "each of its objects was rejected", images=1)
        return Normalized(None, lost_image, tuple(rejects), tuple(fixes))
    image = SourceImage(
        image_id=image_id,
        source_id=manifest.id,
        scene_id=scene_id,
        archive=file.archive,
        member=file.path,
        pixels=pixels,
        official_split=official_split,
        instances=tuple(instances),
        rejected_categories=sort_categories(lost),
    )
    return Normalized(image, None, tuple(rejects), tuple(fixes))


def _instance(
    raw: RawInstance, instance_id: str, category: Category, pixels: PixelFacts, manifest: Manifest
) -> tuple[Instance, tuple[str, ...]]:
    convention = manifest.annotations.convention
    size_px = {"width_px": pixels.width_px, "height_px": pixels.height_px}
    box = to_pixel_box(raw.bbox, raw.bbox_format, convention, **size_px)
    bbox, repairs = repair(box.corners_px, **size_px)
    obb, repairs = box.quad_px, box.repairs + repairs
    if raw.obb:
        try:
            obb, mended = to_pixel_quad(raw.obb, convention)
            repairs += mended
        except RecordError as error:
            if error.reason == "contradicts_manifest":
                raise
            repairs += ("rotated_box_dropped",)
    outline = raw.polygon if all(map(math.isfinite, raw.polygon)) else ()
    if outline != raw.polygon:
        repairs += ("outline_dropped",)
    instance = Instance(
        instance_id=instance_id,
        category=category,
        source_category=raw.category,
        bbox=bbox,
        obb_px=obb,
        polygon_px=tuple(value - convention.pixel_origin for value in outline),
        difficult=raw.difficult,
        truncated=raw.truncated,
    )
    return instance, repairs


def _size_mismatch(raw: RawImage, pixels: PixelFacts) -> str:
    claimed, real = (raw.width_px, raw.height_px), (pixels.width_px, pixels.height_px)
    if None in claimed or claimed == real:
        return ""
    return f"states {claimed[0]} × {claimed[1]} pixels, the picture has {real[0]} × {real[1]}"


def _fits_neither(raw: RawImage, pixels: PixelFacts, manifest: Manifest) -> bool:
    frames = ((raw.width_px or 0, raw.height_px or 0), (pixels.width_px, pixels.height_px))
    # One pixel of play: whether xmax may equal the width is the sources' own quarrel.
    return bool(raw.instances) and not any(
        all(x <= w + 1 and y <= h + 1 for x, y in _far_corners(raw, w, h, manifest))
        for w, h in frames
    )


def _far_corners(
    raw: RawImage, width_px: int, height_px: int, manifest: Manifest
) -> Iterator[tuple[float, float]]:
    for found in raw.instances:
        try:
            box = to_pixel_box(
                found.bbox,
                found.bbox_format,
                manifest.annotations.convention,
                width_px=width_px,
                height_px=height_px,
            )
        except RecordError:
            continue  # it has a reject of its own coming
        x0, y0, x1, y1 = box.corners_px
        yield max(x0, x1), max(y0, y1)
