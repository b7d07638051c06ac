"""Options of annotation formats: one model per format, with exactly the keys it needs."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, Field, field_validator

from sarchat_build.config.patterns import compile_glob
from sarchat_build.config.toml import Model
from sarchat_build.names import printable
from sarchat_build.types import AngleName, Split


def _inside_raw_root(pattern: str) -> str:
    path = PurePosixPath(pattern.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"^[A-Za-z]:", pattern):
        raise ValueError(
            f"{pattern!r} leaves the source's folder; use a relative path without '..'"
        )
    try:
        compile_glob(pattern)
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not a pattern: {error}") from error
    return pattern


RelativePath = Annotated[str, AfterValidator(_inside_raw_root)]


class Convention(NamedTuple):
    """How a source's numbers become our pixels; the default is our own convention.

    `pixel_origin` is the coordinate of the first pixel; `max_edge_inclusive` says that the maximum
    edge still belongs to the object.
    """

    pixel_origin: int = 0
    max_edge_inclusive: bool = False
    angle: AngleName | None = None


class AnnotationFiles(Model):
    """Annotation documents by glob, and the official split they stand for, if any.

    A glob that matches nothing is an error unless the entry is `optional`: a part that some copies
    of a release lack.
    """

    path: RelativePath
    split: Split | None = None
    optional: bool = False


class SplitList(Model):
    """A text file of image names, one a line, that puts them into a split.

    All lists of a source are there, or none of them.
    """

    path: RelativePath
    split: Split


class AnnotationRule(Model):
    """What every format needs: where images and documents lie, and which belong together.

    `images` are alternatives: a file that any of them matches is an image. Globs do not regard
    case. `stem_folders` is the number of folders above the file that belong to an image's name, for
    releases that number their images anew in each folder; `inner_folders` (`images`, `labels`) lie
    between those and the file and do not count. `stem_suffix` is what a document's stem has more
    than its image's. `unlabeled` says what an image without a document is: an image
    without objects, or one that nobody has annotated.
    """

    images: tuple[RelativePath, ...] = Field(min_length=1)
    files: tuple[AnnotationFiles, ...] = Field(min_length=1)
    split_lists: tuple[SplitList, ...] = ()
    encodings: tuple[str, ...] = Field(default=("utf-8",), min_length=1)
    stem_suffix: str = ""
    stem_folders: int = Field(default=0, ge=0, le=8)
    inner_folders: tuple[str, ...] = ()
    unlabeled: Literal["reject", "negative"] = "reject"

    @field_validator("encodings")
    @classmethod
    def _known(cls, encodings: tuple[str, ...]) -> tuple[str, ...]:
        for encoding in encodings:
            try:
                b"".decode(encoding)
            except LookupError:
                raise ValueError(f"unknown encoding {encoding!r}") from None
        return encodings

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return Convention()

    def image_name(self, path: str) -> str:
        """Give an image's name in its source: its stem, with folders where they are part of it.

        Names are Unicode in composed form (NFC), whatever file system or archive they come from;
        bytes that are no text are written as escapes.
        """
        return self._name(path, "")

    def document_name(self, path: str) -> str:
        """Give the name of the image that a document belongs to by its own name."""
        return self._name(path, self.stem_suffix)

    def _name(self, path: str, suffix: str) -> str:
        file = PurePosixPath(path)
        folders = file.parts[:-1] if self.stem_folders else ()
        while folders and folders[-1] in self.inner_folders:
            folders = folders[:-1]
        folders = folders[-self.stem_folders :] if self.stem_folders else ()
        return printable("/".join((*folders, file.stem.removesuffix(suffix))))


class _PixelRule(AnnotationRule):
    # The two things that no document in pixels says: the coordinate of the first pixel, and whether
    # the maximum edge still belongs to the object.
    pixel_origin: Literal[0, 1]
    max_edge: Literal["exclusive", "inclusive"]

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return Convention(self.pixel_origin, self.max_edge == "inclusive")


class VocRule(_PixelRule):
    """Pascal VOC; `angle` is stated when rotated boxes come as center, size and angle."""

    format: Literal["voc"]
    angle: AngleName | None = None

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return super().convention._replace(angle=self.angle)


class Fair1mRule(_PixelRule):
    """FAIR1M and Gaofen competition XML: rings of points."""

    format: Literal["fair1m"]


class DotaRule(_PixelRule):
    """DOTA text: four corners, a class and a difficulty per line, below `header_lines` lines."""

    format: Literal["dota"]
    header_lines: int = Field(ge=0)


class YoloRule(AnnotationRule):
    """YOLO text: class index, center and size as shares of the picture."""

    format: Literal["yolo"]
    class_names: tuple[str, ...] = Field(min_length=1)


class CocoRule(_PixelRule):
    """COCO JSON; `class_names` by id are used for a document that has no `categories`."""

    format: Literal["coco"]
    class_names: tuple[str, ...] = ()
    first_class_id: int = 0


Annotations: TypeAlias = Annotated[
    VocRule | Fair1mRule | DotaRule | YoloRule | CocoRule, Field(discriminator="format")
]
