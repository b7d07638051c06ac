"""Batches of annotations: what documents say, by block of images, in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from sarchat_build.config.manifest import Manifest
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.sources.index import SourceIndex
from sarchat_build.sources.matching.columns import Document
from sarchat_build.types import ReadCount, Reject

# Objects of one batch: a document of a gigabyte never lies in memory as a whole.
MAX_OBJECTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationBatch:
    """A part of what documents say.

    Attributes:
        by_block: annotations by the number of the block that holds their image, in that order.
        rejects: what belongs to no image of the source.
        read: objects of this part, and images that only its documents name.
    """

    by_block: Mapping[int, tuple[Annotation, ...]]
    rejects: tuple[Reject, ...]
    read: ReadCount


def read_in_batches(
    documents: Iterable[Document],
    index: SourceIndex,
    manifest: Manifest,
    *,
    max_objects: int = MAX_OBJECTS,
) -> Iterator[AnnotationBatch]:
    """Read documents, and yield what they say as often as `max_objects` objects have been read.

    An annotation, a notice and a reject count as one object each, so that a document of empty
    images is cut up too. Nothing is yielded for documents that say nothing.
    """
    by_block: dict[int, list[Annotation]] = defaultdict(list)
    rejects: list[Reject] = []
    size = 0

    def batch() -> AnnotationBatch:
        instances = sum(a.objects for found in by_block.values() for a in found)
        return AnnotationBatch(
            by_block={block: tuple(found) for block, found in sorted(by_block.items())},
            rejects=tuple(rejects),
            read=ReadCount(
                manifest.id,
                sum(reject.images for reject in rejects),
                instances + sum(reject.instances for reject in rejects),
            ),
        )

    documents = tuple(documents)
    with index.files.ahead(document.file for document in documents):
        read = (read_document(document, index, manifest) for document in documents)
        for found in chain.from_iterable(read):
            if isinstance(found, Reject):
                rejects.append(found)
                size += 1
            else:
                by_block[index.block_of(found.name)].append(found)
                size += 1 + found.objects + len(found.notices)
            if size > max_objects:
                yield batch()
                by_block, rejects, size = defaultdict(list), [], 0
    if size:
        yield batch()
