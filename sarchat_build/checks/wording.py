"""Words around the facts: which carry none, and which must stand in every answer of a phrasing.

A phrasing is constant text around facts. A word that is neither vocabulary nor in PLAIN_WORDS may
be part of that constant text: then every answer of the phrasing holds it. If some hold it and
others do not, it depends on the picture, so it states something that nobody has checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

# Articles, pronouns, prepositions, and the words that go with one or with many.
_PLAIN = """
a an the this that these those it its they their them i you we me my which what who where here there
one ones both other another each every any all some same such so as also besides and or but then thus
only altogether is are was were be been being am has have had do does did can could may must will
would should in on at of to from by with within into for off out up between about around among inside
onto per than while if when how lie lies lay appear appears show shows hold holds contain contains
find finds found see sees seen mark marks marked sit sits occur occurs belong belongs come comes fall
falls look looks occupy occupies cover covers fill fills stand stands rest rests include includes
exist exists give gives make makes apply applies match matches fit fits box boxes object objects
target targets class classes category categories label labels kind kinds item items thing things tag
tags group groups relation relations image picture scene chip area areas place places part region
position location outline outlines extent extents coordinate coordinates answer count total content
contents list option options candidate candidates first second former latter nearest closest given
detected located placed visible present shown recognized reported counted identified boxed pixel
pixels px
"""
PLAIN_WORDS = frozenset(_PLAIN.split())


class UnknownWord(NamedTuple):
    """A word of some answers of one phrasing, and the first row that has it."""

    template_id: str
    word: str
    rows: int
    file: str
    row: int
    key: str


class WordCount:
    """Counts phrasings, and the unknown words of their answers."""

    def __init__(self) -> None:
        self.uses: Counter[str] = Counter()
        self._unknown: dict[tuple[str, str], UnknownWord] = {}

    def add(
        self, template_ids: Sequence[str], unknown: Sequence[str], file: str, row: int, key: str
    ) -> None:
        """Count one dialogue; the answer's phrasing is the last of its ids."""
        uses = self.uses
        for template_id in template_ids:
            uses[template_id] += 1
        for word in set(unknown) if unknown else ():
            place = template_ids[-1], word
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
    uses: Mapping[str, int], unknown: Iterable[UnknownWord]
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
        if one.rows != uses.get(one.template_id, 0):
            yield one, uses.get(one.template_id, 0)
