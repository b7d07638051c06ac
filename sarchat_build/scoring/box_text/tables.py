"""Boxes in tables: the heads of the columns say what the numbers are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sarchat_build.scoring.box_text.extract import RawBox
from sarchat_build.scoring.box_text.keys import key_of
from sarchat_build.scoring.box_text.named import (
    COORDINATE_NAMES,
    TWO_POINTS,
    in_order,
    named_box,
    order_before,
    plain_name,
)
from sarchat_build.scoring.box_text.values import NUMBER_PATTERN
from sarchat_build.scoring.frames import PERCENT
from sarchat_build.scoring.matching import Rectangle

_LINE = re.compile(r"[^\n]+")
_RULE = re.compile(r"[\s|:+=-]+")
_NUMBERS = re.compile(rf"(?<![\w.])({NUMBER_PATTERN})\s?(%?)(?:\s?px\b|\s?pixels?\b)?")
_ONLY_NUMBERS = re.compile(r"[\s\d.,;()\[\]{}<>%+-]*(?:px|pixels?)?[\s\])}]*")


class Span(NamedTuple):
    """A box and where it stands."""

    start: int
    end: int
    box: RawBox


class _Cell(NamedTuple):
    start: int
    end: int
    text: str


class Tables(NamedTuple):
    """What tables hold.

    Attributes:
        spans: the boxes.
        cut: where a last row stands that the end of the text cut.
    """

    spans: list[Span]
    cut: list[tuple[int, int]]


def read_tables(text: str) -> Tables:
    r"""Read tables with a head, set off by bars, tabs, commas or semicolons.

    >>> [span.box.values for span in read_tables("id,x1,y1,x2,y2\n1,10,20,30,40").spans]
    [(10.0, 20.0, 30.0, 40.0)]
    """
    found = Tables([], [])
    sign, closed = "", False
    head: list[str] = []
    for line in _LINE.finditer(text):
        if head:
            cells = _cells(line, sign)
            is_last = line.end() == len(text)
            is_whole = len(cells) >= len(head) and bool(cells[-1].text or sign == "|")
            if is_last and (not is_whole or (closed and not _is_closed(line, sign))):
                found.cut.append(line.span())
                break
            if len(cells) == len(head):
                found.spans.extend(_row(head, cells))
                continue
            if _RULE.fullmatch(line[0]):
                continue
        sign, head = _head(line)
        closed = _is_closed(line, sign)
    return found


def _is_closed(line: re.Match[str], sign: str) -> bool:
    return sign == "|" and line[0].rstrip().endswith("|")


def _cells(line: re.Match[str], sign: str) -> list[_Cell]:
    cells, start = [], line.start()
    for text in line[0].rstrip().split(sign):
        cells.append(_Cell(start, start + len(text), text.strip()))
        start += len(text) + 1
    if sign == "|":  # which may stand on both sides of a line, too
        cells = cells[0 if cells[0].text else 1 : len(cells) if cells[-1].text else -1]
    return cells


def _head(line: re.Match[str]) -> tuple[str, list[str]]:
    """Give the names of the columns if a line is the head of a table of boxes."""
    for sign in "|\t;,":
        if sign not in line[0]:
            continue
        cells = [cell.text for cell in _cells(line, sign)]
        names = [plain_name(cell) for cell in cells]
        if named_box(dict.fromkeys(names, 0.0)) is not None or (
            sign in "|\t" and (_two_points(names) or any(key_of(c).is_box for c in cells))
        ):
            return sign, cells
    return "", []


def _two_points(names: Sequence[str]) -> tuple[str, str] | None:
    return next((pair for pair in TWO_POINTS if set(pair) <= set(names)), None)


def _row(head: Sequence[str], cells: Sequence[_Cell]) -> Iterator[Span]:
    names = [plain_name(cell) for cell in head]
    numbers = [_numbers(cell.text) for cell in cells]
    single = {
        name: own[0]
        for name, own in zip(names, numbers, strict=True)
        if len(own) == 1 and name in COORDINATE_NAMES
    }
    box = named_box({name: value for name, (value, _) in single.items()})
    if box is not None:
        used = [c for name, c in zip(names, cells, strict=True) if name in single]
        yield _span(used, box, [percent for _, percent in single.values()])
        return
    pair = _two_points(names)
    if pair is not None:
        places = [names.index(name) for name in pair]
        corners = [value for place in places for value in numbers[place]]
        if len(corners) == 4 and len(numbers[places[0]]) == 2:
            values = _four([value for value, _ in corners])
            yield _span([cells[i] for i in places], values, [percent for _, percent in corners])
        return
    for title, cell, own in zip(head, cells, numbers, strict=True):
        if len(own) == 4 and key_of(title).is_box:
            order = order_before(title)
            values = in_order([value for value, _ in own], order)
            yield _span([cell], values, [percent for _, percent in own])


def _numbers(text: str) -> list[tuple[float, bool]]:
    """Give the numbers of a cell that holds nothing else."""
    balanced = all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}", "<>"))
    if not balanced or not _ONLY_NUMBERS.fullmatch(text):
        return []
    return [(float(found[1]), bool(found[2])) for found in _NUMBERS.finditer(text)]


def _four(values: Sequence[float]) -> Rectangle:
    return values[0], values[1], values[2], values[3]


def _span(cells: Sequence[_Cell], values: Rectangle, percent: Sequence[bool]) -> Span:
    frame = PERCENT if all(percent) else None
    start, end = min(cell.start for cell in cells), max(cell.end for cell in cells)
    return Span(start, end, RawBox(values, frame=frame))
