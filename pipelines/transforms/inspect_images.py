"""Blocks of images with their annotations to cut images, and the facts by which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, parse_block_key
from pipelines.progress import report_done
from sarchat_build.chips.join import InspectedImage, inspect_images
from sarchat_build.chips.normalize import normalize_image
from sarchat_build.chips.tiling import cut_chips
from sarchat_build.curation.duplicates import image_fact
from sarchat_build.curation.plan import count_rejects
from sarchat_build.dataset.record import count_fixes
from sarchat_build.reasons import Reason
from sarchat_build.sources.documents import Annotation
from sarchat_build.types import CutImage, Reject, RejectedImage, SourceImage

# Every step below maps (block, tuple of images) to the same key with the images of the next step,
# and hands rejects on as (source id, tuple of Reject).


@dataclass
class InspectImages(beam.PTransform):
    """(block, Annotations) -> `images`: (block, InspectedImages); `rejects`; `lost`; `fixes`."""

    context: BuildContext

    def expand(self, annotations: beam.PCollection) -> Any:
        """Wire the step."""
        return annotations | "DecodeAndJoin" >> beam.ParDo(_Inspect(self.context)).with_outputs(
            "rejects", "lost", "fixes", main="images"
        )


@dataclass
class NormalizeImages(beam.PTransform):
    """(block, InspectedImages) -> `images`: (block, SourceImages); `rejects`; `lost`; `fixes`."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "BoxesAndCategories" >> beam.ParDo(_Normalize(self.context)).with_outputs(
            "rejects", "lost", "fixes", main="images"
        )


@dataclass
class CutChips(beam.PTransform):
    """(block, SourceImages) -> `images`: (block, tuple of CutImage); `rejects`; `lost`; `facts`."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "CutScenes" >> beam.ParDo(_Cut(self.context)).with_outputs(
            "rejects", "lost", "facts", "fixes", main="images"
        )


class _Inspect(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def process(self, element: tuple[str, Iterable[tuple[Annotation, ...]]]) -> Iterator[Any]:
        block, groups = element
        source_id, number = parse_block_key(block)
        index = self._context.index(source_id)
        found = inspect_images(
            index.images_of_block(number),
            [annotation for group in groups for annotation in group],
            index,
            self._context.manifests[source_id],
            self._context.recipe,
        )
        report_done(self._context.out, "inspect", block)
        yield block, found.images
        yield from _losses(source_id, found.rejects)
        yield TaggedOutput("lost", found.lost)
        yield TaggedOutput("fixes", count_fixes(found.fixes))


class _Normalize(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def process(self, element: tuple[str, tuple[InspectedImage, ...]]) -> Iterator[Any]:
        block, images = element
        source_id, _ = parse_block_key(block)
        manifest = self._context.manifests[source_id]
        results = [
            normalize_image(i.raw, i.file, i.document, i.pixels, manifest, i.official_split)
            for i in images
        ]
        yield block, tuple(result.image for result in results if result.image is not None)
        yield from _losses(source_id, tuple(r for result in results for r in result.rejects))
        yield TaggedOutput("lost", tuple(r.lost for r in results if r.lost is not None))
        yield TaggedOutput("fixes", count_fixes(f for result in results for f in result.fixes))


class _Cut(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def process(self, element: tuple[str, tuple[SourceImage, ...]]) -> Iterator[Any]:
        block, images = element
        source_id, _ = parse_block_key(block)
        manifest = self._context.manifests[source_id]
        results = [(image, cut_chips(image, manifest.tiling)) for image in images]
        kept = tuple(CutImage(image, cut.chips) for image, cut in results if cut.chips)
        yield block, kept
        yield TaggedOutput(
            "facts", tuple(image_fact(cut, block, manifest.priority) for cut in kept)
        )
        yield from _losses(source_id, tuple(r for _, cut in results for r in cut.rejects))
        yield TaggedOutput("lost", tuple(_lost(image) for image, cut in results if not cut.chips))
        empty = sum(cut.empty_windows for _, cut in results)
        if empty:
            yield TaggedOutput("fixes", {source_id: {Reason.EMPTY_WINDOWS_DROPPED: empty}})


def _lost(image: SourceImage) -> RejectedImage:
    return RejectedImage(
        image.image_id, image.source_id, image.scene_id, image.official_split, len(image.instances)
    )


def _losses(source_id: str, rejects: tuple[Reject, ...]) -> Iterator[TaggedOutput]:
    if rejects:
        yield TaggedOutput("rejects", (source_id, rejects))


def count_block_rejects(element: tuple[str, tuple[Reject, ...]]) -> Any:
    """(source id, rejects) -> tuple of RejectCount."""
    return count_rejects(element[1])
