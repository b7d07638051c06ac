"""Options of annotation formats: one model per format, with exactly the keys it needs."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

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
    """Unit of the angle."""
    turn: Literal["clockwise", "counterclockwise"]
    """Direction in which angles grow on the screen, from the x axis."""
    along: Literal["w", "h", "long", "short"]
    """Side that lies in the direction of the angle."""

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
    """Glob of documents, in the source's folder and in its archives.
    Example: `"**/annotations/train2017.json"`"""
    split: Split | None = None
    """Official split of the images they are about."""
    optional: bool = False
    """Whether some copies of the release lack these documents."""
    encodings: Encodings | None = None
    """As `annotations.encodings`, for these documents. Example: `["gbk"]`"""
    pixel_origin: PixelOrigin | None = None
    """As `annotations.pixel_origin`, for these documents."""
    max_edge: MaxEdge | None = None
    """As `annotations.max_edge`, for these documents."""
    angle: StatedAngle | None = None
    """As `annotations.angle`, for these documents. Example: `"opencv"`"""
    header_lines: int | None = None
    """As `annotations.header_lines`, for these documents. Example: `2`"""
    bbox: CocoBox | None = None
    """As `annotations.bbox`, for these documents."""
    class_names: tuple[str, ...] | None = None
    """As `annotations.class_names`, for these documents. Example: `["ship", "harbor"]`"""
    first_class_id: int | None = None
    """As `annotations.first_class_id`, for these documents. Example: `1`"""

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
    """Glob of the list. Example: `"**/ImageSets/Main/train.txt"`"""
    split: Split
    """Split of the images that it names."""
    optional: bool = False
    """Whether some copies of the release lack it."""


# A document and its image are asked for several times in a row.
@lru_cache(maxsize=4096)
def _name_of(path: str, suffix: str, stem_folders: int, inner_folders: tuple[str, ...]) -> str:
    file = PurePosixPath(path)
    folders = file.parts[:-1] if stem_folders else ()
    while folders and folders[-1] in inner_folders:
        folders = folders[:-1]
    folders = folders[-stem_folders:] if stem_folders else ()
    return printable("/".join((*folders, file.stem.removesuffix(suffix))))


class AnnotationRule(Model):
    """What every format needs: where images and documents lie, and which belong together."""

    images: tuple[RelativePath, ...] = Field(min_length=1)
    """Globs of the images; a file that any of them matches is one. Case does not count.
    Example: `["**/JPEGImages/*.jpg"]`"""
    files: tuple[AnnotationFiles, ...] = Field(min_length=1)
    """The documents; each entry may state options of its own."""
    split_lists: tuple[SplitList, ...] = ()
    """Lists of names that put images into splits."""
    encodings: Encodings = ("utf-8",)
    """Encodings of text documents and of names in archives, tried in this order behind what a
    document declares."""
    stem_suffix: str = ""
    """What a document's name has at its end more than its image's. Example: `"-label"`"""
    stem_folders: int = Field(default=0, ge=0, le=8)
    """How many folders above a file belong to its image's name, where names repeat. Example: `1`"""
    inner_folders: tuple[str, ...] = ()
    """Folders between those and the file that do not count. Example: `["images", "labels"]`"""
    unlabeled: Literal["reject", "negative"] = "reject"
    """What an image without a document is: one that nobody annotated, or one without objects."""

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
        return _name_of(path, suffix, self.stem_folders, self.inner_folders)


class _PixelRule(AnnotationRule):
    # The two things that no document in pixels says.
    pixel_origin: PixelOrigin
    """Coordinate of the first pixel."""
    max_edge: MaxEdge
    """Whether the maximum edge of a box still belongs to the object."""

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return Convention(self.pixel_origin, self.max_edge == "inclusive")


class VocRule(_PixelRule):
    """Pascal VOC XML, with boxes upright or rotated."""

    format: Literal["voc"]
    """Pascal VOC XML."""
    angle: StatedAngle | None = None
    """Convention of rotated boxes that come as center, size and angle: a table of parts, or a name.
    `opencv` is degrees from 0 to 90 and `opencv_before_4_5_1` from -90 to 0, both along `w`; `le90`
    and `le135` are mmrotate's radians, `long_edge` is degrees from -90 to 90, all along the longer
    side, which is `w`.
    Example: `{ unit = "radians", turn = "clockwise", along = "long" }`"""

    @property
    def convention(self) -> Convention:
        """What the numbers of its boxes mean."""
        return super().convention._replace(angle=self.angle)


class Fair1mRule(_PixelRule):
    """FAIR1M and Gaofen competition XML: rings of points."""

    format: Literal["fair1m"]
    """XML of FAIR1M."""


class DotaRule(_PixelRule):
    """DOTA text: four corners, a class and a difficulty per line.

    Header lines (`imagesource:`, `gsd:`) are known by what they say, whichever files have them.
    """

    format: Literal["dota"]
    """Text of DOTA."""
    header_lines: int = Field(default=0, ge=0)
    """Lines at the top that are skipped whatever they say, unless they are an object.
    Example: `2`"""


class YoloRule(AnnotationRule):
    """YOLO text: class index, center and size as shares of the picture."""

    format: Literal["yolo"]
    """Text of YOLO."""
    class_names: tuple[str, ...] = Field(min_length=1)
    """Names of the classes by index. Example: `["ship", "harbor"]`"""


class YoloObbRule(AnnotationRule):
    """YOLO text of oriented boxes: class index, four corners as shares of the picture."""

    format: Literal["yolo_obb"]
    """Text of YOLO oriented boxes."""
    class_names: tuple[str, ...] = Field(min_length=1)
    """Names of the classes by index. Example: `["ship", "harbor"]`"""


class LabelmeRule(_PixelRule):
    """LabelMe JSON; by the tool's own definition the first pixel reaches from 0 to 1."""

    format: Literal["labelme"]
    """JSON of LabelMe."""
    pixel_origin: PixelOrigin = 0
    max_edge: MaxEdge = "exclusive"


class CocoRule(_PixelRule):
    """COCO JSON.

    Unless `bbox` is stated, a box whose `area` or `segmentation` contradicts it is refused.
    """

    format: Literal["coco"]
    """JSON of COCO."""
    bbox: CocoBox | None = None
    """What the four numbers of a box are: corner and size, as COCO defines them, or two corners."""
    class_names: tuple[str, ...] = ()
    """Names of the categories by id, for documents that do not list them.
    Example: `["ship", "harbor"]`"""
    first_class_id: int = 0
    """Id of the first of `class_names`. Example: `1`"""


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
