"""Boxes in sentences: named numbers, two corners in words, ranges, and four numbers of a box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sarchat_build.scoring.box_text.extract import Point, RawBox, is_outline
from sarchat_build.scoring.box_text.meaning import are_named_otherwise, are_values
from sarchat_build.scoring.box_text.named import in_order, named_box, order_before, plain_name
from sarchat_build.scoring.box_text.tables import Span
from sarchat_build.scoring.box_text.values import NUMBER_PATTERN
from sarchat_build.scoring.frames import PERCENT
from sarchat_build.scoring.matching import hull
from sarchat_build.scoring.words import NOUN_PATTERN

# What stands before points that are no corners, and what makes them corners all the same.
_POINTS_BEFORE = re.compile(
    r"\b((?<!corner )(?<!left )(?<!right )points?|centers?|centres?|centroids?|centered|keypoints?"
    r"|dots?|resolutions?|sizes?|dimensions?|middles?|midpoints?|scale|ranges?|values?|peaks?"
    r"|(?<!in )pixels|cells?|tiles?|lat(?:itude)?s?|lon(?:gitude)?s?)\b[^.;!?]{0,30}$",
    re.IGNORECASE,
)
# One of them that says where something lies: "in the middle center, at (1, 2), (3, 4)".
_LIES_IN = re.compile(r"\b(?:in|at|near|within|inside|towards?) (?:the )?(?:[\w-]+ ){0,2}$", re.I)
_CORNER_BEFORE = re.compile(
    r"\b(?:corners?|box(?:es)?|bbox(?:es)?|bounding|from|between|rectangle|spans?|spanning|extends?"
    r"|(?:top|upper)[ -]?left)\b[^.;!?]{0,40}$",
    re.IGNORECASE,
)
_CUT = re.compile(r"[\s,;]*(?:\([\s\d.,-]*)?$")
_SIGNS_ONLY = re.compile(r"\s*(?:[,;:~/→—–-]|->|=>)?\s*")
_TO = re.compile(r"[\s,]*(?:to|through|until|bis|à|a|até|hasta|до|到|至|から)\s*", re.IGNORECASE)
_AND = re.compile(r"[\s,;]*(?:and|&|und|et|y|e|и|和|与|及|と)\s*", re.IGNORECASE)
# The lower right corner, and the words around it, in the languages that models answer in.
_LOWER_RIGHT = (
    r"(?:bottom|lower)[ -]?right|right[ -]?bottom|右下角?"
    r"|(?:rechten?|untere[nr]?)[ ,]+(?:untere|rechte)[nr]?"
    r"|inf[eé]rieur[e]?[ -]droite?|inferior (?:derech[ao]|direit[ao])"
    r"|unten rechts|(?:en )?bas à droite|abajo a la derecha"
    r"|(?:in )?basso a destra|inferiore destro|(?:правый|нижний) (?:нижний|правый)"
)
_SECOND_CORNER = re.compile(
    r"[\s,;:.=\"'()–—-]*(?:(?:and|to|the|at|with|its|is|a|of|ends?|ending|corner|point|vertex|x_?2|y_?2"
    rf"|x_?max|y_?max|x|y|coordinates?|pixel|{_LOWER_RIGHT}|und|die|der|bei|bis|ecke|et|le|coin|en|à"
    r"|while|whereas|located|lies|situated|positioned|found|br"
    r"|(?:at|in) the (?:top|upper)[ -]left"
    rf"|of the (?:{NOUN_PATTERN}|object|target|box)\b"
    r"|la|el|esquina|angolo|e|o|canto|угол|и|和|与|及|的|到|至|坐标|座標|为|是|在|点|の|は|と|が)"
    r"[\s,;:.=\"'()–—-]*)*",
    re.IGNORECASE,
)
_NAMES_SECOND = re.compile(rf"{_LOWER_RIGHT}|\bbr\b|x_?2|x_?max|\bends?\b|ending", re.IGNORECASE)
# A center or an upper left corner before a point, and sides after it.
_CENTER_BEFORE = re.compile(
    r"\b(?:cent(?:er|re)(?:ed|d)?|centroid|middle)\b[^.;!?\d]{0,40}$", re.IGNORECASE
)
_PICTURE = r"(?:image|picture|scene|chip|frame)"
_CENTER_OF_PICTURE = re.compile(
    rf"\b(?:{_PICTURE}(?:'s)? (?:cent|middle)"
    rf"|(?:cent(?:er|re)|middle) (?:point )?of (?:the |this |an? )?{_PICTURE})",
    re.IGNORECASE,
)
_CORNER_SIDES_BEFORE = re.compile(r"\b(?:top|upper)[ -]?left\b[^.;!?\d]{0,40}$", re.IGNORECASE)
_SIDE = rf"({NUMBER_PATTERN})(?:\s?(?:px|pixels?))?"
_SIDES_AFTER = re.compile(
    r"[\s,;)]*(?:(?:and|with|it|is|has|its|an?|of|the|about|approximately|around|roughly)[\s,]+)*"
    rf"(?:(?:width|w)\s*(?:[:=]|of|is)?\s*(?:about )?{_SIDE}[\s,;]*(?:and\s+)?(?:a\s+|its\s+)?"
    rf"(?:height|h)\s*(?:[:=]|of|is)?\s*(?:about )?{_SIDE}"
    rf"|{_SIDE} wide[\s,;]*(?:and\s+|by\s+)?(?:about )?{_SIDE} (?:high|tall)"
    rf"|(?:size|dimensions?)\s*(?:[:=]|of|is)?\s*(?:about )?{_SIDE}\s*(?:x|×|by)\s*{_SIDE})"
    r"(?![\w.]*\d)",
    re.IGNORECASE,
)

_NUMBER = rf"({NUMBER_PATTERN})\s?(%|px\b|pixels?\b)?"
_NAME = (
    r"(?:[xy][ _-]?\{?(?:[012]|min|max|tl|br|left|top|right|bottom|cent(?:er|re))\}?"
    r"|(?:min|max)[ _-]?[xy]|cent(?:er|re)[ _-]?[xy]|c[xy]"
    r"|left|top|right|bottom|width|height|[xywh])"
)
# "x1 12" without a sign, but "x = 12": a bare letter or side before a number names nothing.
_NAMED = re.compile(
    rf"(?<![\w.-])(?:({_NAME})(?:[ -](?:edge|side|coordinate))?\s*(?:=|:|\bis\b|\bof\b|≈)"
    r"|([xy][ _-]?(?:[012]|min|max)|left|top|right|bottom|width|height)\s"
    r"|(left|top|right|bottom)(?:[ -](?:edge|side))?(?:(?: is)? at(?: [xy]\s*=)?|:? [xy]\s*=))"
    rf"\s*[\[(]?\s*{_NUMBER}(?![\w.]*\d)",
    re.IGNORECASE,
)
_BETWEEN_NAMED = re.compile(
    r"[\s,;)\]}|/]*(?:(?:and|to|with|its|the|an?)\b[\s,;({\[|•-]*){0,3}[\s,;({\[|•-]*",
    re.IGNORECASE,
)
_PLAIN = r"\d+(?:\.\d+)?"
_UNIT = r"(?:\s?%|\s?px|\s?pixels?)?"
_RANGE = (
    r"\b(?:[ -](?:range|axis|coordinates?|values?))?"
    r"\s*(?:=|:|in|from|between|ranges?(?:\s+from)?|∈)?\s*"
    rf"(?:\[\s*({_PLAIN})\s*,\s*({_PLAIN})\s*\]"
    rf"|\[?\s*({_PLAIN}){_UNIT}\s*(?:-|–|—|to|and|\.\.+)\s*(?:[xy]\s*=\s*)?({_PLAIN})\s*\]?){_UNIT}"
)
_X_RANGE = rf"(?:x|columns?|horizontally){_RANGE}"
_Y_RANGE = rf"(?:y|rows?|vertically){_RANGE}"
_AND_RANGE = r"[\s,;]*(?:and(?: from)?|from|by|×|;)?\s*"
_RANGES = re.compile(rf"(?<![\w.]){_X_RANGE}{_AND_RANGE}{_Y_RANGE}(?![\w.]*\d)", re.IGNORECASE)
_RANGES_DOWN_FIRST = re.compile(
    rf"(?<![\w.]){_Y_RANGE}{_AND_RANGE}{_X_RANGE}(?![\w.]*\d)", re.IGNORECASE
)
_WITHIN = r"({0})\s*(?:≤|<=)\s*{1}\s*(?:≤|<=)\s*({0})"
_BOUNDS = re.compile(
    rf"(?<![\w.]){_WITHIN.format(_PLAIN, 'x')}[\s,;]*(?:and\s+)?"
    rf"{_WITHIN.format(_PLAIN, 'y')}(?![\w.]*\d)",
    re.IGNORECASE,
)
_CORNER = r"(?:[ -](?:corner|vertex|point))?\s*(?:[:=]|is at|at|is)?\s*"
_BARE_CORNERS = re.compile(
    rf"\b(?:top|upper)[ -]?left{_CORNER}({_PLAIN})\s*,\s*({_PLAIN})[\s.,;]+(?:and\s+)?(?:the\s+)?"
    rf"(?:bottom|lower)[ -]?right{_CORNER}({_PLAIN})\s*,\s*({_PLAIN})(?![\w.]*\d)",
    re.IGNORECASE,
)
_FOUR = r"(?:[ 	]*[,;][ 	]*|[ 	]+)".join([_NUMBER] * 4)
_LEAD = re.compile(
    r"\b(?:(?:bounding box(?:es)?|bbox|coordinates?|coords?|y_?2|y_?max)"
    r"(?:\s+(?:is|are|at|of the \w+ (?:is|are)))?\s*[\])]?\s*[:=]?"
    r"|(?:h|height|x_?2|x_?max|xywh|yxyx)\s*[\])]\s*[:=]?"
    r"|(?:box|rectangle|locations?|positions?)\s*(?:[:=]|is|at))"
    rf"\s*{_FOUR}(?=\s*(?:[.;)|\n]|$))",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_SIDES = (("width", "height"), ("w", "h"))
# A line of four numbers, behind the number of a list, or behind what it is about.
_LINE = re.compile(
    r"^[ \t]*(?:\d{1,3}[.):][ \t]+|[-*•>][ \t]+)?"
    rf"(?:(?:{NOUN_PATTERN}|object|target|instance|box|bbox|answer|location|position|result|output"
    r"|coordinates)[ #]*\d{0,3}[ \t]*(?:[:=→]|->|-(?= ))[ \t]*|(?:"
    rf"{NOUN_PATTERN})[ \t]*[,;\t ][ \t]*)?"
    rf"(?!\d{{1,3}}[.):][ \t]){_FOUR}(?:[ \t,;]+(?:{NOUN_PATTERN}))?[ \t]*[.;,]?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)


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
    before = text[max(0, chain[0].start - 80) : chain[0].start]
    if len(chain) < 2 or are_values(before):
        return
    # As Qwen writes it, without a blank: the boxes of one are never places.
    compact = not any(" " in text[p.start : p.end] for p in chain)
    if not compact and _are_places(before):
        return
    # Only what the end of the text cut may have half a box.
    if len(chain) % 2 and not (compact and _CUT.match(text, chain[-1].end)):
        return
    corners = [own.point for own in chain]
    signs = {text[a.end : b.start].strip() for a, b in pairwise(chain)}
    if len(chain) == 4 and len(signs) == 1 and is_outline(corners):
        outline = tuple(value for point in corners for value in point[:2])
        percent = all(point.percent for point in corners)
        box = RawBox(hull(outline), frame=PERCENT if percent else None, corners=outline)
        yield Span(chain[0].start, chain[-1].end, box)
        return
    spans = []
    for first, second in zip(chain[::2], chain[1::2], strict=False):
        between = text[first.end : second.start]
        by_name = bool(_NAMES_SECOND.search(between)) or bool(_TO.fullmatch(between))
        if not by_name and not _SIGNS_ONLY.fullmatch(between):
            here = text[max(0, first.start - 60) : first.start]
            if len(chain) > 2 or not _CORNER_BEFORE.search(here):
                return
        spans.append(Span(first.start, second.end, _box_of(first.point, second.point)))
    yield from spans


def _are_places(before: str) -> bool:
    """Tell whether a center or the like stands before points, and no corner after it."""
    found = _POINTS_BEFORE.search(before)
    if found is None or _CORNER_BEFORE.search(before, found.start()):
        return False
    return found[1].endswith("s") or not _LIES_IN.search(before[: found.start()])


def _box_of(a: Point, b: Point) -> RawBox:
    return RawBox((a.x, a.y, b.x, b.y), frame=PERCENT if a.percent and b.percent else None)


def sized(points: Sequence[PointSpan], text: str) -> Iterator[Span]:
    """Give the boxes of points that are called center or corner, with sides in words after them."""
    for own in points:
        sides = _SIDES_AFTER.match(text, own.end)
        before = text[max(0, own.start - 60) : own.start]
        is_center = bool(_CENTER_BEFORE.search(before))
        if is_center and _CENTER_OF_PICTURE.search(before):
            continue
        if sides and (is_center or _CORNER_SIDES_BEFORE.search(before)):
            width, height = (float(side) for side in sides.groups() if side is not None)
            names = ("cx", "cy", "w", "h") if is_center else ("x", "y", "w", "h")
            box = in_order((own.point.x, own.point.y, width, height), names)
            yield Span(own.start, sides.end(), RawBox(box))


def prose_boxes(text: str) -> Iterator[Span]:
    """Give the boxes of a text whose brackets were read already and are blanks now."""
    if len(_DIGITS.findall(text)) < 4:
        return
    # Both patterns end with the numbers, and a line of them may fit either.
    fours = {found.end(): found for p in (_LINE, _LEAD) for found in p.finditer(text)}
    for end in sorted(fours):
        if not are_named_otherwise(text[max(0, fours[end].start() - 80) : fours[end].start()]):
            yield _four(fours[end], text)
    for pattern, order in (
        (_RANGES, ("x1", "x2", "y1", "y2")),
        (_BOUNDS, ("x1", "x2", "y1", "y2")),
        (_RANGES_DOWN_FIRST, ("y1", "y2", "x1", "x2")),
        (_BARE_CORNERS, ()),
    ):
        for found in pattern.finditer(text):
            values = [float(number) for number in found.groups() if number is not None]
            frame = PERCENT if found[0].count("%") == 4 else None
            yield Span(found.start(), found.end(), RawBox(in_order(values, order), frame=frame))
    yield from _named(text)


def _four(found: re.Match[str], text: str) -> Span:
    numbers, units = found.groups()[::2], found.groups()[1::2]
    order = order_before(text[max(0, found.start(1) - 60) : found.start(1)])
    frame = PERCENT if all(unit == "%" for unit in units) else None
    box = RawBox(in_order([float(number) for number in numbers], order), frame=frame)
    return Span(found.start(), found.end(), box)


def _named(text: str) -> Iterator[Span]:
    names: dict[str, float] = {}
    units: list[str] = []
    start = end = -1
    corner: Span | None = None
    for found in _NAMED.finditer(text):
        name = plain_name(found[1] or found[2] or found[3])
        far = (
            end < 0
            or found.start() - end > 60
            or not _BETWEEN_NAMED.fullmatch(text[end : found.start()])
        )
        if far or name in names:
            names, units, start = {}, [], found.start()
        names[name] = float(found[4])
        units.append(found[5] or "")
        end = found.end()
        sides = next((own for own in _SIDES if names.keys() == {"x", "y", *own}), ())
        if sides and _CENTER_BEFORE.search(text[max(0, start - 60) : start]):
            names = {"cx": names["x"], "cy": names["y"], **{s: names[s] for s in sides}}
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
