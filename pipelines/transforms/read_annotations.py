"""Blocks of annotation documents to annotations, addressed to blocks of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, block_key, parse_block_key
from sarchat_build.annotations import Annotation, read_document
from sarchat_build.report.ledger import ReadCount
from sarchat_build.types import Reject


@dataclass
class ReadAnnotations(beam.PTransform):
    """(document block) -> `annotations`: (image block, tuple of Annotation); `rejects`; `read`."""

    context: BuildContext

    def expand(self, blocks: beam.PCollection) -> Any:
        """Wire the step."""
        return blocks | "ReadDocuments" >> beam.ParDo(_ReadDocuments(self.context)).with_outputs(
            "rejects", "read", main="annotations"
        )


class _ReadDocuments(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def process(self, key: str) -> Iterator[Any]:
        source_id, number = parse_block_key(key)
        index, manifest = self._context.index(source_id), self._context.manifests[source_id]
        addressed: dict[str, list[Annotation]] = defaultdict(list)
        orphans: list[Reject] = []
        for document in index.documents_of_block(number):
            annotations, rejects = read_document(document, index, manifest)
            orphans.extend(rejects)
            for annotation in annotations:
                addressed[block_key(source_id, index.block_of(annotation.stem))].append(annotation)
        for block, annotations in sorted(addressed.items()):
            yield block, tuple(annotations)
        if orphans:
            yield TaggedOutput("rejects", (source_id, tuple(orphans)))
        objects = sum(a.objects for found in addressed.values() for a in found)
        yield TaggedOutput(
            "read",
            ReadCount(
                source_id,
                images=sum(reject.images for reject in orphans),
                instances=objects + sum(reject.instances for reject in orphans),
            ),
        )
