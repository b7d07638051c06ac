"""Reads an answer back: text in, typed facts out, by vocabulary alone.

No template is known here. Literal text of a phrasing holds no vocabulary, so whatever order and
wording it has, the phrases and numbers found are the facts it states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from sarchat_build.checks.vocabulary import (
    BOX,
    BRACED_OR_NUMBER,
    COUNTED,
    PHRASE,
    PIXELS,
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

    `order` has one letter for each statement as it comes: (N) counted noun, (n) noun, (c)ell,
    (b)ox, si(z)e, s(h)ape, (d)irection, (p)roximity, (x) distance in pixels, (l) "the first 100".
    Numbers that belong to none of these are in `numbers` and not in `order`.
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
    numbers: list[int] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


# Between two numbers stands mostly the same text as in thousands of other answers.
@lru_cache(maxsize=1 << 15)
def _phrases(text: str) -> tuple[Word, ...]:
    return tuple(WORDS.get(found) or Word("!", found) for found in PHRASE.findall(text.lower()))


@lru_cache(maxsize=1 << 15)
def _begins_with_counted(text: str) -> bool:
    return COUNTED.match(text.lower()) is not None


def _read_words(reading: Reading, text: str, count: int | None) -> str:
    """Add the phrases of `text` to `reading`; `count` belongs to the first noun."""
    order = ""
    size: str | None = None
    for kind, value, plural in _phrases(text):
        if kind in "no":
            said = 0 if kind == "o" else count
            reading.nouns.append(Noun(value, plural, said, size))
            order += "n" if said is None else "N"
            count = size = None
            continue
        order += kind
        if kind == "z":
            size = value
            reading.sizes.append(value)
        elif kind == "c":
            reading.cells.append(value)
        elif kind == "h":
            reading.shapes.append(value)
        elif kind == "d":
            reading.directions.append(value)
        elif kind == "p":
            reading.proximities.append(value)
        else:
            reading.strays.append(value)
    return order


def read(text: str) -> Reading:
    """Read every box, number and vocabulary phrase of `text`, longest phrase first.

    >>> found = read("There are 2 small ships in the top left: {<1><2><3><4>}{<5><6><7><8>}.")
    >>> found.order, found.nouns[0].number, found.cells
    ('zNcbb', 2, ['top left'])
    >>> read("It lies to the lower left of the car, far from it, 57 px away.").order
    'dnpx'
    """
    reading = Reading()
    pieces = BRACED_OR_NUMBER.split(text)
    order = _read_words(reading, pieces[0], None)
    # The pattern has one group: text, number, text, number, …, text.
    for place in range(1, len(pieces), 2):
        number, following = pieces[place], pieces[place + 1]
        count: int | None = None
        if number[0] == "{":
            if BOX.fullmatch(number):
                reading.boxes.append(number)
                order += "b"
            else:
                reading.strays.append(number)
        elif _begins_with_counted(following):
            count = int(number)
        elif PIXELS.match(following):
            reading.distances.append(int(number))
            order += "x"
        elif pieces[place - 1][-6:].lower() == "first ":
            reading.listed.append(int(number))
            order += "l"
        else:
            reading.numbers.append(int(number))
        if following:
            order += _read_words(reading, following, count)
    reading.order = order
    return reading
