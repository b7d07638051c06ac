"""LabelMe JSON: one document per image, objects as shapes of points."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from sarchat_build.config.annotation_options import LabelmeRule
from sarchat_build.errors import RecordError
from sarchat_build.geometry.quads import bounds
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import MAX_OBJECTS, choose_encoding, flag
from sarchat_build.sources.readers.json_stream import JsonStream, claimed_px, to_float
from sarchat_build.sources.readers.labelme_pixels import WithoutPixels
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

Points = tuple[float, ...]
# Parts of a path from one folder to another, or from the root of a drive.
_NO_FOLDER = re.compile(r"\.{0,2}|[A-Za-z]:")
_MARKS = ("difficult", "truncated")


def read(document: BinaryIO, rule: LabelmeRule) -> Iterator[RawImage]:
    """Read one document: `shapes[]` of `label`, `points`, `shape_type`, beside `imagePath`.

    Pixels that a document holds (`imageData`) are never in memory. What the points are is LabelMe's
    own definition: opposite corners of a `rectangle` in any order, corners of a `polygon`, center
    and a point of the rim of a `circle`, four corners of an `oriented_rectangle` (`rotation` in
    X-AnyLabeling), first and last pixel of a `mask`. A shape without an area (`point`, `line` …) is
    a fault. Shapes of one label and one `group_id` are parts of one object, of which the upright
    box around all is kept.

    `imagePath` leads from the document to its picture on the machine where it was written: steps
    upwards are left out of it.

    Raises:
        RecordError: `json_parse` with the byte at which the document breaks, `encoding`,
            `too_large`, or `bad_value` for a document without shapes.

    >>> import io
    >>> rule = LabelmeRule(format="labelme", images=("*.jpg",), files=({"path": "*.json"},))
    >>> text = b'{"shapes": [{"label": "ship", "points": [[9, 8], [1, 2]], '
    >>> text += b'"shape_type": "rectangle"}], "imagePath": "../images/1.jpg"}'
    >>> [(image.filename, image.instances[0].bbox) for image in read(io.BytesIO(text), rule)]
    [('images/1.jpg', (1.0, 2.0, 9.0, 8.0))]
    """
    stream = JsonStream(WithoutPixels(document), choose_encoding(document, rule.encodings))
    objects: dict[object, RawInstance | RawFault] = {}
    notices: list[RawFault] = []
    for number, entry in enumerate(stream.items("shapes.item"), start=1):
        if number > MAX_OBJECTS:
            raise RecordError(Reason.TOO_LARGE, f"more than {MAX_OBJECTS:,} shapes in one image")
        shape = entry if isinstance(entry, dict) else {}
        key = f"shapes[{number}]"
        found: RawInstance | RawFault
        try:
            found = _instance(shape, key, notices)
        except RecordError as error:
            found = RawFault(
                key, error.reason, error.detail, category=str(shape.get("label") or "").strip()
            )
        group = _group(shape)
        objects[group or number] = _joined(objects.get(group), found) if group else found
    if not objects and not isinstance(next(stream.items("shapes"), None), list):
        raise RecordError(Reason.BAD_VALUE, "has no list of shapes, so it is not LabelMe's")
    path = next(stream.items("imagePath"), "")
    parts = re.split(r"[\\/]", path) if isinstance(path, str) else []
    yield RawImage(
        filename="/".join(part for part in parts if not _NO_FOLDER.fullmatch(part)),
        width_px=claimed_px(next(stream.items("imageWidth"), None)),
        height_px=claimed_px(next(stream.items("imageHeight"), None)),
        instances=tuple(found for found in objects.values() if isinstance(found, RawInstance)),
        faults=tuple(found for found in objects.values() if isinstance(found, RawFault)),
        notices=tuple(notices),
    )


def _instance(shape: Mapping[str, Any], key: str, notices: list[RawFault]) -> RawInstance:
    label, kind = shape.get("label"), shape.get("shape_type") or "polygon"
    if not isinstance(label, str):
        raise RecordError(Reason.BAD_VALUE, f"label is {str(label)[:80]!r}, not a name")
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise RecordError(Reason.BAD_VALUE, f"shape_type {str(kind)[:80]!r} is not known")
    box, box_format, polygon = _SHAPES[kind](_points(shape.get("points"), kind), kind)
    flags = shape.get("flags")
    # LabelMe's own flags are a table of the shape; other tools write them beside it.
    written = {**flags, **shape} if isinstance(flags, dict) else shape
    difficult, truncated = (_mark(written, name, key, notices) for name in _MARKS)
    return RawInstance(
        key=key,
        category=label.strip(),
        bbox=box,
        bbox_format=box_format,
        polygon=polygon,
        difficult=difficult,
        truncated=truncated,
    )


def _mark(written: Mapping[str, Any], name: str, key: str, notices: list[RawFault]) -> bool:
    said = flag(written.get(name))
    if said is None:
        detail = f"{name} is {str(written[name])[:80]!r}, neither yes nor no"
        notices.append(RawFault(key, Reason.UNKNOWN_FLAG, detail, instances=0))
    return bool(said)


def _points(written: object, kind: str) -> Points:
    pairs = written if isinstance(written, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise RecordError(
            Reason.BAD_VALUE, f"points of a {kind} are {str(written)[:80]}, not pairs of numbers"
        )
    flat = tuple(to_float(value) for pair in pairs for value in pair)
    if not all(map(math.isfinite, flat)):
        raise RecordError(Reason.NON_FINITE, f"points of a {kind} are {str(written)[:80]}")
    return flat


# What a shape becomes: the numbers of its box, their format, and its outline.
_Shape = tuple[Points, BoxFormat, Points]


def _need(points: Points, kind: str, *counts: int) -> None:
    if len(points) // 2 not in counts:
        needed = " or ".join(map(str, counts))
        raise RecordError(Reason.BAD_VALUE, f"a {kind} of {len(points) // 2} points, not {needed}")


def _polygon(points: Points, kind: str) -> _Shape:
    if len(points) < 6:
        raise RecordError(Reason.BAD_VALUE, f"a {kind} of {len(points) // 2} points, not 3 or more")
    return bounds(points), BoxFormat.XYXY_PX, points


def _rectangle(points: Points, kind: str) -> _Shape:
    # Other tools write all four corners; if they are turned, it is an oriented rectangle.
    _need(points, kind, 2, 4)
    if len(points) == 8 and not len(set(points[0::2])) == len(set(points[1::2])) == 2:
        return points, BoxFormat.QUAD_PX, ()
    return bounds(points), BoxFormat.XYXY_PX, ()


def _oriented(points: Points, kind: str) -> _Shape:
    _need(points, kind, 4)
    return points, BoxFormat.QUAD_PX, ()


def _circle(points: Points, kind: str) -> _Shape:
    _need(points, kind, 2)
    x, y, rim_x, rim_y = points
    radius = math.hypot(rim_x - x, rim_y - y)
    return (x - radius, y - radius, x + radius, y + radius), BoxFormat.XYXY_PX, ()


def _mask(points: Points, kind: str) -> _Shape:
    _need(points, kind, 2)
    x0, y0, x1, y1 = bounds(points)
    return (x0, y0, x1 + 1, y1 + 1), BoxFormat.XYXY_PX, ()


def _no_area(points: Points, kind: str) -> _Shape:
    raise RecordError(Reason.DEGENERATE, f"a {kind} has no area")


_SHAPES: dict[str, Callable[[Points, str], _Shape]] = {
    "polygon": _polygon,
    "rectangle": _rectangle,
    "oriented_rectangle": _oriented,
    "rotation": _oriented,
    "circle": _circle,
    "mask": _mask,
    **dict.fromkeys(("point", "points", "line", "linestrip"), _no_area),
}


def _group(shape: Mapping[str, Any]) -> tuple[object, ...]:
    """Give what parts of one object have in common, () for an object of one shape."""
    group = shape.get("group_id")
    return (str(shape.get("label")), str(group)) if isinstance(group, (int, str)) else ()


def _joined(known: RawInstance | RawFault | None, part: RawInstance | RawFault) -> Any:
    # Where one part cannot be read, nobody knows how far the object reaches.
    if known is None or isinstance(part, RawFault):
        return part
    if isinstance(known, RawFault):
        return known
    return replace(
        known,
        bbox=bounds((*_corners(known), *_corners(part))),
        bbox_format=BoxFormat.XYXY_PX,
        polygon=(),
        difficult=known.difficult or part.difficult,
        truncated=known.truncated or part.truncated,
    )


def _corners(instance: RawInstance) -> Points:
    return bounds(instance.bbox)
