"""Guesses of annotation formats by the content of documents; names are never asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from sarchat_build.errors import RecordError
from sarchat_build.onboarding.survey.listing import FileGroup, extension_of
from sarchat_build.sources.encodings import choose_encoding, decode, numbers, read_all
from sarchat_build.sources.files import SourceFiles
from sarchat_build.sources.readers import xml
from sarchat_build.sources.readers.dota import HEADER
from sarchat_build.sources.readers.json_stream import JsonStream
from sarchat_build.sources.readers.labelme_pixels import WithoutPixels

# Tried in this order where neither a mark nor a declaration tells.
ENCODINGS = ("utf-8", "gbk")
SAMPLE = 40
# More classes than any detection set has; names of those that are used come out of reading.
MAX_CLASSES = 2000
# No detection set has so many classes: a larger number in front is a coordinate.
_MAX_CLASS = 1000
_TURN = 2 * math.pi + 0.01
_PIXELS = (
    "YOLO counts in shares of the picture: divide x and widths by its width, y and heights by its "
    "height"
)
_ROTATED = (
    "write the four corners as DOTA has them, or VOC XML with robndbox, whose convention "
    "annotations.angle states"
)


@dataclass(frozen=True, slots=True)
class FormatGuess:
    """A guessed format (`voc`, `coco` …), and what speaks for it.

    The format is "" where it is none that can be read; the evidence then says what was recognized.
    """

    format: str
    evidence: str


def sniff_group(source_files: SourceFiles, group: FileGroup) -> FormatGuess:
    """Guess the format of a group by documents from all over it."""
    step = max(1, len(group.files) // SAMPLE)
    sample = group.files[::step]
    votes: Counter[FormatGuess] = Counter()
    for file in sample:
        try:
            with source_files.open(file) as document:
                guess = sniff(document, extension_of(file))
        except RecordError:
            continue
        if guess.evidence:
            votes[guess] += 1
    if not votes:
        return FormatGuess("", "")
    (found, count) = votes.most_common(1)[0]
    return FormatGuess(found.format, f"{found.evidence} ({count} of {len(sample)} inspected)")


def sniff(document: BinaryIO, extension: str) -> FormatGuess:
    """Guess the format of one document; a large one is read no further than it takes.

    Raises:
        RecordError: it cannot be read at all.

    >>> from io import BytesIO
    >>> sniff(BytesIO(b"0 .5 .5 .25 .25"), ".txt").format
    'yolo'
    >>> sniff(BytesIO(b"1 2 9 2 9 8 1 8 ship 0"), ".txt").format
    'dota'
    """
    kinds: dict[str, Callable[[BinaryIO], FormatGuess]] = {
        ".xml": _sniff_xml,
        ".json": _sniff_json,
        ".txt": _sniff_text,
    }
    return kinds[extension](document)


def coco_classes(document: BinaryIO) -> dict[int, str]:
    """Give the first `MAX_CLASSES` categories of a COCO document by id; none if it has none."""
    entries = islice(_json_stream(document).items("categories.item"), MAX_CLASSES)
    found = (entry for entry in entries if isinstance(entry, dict))
    return {c["id"]: str(c.get("name", "")) for c in found if isinstance(c.get("id"), int)}


def _json_stream(document: BinaryIO) -> JsonStream:
    return JsonStream(document, choose_encoding(document, ENCODINGS))


def _sniff_xml(document: BinaryIO) -> FormatGuess:
    root = xml.parse(document, ENCODINGS)
    rings = xml.child(xml.child(root, "objects"), "object")
    if rings is not None and xml.child(rings, "points") is not None:
        return FormatGuess("fair1m", f"XML <{root.tag}> with objects/object/points")
    for thing in xml.children(root, "object"):
        for box in ("bndbox", "rbndbox", "robndbox", "rotated_bndbox"):
            if xml.child(thing, box) is not None:
                return FormatGuess("voc", f"XML <{root.tag}> with object/{box}")
    return FormatGuess("", "")


def _sniff_json(document: BinaryIO) -> FormatGuess:
    stream = _json_stream(document)
    image: Any = next(stream.items("images.item"), None)
    thing: Any = next(stream.items("annotations.item"), None)
    boxed = isinstance(thing, dict) and "image_id" in thing and "bbox" in thing
    if isinstance(image, dict) and "file_name" in image and (boxed or thing is None):
        return FormatGuess("coco", "JSON with images[].file_name and annotations[].image_id, bbox")
    document.seek(0)
    shapes = JsonStream(WithoutPixels(document), choose_encoding(document, ENCODINGS))
    shape: Any = next(shapes.items("shapes.item"), None)
    named = isinstance(next(shapes.items("imagePath"), None), str)
    if named if shape is None else isinstance(shape, dict) and {"label", "points"} <= shape.keys():
        return FormatGuess("labelme", "JSON with shapes[].label, points and imagePath")
    return FormatGuess("", "")


def _sniff_text(document: BinaryIO) -> FormatGuess:
    text = decode(read_all(document), ENCODINGS)
    lines = [line.split() for line in text.splitlines() if line.strip()]
    objects = [fields for fields in lines if not HEADER.match(" ".join(fields))]
    if objects and all(_is_dota(fields) for fields in objects):
        return FormatGuess("dota", "text lines of eight numbers, a class and mostly a difficulty")
    if objects and all(_is_yolo(fields) for fields in objects):
        return FormatGuess("yolo", "text lines of a class index and four shares of the picture")
    if objects and all(_is_yolo(fields, 9) for fields in objects):
        return FormatGuess("yolo_obb", "text lines of a class index and four corners as shares")
    if objects and all(len(fields) % 2 and _is_yolo(fields, len(fields)) for fields in objects):
        return FormatGuess("", "YOLO outlines: lines of a class index and points as shares")
    return FormatGuess("", _what_lines_hold(objects))


def _is_dota(fields: list[str]) -> bool:
    if len(fields) < 9 or _read(fields[:8]) is None:
        return False
    # A class may be called by a number, but then a difficulty must follow it.
    return _read(fields[8:9]) is None or (len(fields) == 10 and fields[9] in ("0", "1", "2"))


def _is_yolo(fields: list[str], columns: int = 5) -> bool:
    found = _read(fields)
    if found is None or len(found) != columns or not all(map(math.isfinite, found)):
        return False
    # Some labels leave the picture; a pixel coordinate is far from any share.
    return found[0] >= 0 and found[0] == int(found[0]) and _are_shares(found[1:])


def _read(fields: list[str]) -> tuple[float, ...] | None:
    try:
        return numbers(fields, "")
    except RecordError:
        return None


def _what_lines_hold(objects: Sequence[Sequence[str]]) -> str:
    """Say what the fields of all lines seem to be, and the cure; "" if they are nothing known.

    >>> _what_lines_hold([["0", "120", "80", "40", "12"]])[:53]
    'lines of a class index and four numbers beyond 1, not'
    >>> _what_lines_hold([["120.5", "80", "40", "12", "1.57", "ship", "0"]])[:52]
    'rotated boxes as center, size and angle (1.57 to 1.5'
    >>> _what_lines_hold([["a", "b"]])
    ''
    """
    numbers = [_numbers_of(fields) for fields in objects]
    counts = {len(found) for found in numbers}
    if not objects or len(counts) != 1:
        return ""
    (count,) = counts
    named = any(len(found) < len(fields) for found, fields in zip(numbers, objects, strict=True))
    classes = not named and all(found[:1] and _is_class(found[0]) for found in numbers)
    boxes = [found[1:] if classes and count != 5 else found for found in numbers]
    if len(boxes[0]) >= 5 and _are_rotated(boxes, classes and count == 5):
        return _rotated(boxes)
    if classes and count in (5, 9):
        what = "four numbers" if count == 5 else "four corners"
        return f"lines of a class index and {what} beyond 1, not shares but pixels; {_PIXELS}"
    if classes and count == 6 and all(_are_shares(found[1:5]) for found in numbers):
        return (
            "YOLO lines of six numbers: the last is the confidence of a guess, which is no label, "
            f"or the angle of a rotated box; if it is an angle, {_ROTATED}"
        )
    return ""


def _numbers_of(fields: Sequence[str]) -> list[float]:
    # A name of a class stands in front of the numbers or behind them, with a difficulty.
    found: list[float] = []
    for field in fields:
        try:
            value = float(field)
        except ValueError:
            if found:
                break
            continue
        if not math.isfinite(value):
            break
        found.append(value)
    return found


def _is_class(value: float) -> bool:
    return value == int(value) and 0 <= value < _MAX_CLASS


def _are_shares(values: Sequence[float]) -> bool:
    return all(-1 <= value <= 2 for value in values)


def _are_rotated(boxes: Sequence[Sequence[float]], maybe_class: bool) -> bool:
    # Center and size in pixels, and a number that no line has beyond a turn; in radians it has
    # fractions.
    turns = [box[4] for box in boxes]
    if any(_are_shares(box[:4]) or min(box[2:4]) <= 0 for box in boxes) or len(boxes[0]) > 6:
        return False
    radians = all(abs(turn) <= _TURN for turn in turns)
    degrees = all(abs(turn) <= 360 for turn in turns)
    fractions = any(turn != int(turn) for turn in turns)
    return (radians and fractions) or (degrees and not maybe_class)


def _rotated(boxes: Sequence[Sequence[float]]) -> str:
    turns = [box[4] for box in boxes]
    low, high = min(turns), max(turns)
    unit = "radians" if max(map(abs, turns)) <= _TURN else "degrees"
    return (
        f"rotated boxes as center, size and angle ({low:.4g} to {high:.4g}: {unit}, it seems), "
        f"which no text format here has; {_ROTATED}"
    )
