"""COCO detection JSON: one document about many images, read in passes and in bounded memory."""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np

from sarchat_build.config.annotation_options import CocoRule
from sarchat_build.errors import RecordError
from sarchat_build.geometry.agreement import contradiction
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import MAX_OBJECTS, choose_encoding, flag
from sarchat_build.sources.readers.json_stream import JsonStream, claimed_px, to_float
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

# Numbers in memory before the objects read so far are handed on; about ten megabytes.
MAX_PENDING_NUMBERS = 200_000


def read(document: BinaryIO, rule: CocoRule) -> Iterator[RawImage]:
    """Read a COCO document: images first, then annotations in parts of an image.

    In memory are an entry per image, eight bytes per annotation, and one buffer of annotations.
    What belongs to no image is a fault of a `RawImage` whose filename is None. Beyond what one
    image can hold, annotations are only counted, in one fault of reason `too_large`.

    Raises:
        RecordError: `json_parse` with the byte at which the document breaks, `encoding`, or
            `contradicts_manifest` when neither document nor manifest names the categories,
            or `too_large` for more categories, or images without a name, than there can be.
    """
    stream = JsonStream(document, choose_encoding(document, rule.encodings))
    names, faults, notices = _categories(stream, rule)
    images = _Images()
    for number, entry in enumerate(stream.items("images.item"), start=1):
        images.add(entry, f"images[{number}]")
        _refuse_more(images.nameless, "images without id or file_name")
    faults += images.faults
    if faults:
        yield RawImage(None, None, None, (), tuple(faults))
    yield from (RawImage("", None, None, ()) for _ in range(images.nameless))
    yield from images.without_id()
    yield from _annotations(stream, names, images, rule, notices)


def file_names(document: BinaryIO, rule: CocoRule) -> Iterator[str]:
    """Give the names of all images of a document, which is left at its start.

    Raises:
        RecordError: as `read`.
    """
    stream = JsonStream(document, choose_encoding(document, rule.encodings))
    for name in stream.items("images.item.file_name"):
        if isinstance(name, str):
            yield name


@dataclass(slots=True)
class _Entry:
    """An image; `odd_ids` says which of its ids are of another type than COCO has."""

    filename: str
    width_px: int | None
    height_px: int | None
    odd_ids: tuple[RawFault, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Images:
    """The entries of `images` by id; `faults` are ids that stand for two images."""

    by_id: dict[Hashable, _Entry] = field(default_factory=dict)
    by_filename: dict[str, _Entry] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)
    faults: list[RawFault] = field(default_factory=list)
    unusable: dict[str, RawFault] = field(default_factory=dict)
    nameless: int = 0

    def add(self, entry: object, key: str) -> None:
        """Take one entry; the first one of an id or a file name is the one that counts."""
        fields = entry if isinstance(entry, dict) else {}
        image_id, filename = _id(fields.get("id")), fields.get("file_name")
        if not isinstance(filename, str) or not filename:
            self.nameless += 1
            return
        if image_id is None:
            detail = f"id is {_written(fields.get('id'))}, no whole number"
            fault = RawFault(key, Reason.BAD_VALUE, detail, instances=0)
            self.unusable.setdefault(filename, fault)
            return
        new = _Entry(
            filename,
            claimed_px(fields.get("width")),
            claimed_px(fields.get("height")),
            tuple(_odd_ids(fields, key, "id")),
        )
        known = self.by_filename.setdefault(filename, new)
        same_id = self.by_id.setdefault(image_id, known)
        if known != new:
            self._conflict(key, f"{filename} is listed with two sizes")
        elif same_id is not known:
            self._conflict(key, f"id {image_id} stands for {same_id.filename} and {filename}")
        elif known is not new:
            self.repeated[filename] += 1

    def without_id(self) -> Iterator[RawImage]:
        """Give the images whose id cannot be one: which objects they have, nobody knows."""
        for filename, fault in self.unusable.items():
            if filename not in self.by_filename:
                yield RawImage(filename, None, None, (), (fault,))

    def _conflict(self, key: str, detail: str) -> None:
        self.faults.append(RawFault(key, Reason.DUPLICATE_ID, detail, instances=0))


def _categories(
    stream: JsonStream, rule: CocoRule
) -> tuple[dict[Hashable, str], list[RawFault], list[RawFault]]:
    names: dict[Hashable, str] = {}
    faults: list[RawFault] = []
    notices: list[RawFault] = []
    for number, entry in enumerate(stream.items("categories.item"), start=1):
        _refuse_more(number, "categories")
        fields = entry if isinstance(entry, dict) else {}
        category_id, name = _id(fields.get("id")), str(fields.get("name", ""))
        if category_id is None:
            continue
        notices += _odd_ids(fields, f"categories[{number}]", "id")
        if names.setdefault(category_id, name) != name:
            detail = f"category id {category_id} stands for {names[category_id]} and {name}"
            faults.append(
                RawFault(f"categories[{number}]", Reason.DUPLICATE_ID, detail, instances=0)
            )
    if not names and not rule.class_names:
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST,
            "annotations.class_names is empty, but the document has no categories with ids",
        )
    return names or dict(enumerate(rule.class_names, start=rule.first_class_id)), faults, notices


def _refuse_more(count: int, what: str) -> None:
    if count > MAX_OBJECTS:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_OBJECTS:,} {what}")


@dataclass(slots=True)
class _PartialImage:
    """What was read of one image and is not yet handed on."""

    instances: list[RawInstance] = field(default_factory=list)
    faults: list[RawFault] = field(default_factory=list)
    notices: list[RawFault] = field(default_factory=list)


def _annotations(
    stream: JsonStream,
    names: Mapping[Hashable, str],
    images: _Images,
    rule: CocoRule,
    notices: list[RawFault],
) -> Iterator[RawImage]:
    repeated = _RepeatedIds(stream)
    pending: defaultdict[str | None, _PartialImage] = defaultdict(_PartialImage)
    parts: Counter[str | None] = Counter()
    listed: Counter[str | None] = Counter()
    for filename, times in images.repeated.items():
        notice = RawFault("images", Reason.DUPLICATE_ENTRY, f"listed {times + 1} times")
        pending[filename].notices.append(notice)
    numbers = 0
    for number, entry in enumerate(stream.items("annotations.item"), start=1):
        fields = entry if isinstance(entry, dict) else {}
        key = f"annotations[{number}]"
        image = images.by_id.get(_id(fields.get("image_id")))
        owner = image.filename if image else None
        listed[owner] += 1
        if listed[owner] > MAX_OBJECTS:
            continue  # counted below
        partial = pending[owner]
        numbers += 16
        try:
            if image is None:
                written = _written(fields.get("image_id"))
                raise RecordError(
                    Reason.ORPHAN_ANNOTATION, f"image_id {written} is no image of this document"
                )
            partial.notices += notices  # of categories: the first image tells them
            notices = []
            numbers += _count_odd(partial, fields, key)
            if repeated.is_repetition(fields):
                partial.notices.append(
                    RawFault(key, Reason.DUPLICATE_ENTRY, "the same annotation again")
                )
                continue
            name = _category(fields, names)
            if _is_marked(fields, key, partial.notices):
                detail = "is marked as a crowd, or to be ignored"
                fault = RawFault(key, Reason.NOT_ONE_OBJECT, detail, category=name)
                partial.faults.append(fault)
                continue
            instance = _instance(fields, key, name, rule)
            partial.instances.append(instance)
            numbers += len(instance.polygon)
        except RecordError as error:
            conflict = pending[None] if error.reason is Reason.DUPLICATE_ID else partial
            conflict.faults.append(RawFault(key, error.reason, error.detail))
        if numbers > MAX_PENDING_NUMBERS:
            yield from _parts(pending, parts, images)
            pending.clear()
            numbers = 0
    for owner, count in listed.items():
        if count > MAX_OBJECTS:
            detail = f"more than {MAX_OBJECTS:,} of {'one' if owner else 'no'} image"
            more = RawFault("annotations", Reason.TOO_LARGE, detail, instances=count - MAX_OBJECTS)
            pending[owner].faults.append(more)
    yield from _parts(pending, parts, images)
    for filename, known in images.by_filename.items():
        if filename not in parts:
            yield RawImage(filename, known.width_px, known.height_px, (), notices=known.odd_ids)


def _parts(
    pending: Mapping[str | None, _PartialImage], parts: Counter[str | None], images: _Images
) -> Iterator[RawImage]:
    for filename, found in pending.items():
        known = images.by_filename[filename] if filename is not None else _Entry("", None, None)
        yield RawImage(
            filename=filename,
            width_px=known.width_px,
            height_px=known.height_px,
            instances=tuple(found.instances),
            faults=tuple(found.faults),
            notices=(*(() if parts[filename] else known.odd_ids), *found.notices),
            part=parts[filename],
        )
        parts[filename] += 1


class _RepeatedIds:
    """Finds annotation ids that are used twice, with eight bytes of memory for each other."""

    def __init__(self, stream: JsonStream) -> None:
        written = map(_id, stream.items("annotations.item.id"))
        ids = array("q", (_number64(value) for value in written if value is not None))
        ordered = np.frombuffer(ids, dtype=np.int64)
        ordered.sort()
        self._candidates = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
        self._first: dict[Hashable, int] = {}

    def is_repetition(self, fields: Mapping[str, Any]) -> bool:
        """Whether this very annotation was read before; `duplicate_id` if another one was."""
        annotation_id = _id(fields.get("id"))
        if annotation_id is None or _number64(annotation_id) not in self._candidates:
            return False
        content = stable_hash("annotation", repr(sorted(fields.items())))
        first = self._first.get(annotation_id)
        if first is not None and first != content:
            raise RecordError(
                Reason.DUPLICATE_ID, f"annotation id {annotation_id} has two contents"
            )
        self._first[annotation_id] = content
        return first is not None


def _number64(value: object) -> int:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    return stable_hash("id", str(value)) - 2**63


def _id(value: object) -> Hashable:
    # Some tools write ids as text in one list and as numbers in the other, or as fractions in both.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value) if value == "0" or value[0] != "0" else value
    if isinstance(value, (float, Decimal)) and value == value // 1:
        return int(value)
    known = isinstance(value, (int, float, str, Decimal)) and not isinstance(value, bool)
    return value if known else None


def _odd_ids(fields: Mapping[str, Any], key: str, *names: str) -> Iterator[RawFault]:
    """Notice ids of another type than COCO defines; what cannot be one is a fault elsewhere."""
    for name in names:
        value = fields.get(name)
        if type(value) is not int and _id(value) is not None:
            kind = "text" if isinstance(value, str) else "a fraction"
            detail = f"{name} is {kind}, {_written(value)}, where COCO has a whole number"
            yield RawFault(key, Reason.OTHER_ID_TYPE, detail, instances=0)


def _count_odd(partial: _PartialImage, fields: Mapping[str, Any], key: str) -> int:
    """Notice the ids of an annotation, and give how many numbers that is worth in memory."""
    found = list(_odd_ids(fields, key, "image_id", "category_id"))
    partial.notices += found
    return 16 * len(found)


def _written(value: object) -> str:
    return (json.dumps(value) if isinstance(value, (bool, str)) else str(value))[:80]


def _category(fields: Mapping[str, Any], names: Mapping[Hashable, str]) -> str:
    written = fields.get("category_id")
    return names.get(_id(written), f"category_id {_written(written)}")


def _is_marked(fields: Mapping[str, Any], key: str, notices: list[RawFault]) -> bool:
    """Whether an annotation is a crowd, which is many objects, or a region that is no object."""
    marked = False
    for name in ("iscrowd", "ignore"):
        said = flag(fields.get(name))
        if said is None:
            detail = f"{name} is {str(fields[name])[:80]!r}, neither yes nor no"
            notices.append(RawFault(key, Reason.UNKNOWN_FLAG, detail, instances=0))
        marked |= bool(said)
    return marked


def _instance(fields: Mapping[str, Any], key: str, name: str, rule: CocoRule) -> RawInstance:
    bbox = fields.get("bbox")
    if not isinstance(bbox, list) or len(bbox) != 4:
        raise RecordError(Reason.BAD_VALUE, f"bbox is {str(bbox)[:80]}, not four numbers")
    box = tuple(to_float(value) for value in bbox)
    if rule.bbox != "xyxy" and (box[2] < 0 or box[3] < 0):
        raise RecordError(Reason.BAD_VALUE, f"bbox {box} has a negative width or height")
    if rule.bbox is None:
        detail = contradiction(box, _number(fields.get("area")), _all_points(fields))
        if detail:
            raise RecordError(Reason.CONTRADICTS_ITSELF, detail)
    return RawInstance(
        key=key,
        category=name,
        bbox=box,
        bbox_format=BoxFormat.XYXY_PX if rule.bbox == "xyxy" else BoxFormat.XYWH_PX,
        polygon=_outline(fields.get("segmentation")),
    )


def _all_points(fields: Mapping[str, Any]) -> tuple[float, ...]:
    # Of all pieces; of a mask, nothing.
    pieces = fields.get("segmentation")
    rings = [ring for ring in pieces if isinstance(ring, list)] if isinstance(pieces, list) else []
    points = [_number(value) for ring in rings if len(ring) % 2 == 0 for value in ring]
    return () if None in points else tuple(value for value in points if value is not None)


def _number(value: object) -> float | None:
    known = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    try:
        return float(value) if known else None  # type: ignore[arg-type]
    except OverflowError:
        return None


def _outline(segmentation: object) -> tuple[float, ...]:
    # Masks and outlines of several pieces do not fit into one ring; the box stays.
    if not isinstance(segmentation, list) or len(segmentation) != 1:
        return ()
    (ring,) = segmentation
    if not isinstance(ring, list) or len(ring) < 6 or len(ring) % 2:
        return ()
    try:
        return tuple(map(float, ring))
    except (TypeError, ValueError, OverflowError):
        return ()
