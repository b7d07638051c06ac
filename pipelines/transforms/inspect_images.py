"""Blocks of images with their annotations to cut images, and the facts by which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, parse_block_key
from pipelines.metrics import count
from pipelines.progress import report_done
from sarchat_build.chips.blocks import BlockResult, cut_block, inspect_block, normalize_block
from sarchat_build.chips.join import InspectedImage
from sarchat_build.curation.facts import FactTable, image_facts
from sarchat_build.curation.stop import RejectCount, count_rejects
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.sources.documents import Annotation
from sarchat_build.types import CutImage, Reject, SourceImage

# Every step below maps (block, tuple of images) to `images`: the same key with the images of the
# next step. Its other outputs are `rejects`: (source id, tuple of Reject), `rejected_images`:
# tuple of RejectedImage, and `notices`: {source id: {reason: count}}.
_OTHER_OUTPUTS = ("rejects", "rejected_images", "notices")


@dataclass
class InspectImages(beam.PTransform):
    """(block, Annotations) -> (block, InspectedImages)."""

    context: BuildContext

    def expand(self, annotations: beam.PCollection) -> Any:
        """Wire the step."""
        return annotations | "DecodeAndJoin" >> beam.FlatMap(_inspect, self.context).with_outputs(
            *_OTHER_OUTPUTS, main="images"
        )


@dataclass
class NormalizeImages(beam.PTransform):
    """(block, InspectedImages) -> (block, SourceImages)."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "BoxesAndCategories" >> beam.FlatMap(_normalize, self.context).with_outputs(
            *_OTHER_OUTPUTS, main="images"
        )


@dataclass
class CutChips(beam.PTransform):
    """(block, SourceImages) -> (block, tuple of CutImage)."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "CutScenes" >> beam.FlatMap(_cut, self.context).with_outputs(
            *_OTHER_OUTPUTS, main="images"
        )


def _inspect(
    element: tuple[str, Iterable[tuple[Annotation, ...]]], context: BuildContext
) -> Iterator[Any]:
    block, groups = element
    source_id, number = parse_block_key(block)
    index = context.index(source_id)
    demand_lock(context.out, context.run)  # a job that outlived its launcher ends here
    files = index.images_of_block(number)
    result = inspect_block(
        files,
        [annotation for group in groups for annotation in group],
        index=index,
        manifest=context.manifests[source_id],
        recipe=context.recipe,
    )
    report_done(context.out, "inspect", block)
    count("inspect_images", blocks_in=1)
    yield from _outputs("inspect_images", block, files, result)


def _normalize(
    element: tuple[str, tuple[InspectedImage, ...]], context: BuildContext
) -> Iterator[Any]:
    block, images = element
    result = normalize_block(images, context.manifests[parse_block_key(block)[0]])
    yield from _outputs("normalize_images", block, images, result)


def _cut(element: tuple[str, tuple[SourceImage, ...]], context: BuildContext) -> Iterator[Any]:
    block, images = element
    result = cut_block(images, context.manifests[parse_block_key(block)[0]])
    count("cut_chips", chips_out=sum(len(cut.chips) for cut in result.images))
    yield from _outputs("cut_chips", block, images, result)


def _outputs(step: str, block: str, images: Sized, result: BlockResult[Any]) -> Iterator[Any]:
    count(
        step,
        images_in=len(images),
        images_out=len(result.images),
        images_rejected=len(result.rejected_images),
        rejects=len(result.rejects),
        objects_rejected=sum(reject.instances for reject in result.rejects),
    )
    yield block, result.images
    if result.rejects:
        yield TaggedOutput("rejects", (result.source_id, result.rejects))
    yield TaggedOutput("rejected_images", result.rejected_images)
    yield TaggedOutput("notices", {result.source_id: result.notices})


def describe_block(element: tuple[str, tuple[CutImage, ...]], context: BuildContext) -> FactTable:
    """(block, CutImages) -> FactTable."""
    block, images = element
    return image_facts(images, block, context.manifests[parse_block_key(block)[0]].priority)


def count_block_rejects(element: tuple[str, tuple[Reject, ...]]) -> tuple[RejectCount, ...]:
    """(source id, rejects) -> tuple of RejectCount."""
    return count_rejects(element[1])
