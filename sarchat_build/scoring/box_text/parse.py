"""Every box of an answer, in pixels of the chip, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sarchat_build.scoring.box_text.cleaning import OPEN, clean, final_answer
from sarchat_build.scoring.box_text.extract import (
    Extracted,
    RawBox,
    extract,
    has_number,
    is_outline,
    points_of,
)
from sarchat_build.scoring.box_text.meaning import are_values, is_other
from sarchat_build.scoring.box_text.named import Order, order_before
from sarchat_build.scoring.box_text.prose import (
    PointSpan,
    paired,
    prose_boxes,
    sized,
)
from sarchat_build.scoring.box_text.tables import Span, read_tables
from sarchat_build.scoring.box_text.values import NUMBER_PATTERN, Group, Number, read_group
from sarchat_build.scoring.frames import NATIVE, Frame
from sarchat_build.scoring.matching import Outline, Rectangle, clipped, hull, turned

_START = re.compile(r"[\[({\ue000]|<\s*[-+.\d]")
_ANGLED_RUN = re.compile(rf"(?:<\s*{NUMBER_PATTERN}\s*>[\s,]*)+")
_ANGLED_NUMBER = re.compile(NUMBER_PATTERN)
_CONTEXT_CHARS = 80
_LINK = re.compile(r"\s*(?:[,;]|,?\s*and\b)\s*")
# A string of a value is read by itself, once.
_NONE = re.compile(
    r"\W*(?:none|null|no (?:bounding )?box(?:es)?|n/?a|\[\s*\]|\{\s*\})\W*", re.IGNORECASE
)


class Boxes(NamedTuple):
    """The boxes of an answer.

    Attributes:
        boxes: in pixels of the chip, corners sorted, clipped; what has no area is left out.
        outlines: the corners of each box, turned as it is written; those of a turned one may lie
            outside the chip.
        raw: the same as they are written, with those that were left out.
        rest: the answer without its boxes, thinking and markup: what its words say.
        cut: whether the text ended within a box, or while the model was thinking.
        broken: whether something meant as a box could not be read.
        none: whether it says that there is no box.
    """

    boxes: tuple[Rectangle, ...]
    outlines: tuple[Outline, ...]
    raw: tuple[RawBox, ...]
    rest: str
    cut: bool
    broken: bool
    none: bool


def parse_boxes(text: str, width_px: int, height_px: int, frame: Frame = NATIVE) -> Boxes:
    """Read every box of an answer.

    >>> parse_boxes("{<12><34><56><78>} (top left)", 256, 256).boxes
    ((12.0, 34.0, 56.0, 78.0),)
    >>> parse_boxes("ship(250,500),(500,750)", 512, 512, Frame.parse("norm1000")).boxes
    ((128.0, 256.0, 256.0, 384.0),)
    >>> parse_boxes("[x1, y1, x2, y2]", 256, 256).boxes
    ()
    """
    answer = final_answer(text)
    cleaned = clean(answer.text)
    found, spans, rest = _scan(cleaned)
    raw = tuple(span.box for span in spans)
    placed = to_pixels(raw, width_px, height_px, frame)
    return Boxes(
        boxes=tuple(box for box, _ in placed),
        outlines=tuple(outline for _, outline in placed),
        raw=raw,
        rest=rest,
        cut=found.cut or answer.unfinished,
        broken=found.broken,
        none=found.nothing or bool(_NONE.fullmatch(cleaned)),
    )


def to_pixels(
    raw: Sequence[RawBox], width_px: int, height_px: int, frame: Frame
) -> list[tuple[Rectangle, Outline]]:
    """Give boxes as written in pixels of the chip, upright and clipped, each with its outline.

    What has no area there is left out.
    """
    placed = []
    for box in raw:
        outline = _outline(box, width_px, height_px, frame)
        upright = clipped(hull(outline), width_px, height_px)
        if upright is not None:
            is_turned = bool(box.degrees or box.corners)
            placed.append((upright, outline if is_turned else turned(upright)))
    return placed


def _outline(box: RawBox, width_px: int, height_px: int, frame: Frame) -> Outline:
    across, down = (box.frame or frame).scale(width_px, height_px)
    corners = box.corners or box.values
    scaled = [value * (down if i % 2 else across) for i, value in enumerate(corners)]
    if box.corners or not box.degrees:
        return tuple(scaled)
    upright = hull(scaled)
    has_area = upright[2] > upright[0] and upright[3] > upright[1]
    return turned(upright, box.degrees) if has_area else tuple(scaled)


def _scan(text: str, depth: int = 0) -> tuple[Extracted, list[Span], str]:
    """Find boxes in cleaned text: in tables, then in brackets, then in the words between them."""
    total = Extracted()
    tables = read_tables(text)
    spans = tables.spans
    total.cut = bool(tables.cut)
    places = [(span.start, span.end) for span in spans] + tables.cut
    whole_text, text = text, _without(text, places)
    order: Order = ()
    points: list[PointSpan] = []
    read: list[tuple[int, int]] = []

    def parse(inner: str) -> Sequence[RawBox]:
        return [span.box for span in _scan(inner, depth + 1)[1]] if depth < 2 else ()

    position, values_end = 0, -1
    while start := _START.search(text, position):
        group = _group_at(text, start.start())
        if group is None:
            position = start.start() + 1
            continue
        position = group.end
        whole = (start.start(), group.end)
        # What follows a list of values right away are values, too.
        goes_on = values_end >= 0 and _LINK.fullmatch(text, values_end, whole[0])
        if _is_other(text, start.start(), group) or (goes_on and group.is_numeric):
            values_end = group.end
            read.append(whole)
            continue
        # An order that is named holds until another is.
        before = text[max(0, whole[0] - _CONTEXT_CHARS) : whole[0]]
        order = order_before(before) or order
        found = extract(group, parse, order)
        # Names of numbers stay, for what is behind them.
        if found.boxes or found.cut or (found.broken and has_number(group)):
            read.append(whole)
        total.cut |= found.cut
        total.broken |= found.broken
        total.nothing |= found.nothing and not found.boxes
        spans.extend(Span(*whole, box) for box in found.boxes)
        if len(found.points) == 1 and not found.boxes:
            points.append(PointSpan(*whole, found.points[0]))
    spans.extend(paired(points, text))
    spans.extend(sized(points, text))
    taken = [(span.start, span.end) for span in spans]
    spans.extend(prose_boxes(_without(text, read + taken)))
    taken = [(span.start, span.end) for span in spans]
    return total, _in_order(spans, len(text)), _without(whole_text, taken)


def _group_at(text: str, position: int) -> Group | None:
    if text[position] != "<":
        return read_group(text, position)
    run = _ANGLED_RUN.match(text, position)
    if run is None:
        return None
    numbers = [Number(float(number)) for number in _ANGLED_NUMBER.findall(run[0])]
    group = Group("<", [("", number) for number in numbers], end=run.end())
    return group if len(numbers) >= 4 else None


def _is_other(text: str, start: int, group: Group) -> bool:
    """Tell whether the words around make numbers no box: "Figures (1, 2, 3, 4)"."""
    if not _is_plain(group) or "<" in text[start : group.end] or group.bracket == OPEN:
        return False
    if group.is_numeric:
        return is_other(text, start, group.end)
    points = points_of(group)
    if points is not None and len(points) >= 4 and is_outline(points):
        return False
    return are_values(text[max(0, start - _CONTEXT_CHARS) : start])


def _is_plain(group: Group) -> bool:
    """Tell whether a group holds numbers and lists of numbers and nothing else."""
    return (
        bool(group.items)
        and not group.pairs
        and all(
            isinstance(value, Number) or (isinstance(value, Group) and _is_plain(value))
            for _, value in group.items
        )
    )


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Blank out what was read, so that its numbers are not read twice."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            pieces += [text[position:start], "\x00" + " " * (end - start - 1)]
            position = end
    return "".join([*pieces, text[position:]])


def _in_order(spans: Sequence[Span], length: int) -> list[Span]:
    """Order by place; of two readings of one place the first found stays."""
    kept: list[Span] = []
    taken: set[tuple[int, int]] = set()
    covered = bytearray(length)
    for span in spans:
        own = (span.start, span.end)
        if own in taken or not any(covered[span.start : span.end]):
            kept.append(span)
            taken.add(own)
            covered[span.start : span.end] = b"\x01" * (span.end - span.start)
    return sorted(kept, key=lambda span: span.start)
