"""Readers of annotation formats: each turns a document into `RawImage`s and knows no source.

A reader is `read(document, rule) -> Iterator[RawImage]`: a seekable binary stream, and the
format's model of `annotation_options`. It raises `RecordError` for a document that
cannot be read; an object that cannot be read is a fault of its image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from sarchat_build.sources.readers import coco, dota, fair1m, labelme, voc, yolo, yolo_obb
from sarchat_build.types import RawImage


@dataclass(frozen=True, slots=True)
class Format:
    """A reader, and what its documents are.

    Attributes:
        read: the reader.
        file_names: for documents of many images, which they name, the names alone.
        relative: whether coordinates are shares of the picture and not pixels.
    """

    read: Callable[[BinaryIO, Any], Iterator[RawImage]]
    file_names: Callable[[BinaryIO, Any], Iterator[str]] | None = None
    relative: bool = False

    @property
    def many_images(self) -> bool:
        """Whether a document holds many images, and not just one."""
        return self.file_names is not None


FORMATS: dict[str, Format] = {
    "voc": Format(voc.read),
    "coco": Format(coco.read, coco.file_names),
    "yolo": Format(yolo.read, relative=True),
    "yolo_obb": Format(yolo_obb.read, relative=True),
    "dota": Format(dota.read),
    "fair1m": Format(fair1m.read),
    "labelme": Format(labelme.read),
}
