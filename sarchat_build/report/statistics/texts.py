"""Lengths, words, sentences and grammar of questions and answers, counted for many at once.

Texts that the rules of grammar treat alike are read once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sarchat_build.dialogues.attributes import CELLS, SHAPES, SIZE_WORDS
from sarchat_build.phrasing.proofreading import grammar_faults
from sarchat_build.report.statistics.tallies import Group, Tallies

# What stands before a question: the picture's mark and the task's tag are no words of it.
_OPENING = r"<image>\n(?:\[[a-z]+\] )?"
_AT_ONCE = 4096

_BOX, _ONE_BOX = r"\{<\d+><\d+><\d+><\d+>\}", "{<1><1><1><1>}"


def _any_of(*words: str) -> str:
    return rf"\b(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})\b"


# What the rules of grammar treat alike: one stands for all of its kind. Numbers inside of boxes are
# ones by the time that numbers are replaced.
_STAND_INS = (
    (_BOX, _ONE_BOX),
    (rf"(?:{re.escape(_ONE_BOX)}){{2,}}", 2 * _ONE_BOX),
    (r"\b(?:[2-9]|[1-9]\d+)\b", "3"),
    (r"\b\d+ px\b", "99 px"),
    (_any_of(*CELLS), CELLS[0]),
    (_any_of(*SIZE_WORDS.values()), "small"),
    (_any_of(*SHAPES), "wide"),
)
_SENTENCE_END = re.compile(r"[.?!](?= |$)")
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*")


class Reading(NamedTuple):
    """What one text has: faults of English as `grammar_faults` names them, sentences, words.

    `vocabulary` are its different words in lower case, without those of sizes, shapes and cells.
    """

    faults: int
    sentences: int
    vocabulary: tuple[str, ...]


class Readings(NamedTuple):
    """What many texts have: different readings, and for each text the position of its own."""

    different: list[Reading]
    of_text: list[int]


def proofread(texts: pa.StringArray) -> Readings:
    """Read texts.

    >>> found = proofread(pa.array(["Identify 4 ship.", "A ship lies there.", "Identify 7 ship."]))
    >>> found.of_text, [reading.faults for reading in found.different]
    ([0, 1, 0], [1, 0])
    """
    for pattern, stand_in in _STAND_INS:
        texts = pc.replace_substring_regex(texts, pattern, stand_in)
    skeletons = pc.dictionary_encode(texts)
    return Readings(
        [_read(skeleton) for skeleton in skeletons.dictionary.to_pylist()],
        skeletons.indices.to_pylist(),
    )


@lru_cache(maxsize=1 << 15)
def _read(skeleton: str) -> Reading:
    plain = skeleton.lower()
    for stand_in in (CELLS[0], "small", "wide"):
        plain = plain.replace(stand_in, "")
    return Reading(
        sum(1 for _ in grammar_faults(skeleton)),
        len(_SENTENCE_END.findall(skeleton)) or 1,
        tuple(sorted(set(_WORD.findall(plain)))),
    )


class TextCounts:
    """Counts of texts, added to tallies a few thousand dialogues at a time."""

    def __init__(self, tallies: Tallies) -> None:
        """Begin to count."""
        # By split and source the words of a text, and how many texts have just these.
        self._vocabularies: dict[tuple[str, str], Counter[tuple[str, ...]]] = defaultdict(Counter)
        self._tallies = tallies
        self._waiting: list[tuple[Group, str, str]] = []

    def add(self, group: Group, question: str, answer: str) -> None:
        """Count one dialogue, sooner or later."""
        self._waiting.append((group, question, answer))
        if len(self._waiting) >= _AT_ONCE:
            self._count_waiting()

    def finish(self) -> dict[tuple[str, str], Counter[str]]:
        """Count what waits, and give by split and source how many texts hold each word."""
        self._count_waiting()
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for key, vocabularies in self._vocabularies.items():
            for words, times in vocabularies.items():
                for word in words:
                    found[key][word] += times
        return found

    def _count_waiting(self) -> None:
        if not self._waiting:
            return
        groups, questions, answers = zip(*self._waiting, strict=True)
        self._waiting.clear()
        plain = pc.replace_substring_regex(pa.array(questions), _OPENING, "", max_replacements=1)
        known = {group: number for number, group in enumerate(dict.fromkeys(groups))}
        owners = np.array([known[group] for group in groups])
        for side, texts in (("question", plain), ("answer", pa.array(answers))):
            self._count(side, texts, list(known), owners)

    def _count(
        self, side: str, texts: pa.StringArray, groups: list[Group], owners: NDArray[Any]
    ) -> None:
        lengths = {"chars": pc.utf8_length(texts), "words": _words(texts)}
        for name, column in lengths.items():
            for owner, value, times in _times(owners, column.to_numpy(zero_copy_only=False)):
                counter = self._tallies.counter(groups[owner], f"{side}_{name}")
                counter[str(value)] += times
                if name == "words":
                    self._tallies.counter(groups[owner], "rows")["words"] += value * times
        readings = proofread(texts)
        for owner, number, times in _times(owners, np.array(readings.of_text)):
            group, reading = groups[owner], readings.different[number]
            rows = self._tallies.counter(group, "rows")
            rows["sentences"] += reading.sentences * times
            rows["grammar_faults"] += reading.faults * times
            self._vocabularies[group.split, group.source][reading.vocabulary] += times


def _words(texts: pa.StringArray) -> pa.Array:
    """Count words as `str.split` finds them."""
    trimmed = pc.utf8_trim_whitespace(texts)
    found = pc.list_value_length(pc.utf8_split_whitespace(trimmed))
    return pc.if_else(pc.equal(trimmed, ""), 0, found)


def _times(owners: NDArray[Any], values: NDArray[Any]) -> list[tuple[int, int, int]]:
    """Give (owner, value, times) of each pair that occurs."""
    pairs = Counter(zip(owners.tolist(), values.tolist(), strict=True))
    return [(owner, value, times) for (owner, value), times in pairs.items()]
