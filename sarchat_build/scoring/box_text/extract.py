"""The boxes of one group of values: four numbers, two corners, named numbers, and their lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sarchat_build.scoring.box_text.cleaning import LOC_1000, LOC_1024, OPEN, PATCHES
from sarchat_build.scoring.box_text.keys import key_of
from sarchat_build.scoring.box_text.meaning import are_values
from sarchat_build.scoring.box_text.named import (
    ANCHORS,
    ANGLES,
    COORDINATE_NAMES,
    TWO_POINTS,
    Order,
    in_order,
    named_box,
    order_in,
    plain_name,
)
from sarchat_build.scoring.box_text.values import Group, Number, Quoted, Value, Word, number_of
from sarchat_build.scoring.frames import LOC_1024 as LOC_1024_FRAME
from sarchat_build.scoring.frames import PATCHES_32, PERCENT, THOUSAND_BINS, Frame
from sarchat_build.scoring.matching import Outline, Rectangle, hull

_MAX_VALUE = 1e6
_MAX_DEGREES = 360
_SIDE_PATCHES = 32

_IN_BRACKETS = re.compile(r"\s*[\[({].*[\])}]\s*", re.DOTALL)
_ANSWER_KEY = re.compile(r"answer|response|output|content|result|prediction|final", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?i)[xy]_?\{?(?:\d|min|max|tl|br|center)\}?|cx|cy|xmin|ymin|left|top")


class Point(NamedTuple):
    """Two numbers that may be a corner; `percent` if both have the sign."""

    x: float
    y: float
    percent: bool = False


class RawBox(NamedTuple):
    """A box as it is written.

    Attributes:
        values: x, y, x, y; of corners the upright box around them.
        degrees: by which it is turned about its center, clockwise on the screen.
        frame: that of its numbers, if not the declared one.
        corners: x1, y1, x2, y2 … where it is written as three corners or more.
    """

    values: Rectangle
    degrees: float = 0.0
    frame: Frame | None = None
    corners: Outline = ()


@dataclass(slots=True)
class Extracted:
    """What one group holds.

    Attributes:
        boxes: in the order of the text.
        points: two numbers alone: a corner, if another follows.
        cut: whether the text ended within a box.
        broken: whether something meant as a box is none: placeholders, three numbers.
        nothing: whether it says that there is no box: `[]`, `null`.
    """

    boxes: list[RawBox] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    cut: bool = False
    broken: bool = False
    nothing: bool = False


def extract(group: Group, parse: Callable[[str], Sequence[RawBox]], order: Order = ()) -> Extracted:
    """Give the boxes of a group.

    `parse` reads a string that stands where a box is expected; `order` are the names of a box's
    four numbers where they are not x, y, x, y.
    """
    found = Extracted()
    _Reader(found, parse).read(group, order)
    if not group.closed and not found.boxes and has_number(group):
        found.cut = True
    return found


class _Reader:
    def __init__(self, found: Extracted, parse: Callable[[str], Sequence[RawBox]]) -> None:
        self.found, self.parse = found, parse

    def read(self, group: Group, order: Order = (), *, is_box: bool = False) -> None:
        if _marked(group, self.found):
            return
        if not group.items and not group.pairs:
            self.found.nothing |= group.closed
            self.found.cut |= not group.closed
            return
        if group.pairs and self._named(group):
            return
        if not group.pairs and (group.is_numeric or _labeled(group)):
            self._numbers(group, order, is_box or group.bracket == OPEN)
            return
        points = points_of(group)
        if points is not None and not group.pairs:
            named = any(isinstance(value, Group) and value.pairs for _, value in group.items)
            if named and not is_box and not is_outline(points):
                return  # each of them a place: [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
            self._corners(points, group)
            return
        if any(isinstance(v, Word) and _PLACEHOLDER.fullmatch(v.text) for _, v in group.items):
            self.found.broken = True
        word = ""
        for _, value in group.items:
            if not (word and isinstance(value, Group) and are_values(f"{word} ")):
                self._item(value, order, is_box)
            word = value.text if isinstance(value, Word) else ""
        before = len(self.found.boxes)
        for key, value in group.pairs:
            self._keyed(key, value, order)
        own = self.found.boxes[before:]
        angle = _angle(group)
        if angle and len(own) == 1 and not own[0].corners:
            self.found.boxes[before:] = [own[0]._replace(degrees=angle)]

    def _item(self, value: Value, order: Order, is_box: bool) -> None:
        if isinstance(value, Group):
            self.read(value, order, is_box=is_box)
        elif isinstance(value, Quoted) and (is_box or value.text.strip()[:1] in ("[", "{", "(")):
            self.found.boxes.extend(self.parse(value.text))
        elif is_box and isinstance(value, Word) and value.text.lower() in ("null", "none"):
            self.found.nothing = True

    def _keyed(self, key: str, value: Value, order: Order) -> None:
        own, boxlike = key_of(key), key_of(key).is_box
        if own.is_thought or "3d" in key.lower():
            return
        if own.is_other or (own.is_many and isinstance(value, Group) and value.is_numeric):
            self._inner_boxes(value, order)
            return
        before = len(self.found.boxes)
        if isinstance(value, Group):
            self.read(value, order_in(key) or order, is_box=boxlike)
        elif isinstance(value, Quoted) and (
            boxlike or _ANSWER_KEY.search(key) or _IN_BRACKETS.fullmatch(value.text)
        ):
            self.found.boxes.extend(self.parse(value.text))
        elif isinstance(value, Word) and value.text.lower() in ("null", "none"):
            self.found.nothing |= boxlike
            return
        missing = len(self.found.boxes) == before and not self.found.nothing
        if boxlike and missing and not self.found.points:
            self.found.broken = True

    def _inner_boxes(self, value: Value, order: Order) -> None:
        """Read under a key of no box: only what has a key of its own there may be one."""
        if not isinstance(value, Group) or self._named(value):
            return
        for _, item in value.items:
            self._inner_boxes(item, order)
        for key, item in value.pairs:
            if key_of(key).is_box:
                self._keyed(key, item, order)
            else:
                self._inner_boxes(item, order)

    def _named(self, group: Group) -> bool:
        numbers = dict(_named_numbers(group))
        box = named_box({name: number.value for name, number in numbers.items()})
        if box is not None:
            percent = all(number.percent for number in numbers.values())
            self._add(box, percent, _angle(group))
            return True
        points = {plain_name(key): point_of(value) for key, value in group.pairs}
        for first, second in TWO_POINTS:
            a, b = points.get(first), points.get(second)
            if a is not None and b is not None:
                self._add((a.x, a.y, b.x, b.y), a.percent and b.percent)
                return True
        size = points.get("size")
        if size is None and numbers.keys() >= {"width", "height"}:
            size = Point(numbers["width"].value, numbers["height"].value)
        for name, order in ANCHORS.items():
            anchor = points.get(name)
            if anchor is not None and size is not None:
                box = in_order((anchor.x, anchor.y, size.x, size.y), order)
                self._add(box, anchor.percent)
                return True
        return False

    def _numbers(self, group: Group, order: Order, is_box: bool) -> None:
        """Read a group of numbers, cut at semicolons, with an angle or a score as the fifth."""
        part: list[Number] = []
        parts = [part]
        for sign, value in group.items:
            if sign == ";" and len(part) >= 4:
                parts.append(part := [])
            if isinstance(value, Number):
                part.append(value)
        for part in parts:
            if part and part[-1].cut and not group.closed:
                # A fifth number that was cut is an angle, or digits without end: the box with it.
                part = part[: (len(part) - 1) // 4 * 4 if len(part) > 5 else 0]
                self.found.cut = True
                if not part:
                    continue
            if group.bracket == OPEN and not group.closed:
                part = part[: len(part) // 4 * 4] or part
            values = [n.value for n in part]
            percent = all(n.percent for n in part[:4])
            if len(part) == 2 and len(parts) == 1:
                self.found.points.append(Point(values[0], values[1], percent))
            elif len(part) in (4, 5):
                fifth = values[4] if len(part) == 5 else 0.0
                # A share of one is a score; as an angle it would turn nothing.
                degrees = 0.0 if 0 < fifth <= 1 else fifth
                self._add(in_order(values[:4], order), percent, degrees)
            elif len(part) >= 8 and len(part) % 4 == 0:
                points = list(map(Point, values[::2], values[1::2]))
                if len(points) == 4 and is_outline(points):
                    self._add_corners(points, percent)
                else:
                    for i in range(0, len(part), 4):
                        self._add(in_order(values[i : i + 4], order), percent)
            else:
                self.found.broken |= is_box or len(part) == 3
        self.found.broken |= is_box and not self.found.boxes and not self.found.cut

    def _corners(self, points: list[Point], group: Group) -> None:
        """Read a list of points: two corners of a box, four of a quad, or boxes two by two."""
        if len(points) > 4 and points[0] == points[-1]:
            points = points[:-1]  # a ring, closed
        if len(points) >= 4 and is_outline(points):
            self._add_corners(points, all(p.percent for p in points))
            return
        if len(points) % 2 and group.closed:
            self.found.broken = True
            return
        self.found.cut |= not group.closed and len(points) % 2 == 1
        for a, b in zip(points[::2], points[1::2], strict=False):
            self._add((a.x, a.y, b.x, b.y), a.percent and b.percent)

    def _add_corners(self, points: Sequence[Point], percent: bool) -> None:
        corners = tuple(value for point in points for value in point[:2])
        self._add(hull(corners), percent, corners=corners)

    def _add(
        self, values: Rectangle, percent: bool, degrees: float = 0.0, corners: Outline = ()
    ) -> None:
        if any(abs(value) > _MAX_VALUE for value in values) or abs(degrees) > _MAX_DEGREES:
            self.found.broken = True
            return
        self.found.boxes.append(RawBox(values, degrees, PERCENT if percent else None, corners))


def is_outline(points: Sequence[Point]) -> bool:
    """Tell whether points go round a convex outline, and are not the corners of upright boxes.

    Of boxes two by two each goes from one corner down to the right; the sides of an outline do not
    all go one way.

    >>> is_outline([Point(0, 0), Point(4, 0), Point(4, 2), Point(0, 2)])
    True
    >>> is_outline([Point(0, 0), Point(9, 1), Point(12, 3), Point(14, 9)])
    False
    """
    if all(a.x < b.x and a.y < b.y for a, b in zip(points[::2], points[1::2], strict=False)):
        return False
    turns = set()
    for i, c in enumerate(points):
        a, b = points[i - 2], points[i - 1]
        turn = (a.x - b.x) * (c.y - b.y) - (a.y - b.y) * (c.x - b.x)
        turns.add((turn > 0) - (turn < 0))
    return len(turns) == 1 and 0 not in turns


def point_of(value: Value) -> Point | None:
    """Give the two numbers of a point; None if it is something else."""
    if not isinstance(value, Group):
        return None
    numbers = value.numbers
    if len(numbers) == 2 and not numbers[-1].cut:
        return Point(numbers[0].value, numbers[1].value, all(n.percent for n in numbers))
    if len(value.pairs) == 2 and not value.items:
        named = dict(_named_numbers(value))
        for across, down in (("x", "y"), ("width", "height"), ("w", "h")):
            if named.keys() == {across, down}:
                percent = all(number.percent for number in named.values())
                return Point(named[across].value, named[down].value, percent)
    return None


def _named_numbers(group: Group) -> Iterator[tuple[str, Number]]:
    for key, value in _numbered(group):
        name = plain_name(key)
        if name in COORDINATE_NAMES:
            yield name, value


def _angle(group: Group) -> float:
    """Give the degrees that stand beside a box, zero without any."""
    angles = (v.value for key, v in _numbered(group) if plain_name(key) in ANGLES)
    return next((angle for angle in angles if abs(angle) <= _MAX_DEGREES), 0.0)


def _numbered(group: Group) -> Iterator[tuple[str, Number]]:
    """Yield the keys of whole numbers, and of strings that are numbers."""
    for key, value in group.pairs:
        number = number_of(value)
        if isinstance(number, Number) and not number.cut:
            yield key, number


def points_of(group: Group) -> list[Point] | None:
    """Give the points of a list of two or more; what the end of the text cut off is left out.

    Words in it are labels, of two points each.
    """
    values = [value for _, value in group.items]
    if values and isinstance(values[-1], Group) and not values[-1].closed:
        values = values[:-1]
    runs: list[list[Point]] = [[]]
    for value in values:
        if isinstance(value, Word) and not are_values(value.text):
            runs.append([])
        elif (point := point_of(value)) is not None:
            runs[-1].append(point)
        else:
            return None
    runs = [run for run in runs if run]
    whole = [point for run in runs for point in run]
    in_pairs = len(runs) == 1 or all(len(run) % 2 == 0 for run in runs)
    return whole if len(whole) >= 2 and in_pairs else None


def _labeled(group: Group) -> bool:
    """Tell whether it is four numbers, a label, and perhaps a score, set off by commas or bars."""
    numbers = [i for i, (_, v) in enumerate(group.items) if isinstance(v, Number)]
    words = [v for _, v in group.items if isinstance(v, Word | Quoted)]
    if len(numbers) not in (4, 5) or not 0 < len(words) <= 2:
        return False
    if group.bracket == "(" and any(isinstance(word, Word) for word in words):
        return False
    last = group.items[numbers[-1]][1]
    if len(numbers) == 5 and not (isinstance(last, Number) and 0 < last.value < 1):
        return False
    together = numbers[3] - numbers[0] == 3 and len(words) + len(numbers) == len(group.items)
    signs = ("", ",", "|") if group.bracket == "{" else (",",)
    return together and all(sign in signs for sign, _ in group.items[1:])


def has_number(group: Group) -> bool:
    """Tell whether a group holds a number at any depth."""
    values = [value for _, value in (*group.items, *group.pairs)]
    return any(isinstance(v, Number) or (isinstance(v, Group) and has_number(v)) for v in values)


def _marked(group: Group, found: Extracted) -> bool:
    """Read a box whose tokens carry their own frame; tell whether it is one."""
    mark = group.items[0][1] if group.items else None
    if not isinstance(mark, Word) or mark.text not in (LOC_1000, LOC_1024, PATCHES):
        return False
    values = [v.value for _, v in group.items if isinstance(v, Number)]
    if len(values) != (2 if mark.text == PATCHES else 4):
        found.cut = True
    elif mark.text == LOC_1024:
        top, left, bottom, right = values
        found.boxes.append(RawBox((left, top, right, bottom), frame=LOC_1024_FRAME))
    elif mark.text == LOC_1000:
        # A bin stands for its middle, as in Florence-2's own processor.
        x1, y1, x2, y2 = (value + 0.5 for value in values)
        found.boxes.append(RawBox((x1, y1, x2, y2), frame=THOUSAND_BINS))
    elif max(values) < _SIDE_PATCHES**2:
        found.boxes.append(RawBox(_patch_box(int(values[0]), int(values[1])), frame=PATCHES_32))
    else:
        found.broken = True
    return True


def _patch_box(first: int, last: int) -> Rectangle:
    """Give Kosmos-2's box: between the middles of two cells, around them if they share a line."""
    y1, x1 = divmod(first, _SIDE_PATCHES)
    y2, x2 = divmod(last, _SIDE_PATCHES)
    if x1 == x2 or y1 == y2:
        return float(x1), float(y1), x2 + 1.0, y2 + 1.0
    return x1 + 0.5, y1 + 0.5, x2 + 0.5, y2 + 0.5
