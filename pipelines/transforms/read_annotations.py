"""Blocks of annotation documents to annotations, addressed to blocks of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext, block_key
from pipelines.metrics import count
from pipelines.transforms.gather import FACTS, RESULTS, fact, result
from sarchat_build.curation.stop import count_rejects
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.sources.batches import read_in_batches

# Kinds of blocks.
DOCUMENTS, IMAGES = "documents", "images"


@dataclass
class ReadAnnotations(beam.PTransform):
    """(kind, source id, number) -> `annotations`: (image block, tuple of Annotation).

    A block of images comes out itself, without annotations. Facts: `read`, a tuple of
    ReadCount, and `reject_counts`, of RejectCount. Results: `read`, and `rejects`, of Reject.
    """

    context: BuildContext

    def expand(self, blocks: beam.PCollection) -> Any:
        """Wire the step."""
        return blocks | "ReadDocuments" >> beam.FlatMap(_read_block, self.context).with_outputs(
            FACTS, RESULTS, main="annotations"
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
            yield fact("reject_counts", count_rejects(batch.rejects))
            yield result("rejects", batch.rejects)
        yield fact("read", (batch.read,))
        yield result("read", (batch.read,))
