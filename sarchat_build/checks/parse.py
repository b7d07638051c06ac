"""Reads a text back: text in, typed facts out, by vocabulary alone.

No template is known here. Literal text of a phrasing holds no vocabulary, so whatever order and
wording it has, the phrases and numbers found are the facts it states. Every word that is neither
vocabulary nor known to carry no fact is handed out too, for `wording` to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from sarchat_build.checks.vocabulary import (
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


class Noun(NamedTuple):
    """One mention of a category, with the number and the size word said before it."""

    category: str
    plural: bool | None
    number: int | None
    size: str | None

    def agrees_with(self, n: int) -> bool:
        """Tell whether the grammatical number fits `n` things ("no ships", "1 ship").

        >>> Noun("ship", plural=True, number=1, size=None).agrees_with(1)
        False
        """
        return self.plural is None or self.plural == (n != 1)


@dataclass(slots=True)
class Reading:
    """Everything a text states.

    `order` has one letter for each statement as it comes: (n)oun, (c)ell, (b)ox, si(z)e,
    s(h)ape, (d)irection, (p)roximity, (x) distance in pixels, (l) "the first 100", (y)es or no.
    Numbers that belong to none of these are in `numbers` and not in `order`; words that are no
    vocabulary and not known to be free of facts are in `unknown`.
    """

    order: str = ""
    nouns: list[Noun] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    directions: list[str] = field(default_factory=list)
    proximities: list[str] = field(default_factory=list)
    distances: list[int] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    absences: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


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
        words=tuple(words),
        unknown=tuple(word for word in rest if word not in PLAIN_WORDS),
        counted=COUNTED.match(lowered) is not None,
        pixels=PIXELS.match(lowered) is not None,
        first=lowered.endswith("first "),
    )


def _add_piece(reading: Reading, piece: Piece, count: int | None) -> None:
    """Add what a piece says; `count` belongs to its first noun."""
    size: str | None = None
    reading.unknown += piece.unknown
    for kind, value, plural in piece.words:
        if kind in "no":
            said = 0 if kind == "o" else count
            reading.nouns.append(Noun(value, plural, said, size))
            reading.order += "n"
            count = size = None
            continue
        if kind == "z":
            size = value
        if kind not in "a!":
            reading.order += kind
        _place(reading, kind).append(value)


def _place(reading: Reading, kind: str) -> list[str]:
    if kind == "z":
        return reading.sizes
    if kind == "c":
        return reading.cells
    if kind == "h":
        return reading.shapes
    if kind == "d":
        return reading.directions
    if kind == "p":
        return reading.proximities
    if kind == "y":
        return reading.verdicts
    return reading.absences if kind == "a" else reading.strays


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
    _add_piece(reading, before, None)
    # The pattern has one group: text, number, text, number, …, text.
    numbers = iter(pieces)
    next(numbers)
    for number, text_after in zip(numbers, numbers, strict=True):
        after = _piece(text_after)
        count: int | None = None
        if number[0] == "{":
            if BOX.fullmatch(number):
                reading.boxes.append(number)
                reading.order += "b"
            else:
                reading.strays.append(number)
        elif after.counted:
            count = int(number)
        elif after.pixels:
            reading.distances.append(int(number))
            reading.order += "x"
        elif before.first:
            reading.listed.append(int(number))
            reading.order += "l"
        else:
            reading.numbers.append(int(number))
        if after.words or after.unknown:
            _add_piece(reading, after, count)
        before = after
    return reading
