"""Blocks of annotation documents to annotations, addressed to blocks of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, block_key, parse_block_key
from pipelines.metrics import count
from sarchat_build.sources.batches import read_in_batches


@dataclass
class ReadAnnotations(beam.PTransform):
    """(document block) -> `annotations`: (image block, tuple of Annotation); `rejects`; `read`."""

    context: BuildContext

    def expand(self, blocks: beam.PCollection) -> Any:
        """Wire the step."""
        return blocks | "ReadDocuments" >> beam.FlatMap(_read_documents, self.context).with_outputs(
            "rejects", "read", main="annotations"
        )


def _read_documents(key: str, context: BuildContext) -> Iterator[Any]:
    source_id, number = parse_block_key(key)
    index = context.index(source_id)
    documents = index.documents_of_block(number)
    count("read_annotations", documents_in=len(documents))
    for batch in read_in_batches(documents, index, context.manifests[source_id]):
        for block, found in batch.by_block.items():
            count("read_annotations", annotations_out=len(found))
            yield block_key(source_id, block), found
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
