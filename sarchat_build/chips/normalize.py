"""Normalization: boxes to pixels and names to our categories, with a reason for each loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from sarchat_build.chips.extent import box_extent, drawn_elsewhere, is_in_pixels, is_speck
from sarchat_build.chips.join import InspectedImage
from sarchat_build.chips.same_object import ListedObjects
from sarchat_build.config.annotation_options import AnnotationRule, Convention
from sarchat_build.config.manifest import Manifest, fold, sort_categories
from sarchat_build.errors import RecordError
from sarchat_build.geometry.agreement import overlap
from sarchat_build.geometry.boxes import repair
from sarchat_build.geometry.conventions import PixelBox, to_pixel_box, to_pixel_quad
from sarchat_build.geometry.quads import bounds
from sarchat_build.reasons import Reason
from sarchat_build.sources.documents import count_objects
from sarchat_build.types import (
    Box,
    Category,
    Instance,
    Notice,
    PixelFacts,
    RawImage,
    RawInstance,
    Reject,
    RejectedImage,
    SourceImage,
)

STAGE = "normalize"
# Less of a common frame, and a box and the rotated box beside it are of two objects.
_SAME_PLACE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizationResult:
    """The normalized image, or `rejected_image` when nothing of it is usable."""

    image: SourceImage | None = None
    rejected_image: RejectedImage | None = None
    rejects: tuple[Reject, ...]
    notices: tuple[Notice, ...]


def normalize_image(inspected: InspectedImage, manifest: Manifest) -> NormalizationResult:
    """Bring one image's objects into its own pixels and our categories.

    The real size wins over the one the document claims. An object that cannot be kept becomes a
    reject of its own; an image that had objects and keeps none is rejected too, since it must not
    pass for one without objects.
    """
    raw, file, pixels = inspected.raw, inspected.file, inspected.pixels
    rule = manifest.annotations.rule_of(inspected.entry)
    image_id, scene_id = manifest.image_id(file.path), manifest.scene_id(file.path)
    log = _Log(manifest.id, str(inspected.document))
    rejected_image = RejectedImage(
        image_id, manifest.id, scene_id, inspected.official_split, count_objects(raw)
    )
    mismatch = _size_mismatch(raw, pixels)
    other_picture = mismatch and drawn_elsewhere(raw, pixels, rule)
    if other_picture:
        detail = f"{mismatch}, and {other_picture}"
        log.reject(
            image_id, Reason.SIZE_MISMATCH, detail, images=1, instances=rejected_image.instances
        )
        return log.result(rejected_image=rejected_image)
    if mismatch:
        log.notice(image_id, Reason.SIZE_MISMATCH, mismatch)
    instances, rejected_categories = _instances(inspected, image_id, rule, manifest, log)
    if not instances and any(r.reason is not Reason.IGNORED_CATEGORY for r in log.rejects):
        log.reject(image_id, Reason.NO_VALID_INSTANCE, "each of its objects was rejected", images=1)
        return log.result(rejected_image=rejected_image)
    return log.result(
        image=SourceImage(
            image_id=image_id,
            source_id=manifest.id,
            scene_id=scene_id,
            archive=file.archive,
            member=file.path,
            pixels=pixels,
            official_split=inspected.official_split,
            instances=instances,
            rejected_categories=rejected_categories,
            extent=box_extent(raw, pixels, rule),
        )
    )


@dataclass
class _Log:
    """Rejects and notices about one document."""

    source_id: str
    document: str
    rejects: list[Reject] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def reject(
        self,
        key: str,
        reason: Reason,
        detail: str,
        *,
        line: int | None = None,
        images: int = 0,
        instances: int = 0,
    ) -> None:
        self.rejects.append(
            Reject(
                stage=STAGE,
                source_id=self.source_id,
                file=self.document,
                line=line,
                key=key,
                reason=reason,
                detail=detail,
                images=images,
                instances=instances,
            )
        )

    def notice(self, key: str, reason: Reason, detail: str) -> None:
        self.notices.append(Notice(self.source_id, self.document, key, reason, detail))

    def result(
        self, *, image: SourceImage | None = None, rejected_image: RejectedImage | None = None
    ) -> NormalizationResult:
        return NormalizationResult(
            image=image,
            rejected_image=rejected_image,
            rejects=tuple(self.rejects),
            notices=tuple(self.notices),
        )


def _instances(
    inspected: InspectedImage,
    image_id: str,
    rule: AnnotationRule,
    manifest: Manifest,
    log: _Log,
) -> tuple[tuple[Instance, ...], tuple[Category, ...]]:
    """Give the usable objects, each once, and the categories of which one was rejected."""
    raw, pixels, convention = inspected.raw, inspected.pixels, rule.convention
    categories = manifest.categories
    lookup = categories.by_folded_name()
    listed = ListedObjects()
    in_pixels = any(map(is_in_pixels, raw.instances))
    rejected: set[Category] = set()
    for fault in raw.faults:
        key = f"{image_id}#{fault.key}"
        log.reject(key, fault.reason, fault.detail, line=fault.line, instances=fault.instances)
        rejected.update(categories.meant_by(fault.category))
    for number, found in enumerate(raw.instances):
        category = lookup.get(fold(found.category))
        key = f"{image_id}#{found.key}"
        if category is None:
            ignored = categories.is_ignored(found.category)
            reason = Reason.IGNORED_CATEGORY if ignored else Reason.UNKNOWN_CATEGORY
            log.reject(key, reason, found.category, line=found.line, instances=1)
            # What nobody lists may be one of any kind that this source names.
            rejected.update(categories.meant_by(found.category))
            continue
        try:
            instance, repairs = _instance(
                found, f"{image_id}#{number}", category, pixels, convention, in_pixels
            )
        except RecordError as error:
            detail = manifest.annotations.located(inspected.entry, error.detail)
            log.reject(key, error.reason, detail, line=found.line, instances=1)
            if error.reason is not Reason.OUTSIDE:
                rejected.add(category)
            continue
        again = listed.add(instance, found.key)
        if again is not None:
            first, contradiction = again
            detail = f"{found.category}, {found.bbox}: the same as {first}"
            log.reject(key, Reason.DUPLICATE_OBJECT, detail, line=found.line, instances=1)
            log.notice(key, Reason.DUPLICATE_OBJECT, detail)
            if contradiction:
                detail = f"the same as {first}, but {contradiction}"
                log.notice(key, Reason.COPIES_DIFFER, detail)
            continue
        for reason in repairs:
            log.notice(key, reason, str(found.bbox))
    return listed.instances, sort_categories(rejected)


def _instance(
    raw: RawInstance,
    instance_id: str,
    category: Category,
    pixels: PixelFacts,
    convention: Convention,
    in_pixels: bool,
) -> tuple[Instance, tuple[Reason, ...]]:
    box = _to_pixels(raw, convention, pixels, in_pixels)
    bbox, repairs = repair(box.corners_px, pixels.width_px, pixels.height_px)
    obb, repairs = box.quad_px, box.repairs + repairs
    if raw.obb:
        try:
            obb, mended = to_pixel_quad(raw.obb, convention)
            repairs += mended
        except RecordError as error:
            if error.reason is Reason.CONTRADICTS_MANIFEST:
                raise
            repairs += (Reason.ROTATED_BOX_DROPPED,)
        else:
            if overlap(bounds(obb), box.corners_px) < _SAME_PLACE:
                detail = f"box {raw.bbox} and rotated box {raw.obb} lie apart"
                raise RecordError(Reason.CONTRADICTS_ITSELF, detail)
    outline = raw.polygon if all(map(math.isfinite, raw.polygon)) else ()
    outline = tuple(value - convention.pixel_origin for value in outline)
    if len(outline) != len(raw.polygon) or (outline and not _meet(outline, bbox)):
        outline, repairs = (), (*repairs, Reason.OUTLINE_DROPPED)
    instance = Instance(
        instance_id=instance_id,
        category=category,
        source_category=raw.category,
        bbox=bbox,
        obb_px=obb,
        polygon_px=outline,
        difficult=raw.difficult,
        truncated=raw.truncated,
    )
    return instance, repairs


def _meet(outline: Sequence[float], bbox: Box) -> bool:
    """Tell whether an outline reaches the upright box of its object, or is of something else."""
    xs, ys = outline[::2], outline[1::2]
    return (
        min(xs) <= bbox.x_max_px
        and max(xs) >= bbox.x_min_px
        and min(ys) <= bbox.y_max_px
        and max(ys) >= bbox.y_min_px
    )


def _size_mismatch(raw: RawImage, pixels: PixelFacts) -> str:
    claimed, real = (raw.width_px, raw.height_px), (pixels.width_px, pixels.height_px)
    if None in claimed or claimed == real:
        return ""
    return f"states {claimed[0]} × {claimed[1]} pixels, the picture has {real[0]} × {real[1]}"


def _to_pixels(
    raw: RawInstance, convention: Convention, pixels: PixelFacts, in_pixels: bool
) -> PixelBox:
    size_px = {"width_px": pixels.width_px, "height_px": pixels.height_px}
    try:
        return to_pixel_box(raw.bbox, raw.bbox_format, convention, **size_px)
    except RecordError as error:
        if error.reason is not Reason.SHARES_OF_PICTURE or not is_speck(raw, in_pixels):
            raise
        detail = f"box {raw.bbox} lies within one pixel"
        raise RecordError(Reason.DEGENERATE, detail) from error
