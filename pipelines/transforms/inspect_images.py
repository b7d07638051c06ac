"""Blocks of images with their annotations to cut images, and the facts by which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext, parse_block_key
from pipelines.metrics import count
from pipelines.progress import report_done
from pipelines.transforms.gather import FACTS, RESULTS, fact, result
from sarchat_build.chips.blocks import BlockResult, cut_block, inspect_block, normalize_block
from sarchat_build.chips.join import InspectedImage
from sarchat_build.curation.facts import image_facts
from sarchat_build.curation.stop import count_rejects
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.sources.documents import Annotation
from sarchat_build.types import SourceImage

# Every step below maps (block, tuple of images) to `images`: the same key with the images of the
# next step. Facts: `reject_counts`, a tuple of RejectCount, and `rejected_images`, a tuple of
# RejectedImage. Results: `rejects`, a tuple of Reject, and `notices`, {source id: {reason: count}}.


@dataclass
class InspectImages(beam.PTransform):
    """(block, Annotations) -> (block, InspectedImages)."""

    context: BuildContext

    def expand(self, annotations: beam.PCollection) -> Any:
        """Wire the step."""
        return annotations | "DecodeAndJoin" >> beam.FlatMap(_inspect, self.context).with_outputs(
            FACTS, RESULTS, main="images"
        )


@dataclass
class NormalizeImages(beam.PTransform):
    """(block, InspectedImages) -> (block, SourceImages)."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "BoxesAndCategories" >> beam.FlatMap(_normalize, self.context).with_outputs(
            FACTS, RESULTS, main="images"
        )


@dataclass
class CutChips(beam.PTransform):
    """(block, SourceImages) -> (block, tuple of CutImage); among the facts `images`: FactTable."""

    context: BuildContext

    def expand(self, images: beam.PCollection) -> Any:
        """Wire the step."""
        return images | "CutScenes" >> beam.FlatMap(_cut, self.context).with_outputs(
            FACTS, RESULTS, main="images"
        )


def _inspect(
    element: tuple[str, Iterable[tuple[Annotation, ...]]], context: BuildContext
) -> Iterator[Any]:
    block, groups = element
    source_id, number = parse_block_key(block)
    index = context.index(source_id)
    demand_lock(context.out, context.run)  # a job that outlived its launcher ends here
    files = index.images_of_block(number)
    inspected = inspect_block(
        files,
        [annotation for group in groups for annotation in group],
        index=index,
        manifest=context.manifests[source_id],
        recipe=context.recipe,
    )
    report_done(context.out, "inspect", block)
    count("inspect_images", blocks_in=1)
    yield from _outputs("inspect_images", block, files, inspected)


def _normalize(
    element: tuple[str, tuple[InspectedImage, ...]], context: BuildContext
) -> Iterator[Any]:
    block, images = element
    normalized = normalize_block(images, context.manifests[parse_block_key(block)[0]])
    yield from _outputs("normalize_images", block, images, normalized)


def _cut(element: tuple[str, tuple[SourceImage, ...]], context: BuildContext) -> Iterator[Any]:
    block, images = element
    manifest = context.manifests[parse_block_key(block)[0]]
    cut = cut_block(images, manifest)
    count("cut_chips", chips_out=sum(len(image.chips) for image in cut.images))
    yield from _outputs("cut_chips", block, images, cut)
    yield fact("images", image_facts(cut.images, block, manifest.priority))


def _outputs(step: str, block: str, images: Sized, made: BlockResult[Any]) -> Iterator[Any]:
    count(
        step,
        images_in=len(images),
        images_out=len(made.images),
        images_rejected=len(made.rejected_images),
        rejects=len(made.rejects),
        objects_rejected=sum(reject.instances for reject in made.rejects),
    )
    yield block, made.images
    if made.rejects:
        yield fact("reject_counts", count_rejects(made.rejects))
        yield result("rejects", made.rejects)
    yield fact("rejected_images", made.rejected_images)
    yield result("notices", {made.source_id: made.notices})
