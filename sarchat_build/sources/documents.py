"""Reader of annotation documents: raw images, each with the name of the image it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sarchat_build.config.manifest import Manifest
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import other_encoding
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import OtherImageError, SourceIndex
from sarchat_build.sources.matching.columns import Document
from sarchat_build.sources.matching.image_names import folder_words
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Notice, RawFault, RawImage, Reject, Split

STAGE = "read_annotations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What one document says about one image; `reject` instead of `raw` when it cannot be read.

    `name` is the image's name in its source (`SourceIndex`), `entry` the entry of
    `annotations.files` that the document belongs to.
    """

    name: str
    document: FileRef
    split: Split | None
    entry: int = 0
    raw: RawImage | None = None
    reject: Reject | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def objects(self) -> int:
        """Objects that the document holds, usable or not."""
        if self.raw is None:
            return self.reject.instances if self.reject else 0
        return count_objects(self.raw)


def count_objects(raw: RawImage) -> int:
    """Count the objects of a raw image, usable or not."""
    return len(raw.instances) + sum(fault.instances for fault in raw.faults)


def read_document(
    document: Document, index: SourceIndex, manifest: Manifest
) -> Iterator[Annotation | Reject]:
    """Read one document, a little at a time.

    Returns:
        Annotations of images that exist, and rejects of what belongs to no image. A document about
        one image that cannot be read belongs to the image that has its name: that image must be
        rejected with it, and never pass for one without objects. A document about many images that
        cannot be read is `unreadable_document`, with which no build goes on.
    """
    matcher = _ImageMatcher(document, index, manifest)
    rule = manifest.annotations.rule_of(document.entry)
    file_format = FORMATS[manifest.annotations.format]
    try:
        with index.files.open(document.file) as stream:
            encoding = other_encoding(stream, rule.encodings)
            for raw in file_format.read(stream, rule):
                if encoding and not (file_format.many_images and raw.filename is None):
                    notice = RawFault("encoding", Reason.OTHER_ENCODING, f"read as {encoding}")
                    raw, encoding = replace(raw, notices=(notice, *raw.notices)), ""
                if not file_format.many_images:
                    yield matcher.only_image(raw)
                elif raw.filename is None:
                    yield from (matcher.no_image(fault) for fault in raw.faults)
                else:
                    yield matcher.named_image(raw, raw.filename)
    except RecordError as error:
        yield matcher.unreadable(error, file_format.many_images)


class _ImageMatcher:
    """Finds the image that each part of a document belongs to."""

    def __init__(self, document: Document, index: SourceIndex, manifest: Manifest) -> None:
        self.document = document
        self.index = index
        self._rule = manifest.annotations.rule_of(document.entry)
        self._format = FORMATS[manifest.annotations.format]

    def only_image(self, raw: RawImage) -> Annotation | Reject:
        """Match the only image of a document."""
        try:
            name, oversight = self.index.resolve(raw.filename, self.document.file)
        except OtherImageError as error:
            return self._reject(error, images=1, instances=count_objects(raw))
        except RecordError as error:
            return self._rejected(self._reject(error, images=1, instances=count_objects(raw)))
        return self._annotation(name, oversight, raw)

    def named_image(self, raw: RawImage, filename: str) -> Annotation | Reject:
        """Match one of many images by the name that the document gives it."""
        try:
            name, oversight = self.index.names.find(filename, words=lambda: self._folder_words)
        except RecordError as error:
            # An image of several parts is missing once.
            images = 0 if raw.part else 1
            return self._reject(error, images=images, instances=count_objects(raw), key=filename)
        return self._annotation(name, None if raw.part else oversight, raw)

    def no_image(self, fault: RawFault) -> Reject:
        """Give a reject for what belongs to no image of the document."""
        error = RecordError(fault.reason, fault.detail, fault.line)
        return self._reject(error, images=0, instances=fault.instances, key=fault.key)

    def unreadable(self, error: RecordError, many_images: bool) -> Annotation | Reject:
        """Give what is left of a document that cannot be read."""
        if many_images:
            detail = f"{error.reason}: {error.detail}"
            whole = RecordError(Reason.UNREADABLE_DOCUMENT, detail, error.line)
            return self._reject(whole, images=0, instances=0)
        return self._rejected(self._reject(error, images=1, instances=0))

    @cached_property
    def _folder_words(self) -> frozenset[str]:
        # A passage through the document of its own: asked only where folders do not agree.
        if not self._format.many_images:
            return frozenset()
        with self.index.files.open(self.document.file) as stream:
            return folder_words(self._format.file_names(stream, self._rule))

    @property
    def _own_name(self) -> str:
        return self.index.rule.document_name(self.document.file.path)

    def _annotation(self, name: str, oversight: Reason | None, raw: RawImage) -> Annotation:
        source_id, file = self.index.source_id, self.document.file
        raw = self._located(raw)
        found = []
        if oversight:
            named = f"names {raw.filename!r}, and is" if raw.filename else "is"
            detail = f"{named} taken to be about {self.index.image_of(name)}"
            found = [RawFault(name, oversight, detail)]
        notices = tuple(
            Notice(source_id, str(file), notice.key, notice.reason, notice.detail)
            for notice in (*found, *raw.notices)
        )
        return Annotation(
            name=name,
            document=file,
            split=self.document.split,
            entry=self.document.entry,
            raw=raw,
            notices=notices,
        )

    def _located(self, raw: RawImage) -> RawImage:
        if not self.index.rule.files[self.document.entry].options:
            return raw
        faults = tuple(
            replace(f, detail=self.index.rule.located(self.document.entry, f.detail))
            for f in raw.faults
        )
        return replace(raw, faults=faults)

    def _rejected(self, reject: Reject) -> Annotation | Reject:
        """Give the reject to the image that has the document's name, if there is one."""
        if not self.index.names.has(self._own_name):
            return reject
        return Annotation(
            name=self._own_name,
            document=self.document.file,
            split=self.document.split,
            entry=self.document.entry,
            reject=reject,
        )

    def _reject(self, error: RecordError, *, images: int, instances: int, key: str = "") -> Reject:
        return Reject(
            stage=STAGE,
            source_id=self.index.source_id,
            file=str(self.document.file),
            line=error.line,
            key=f"{self.index.source_id}/{key or self._own_name}",
            reason=error.reason,
            detail=self.index.rule.located(self.document.entry, error.detail),
            images=images,
            instances=instances,
        )
