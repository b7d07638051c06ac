"""What the words of an answer say: categories, places, counts, yes or no, and facts of objects.

Read from any wording, so more tolerantly than `validation.texts` reads our own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_NOUNS = {
    "ship": (
        "ship",
        "vessel",
        "boat",
        "tanker",
        "ferry",
        "ferries",
        "aircraft carrier",
        "car carrier",
    ),
    "aircraft": ("aircraft", "airplane", "aeroplane", "plane", "airliner", "jet"),
    "car": ("car", "vehicle", "automobile", "truck"),
    "tank": ("storage tank", "oil tank", "fuel tank", "tank"),
    "bridge": ("bridge",),
    "harbor": ("harbor", "harbour", "seaport", "port", "dock"),
}
CATEGORY_OF = {noun: category for category, nouns in _NOUNS.items() for noun in nouns}
NOUN_PATTERN = "|".join(sorted(CATEGORY_OF, key=lambda noun: (-len(noun), noun)))
_MENTION = re.compile(rf"\b({NOUN_PATTERN})(e?s)?\b")
# Where what was denied ends, and the denial itself, before and after a noun.
_CLAUSE = re.compile(
    r"[.;!?\n|{}]|\b(?:but|however|only|except|instead|although|though|whereas|while|yet|just"
    r"|rather)\b"
    r"|,\s*(?=[\"'])|,\s*(?:and\s+)?(?=(?:an?|one|the|there|it|i|[1-9]\d*)\b)"
)
_DENIAL = re.compile(
    r"\b(?:no(?! doubt)|not(?! only)|never|neither|nor|without|none|absent|zero|0|lacks?|lacking"
    r"|devoid|free of|free from|cannot)\b|n't\b"
)
_ANY_DENIAL = re.compile(
    r"\bno|n't|\b0\b|zero|without|lack|absent|free|devoid|never|neither|cannot|missing|false|null"
)
_DENIED_AFTER = re.compile(
    r"[\"'*]*\s*(?:[:=-]\s*[\"']?(?:no|none|0|zero|absent|false|null|not)\b"
    r"|(?:is|are|was|were|can|could|do|does)\s*(?:not\b|n't\b|absent\b|missing\b|nowhere\b|never\b)"
    r"|cannot\b)"
)
_DENIES_ALL = re.compile(
    r"\bnone\b|\bnothing\b|\bempty\b"
    r"|\bno (?:\w+ )?(?:objects?|targets?|class(?:es)?|categor\w+|such)\b"
)
_CENTER = r"cent(?:er|re)|central|middle|mid"
_CELL = re.compile(
    rf"\b(?:(top|upper|bottom|lower|{_CENTER})[\s/_-]*(?:and[\s]+)?(left|right|{_CENTER})"
    rf"|(left|right|{_CENTER})[\s/_-]*(top|upper|bottom|lower|{_CENTER}))(?:most)?\b"
)
_MIDDLE = re.compile(
    r"\b(?:in|at|near|around) (?:the )?(?:very |exact )?(?:center|centre|middle)\b"
)
_OF_OBJECT = re.compile(
    r"\s+of (?!(?:the |this |an? )?(?:image|picture|scene|chip|frame|photo|view))"
)
_ROWS = {"top": "top", "upper": "top", "bottom": "bottom", "lower": "bottom"}
_SIDES = {"left": "left", "right": "right"}
_SIZES = {
    "tiny": "very small",
    "very small": "very small",
    "small": "small",
    "medium": "medium",
    "large": "large",
    "big": "large",
    "very large": "very large",
    "huge": "very large",
}
_SIZE = re.compile(r"\b(very small|very large|tiny|small|medium|large|big|huge)\b")
_SHAPE = re.compile(r"\b(?:(?:roughly|about|nearly|almost|approximately) )?(square|wide|tall)\b")
_DIRECTION = re.compile(
    r"\b(?:(?:to|on|at|in|toward|towards) )?(?:the |its )?"
    r"(?:(upper|lower|top|bottom)[ -]?(left|right)|(left|right))(?: side)?"
    r"(?= of\b|[.,;)]|$| (?:and|at|with|far|near)\b)"
    r"|\b(above|below|over|under|underneath|beneath)\b"
    r"|\b(same (?:place|position|spot))\b"
)
_SECOND_FIRST = re.compile(r"\b(first|former|second|latter)\b")
_NEAR = re.compile(r"\bnear(?:by)?\b|\bclose\b|\badjacent\b|\bnot far\b")
_FAR = re.compile(r"(?<!not )\bfar\b|\bdistant\b")
_DISTANCE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)[\s-]*(?:px|pixels?)\b")
_OPPOSITE = {
    "left": "right",
    "right": "left",
    "above": "below",
    "below": "above",
    "same": "same",
    "upper_left": "lower_right",
    "lower_right": "upper_left",
    "upper_right": "lower_left",
    "lower_left": "upper_right",
}
_YES_NO = re.compile(
    r"\W*(?:(?:the )?answer(?: is)?\W*)?"
    r"(yes|no|true|false|yeah|yep|nope|correct|incorrect|present|absent)\b"
)
_YES = frozenset(("yes", "true", "yeah", "yep", "correct", "present"))
_BLANKS = re.compile(r"[\s_]+")
_CANNOT = (
    r"\bi(?:'m| am) (?:unable|not able)\b|\bunable to\b"
    r"|\bnot possible to\b|\b(?:cannot|can't|can not|could not|couldn't|won't) (?:\w+ )?"
    r"(?:determine|identify|provide|locate|assist|help|see|answer|detect|give|tell|process|view"
    r"|analy[sz]e|comply)\b"
)
REFUSAL = re.compile(rf"\bi(?:'m| am) sorry\b|\bsorry\b|\bas an ai\b|{_CANNOT}")
# Where a refusal ends, if more is said after it.
_REFUSED = re.compile(
    rf"(?:{_CANNOT})(?:(?![.:;!?\n]\s|,\s+(?:it|the|this|there|here|i)\b"
    r"|\b(?:but|however|though|although|perhaps|maybe|likely)\b).)*?\x00",
    re.DOTALL,
)


class Mention(NamedTuple):
    """A category named in a text."""

    start: int
    end: int
    category: str
    plural: bool
    denied: bool


def normalized(text: str) -> str:
    r"""Give a text in lower case, with single blanks.

    >>> normalized("Two\u00a0Ships\nhere")
    'two ships here'
    """
    return _BLANKS.sub(" ", text.lower().replace("\x00", " ")).strip()


def refuses(rest: str) -> bool:
    r"""Tell whether the first box of a text, a zero character in `rest`, stands in a refusal.

    >>> refuses("I cannot determine what is at \x00."), refuses("I cannot tell. It is at \x00.")
    (True, False)
    """
    found = _REFUSED.search(rest.lower())
    return found is not None and rest.find("\x00") == found.end() - 1


def normalized_lines(text: str) -> str:
    """Do the same with each line, for lists that put one object on a line."""
    return "\n".join(map(normalized, text.splitlines()))


def mentions(text: str) -> list[Mention]:
    """Give every category named in a normalized text, and whether it is denied.

    >>> [(m.category, m.denied) for m in mentions("no ships, but a bridge")]
    [('ship', True), ('bridge', False)]
    """
    nouns = list(_MENTION.finditer(text))
    denies = bool(nouns) and bool(_ANY_DENIAL.search(text))
    ends = [mark.end() for mark in _CLAUSE.finditer(text)] if denies else []
    found = []
    for noun in nouns:
        denied = False
        if denies:
            place = bisect_right(ends, noun.start())
            clause = ends[place - 1] if place else 0
            before = _DENIAL.search(text, clause, noun.start())
            denied = bool(before or _DENIED_AFTER.match(text, noun.end()))
        plural = bool(noun[2]) or noun[1] == "ferries"
        found.append(Mention(noun.start(), noun.end(), CATEGORY_OF[noun[1]], plural, denied))
    return found


def categories(text: str) -> set[str] | None:
    """Give the categories that a text affirms; None if it says nothing of any.

    >>> sorted(categories("a vessel and two storage tanks"))
    ['ship', 'tank']
    >>> categories("none of the classes"), categories("hello")
    (set(), None)
    """
    found = mentions(text)
    affirmed = {mention.category for mention in found if not mention.denied}
    return affirmed if found or _DENIES_ALL.search(text) else None


def yes_or_no(text: str, category: str | None) -> str | None:
    """Give "yes" or "no" as a text answers; without either word, by what it says of `category`.

    >>> yes_or_no("yes, 2 ships", "ship"), yes_or_no("a car", "ship")
    ('yes', None)
    """
    found = _YES_NO.match(text)
    if found:
        return "yes" if found[1] in _YES else "no"
    said = [m for m in mentions(text) if category is None or m.category == category]
    if said:
        return "no" if all(mention.denied for mention in said) else "yes"
    return None


def begins_yes_or_no(text: str) -> bool:
    """Tell whether a normalized text begins with yes or no, or a word that means it."""
    return bool(_YES_NO.match(text))


class _Place(NamedTuple):
    start: int
    cell: str


def _cells(text: str) -> Iterator[_Place]:
    if not any(word in text for word in ("left", "right", "cent", "mid")):
        return
    for found in _CELL.finditer(text):
        a, b = (found[1], found[2]) if found[1] else (found[3], found[4])
        lead = text[max(0, found.start() - 7) : found.start()].rstrip()
        is_side = lead.endswith(("to the", "to its"))
        if is_side and _OF_OBJECT.match(text, found.end()):
            continue  # a direction from something
        row = _ROWS.get(a) or _ROWS.get(b) or "middle"
        column = _SIDES.get(a) or _SIDES.get(b) or "center"
        if (a in _ROWS and b in _ROWS) or (a in _SIDES and b in _SIDES):
            continue
        yield _Place(found.start(), f"{row} {column}")
    for found in _MIDDLE.finditer(text):
        if not _CELL.match(text, found.end() - len(found[0].split()[-1])):
            yield _Place(found.start(), "middle center")


def cells(text: str) -> set[str]:
    """Give the cells of the three-by-three grid that a text names.

    >>> sorted(cells("upper-left, centre right and at the center"))
    ['middle center', 'middle right', 'top left']
    """
    return {place.cell for place in _cells(text)}


_SENTENCE = re.compile(r"(?<!\d)[.;!?](?!\d)|\n| \u2022 ")


def places(text: str) -> set[tuple[str, str]]:
    """Give which categories a text puts into which cells.

    >>> sorted(places("two ships in the top left; in the middle right a car"))
    [('car', 'middle right'), ('ship', 'top left')]
    """
    found: set[tuple[str, str]] = set()
    carried: str | None = None
    for sentence in _SENTENCE.split(text):
        nouns = [mention for mention in mentions(sentence) if not mention.denied]
        where = sorted(_cells(sentence))
        kinds, spots = {n.category for n in nouns}, {p.cell for p in where}
        if not nouns:
            found |= {(carried, cell) for cell in spots if carried is not None}
            continue
        if len(kinds) == 1 or len(spots) <= 1:
            found |= {(kind, cell) for kind in kinds for cell in spots}
        else:
            found |= set(_pair(nouns, where))
        carried = nouns[-1].category
    return found


def _pair(nouns: list[Mention], where: list[_Place]) -> Iterator[tuple[str, str]]:
    """Pair what is named with where it is, in the order that the sentence begins with."""
    order: list[tuple[int, str, str]] = [(n.start, "noun", n.category) for n in nouns]
    order += [(p.start, "cell", p.cell) for p in where]
    order.sort()
    nouns_first = order[0][1] == "noun"
    waiting: list[str] = []
    used = False
    last = ""
    for _, kind, value in order:
        if kind == ("noun" if nouns_first else "cell"):
            if used:
                waiting, used = [], False
            waiting.append(value)
            last = value
            continue
        used = True
        for other in waiting or [last]:
            yield (other, value) if nouns_first else (value, other)


def sizes(text: str) -> set[str]:
    """Give the sizes that a text names.

    >>> sorted(sizes("a very small, medium-sized"))
    ['medium', 'very small']
    """
    return {_SIZES[found[1]] for found in _SIZE.finditer(text)}


def shapes(text: str) -> set[str]:
    """Give the shapes that a text names.

    >>> shapes("it is nearly square")
    {'roughly square'}
    """
    found = {match[1] for match in _SHAPE.finditer(text)}
    return {"roughly square" if shape == "square" else shape for shape in found}


def direction(text: str) -> str | None:
    """Give how the first of two objects lies to the second, as a text says it first.

    >>> direction("to the upper left of the second"), direction("the second lies above the first")
    ('upper_left', 'below')
    """
    for found in _DIRECTION.finditer(text):
        if found[1]:
            side = {"top": "upper", "bottom": "lower"}.get(found[1], found[1])
            name = f"{side}_{found[2]}"
        elif found[3]:
            name = found[3]
        elif found[4]:
            name = "above" if found[4] in ("above", "over") else "below"
        else:
            name = "same"
        clause = re.split(r"[.;:]", text[: found.start()])[-1]
        subject = _SECOND_FIRST.search(clause)
        return _OPPOSITE[name] if subject and subject[1] in ("second", "latter") else name
    return None


def proximity(text: str) -> str | None:
    """Give "near" or "far", whichever a text says; None if neither or both."""
    near, far = bool(_NEAR.search(text)), bool(_FAR.search(text))
    return None if near == far else "near" if near else "far"


def distance_px(text: str) -> float | None:
    """Give the first distance in pixels.

    >>> distance_px("12 px apart")
    12.0
    """
    found = _DISTANCE.search(text)
    return float(found[1]) if found else None


def two_categories(text: str) -> tuple[str | None, str | None]:
    """Give the categories of a first and a second object.

    >>> two_categories("both are ships"), two_categories("the second is a car, the first a ship")
    (('ship', 'ship'), ('ship', 'car'))
    """
    said = [mention for mention in mentions(text) if not mention.denied]
    if not said:
        return None, None
    first = said[0].category
    together = said[0].plural or re.search(r"\b(?:both|two|2|each|another)\b", text)
    second = first if said[0].plural or (len(said) == 1 and together) else None
    if second is None and len(said) > 1:
        second = said[1].category
    order = _SECOND_FIRST.search(text[: said[1].start if len(said) > 1 else said[0].end])
    if order and order[1] in ("second", "latter"):
        return second, first
    return first, second
