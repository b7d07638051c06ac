"""Tally of a group of documents: each is read with the real reader, and its content counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sarchat_build.config.annotation_options import RULES
from sarchat_build.errors import RecordError
from sarchat_build.onboarding.survey import sniffing
from sarchat_build.onboarding.survey.angles import Angles
from sarchat_build.onboarding.survey.conventions import BoxExtent
from sarchat_build.onboarding.survey.listing import FileGroup, by_path, stem_of
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import other_encoding
from sarchat_build.sources.files import FileRef, SourceFiles
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import BoxFormat, RawImage, RawInstance


@dataclass
class Tally:
    """What the documents of one group hold: an entry per image, and nothing of each object."""

    documents: int = 0
    images: int = 0
    objects: int = 0
    difficult: int = 0
    fractions: bool = False
    categories: Counter[str] = field(default_factory=Counter)
    # Images as documents of many images write them, else names of documents.
    names: set[str] = field(default_factory=set)
    with_objects: int = 0
    # By image as documents of many images write it, else by document.
    extents: dict[str, BoxExtent] = field(default_factory=dict)
    angles: Angles = field(default_factory=Angles)
    encodings: Counter[str] = field(default_factory=Counter)
    # Names of documents about one image that cannot be read.
    unread: set[str] = field(default_factory=set)
    # Reason -> number, and in full the first one by path.
    faults: Counter[Reason] = field(default_factory=Counter)
    first_faults: dict[Reason, Fault] = field(default_factory=dict)

    @property
    def stems(self) -> set[str]:
        """The names of images without folder and extension."""
        return {stem_of(name) for name in self.names}

    def fault(self, file: FileRef, key: str, reason: Reason, detail: str, count: int = 1) -> None:
        """Count something that could not be read."""
        self.faults[reason] += count
        known = self.first_faults.get(reason)
        if known is None or by_path([known.file, file])[0] != known.file:
            self.first_faults[reason] = Fault(file, key, detail)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that could not be read, and where."""

    file: FileRef
    key: str
    detail: str

    def __str__(self) -> str:
        """Write file, key and detail in the order in which a person searches."""
        return f"{self.file} {self.key}: {self.detail}".replace(" :", ":")


def tally(
    source_files: SourceFiles,
    group: FileGroup,
    file_format: str,
    classes: Mapping[int, str],
    progress: Callable[[int], None] = lambda done: None,
) -> Tally:
    """Count what a group's documents say; those about many images are streamed.

    Args:
        source_files: what holds them.
        group: the documents.
        file_format: the format that `sniff_group` found.
        classes: names by class index, as far as something in the archive states them.
        progress: is called with the number of documents that are done.
    """
    found = Tally()
    rule = trial_rule(file_format, classes)
    for number, file in enumerate(source_files.in_reading_order(group.files), start=1):
        try:
            with source_files.open(file) as document:
                _read(found, file, document, file_format, rule)
        except RecordError as error:
            found.fault(file, "", error.reason, error.detail)
            if not FORMATS[file_format].many_images:
                found.unread.add(stem_of(file.path))
        progress(number)
    return found


def trial_rule(file_format: str, classes: Mapping[int, str]) -> Any:
    """Give a rule that reads a format as it stands: no origin, no edge and no angle is applied."""
    options: dict[str, Any] = {"images": ("*",), "files": ({"path": "*"},)}
    options["encodings"] = sniffing.ENCODINGS
    named = (classes.get(number, f"class {number}") for number in range(sniffing.MAX_CLASSES))
    stated = {
        "pixel_origin": 0,
        "max_edge": "exclusive",
        "class_names": tuple(named),
    }
    rule = RULES[file_format]
    options |= {key: value for key, value in stated.items() if key in rule.model_fields}
    return rule.model_validate({"format": file_format, **options})


def _read(found: Tally, file: FileRef, document: BinaryIO, file_format: str, rule: Any) -> None:
    many = FORMATS[file_format].many_images
    if not many:
        found.encodings[_encoding(document)] += 1
    found.documents += 1
    for raw in FORMATS[file_format].read(document, rule):
        for fault in raw.faults:
            found.fault(file, fault.key, fault.reason, fault.detail, fault.instances)
        if not many:
            _count(found, raw, file.path.rpartition("/")[2], str(file))
        elif raw.filename is not None:
            _count(found, raw, raw.filename, raw.filename)


def _count(found: Tally, raw: RawImage, name: str, image: str) -> None:
    if raw.part == 0:
        found.images += 1
        found.names.add(name)
        found.with_objects += bool(raw.instances)
    for instance in raw.instances:
        found.objects += 1
        found.difficult += instance.difficult
        found.categories[instance.category] += 1
        angled = instance.bbox if len(instance.bbox) == 5 else instance.obb
        if len(angled) == 5:
            found.angles.add(*angled[2:], instance.bbox if instance.obb else ())
    corners = [box for box in map(_corners, raw.instances) if box and all(map(math.isfinite, box))]
    if corners:
        found.fractions |= any(value != int(value) for box in corners for value in box)
        x0, y0, x1, y1 = zip(*corners, strict=True)
        extent = BoxExtent(min(x0), min(y0), max(x1), max(y1), raw.width_px, raw.height_px)
        known = found.extents.get(image)
        found.extents[image] = extent if known is None else known.joined(extent)


def _corners(instance: RawInstance) -> tuple[float, ...]:
    box = instance.bbox
    if instance.bbox_format is BoxFormat.XYXY_PX:
        return (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2]))
    if instance.bbox_format is BoxFormat.XYWH_PX:
        return (box[0], box[1], box[0] + box[2], box[1] + box[3])
    if instance.bbox_format is BoxFormat.QUAD_PX:
        return (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2]))
    return ()


def _encoding(document: BinaryIO) -> str:
    try:
        return other_encoding(document, sniffing.ENCODINGS) or "utf-8"
    except RecordError:
        return ""  # reading it says so


def used_classes(categories: Iterable[str]) -> tuple[int, ...]:
    """Give the indices of classes that are used and that nothing names."""
    numbers = (name.removeprefix("class ") for name in categories if name.startswith("class "))
    return tuple(sorted(int(number) for number in numbers if number.isdecimal()))
