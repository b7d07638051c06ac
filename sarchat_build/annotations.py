"""Annotation documents to raw images, each addressed to the image it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from sarchat_build.errors import RecordError
from sarchat_build.manifest import Manifest
from sarchat_build.readers import READERS
from sarchat_build.source_index import Document, FileRef, SourceIndex
from sarchat_build.types import Fix, RawImage, Reject, Split

STAGE = "read_annotations"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one document says about one image; `reject` instead of `raw` when it cannot be read."""

    stem: str
    document: FileRef
    split: Split | None
    raw: RawImage | None
    reject: Reject | None
    fixes: tuple[Fix, ...] = ()

    @property
    def objects(self) -> int:
        """Objects that the document holds, usable or not."""
        if self.raw is None:
            return self.reject.instances if self.reject else 0
        return len(self.raw.instances) + len(self.raw.faults)


def read_document(
    document: Document, index: SourceIndex, manifest: Manifest
) -> tuple[list[Annotation], list[Reject]]:
    """Read one document.

    Returns:
        Annotations of images that exist, and rejects of what belongs to no image. A document that
        cannot be read speaks for the image that has its stem: that image must be rejected with it,
        and never pass for one without objects.
    """
    file = document.file
    annotations: list[Annotation] = []
    rejects: list[Reject] = []
    try:
        raws = list(
            READERS[manifest.annotations.format](index.read(file), manifest.annotations.encodings)
        )
    except RecordError as error:
        reject = _reject(index.source_id, file, error, instances=0)
        if file.stem in index.position_by_stem:
            return [Annotation(file.stem, file, document.split, None, reject)], []
        return [], [reject]
    for raw in raws:
        count = len(raw.instances) + len(raw.faults)
        try:
            stem, oversight = index.resolve(raw.filename, file)
        except RecordError as error:
            reject = _reject(index.source_id, file, error, instances=count)
            if file.stem in index.position_by_stem:
                annotations.append(Annotation(file.stem, file, document.split, None, reject))
            else:
                rejects.append(reject)
            continue
        fixes = (
            (Fix(index.source_id, str(file), stem, oversight, raw.filename),) if oversight else ()
        )
        annotations.append(Annotation(stem, file, document.split, raw, None, fixes))
    return annotations, rejects


def _reject(source_id: str, file: FileRef, error: RecordError, instances: int) -> Reject:
    return Reject(
        STAGE,
        source_id,
        str(file),
        error.line,
        f"{source_id}/{file.stem}",
        error.reason,
        error.detail,
        images=1,
        instances=instances,
    )
