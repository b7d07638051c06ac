"""Types of the records that one step hands to the next.

All are frozen. Pixels are 0-based with x to the right and y down, boxes are
half-open floats (`x_max_px` is the first column that no longer belongs to the object), and a name
says its unit or format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, TypeAlias

from sarchat_build.reasons import Reason

Category: TypeAlias = Literal["ship", "aircraft", "car", "tank", "bridge", "harbor"]
Split: TypeAlias = Literal["train", "validation", "test"]
TaskName: TypeAlias = Literal[
    "classification",
    "fine_grained_description",
    "instance_counting",
    "spatial_grounding",
    "cross_modal_identification",
    "referring",
]

# Canonical order everywhere: candidate lists, tables, columns (SARDet-100K's class order).
CATEGORIES: tuple[Category, ...] = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
TASKS: tuple[TaskName, ...] = (
    "classification",
    "fine_grained_description",
    "instance_counting",
    "spatial_grounding",
    "cross_modal_identification",
    "referring",
)


# Conventions of a rotated box: `geometry.rotated` says what each means.
AngleName: TypeAlias = Literal["opencv", "opencv_before_4_5_1", "le90", "le135", "long_edge"]


class BoxFormat(str, Enum):
    """How the numbers of a raw box are to be read."""

    XYXY_PX = "xyxy_px"
    XYWH_PX = "xywh_px"
    CXCYWH_REL = "cxcywh_rel"
    QUAD_PX = "quad_px"
    QUAD_REL = "quad_rel"
    CXCYWHA_PX = "cxcywha_px"


class Box(NamedTuple):
    """An axis-aligned box, half-open, in pixels.

    >>> Box(10, 20, 40, 30).width_px
    30
    """

    x_min_px: float
    y_min_px: float
    x_max_px: float
    y_max_px: float

    @property
    def width_px(self) -> float:
        """Columns covered."""
        return self.x_max_px - self.x_min_px

    @property
    def height_px(self) -> float:
        """Rows covered."""
        return self.y_max_px - self.y_min_px

    @property
    def area_px2(self) -> float:
        """Width times height."""
        return self.width_px * self.height_px

    @property
    def center_px(self) -> tuple[float, float]:
        """Mean of the two corners, as (x, y)."""
        return (self.x_min_px + self.x_max_px) / 2, (self.y_min_px + self.y_max_px) / 2


class Window(NamedTuple):
    """A rectangle of whole pixels inside a scene; `x1_px` and `y1_px` are exclusive."""

    x0_px: int
    y0_px: int
    x1_px: int
    y1_px: int


@dataclass(frozen=True, slots=True)
class RawInstance:
    """One object as its source writes it: the source's own name, numbers and units.

    `key` says where in its document it stands (`object[3]`, `line 7`), `line` the same as a number
    where documents have lines. `obb` is a rotated box beside `bbox`: four corners, or center, size
    and angle.
    """

    key: str
    category: str
    bbox: tuple[float, ...]
    bbox_format: BoxFormat
    obb: tuple[float, ...] = ()
    polygon: tuple[float, ...] = ()
    difficult: bool = False
    truncated: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RawFault:
    """An object of a document that could not be read: which one, why, and what stood there.

    `category` is the source's name of it where that is known, and "" elsewhere.
    """

    key: str
    reason: Reason
    detail: str
    line: int | None = None
    instances: int = 1
    category: str = ""


@dataclass(frozen=True, slots=True)
class RawImage:
    """One annotated image as its document states it.

    `filename` is what the document calls its image: "" if it does not say, None if its format has
    no field for it. `width_px` and `height_px` are claims, checked against the pixels later.
    `faults` are objects that could not be read at all; `notices` are oversights of the document
    that cost nothing. With a document of many images, None for `filename` holds the faults that
    belong to none of them.

    A document of many images may give one image in several parts, numbered from 0: so it can
    be read in bounded memory. Their objects belong together in the order of the parts.
    """

    filename: str | None
    width_px: int | None
    height_px: int | None
    instances: tuple[RawInstance, ...]
    faults: tuple[RawFault, ...] = ()
    notices: tuple[RawFault, ...] = ()
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Something that was read and is not in the output, and why.

    `images` and `instances` say how many of each this row accounts for, so that
    `read = kept + rejected + deduplicated` can be added up. `images` is 0 or 1.
    """

    stage: str
    source_id: str
    file: str
    line: int | None = None
    key: str
    reason: Reason
    detail: str
    images: int = 0
    instances: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A correction or a warning: the record is kept, and this says what was noticed or changed."""

    source_id: str
    file: str
    key: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One object in pixels of the image that holds it, with its canonical category.

    `obb_px` holds the four corners of the rotated box clockwise (x1, y1 … x4, y4) where the source
    has one; `polygon_px` its outline. In a whole image both keep the source's values and may leave
    the image, which `bbox` never does; in a chip they are cut to it (`geometry.clipping`).
    """

    instance_id: str
    category: Category
    source_category: str
    bbox: Box
    obb_px: tuple[float, ...] = ()
    polygon_px: tuple[float, ...] = ()
    difficult: bool = False
    truncated: bool = False


# `rendering` of a picture whose file, or whose values in a chip, are those of the source.
AS_STORED = "as stored"


@dataclass(frozen=True, slots=True)
class Stretch:
    """How one band of a scene becomes 8 bits: `low` is 0 and `high` 255, found once per scene.

    Between them levels are linear in the value, or in its logarithm. `band` counts from 1; `nodata`
    is shown as 0.
    """

    rule: str
    band: int
    low: float
    high: float
    logarithmic: bool = False
    nodata: float | None = None


@dataclass(frozen=True, slots=True)
class PixelFacts:
    """What a full decode of one image file proved.

    `channels` and `bit_depth` are those of the file. `pixel_sha256` is of what is shown: 8 bits of
    gray or RGB. `rendering` says in words how they came about, `stretch` in numbers where a rule
    rendered them. `perceptual_hash` is 64 hexadecimal digits, "" for what shows too little.
    """

    width_px: int
    height_px: int
    channels: int
    bit_depth: int
    format: str
    pixel_sha256: str
    file_sha256: str
    file_bytes: int
    rendering: str = AS_STORED
    stretch: Stretch | None = None
    perceptual_hash: str = ""


class BoxExtent(NamedTuple):
    """How the boxes of an image lie in it as read; over a whole source it shows a misreading.

    `far_px` is the largest coordinate of any. `may_be_corners` says that each box of corner and
    size would be one of two corners as well; `clipped` counts those that leave the picture.
    """

    far_px: float = 0.0
    may_be_corners: bool = False
    clipped: int = 0


NO_EXTENT = BoxExtent()


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One image of a source, decoded once, its boxes in pixels and inside the picture.

    `rejected_categories` are categories with a rejected object in this image: nothing exhaustive
    ("three ships", "no ships") may be claimed of them.
    """

    image_id: str
    source_id: str
    scene_id: str
    archive: str
    member: str
    pixels: PixelFacts
    official_split: Split | None
    instances: tuple[Instance, ...]
    rejected_categories: tuple[Category, ...] = ()
    extent: BoxExtent = NO_EXTENT


@dataclass(frozen=True, slots=True)
class Chip:
    """What becomes one row of `images`: a whole source image, or a window of one.

    `window` is None for an image that is published as it came. `cut_categories` are categories
    with an object that the window shows only in part and that is therefore not listed.
    """

    image_id: str
    window: Window | None
    width_px: int
    height_px: int
    instances: tuple[Instance, ...]
    cut_categories: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class CutImage:
    """A source image and the chips it gives."""

    image: SourceImage
    chips: tuple[Chip, ...]

    @property
    def instances(self) -> int:
        """Number of source objects that at least one chip shows."""
        return len({i.instance_id for chip in self.chips for i in chip.instances})


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """A kept source image with its chips and its split."""

    image: SourceImage
    chips: tuple[Chip, ...]
    split: Split


@dataclass(frozen=True, slots=True)
class RejectedImage:
    """An image that was rejected; it keeps its rank in official lists."""

    image_id: str
    source_id: str
    scene_id: str
    official_split: Split | None
    instances: int


@dataclass(frozen=True, slots=True)
class ReadCount:
    """What was read of a source: image files, and images or objects that only documents name."""

    source_id: str
    images: int
    instances: int
