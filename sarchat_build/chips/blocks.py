"""Blocks of images, step by step: inspect, normalize, cut; one function a step, one result type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sarchat_build.chips.join import InspectedImage, inspect_images
from sarchat_build.chips.normalize import normalize_image
from sarchat_build.chips.tiling import cut_chips
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.reasons import Reason
from sarchat_build.sources.documents import Annotation
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex
from sarchat_build.types import CutImage, Notice, Reject, RejectedImage, SourceImage

ImageT = TypeVar("ImageT")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult(Generic[ImageT]):
    """What became of the images of one block in one step.

    Attributes:
        source_id: the source of all of them.
        images: those that go on, in the order in which they came.
        rejects: images and objects that do not.
        rejected_images: one for each rejected image, which keeps its rank in official lists.
        notices: number of corrections and warnings by reason.
    """

    source_id: str
    images: tuple[ImageT, ...]
    rejects: tuple[Reject, ...] = ()
    rejected_images: tuple[RejectedImage, ...] = ()
    notices: Mapping[Reason, int]


def inspect_block(
    files: Iterable[FileRef],
    annotations: Iterable[Annotation],
    *,
    index: SourceIndex,
    manifest: Manifest,
    recipe: Recipe,
) -> BlockResult[InspectedImage]:
    """Decode the images of a block and join each with its annotation (`join.inspect_images`)."""
    files = tuple(files)
    with index.files.ahead(files):
        found = inspect_images(files, annotations, index=index, manifest=manifest, recipe=recipe)
    return BlockResult(
        source_id=manifest.id,
        images=found.images,
        rejects=found.rejects,
        rejected_images=found.rejected_images,
        notices=_by_reason(found.notices),
    )


def normalize_block(
    images: Iterable[InspectedImage], manifest: Manifest
) -> BlockResult[SourceImage]:
    """Bring the objects of a block into pixels and our categories (`normalize.normalize_image`)."""
    results = [normalize_image(image, manifest) for image in images]
    return BlockResult(
        source_id=manifest.id,
        images=tuple(result.image for result in results if result.image is not None),
        rejects=tuple(reject for result in results for reject in result.rejects),
        rejected_images=tuple(r.rejected_image for r in results if r.rejected_image is not None),
        notices=_by_reason(notice for result in results for notice in result.notices),
    )


def cut_block(images: Iterable[SourceImage], manifest: Manifest) -> BlockResult[CutImage]:
    """Cut the images of a block into chips (`tiling.cut_chips`)."""
    results = [(image, cut_chips(image, manifest.tiling)) for image in images]
    empty = sum(cut.empty_windows for _, cut in results)
    return BlockResult(
        source_id=manifest.id,
        images=tuple(CutImage(image, cut.chips) for image, cut in results if cut.chips),
        rejects=tuple(reject for _, cut in results for reject in cut.rejects),
        rejected_images=tuple(_rejected(image) for image, cut in results if not cut.chips),
        notices={Reason.EMPTY_WINDOWS_DROPPED: empty} if empty else {},
    )


def _rejected(image: SourceImage) -> RejectedImage:
    return RejectedImage(
        image.image_id, image.source_id, image.scene_id, image.official_split, len(image.instances)
    )


def _by_reason(notices: Iterable[Notice]) -> dict[Reason, int]:
    return dict(sorted(Counter(notice.reason for notice in notices).items()))
