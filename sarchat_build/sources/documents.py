"""Annotation documents to raw images, each addressed to the image it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sarchat_build.config.manifest import Manifest
from sarchat_build.errors import RecordError
from sarchat_build.sources.encodings import other_encoding
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import Document, SourceIndex
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Notice, RawFault, RawImage, Reject, Split

STAGE = "read_annotations"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one document says about one image; `reject` instead of `raw` when it cannot be read."""

    name: str
    document: FileRef
    split: Split | None
    raw: RawImage | None
    reject: Reject | None
    fixes: tuple[Notice, ...] = ()

    @property
    def objects(self) -> int:
        """Objects that the document holds, usable or not."""
        if self.raw is None:
            return self.reject.instances if self.reject else 0
        return count_objects(self.raw)


def count_objects(raw: RawImage) -> int:
    """Count what was read, usable or not."""
    return len(raw.instances) + sum(fault.instances for fault in raw.faults)


def read_document(
    document: Document, index: SourceIndex, manifest: Manifest
) -> Iterator[Annotation | Reject]:
    """Read one document, a little at a time.

    Returns:
        Annotations of images that exist, and rejects of what belongs to no image. A document about
        one image that cannot be read speaks for the image that has its name: that image must be
        rejected with it, and never pass for one without objects. A document about many images that
        cannot be read is `unreadable_document`, with which no build goes on.
    """
    address = _Address(document, index)
    rule = manifest.annotations
    file_format = FORMATS[rule.format]
    try:
        with index.files.open(document.file) as stream:
            encoding = other_encoding(stream, rule.encodings)
            for raw in file_format.read(stream, rule):
                if encoding and not (file_format.many_images and raw.filename is None):
                    notice = RawFault("encoding", "other_encoding", f"read as {encoding}")
                    raw, encoding = replace(raw, notices=(notice, *raw.notices)), ""
                if not file_format.many_images:
                    yield address.one(raw)
                elif raw.filename is None:
                    yield from (address.orphan(fault) for fault in raw.faults)
                else:
                    yield address.named(raw, raw.filename)
    except RecordError as error:
        yield address.unreadable(error, file_format.many_images)


@dataclass(frozen=True, slots=True)
class _Address:
    document: Document
    index: SourceIndex

    def one(self, raw: RawImage) -> Annotation | Reject:
        """Address a document's only image."""
        try:
            name, oversight = self.index.resolve(raw.filename, self.document.file)
        except RecordError as error:
            reject = self._reject(error, 1, count_objects(raw))
            own = self._own_name
            if own in self.index.position_by_name:
                return Annotation(own, self.document.file, self.document.split, None, reject)
            return reject
        return self._annotation(name, oversight, raw)

    def named(self, raw: RawImage, filename: str) -> Annotation | Reject:
        """Address one of many images by the name that the document gives it."""
        try:
            name, oversight = self.index.find(filename)
        except RecordError as error:
            # An image of several parts is missing once.
            return self._reject(error, 0 if raw.part else 1, count_objects(raw), filename)
        return self._annotation(name, "" if raw.part else oversight, raw)

    def orphan(self, fault: RawFault) -> Reject:
        """Give a reject for what belongs to no image of the document."""
        error = RecordError(fault.reason, fault.detail, fault.line)
        return self._reject(error, 0, fault.instances, fault.key)

    def unreadable(self, error: RecordError, many_images: bool) -> Annotation | Reject:
        """Give what is left of a document that cannot be read."""
        if many_images:
            detail = f"{error.reason}: {error.detail}"
            return self._reject(RecordError("unreadable_document", detail, error.line), 0, 0)
        reject = self._reject(error, 1, 0)
        if self._own_name in self.index.position_by_name:
            file, split = self.document.file, self.document.split
            return Annotation(self._own_name, file, split, None, reject)
        return reject

    @property
    def _own_name(self) -> str:
        return self.index.rule.document_name(self.document.file.path)

    def _annotation(self, name: str, oversight: str, raw: RawImage) -> Annotation:
        source_id, file = self.index.source_id, self.document.file
        notices = [RawFault(name, oversight, raw.filename or "")] if oversight else []
        fixes = tuple(
            Notice(source_id, str(file), notice.key, notice.reason, notice.detail)
            for notice in (*notices, *raw.notices)
        )
        return Annotation(name, file, self.document.split, raw, None, fixes)

    def _reject(self, error: RecordError, images: int, instances: int, key: str = "") -> Reject:
        return Reject(
            stage=STAGE,
            source_id=self.index.source_id,
            file=str(self.document.file),
            line=error.line,
            key=f"{self.index.source_id}/{key or self._own_name}",
            reason=error.reason,
            detail=error.detail,
            images=images,
            instances=instances,
        )
