"""Readers of annotation formats: each turns a document into `RawImage`s and knows no source.

A reader is `read(document, rule) -> Iterator[RawImage]`: a seekable binary stream, and the
format's model of `annotation_options`. It raises `RecordError` for a document that
cannot be read; an object that cannot be read is a fault of its image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from sarchat_build.types import RawImage


@dataclass(frozen=True, slots=True)
class Format:
    """A reader, and what its documents are.

    The reader itself is imported when it is first used: some need numpy, and a command that only
    finds a fault of a manifest would wait for it.

    Attributes:
        name: that of its module, in this package.
        many_images: whether a document holds many images, which it names, and not just one.
        relative: whether coordinates are shares of the picture and not pixels.

    >>> FORMATS["coco"].read.__module__
    'sarchat_build.sources.readers.coco'
    """

    name: str
    many_images: bool = False
    relative: bool = False

    @property
    def read(self) -> Callable[[BinaryIO, Any], Iterator[RawImage]]:
        """The reader."""
        reader: Callable[[BinaryIO, Any], Iterator[RawImage]] = self._module().read
        return reader

    @property
    def file_names(self) -> Callable[[BinaryIO, Any], Iterator[str]]:
        """The reader of the file names alone, for documents of many images."""
        reader: Callable[[BinaryIO, Any], Iterator[str]] = self._module().file_names
        return reader

    def _module(self) -> Any:
        return import_module(f"{__name__}.{self.name}")


FORMATS: dict[str, Format] = {
    found.name: found
    for found in (
        Format("voc"),
        Format("coco", many_images=True),
        Format("yolo", relative=True),
        Format("yolo_obb", relative=True),
        Format("dota"),
        Format("fair1m"),
        Format("labelme"),
    )
}
