"""Boxes in sentences: named numbers, two corners in words, ranges, and four numbers of a box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sarchat_build.scoring.box_text.extract import Point, RawBox, named_box, plain_name
from sarchat_build.scoring.box_text.values import NUMBER_PATTERN
from sarchat_build.scoring.frames import PERCENT

# What stands before numbers that are no box, and before points that are no corners.
NO_BOX_BEFORE = re.compile(
    r"\b(?:fig(?:ure)?s?|tab(?:le)?s?|sec(?:tion)?s?|ref(?:erence)?s?|steps?|eqs?|equations?"
    r"|chapters?|pages?|years?|dates?|versions?|bands?|channels?|classes|counts?|areas?|sizes?"
    r"|scores?|distances?|ids?|numbers?|ind(?:ices|ex)|resolutions?|lengths?|angles?|confidences?"
    r"|colou?rs?|shape|dimensions?|ranks?|weights?|means?|values?|options?|lines?|images?|chips?"
    r"|probabilit(?:y|ies)|according to|(?<!\bi )see|cf)"
    r"\.?(?:\s+(?:are|is|was|were|of|in|no\.?|respectively))?\W{0,3}$",
    re.IGNORECASE,
)
_POINTS_BEFORE = re.compile(
    r"\b(?:points?|centers?|centres?|centroids?|centered|keypoints?|dots?|resolutions?|sizes?"
    r"|dimensions?|middles?|midpoints?|scale)\b[^.;!?]{0,30}$",
    re.IGNORECASE,
)
_CORNER_BEFORE = re.compile(
    r"\b(?:corners?|box(?:es)?|bbox(?:es)?|bounding|from|between|rectangle|spans?|spanning|extends?"
    r"|(?:top|upper)[ -]?left)\b[^.;!?]{0,40}$",
    re.IGNORECASE,
)
# Names of numbers before them: the last two are sides and no corner.
SIDES_BEFORE = re.compile(
    r"x,?\s*y,?\s*w(?:idth)?,?\s*h(?:eight)?\s*[\])}]?\W{0,6}$", re.IGNORECASE
)
# A unit after a list of numbers: decibels are no pixels.
UNIT_AFTER = re.compile(r"\s*(?:d[Bb]m?|[GMk]?Hz|k?m|met(?:er|re)s?|degrees?|°)(?![\w])")
_SIGNS_ONLY = re.compile(r"\s*(?:[,;:~/→—–-]|->|=>)?\s*")
_TO = re.compile(r"[\s,]*(?:to|through|until)\s*", re.IGNORECASE)
_AND = re.compile(r"[\s,;]*(?:and|&)\s*", re.IGNORECASE)
_SECOND_CORNER = re.compile(
    r"[\s,;:.=\"'()–—-]*(?:(?:and|to|the|at|with|its|is|a|of|ends?|ending|corner|point|vertex|x_?2|y_?2"
    r"|x_?max|y_?max|x|y|coordinates?|pixel|(?:bottom|lower)[ -]?right|right[ -]?bottom|右下角?)"
    r"[\s,;:.=\"'()–—-]*)*",
    re.IGNORECASE,
)
_NAMES_SECOND = re.compile(
    r"(?:bottom|lower)[ -]?right|right[ -]?bottom|右下|x_?2|x_?max|\bends?\b|ending", re.IGNORECASE
)

_NUMBER = rf"({NUMBER_PATTERN})\s?(%|px\b|pixels?\b)?"
_NAME = (
    r"(?:[xy][ _-]?\{?(?:[012]|min|max|tl|br|cent(?:er|re))\}?|(?:min|max)[ _-]?[xy]|c[xy]"
    r"|left|top|right|bottom|width|height|[xywh])"
)
# "x1 12" without a sign, but "x = 12": a bare letter or side before a number names nothing.
_NAMED = re.compile(
    rf"(?<![\w.-])(?:({_NAME})(?:[ -](?:edge|side|coordinate))?\s*(?:=|:|\bis\b|\bof\b|≈)"
    r"|([xy][ _-]?(?:[012]|min|max)|left|top|right|bottom)\s)"
    rf"\s*[\[(]?\s*{_NUMBER}(?![\w.]*\d)",
    re.IGNORECASE,
)
_BETWEEN_NAMED = re.compile(r"[\s,;)\]}|/]*(?:and|to|with|its|the)?[\s,;({\[|•-]*", re.IGNORECASE)
_PLAIN = r"\d+(?:\.\d+)?"
_RANGE = (
    rf"\b\s*(?:=|:|in|from|between|ranges?(?:\s+from)?|∈)?\s*"
    rf"\[?\s*({_PLAIN})\s*(?:-|–|—|to|and|\.\.+)\s*(?:[xy]\s*=\s*)?({_PLAIN})\s*\]?(?:\s?px|\s?pixels)?"
)
_RANGES = re.compile(
    rf"(?<![\w.])(?:x|columns?|horizontally){_RANGE}[\s,;]*"
    rf"(?:and|by|×|;)?\s*(?:y|rows?|vertically){_RANGE}(?![\w.]*\d)",
    re.IGNORECASE,
)
_FOUR = r"(?:[ 	]*[,;][ 	]*|[ 	]+)".join([_NUMBER] * 4)
_LEAD = re.compile(
    r"\b(?:(?:bounding box(?:es)?|bbox|coordinates?|coords?|y_?2|y_?max)"
    r"(?:\s+(?:is|are|at|of the \w+ (?:is|are)))?\s*[\])]?\s*[:=]?"
    r"|(?:box|rectangle)\s*(?:[:=]|is|at))"
    rf"\s*{_FOUR}(?=\s*(?:[.;)\n]|$))",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_HEAD = re.compile(
    r"x_?(?:1|min)\s*\|\s*y_?(?:1|min)\s*\|\s*x_?(?:2|max)\s*\|\s*y_?(?:2|max)", re.I
)
_CELLS = re.compile(rf"{_NUMBER}\s*\|\s*{_NUMBER}\s*\|\s*{_NUMBER}\s*\|\s*{_NUMBER}(?=\s*\|)")
_LINE = re.compile(rf"^[ \t]*{_FOUR}[ \t]*[.;,]?[ \t]*$", re.MULTILINE)


class Span(NamedTuple):
    """A box and where it stands."""

    start: int
    end: int
    box: RawBox


class PointSpan(NamedTuple):
    """Two numbers in brackets and where they stand."""

    start: int
    end: int
    point: Point


def paired(points: Sequence[PointSpan], text: str) -> Iterator[Span]:
    """Give the boxes of points that stand as corners one after the other.

    Points in a list of places ("at (1, 2), (3, 4) and (5, 6)") are none.
    """
    chain: list[PointSpan] = []
    for i, point in enumerate(points):
        chain.append(point)
        following = points[i + 1] if i + 1 < len(points) else None
        between = text[point.end : following.start] if following else None
        if between is None or not _linked(between):
            yield from _chain_boxes(chain, text)
            chain = []


def _linked(between: str) -> bool:
    if len(between) > 80 or "." in between.strip(" ."):
        return False
    return any(p.fullmatch(between) for p in (_SIGNS_ONLY, _TO, _AND)) or bool(
        _SECOND_CORNER.fullmatch(between)
    )


def _chain_boxes(chain: list[PointSpan], text: str) -> Iterator[Span]:
    before = text[max(0, chain[0].start - 60) : chain[0].start]
    if len(chain) < 2 or _POINTS_BEFORE.search(before) or NO_BOX_BEFORE.search(before):
        return
    # As Qwen writes it, without a blank: the boxes of one are never places.
    compact = not any(" " in text[p.start : p.end] for p in chain)
    if len(chain) % 2 and not compact:
        return
    spans = []
    for first, second in zip(chain[::2], chain[1::2], strict=False):
        between = text[first.end : second.start]
        by_name = bool(_NAMES_SECOND.search(between)) or bool(_TO.fullmatch(between))
        if not by_name and not _SIGNS_ONLY.fullmatch(between):
            here = text[max(0, first.start - 60) : first.start]
            if len(chain) > 2 or not _CORNER_BEFORE.search(here):
                return
        spans.append(Span(first.start, second.end, RawBox((*first.point, *second.point))))
    yield from spans


def prose_boxes(text: str) -> Iterator[Span]:
    """Give the boxes of a text whose brackets were read already and are blanks now."""
    if len(_DIGITS.findall(text)) < 4:
        return
    in_table = bool(_HEAD.search(text))
    for pattern in (_LEAD, _LINE, *((_CELLS,) if in_table else ())):
        for found in pattern.finditer(text):
            yield _four(found)
    for found in _RANGES.finditer(text):
        x1, x2, y1, y2 = (float(number) for number in found.groups())
        yield Span(found.start(), found.end(), RawBox((x1, y1, x2, y2)))
    yield from _named(text)


def _four(found: re.Match[str]) -> Span:
    numbers, units = found.groups()[::2], found.groups()[1::2]
    x1, y1, x2, y2 = (float(number) for number in numbers)
    frame = PERCENT if all(unit == "%" for unit in units) else None
    return Span(found.start(), found.end(), RawBox((x1, y1, x2, y2), frame=frame))


def _named(text: str) -> Iterator[Span]:
    names: dict[str, float] = {}
    units: list[str] = []
    start = end = -1
    corner: Span | None = None
    for found in _NAMED.finditer(text):
        name = plain_name(found[1] or found[2])
        far = end < 0 or not _BETWEEN_NAMED.fullmatch(text[end : found.start()])
        if far or name in names:
            names, units, start = {}, [], found.start()
        names[name] = float(found[3])
        units.append(found[4] or "")
        end = found.end()
        box = named_box(names) if len(names) == 4 else None
        if names.keys() == {"x", "y"}:  # the first corner, or the second of one before
            here = names["x"], names["y"]
            if (
                corner
                and _NAMES_SECOND.search(text[corner.end : start])
                and start - corner.end < 60
            ):
                box, start = (*corner.box.values[:2], *here), corner.start
            corner = Span(start, end, RawBox((*here, *here)))
        if box is not None:
            frame = PERCENT if all(unit == "%" for unit in units) else None
            yield Span(start, end, RawBox(box, frame=frame))
            names, end, corner = {}, -1, None
