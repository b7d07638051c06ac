"""Blocks of annotation documents to annotations, addressed to blocks of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext, block_key, parse_block_key
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.types import ReadCount, Reject

# Objects held before they are handed on: a document of a gigabyte never lies in memory.
HELD_OBJECTS = 20_000


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
        images = instances = held = 0
        for document in index.documents_of_block(number):
            for found in read_document(document, index, manifest):
                if isinstance(found, Reject):
                    orphans.append(found)
                    images += found.images
                    instances += found.instances
                else:
                    block = block_key(source_id, index.block_of(found.name))
                    addressed[block].append(found)
                    instances += found.objects
                    held += 1 + found.objects
                if held + len(orphans) > HELD_OBJECTS:
                    yield from _hand_on(source_id, addressed, orphans)
                    addressed.clear()
                    orphans = []
                    held = 0
        yield from _hand_on(source_id, addressed, orphans)
        yield TaggedOutput("read", (ReadCount(source_id, images, instances),))


def _hand_on(
    source_id: str, addressed: Mapping[str, list[Annotation]], orphans: list[Reject]
) -> Iterator[Any]:
    for block, found in sorted(addressed.items()):
        yield block, tuple(found)
    if orphans:
        yield TaggedOutput("rejects", (source_id, tuple(orphans)))
