"""Words around the facts: which carry none, and which must stand in every answer of a phrasing.

A phrasing is constant text around facts. A word that is neither vocabulary nor in PLAIN_WORDS may
be part of that constant text: then every answer of the phrasing holds it. If some hold it and
others do not, it depends on the picture, so it states something that nobody has checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sarchat_build.validation.answers.parse import Reading


class UnknownWord(NamedTuple):
    """A word of some answers of one phrasing, and the first row that has it."""

    template_id: str
    word: str
    rows: int
    file: str
    row: int
    key: str


class WordCount:
    """Counts phrasings, and the unknown words of their answers.

    What a phrasing says where there is nothing, or no relation, is an answer of its own: answers
    are compared with those that state the same kinds of facts.
    """

    def __init__(self) -> None:
        self.uses: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._unknown: dict[tuple[str, str], UnknownWord] = {}

    def add(
        self, template_ids: Sequence[str], answer: Reading, file: str, row: int, key: str
    ) -> None:
        """Count one dialogue; the answer's phrasing is the last of its ids."""
        uses = self.uses
        for template_id in template_ids:
            uses[template_id] += 1
        kinds = "".join(sorted(set(answer.order)))
        nothing = answer.absences or (answer.nouns and answer.nouns[0].number == 0)
        said = f"{template_ids[-1]} ({kinds}{', nothing' if nothing else ''})"
        self.answers[said] += 1
        for word in set(answer.unknown) if answer.unknown else ():
            place = said, word
            seen = self._unknown.get(place)
            self._unknown[place] = (
                UnknownWord(*place, 1, file, row, key)
                if seen is None
                else seen._replace(rows=seen.rows + 1)
            )

    @property
    def unknown(self) -> tuple[UnknownWord, ...]:
        """Those counted, in order of phrasing and word."""
        return tuple(self._unknown[place] for place in sorted(self._unknown))


def changing_words(
    answers: Mapping[str, int], unknown: Iterable[UnknownWord]
) -> Iterator[tuple[UnknownWord, int]]:
    """Yield words that only some answers of their phrasing hold, and how many answers there are.

    >>> words = [UnknownWord("a/b/answer/c", "promontory", 1, "f", 0, "k")]
    >>> [n for _, n in changing_words({"a/b/answer/c": 2}, words)]
    [2]
    """
    found: dict[tuple[str, str], UnknownWord] = {}
    for one in unknown:
        place = one.template_id, one.word
        seen = found.get(place)
        found[place] = one if seen is None else seen._replace(rows=seen.rows + one.rows)
    for one in found.values():
        if one.rows != answers.get(one.template_id, 0):
            yield one, answers.get(one.template_id, 0)
