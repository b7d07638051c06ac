"""Referring phrases of questions, read back.

A phrase is closed: attributes ("wide ship at the top left"), order ("second ship from the left") or
relation ("ship below the bridge").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sarchat_build.validation.texts.words import any_of
from sarchat_build.validation.vocabulary import (
    CATEGORIES,
    CELLS,
    DIRECTION_PHRASES,
    ORDERS,
    RANK_SIDES,
    RANKS,
    SHAPES,
    SIZE_WORDS,
)

_SIZE_LABELS = {word: label for label, word in SIZE_WORDS.items()}
_DIRECTIONS = {words: label for label, words in DIRECTION_PHRASES.items() if label != "same"}
_CATEGORY = any_of(CATEGORIES)
_PHRASE = re.compile(
    rf"\bthe (?:"
    rf"(?P<order>{any_of(ORDERS)}) (?P<ordered>{_CATEGORY})"
    rf"|(?P<rank>{any_of(RANKS)}) (?P<ranked>{_CATEGORY}) from the (?P<side>{any_of(RANK_SIDES)})"
    rf"|(?P<related>{_CATEGORY}) (?P<relation>nearest to|{any_of(_DIRECTIONS)})"
    rf" the (?P<anchor>{_CATEGORY})"
    rf"|(?:(?P<size>{any_of(SIZE_WORDS.values())})(?:,? (?=(?:{any_of(SHAPES)}) )| ))?"
    rf"(?:(?P<shape>{any_of(SHAPES)}) )?(?P<category>{_CATEGORY})"
    rf"(?: (?:at|in) the (?P<cell>{any_of(CELLS)}))?"
    rf")(?![a-z_])"
)
# Words of order and relation, which stand nowhere but in the phrase.
_ORDERLY = re.compile(rf"\b(?:{any_of(ORDERS)}|from the {any_of(RANK_SIDES)}|nearest|closest)\b")


class Phrase(NamedTuple):
    """What a phrase says; the fields are those of the ground truth, in its order."""

    category: str
    size: str | None = None
    shape: str | None = None
    cell: str | None = None
    order: str | None = None
    rank: int | None = None
    relation: str | None = None
    anchor: str | None = None

    @property
    def says_something(self) -> bool:
        """Tell whether it says more than the category."""
        return any(self[1:])


def read_phrases(question: str) -> list[Phrase]:
    """Read every phrase of a question that says more than a category.

    >>> read_phrases("Where is the second ship from the left?")[0][4:6]
    ('leftmost', 2)
    >>> [phrase.size for phrase in read_phrases("Find the very large, wide ship.")]
    ['very large']
    """
    phrases = (_phrase(match) for match in _PHRASE.finditer(question.lower()))
    return [phrase for phrase in phrases if phrase.says_something]


def orderly_words(question: str) -> int:
    """Count the words of order and relation in a question.

    >>> orderly_words("the second ship from the left"), orderly_words("the wide ship")
    (1, 0)
    """
    return len(_ORDERLY.findall(question.lower()))


def _phrase(match: re.Match[str]) -> Phrase:
    if match["ordered"]:
        return Phrase(match["ordered"], order=match["order"], rank=1)
    if match["ranked"]:
        return Phrase(match["ranked"], order=RANK_SIDES[match["side"]], rank=RANKS[match["rank"]])
    if match["related"]:
        relation = _DIRECTIONS.get(match["relation"], "nearest")
        return Phrase(match["related"], relation=relation, anchor=match["anchor"])
    return Phrase(match["category"], _SIZE_LABELS.get(match["size"]), match["shape"], match["cell"])
