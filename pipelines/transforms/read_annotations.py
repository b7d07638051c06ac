"""Blocks of annotation documents to annotations, addressed to blocks of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, block_key
from pipelines.metrics import count
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.sources.batches import read_in_batches

# Kinds of blocks.
DOCUMENTS, IMAGES = "documents", "images"


@dataclass
class ReadAnnotations(beam.PTransform):
    """(kind, source id, number) -> `annotations`: (image block, tuple of Annotation); two others.

    A block of images comes out itself, without annotations. `rejects`: (source id, tuple of
    Reject), `read`: tuple of ReadCount.
    """

    context: BuildContext

    def expand(self, blocks: beam.PCollection) -> Any:
        """Wire the step."""
        return blocks | "ReadDocuments" >> beam.FlatMap(_read_block, self.context).with_outputs(
            "rejects", "read", main="annotations"
        )


def _read_block(block: tuple[str, str, int], context: BuildContext) -> Iterator[Any]:
    kind, source_id, number = block
    if kind == IMAGES:
        yield block_key(source_id, number), ()
        return
    index = context.index(source_id)
    demand_lock(context.out, context.run)  # a job that outlived its launcher ends here
    documents = index.documents_of_block(number)
    count("read_annotations", documents_in=len(documents))
    for batch in read_in_batches(documents, index, context.manifests[source_id]):
        for images, found in batch.by_block.items():
            count("read_annotations", annotations_out=len(found))
            yield block_key(source_id, images), found
        count(
            "read_annotations",
            instances_in=batch.read.instances,
            rejects=len(batch.rejects),
            images_rejected=sum(reject.images for reject in batch.rejects),
            objects_rejected=sum(reject.instances for reject in batch.rejects),
        )
        if batch.rejects:
            yield TaggedOutput("rejects", (source_id, batch.rejects))
        yield TaggedOutput("read", (batch.read,))
