"""Reading of a text: text in, typed facts out, by vocabulary alone.

No template is known here. Literal text of a phrasing holds no vocabulary, so whatever order and
wording it has, the phrases and numbers found are the facts it states. Every word that is neither
vocabulary nor known to carry no fact is handed out too, for `wording` to judge.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sarchat_build.validation.texts.words import (
    BOX,
    BRACED_OR_NUMBER,
    COUNTED,
    LETTERS,
    PHRASE,
    PIXELS,
    PLAIN_WORDS,
    WORDS,
    Word,
)

# Longer numbers count nothing, and Python refuses to read some.
_MOST_DIGITS = 18


class Noun(NamedTuple):
    """One mention of a category, with the number and the size word said before it."""

    category: str
    plural: bool | None
    number: int | None
    size: str | None

    def agrees_with(self, n: int) -> bool:
        """Tell whether the grammatical number fits `n` objects ("no ships", "1 ship").

        >>> Noun("ship", plural=True, number=1, size=None).agrees_with(1)
        False
        """
        return self.plural is None or self.plural == (n != 1)


# Most texts state few kinds of facts: the lists of all others are this one, and nobody adds to it.
NOTHING: list[Any] = []


class Reading:
    """Everything a text states.

    `order` has one letter for each statement as it comes: (n)oun, (c)ell, (b)ox, si(z)e,
    s(h)ape, (d)irection, (p)roximity, (x) distance in pixels, (l) "the first 100", (y)es or no.
    Numbers that belong to none of these are in `numbers` and not in `order`; words that are no
    vocabulary and not known to be free of facts are in `unknown`.
    """

    __slots__ = (
        *("order", "nouns", "cells", "boxes", "sizes", "shapes", "directions", "proximities"),
        *("distances", "listed", "verdicts", "absences", "numbers", "strays", "unknown"),
    )

    def __init__(self) -> None:
        self.order: str = ""
        self.nouns: list[Noun] = NOTHING
        self.cells: list[str] = NOTHING
        self.boxes: list[str] = NOTHING
        self.sizes: list[str] = NOTHING
        self.shapes: list[str] = NOTHING
        self.directions: list[str] = NOTHING
        self.proximities: list[str] = NOTHING
        self.distances: list[int] = NOTHING
        self.listed: list[int] = NOTHING
        self.verdicts: list[str] = NOTHING
        self.absences: list[str] = NOTHING
        self.numbers: list[int] = NOTHING
        self.strays: list[str] = NOTHING
        self.unknown: list[str] = NOTHING

    def add(self, name: str, fact: object, letter: str = "") -> None:
        """Add a fact to the list of this name, and its letter to the order."""
        facts = getattr(self, name)
        if facts:
            facts.append(fact)
        else:
            setattr(self, name, [fact])
        self.order += letter


# Kind of a word → the list it goes to, and its letter in the order.
_LISTS = {
    "c": ("cells", "c"),
    "z": ("sizes", "z"),
    "h": ("shapes", "h"),
    "d": ("directions", "d"),
    "p": ("proximities", "p"),
    "y": ("verdicts", "y"),
    "a": ("absences", ""),
    "!": ("strays", ""),
}


class Piece(NamedTuple):
    """Text between two numbers, and what it says about the number before and after it."""

    words: tuple[Word, ...]
    unknown: tuple[str, ...]
    counted: bool  # it begins with what the number before it counts
    pixels: bool  # the number before it is a distance
    first: bool  # the number after it is how many are listed


# Between two numbers stands mostly the same text as in thousands of other answers.
@lru_cache(maxsize=1 << 15)
def _piece(text: str) -> Piece:
    lowered = text.lower()
    words = [WORDS.get(found) or Word("!", found) for found in PHRASE.findall(lowered)]
    if not lowered.isascii():
        # "²" and "½" are numbers that no pattern of ours reads.
        words += [Word("!", mark) for mark in lowered if mark.isnumeric()]
    rest = LETTERS.findall(PHRASE.sub(" ", lowered))
    return Piece(
        words=tuple(word for word in words if word.kind),
        unknown=tuple(word for word in rest if word not in PLAIN_WORDS),
        counted=COUNTED.match(lowered) is not None,
        pixels=PIXELS.match(lowered) is not None,
        first=lowered.endswith("first "),
    )


def _add_piece(reading: Reading, piece: Piece, count: int | None) -> None:
    """Add what a piece says; `count` belongs to its first noun."""
    size: str | None = None
    if piece.unknown:
        reading.unknown = [*reading.unknown, *piece.unknown]
    for kind, value, plural in piece.words:
        if kind in "no":
            number = 0 if kind == "o" else count
            reading.add("nouns", Noun(value, plural, number, size), "n")
            count = size = None
            continue
        if kind == "z":
            size = value
        name, letter = _LISTS[kind]
        reading.add(name, value, letter)


@lru_cache(maxsize=1 << 15)
def _read_words(text: str) -> Reading:
    """Read a text without numbers; the same reading is given again for the same text."""
    reading = Reading()
    _add_piece(reading, _piece(text), None)
    return reading


def read(text: str) -> Reading:
    """Read every box, number and vocabulary phrase of `text`, longest phrase first.

    The reading is not to be changed: it may be shared.

    >>> found = read("There are 2 small ships in the top left: {<1><2><3><4>}{<5><6><7><8>}.")
    >>> found.order, found.nouns[0].number, found.cells
    ('zncbb', 2, ['top left'])
    >>> read("Yes, it lies to the lower left of the car, far from it, 57 px away.").order
    'ydnpx'
    """
    pieces = BRACED_OR_NUMBER.split(text)
    if len(pieces) == 1:
        return _read_words(text)
    reading = Reading()
    before = _piece(pieces[0])
    if before.words or before.unknown:
        _add_piece(reading, before, None)
    # The pattern has one group: text, number, text, number, …, text.
    numbers = iter(pieces)
    next(numbers)
    for number, text_after in zip(numbers, numbers, strict=True):
        after = _piece(text_after)
        count: int | None = None
        if number[0] == "{":
            if BOX.fullmatch(number):
                reading.add("boxes", number, "b")
            else:
                reading.add("strays", number)
        elif len(number) > _MOST_DIGITS:
            reading.add("strays", number)
        elif after.counted:
            count = int(number)
        elif after.pixels:
            reading.add("distances", int(number), "x")
        elif before.first:
            reading.add("listed", int(number), "l")
        else:
            reading.add("numbers", int(number))
        if after.words or after.unknown:
            _add_piece(reading, after, count)
        before = after
    return reading
