"""Counts of phrasings, and of words of their answers that might state a fact nobody checks.

A phrasing is constant text around facts. A word that is neither vocabulary nor in PLAIN_WORDS may
be part of that constant text: then every answer of the phrasing holds it. If some hold it and
others do not, it depends on the picture, so it states something that nobody has checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sarchat_build.validation.shard_report import UnknownWord
from sarchat_build.validation.texts.parse import Reading


class PhrasingCounts:
    """Counts phrasings, and the unknown words of their answers.

    What a phrasing says where there is nothing, or no relation, is an answer of its own: answers
    are compared with those that state the same kinds of facts.
    """

    def __init__(self) -> None:
        self.uses: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._unknown: dict[tuple[str, str], UnknownWord] = {}

    def add(
        self, template_ids: Sequence[str], answer: Reading, *, file: str, row: int, key: str
    ) -> None:
        """Count one dialogue; the answer's phrasing is the last of its ids, if there are any."""
        if not template_ids:
            return
        uses = self.uses
        for template_id in template_ids:
            uses[template_id] += 1
        kinds = "".join(sorted(set(answer.order)))
        nothing = answer.absences or (answer.nouns and answer.nouns[0].number == 0)
        phrasing = f"{template_ids[-1]} ({kinds}{', nothing' if nothing else ''})"
        self.answers[phrasing] += 1
        for word in set(answer.unknown) if answer.unknown else ():
            pair = phrasing, word
            seen = self._unknown.get(pair)
            self._unknown[pair] = (
                UnknownWord(*pair, 1, file, row, key)
                if seen is None
                else seen._replace(rows=seen.rows + 1)
            )

    @property
    def unknown(self) -> tuple[UnknownWord, ...]:
        """Unknown words by phrasing and word, sorted."""
        return tuple(self._unknown[pair] for pair in sorted(self._unknown))


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
        pair = one.template_id, one.word
        seen = found.get(pair)
        found[pair] = one if seen is None else seen._replace(rows=seen.rows + one.rows)
    for one in found.values():
        if one.rows != answers.get(one.template_id, 0):
            yield one, answers.get(one.template_id, 0)
