"""Options of annotation formats: one model per format, with exactly the keys it needs."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from fsspec.utils import glob_translate
from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError, model_validator

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
        glob_translate(pattern)
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not a pattern: {error}") from error
    return pattern


RelativePath = Annotated[str, AfterValidator(_inside_raw_root)]


def _known(encodings: tuple[str, ...]) -> tuple[str, ...]:
    for encoding in encodings:
        try:
            b" ".decode(encoding)  # without a byte Python does not look the encoding up
        except LookupError:
            raise ValueError(f"unknown encoding {encoding!r}") from None
        except UnicodeError:
            continue
    return encodings


Encodings = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_known)]


class AngleParts(Model):
    """The convention of an angle, stated in its parts; every value up to a whole turn is read.

    `turn` is the direction in which angles grow on the screen, from the x axis. `along` is the side
    that lies in the direction of the angle: `w` or `h`, as they stand in the document, or the
    longer or shorter of the two. An angle that counts from the y axis (a heading) is the same as
    one of the other side: `h` for `w`, `short` for `long`.
    """

    unit: Literal["degrees", "radians"]
    turn: Literal["clockwise", "counterclockwise"]
    along: Literal["w", "h", "long", "short"]

    def __str__(self) -> str:
        """Write the parts as TOML does."""
        return f'{{unit = "{self.unit}", turn = "{self.turn}", along = "{self.along}"}}'


# A name that stands for a convention (`geometry.rotated.ANGLES`), or the parts of one.
StatedAngle: TypeAlias = Annotated[
    Annotated[AngleName, Tag("name")] | Annotated[AngleParts, Tag("parts")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "parts"),
]


class Convention(NamedTuple):
    """How a source's numbers become our pixels; the default is our own convention.

    `pixel_origin` is the coordinate of the first pixel; `max_edge_inclusive` says that the maximum
    edge still belongs to the object.
    """

    pixel_origin: int = 0
    max_edge_inclusive: bool = False
    angle: AngleName | AngleParts | None = None


PixelOrigin: TypeAlias = Literal[0, 1]
MaxEdge: TypeAlias = Literal["exclusive", "inclusive"]
CocoBox: TypeAlias = Literal["xywh", "xyxy"]


class AnnotationFiles(Model):
    """Annotation documents by glob, and the official split they stand for, if any.

    A glob that matches nothing is an error unless the entry is `optional`: a part that some copies
    of a release lack. The rest are options of the format: what is stated here holds for these
    documents, in place of what [annotations] says of all.
    """

    path: RelativePath
    split: Split | None = None
    optional: bool = False
    encodings: Encodings | None = None
    pixel_origin: PixelOrigin | None = None
    max_edge: MaxEdge | None = None
    angle: StatedAngle | None = None
    header_lines: int | None = None
    bbox: CocoBox | None = None
    class_names: tuple[str, ...] | None = None
    first_class_id: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What the entry states in place of [annotations]."""
        common = ("path", "split", "optional")
        return {k: v for k, v in self if k not in common and v is not None}


class SplitList(Model):
    """A text file of image names, one a line, that puts them into a split.

    A line's first word is the name. All lists of a source are there; or none of them, if all are
    `optional`: some copies of a release come without.
    """

    path: RelativePath
    split: Split
    optional: bool = False


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
    encodings: Encodings = ("utf-8",)
    stem_suffix: str = ""
    stem_folders: int = Field(default=0, ge=0, le=8)
    inner_folders: tuple[str, ...] = ()
    unlabeled: Literal["reject", "negative"] = "reject"

    @model_validator(mode="after")
    def _entries_fit(self) -> AnnotationRule:
        for number, entry in enumerate(self.files):
            unknown = entry.options.keys() - type(self).model_fields.keys()
            if unknown:
                keys = ", ".join(f"files.{number}.{key}" for key in sorted(unknown))
                raise ValueError(f"{keys}: this format has no such option")
            # What the format demands of a value is demanded of an entry's, too.
            plain = AnnotationFiles(path=entry.path)
            try:
                if entry.options:
                    type(self).model_validate({**dict(self), **entry.options, "files": (plain,)})
            except ValidationError as error:
                faults = [f"files.{number}.{f['loc'][0]}: {f['msg']}" for f in error.errors()]
                raise ValueError("; ".join(faults)) from error
        return self

    def rule_of(self, entry: int) -> AnnotationRule:
        """Give the rule by which documents of one entry of `files` are read.

        >>> files = ({"path": "a/*.xml"}, {"path": "b/*.xml", "pixel_origin": 1})
        >>> rule = VocRule(format="voc", images=("*.jpg",), files=files, pixel_origin=0,
        ...                max_edge="exclusive")
        >>> [rule.rule_of(entry).convention.pixel_origin for entry in (0, 1)]
        [0, 1]
        """
        options = self.files[entry].options
        return self.model_copy(update=options) if options else self

    def located(self, entry: int, detail: str) -> str:
        """Let a sentence about keys of [annotations] name the entry of `files` that states them."""
        for key in self.files[entry].options:
            detail = re.sub(rf"\bannotations\.{key}\b", f"annotations.files.{entry}.{key}", detail)
        return detail

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
    pixel_origin: PixelOrigin
    max_edge: MaxEdge

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return Convention(self.pixel_origin, self.max_edge == "inclusive")


class VocRule(_PixelRule):
    """Pascal VOC; `angle` is stated when rotated boxes come as center, size and angle.

    It is a name (`"opencv"`), or parts: `{unit = "radians", turn = "clockwise", along = "w"}`.
    """

    format: Literal["voc"]
    angle: StatedAngle | None = None

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return super().convention._replace(angle=self.angle)


class Fair1mRule(_PixelRule):
    """FAIR1M and Gaofen competition XML: rings of points."""

    format: Literal["fair1m"]


class DotaRule(_PixelRule):
    """DOTA text: four corners, a class and a difficulty per line.

    Header lines (`imagesource:`, `gsd:`) are known by what they say, whichever files have them;
    `header_lines` is how many lines at the top are skipped whatever they say, unless it is an
    object.
    """

    format: Literal["dota"]
    header_lines: int = Field(default=0, ge=0)


class YoloRule(AnnotationRule):
    """YOLO text: class index, center and size as shares of the picture."""

    format: Literal["yolo"]
    class_names: tuple[str, ...] = Field(min_length=1)


class YoloObbRule(AnnotationRule):
    """YOLO text of oriented boxes: class index, four corners as shares of the picture."""

    format: Literal["yolo_obb"]
    class_names: tuple[str, ...] = Field(min_length=1)


class LabelmeRule(_PixelRule):
    """LabelMe JSON; by the tool's own definition the first pixel reaches from 0 to 1."""

    format: Literal["labelme"]
    pixel_origin: PixelOrigin = 0
    max_edge: MaxEdge = "exclusive"


class CocoRule(_PixelRule):
    """COCO JSON; `class_names` by id are used for a document that has no `categories`.

    `bbox` is what the four numbers of a box are: corner and size, as COCO defines them, or two
    corners. Unless it is stated, a box whose `area` or `segmentation` contradicts it is refused.
    """

    format: Literal["coco"]
    bbox: CocoBox | None = None
    class_names: tuple[str, ...] = ()
    first_class_id: int = 0


Annotations: TypeAlias = Annotated[
    VocRule | CocoRule | YoloRule | YoloObbRule | DotaRule | Fair1mRule | LabelmeRule,
    Field(discriminator="format"),
]
RULES: dict[str, type[AnnotationRule]] = {
    "voc": VocRule,
    "coco": CocoRule,
    "yolo": YoloRule,
    "yolo_obb": YoloObbRule,
    "dota": DotaRule,
    "fair1m": Fair1mRule,
    "labelme": LabelmeRule,
}
