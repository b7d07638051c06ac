"""Read every document of a group with the real readers, and count what they say."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from sarchat_build.annotation_rules import Annotations
from sarchat_build.errors import RecordError
from sarchat_build.readers import FORMATS
from sarchat_build.source_index import FileRef
from sarchat_build.survey import sniffing
from sarchat_build.survey.listing import Group, Place, stem_of
from sarchat_build.text import decode
from sarchat_build.types import BoxFormat, RawImage, RawInstance

# More classes than any detection set has; names of those that are used come out of reading.
MAX_CLASSES = 2000
_RULE: TypeAdapter[Any] = TypeAdapter(Annotations)


@dataclass(frozen=True, slots=True)
class Extent:
    """The frame of one image's boxes, in the numbers of its document, and its claimed size."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    width_px: int | None
    height_px: int | None


@dataclass
class Tally:
    """What the documents of one group hold."""

    documents: int = 0
    objects: int = 0
    difficult: int = 0
    fractions: bool = False
    categories: Counter[str] = field(default_factory=Counter)
    # Names of images, as documents of many images write them or as documents are called.
    stems: Counter[str] = field(default_factory=Counter)
    # The same in full: with folders, where a document writes them.
    images: set[str] = field(default_factory=set)
    with_objects: int = 0
    extents: list[tuple[str, Extent]] = field(default_factory=list)
    angles: list[tuple[float, float, float]] = field(default_factory=list)
    header_lines: Counter[int] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    # Names of documents about one image that cannot be read.
    unread: set[str] = field(default_factory=set)
    # Reason -> number, and the first of each in full.
    faults: Counter[str] = field(default_factory=Counter)
    first_faults: dict[str, str] = field(default_factory=dict)

    def fault(self, file: FileRef, key: str, reason: str, detail: str, count: int = 1) -> None:
        """Count something that could not be read."""
        self.faults[reason] += count
        self.first_faults.setdefault(reason, f"{file} {key}: {detail}".replace(" :", ":"))


def tally(
    place: Place,
    group: Group,
    file_format: str,
    classes: Mapping[int, str],
    progress: Callable[[int], None] = lambda done: None,
) -> Tally:
    """Count what a group's documents say.

    Args:
        place: where they lie.
        group: the documents.
        file_format: the format that `sniff_group` told.
        classes: names by class index, as far as something in the archive states them.
        progress: is told the number of documents that are done.
    """
    found = Tally()
    for number, file in enumerate(group.files, start=1):
        try:
            data = place.read(file)
            _read(found, file, data, file_format, classes)
        except RecordError as error:
            found.fault(file, "", error.reason, error.detail)
            if not FORMATS[file_format].many_images:
                found.unread.add(stem_of(file.path))
        progress(number)
    return found


def trial_rule(file_format: str, headers: int, classes: Mapping[int, str]) -> Any:
    """Give a rule that reads a format as it stands: no origin, no edge and no angle is applied."""
    options: dict[str, Any] = {"images": ("*",), "files": ({"path": "*"},)}
    options["encodings"] = sniffing.ENCODINGS
    if file_format != "yolo":
        options |= {"pixel_origin": 0, "max_edge": "exclusive"}
    if file_format in ("yolo", "coco"):
        named = (classes.get(number, f"class {number}") for number in range(MAX_CLASSES))
        options["class_names"] = tuple(named)
    if file_format == "dota":
        options["header_lines"] = headers
    return _RULE.validate_python({"format": file_format, **options})


def _read(
    found: Tally, file: FileRef, data: bytes, file_format: str, classes: Mapping[int, str]
) -> None:
    many = FORMATS[file_format].many_images
    if not many:
        found.encodings[_encoding(data)] += 1
    headers = sniffing.header_lines(data) if file_format == "dota" else 0
    if file_format == "dota" and data.strip():
        found.header_lines[headers] += 1
    rule = trial_rule(file_format, headers, classes)
    found.documents += 1
    for raw in FORMATS[file_format].read(io.BytesIO(data), rule):
        for fault in raw.faults:
            found.fault(file, fault.key, fault.reason, fault.detail, fault.instances)
        if raw.filename is not None or not many:
            image = (raw.filename or "") if many else file.path.rpartition("/")[2]
            _count(found, raw, image)


def _count(found: Tally, raw: RawImage, image: str) -> None:
    stem = stem_of(image)
    if raw.part == 0:
        found.images.add(image)
        found.stems[stem] += 1
        found.with_objects += bool(raw.instances)
    for instance in raw.instances:
        found.objects += 1
        found.difficult += instance.difficult
        found.categories[instance.category] += 1
        angled = instance.bbox if len(instance.bbox) == 5 else instance.obb
        if len(angled) == 5:
            found.angles.append(angled[2:])
    corners = [box for box in map(_corners, raw.instances) if box and all(map(math.isfinite, box))]
    if corners:
        found.fractions |= any(value != int(value) for box in corners for value in box)
        x0, y0, x1, y1 = zip(*corners, strict=True)
        extent = Extent(min(x0), min(y0), max(x1), max(y1), raw.width_px, raw.height_px)
        found.extents.append((stem, extent))


def _corners(instance: RawInstance) -> tuple[float, ...]:
    box = instance.bbox
    if instance.bbox_format is BoxFormat.XYXY_PX:
        return (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2]))
    if instance.bbox_format is BoxFormat.XYWH_PX:
        return (box[0], box[1], box[0] + box[2], box[1] + box[3])
    if instance.bbox_format is BoxFormat.QUAD_PX:
        return (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2]))
    return ()


def _encoding(data: bytes) -> str:
    for encoding in sniffing.ENCODINGS:
        try:
            decode(data, (encoding,))
        except RecordError:
            continue
        return encoding
    return ""


def used_classes(categories: Iterable[str]) -> tuple[int, ...]:
    """Give the indices of classes that are used and that nothing names."""
    numbers = (name.removeprefix("class ") for name in categories if name.startswith("class "))
    return tuple(sorted(int(number) for number in numbers if number.isdecimal()))
