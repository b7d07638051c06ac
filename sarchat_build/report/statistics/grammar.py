"""Proofreading of every text of a build: texts that the rules treat alike are read once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sarchat_build.dialogues.attributes import CELLS, SHAPES, SIZE_WORDS
from sarchat_build.phrasing.proofreading import grammar_faults

# Words that the rules of grammar treat alike: one stands for all of its kind.
_KINDS = {
    **dict.fromkeys(CELLS, CELLS[0]),
    **dict.fromkeys(SIZE_WORDS.values(), "small"),
    **dict.fromkeys(SHAPES, "wide"),
}
_BOX = r"\{<\d+><\d+><\d+><\d+>\}"
_ALIKE = re.compile(
    rf"(?:{_BOX})+|\b\d+ px\b|\b(?:[2-9]|[1-9]\d+)\b|"
    rf"\b(?:{'|'.join(sorted(_KINDS, key=lambda word: (-len(word), word)))})\b"
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


def proofread(text: str) -> Reading:
    """Read one text.

    >>> proofread("Identify 4 ship in the image.").faults
    1
    >>> proofread("2 ships lie there. I see no more.")[:2]
    (0, 2)
    """
    return _read(_ALIKE.sub(_stand_in, text))


def _stand_in(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "{":
        return "{<1><1><1><1>}" * min(found.count("{"), 2)
    if found[0].isdigit():
        return "99 px" if found.endswith("px") else "3"
    return _KINDS[found]


@lru_cache(maxsize=1 << 15)
def _read(skeleton: str) -> Reading:
    plain = skeleton.lower()
    for stand_in in set(_KINDS.values()):
        plain = plain.replace(stand_in, "")
    return Reading(
        sum(1 for _ in grammar_faults(skeleton)),
        len(_SENTENCE_END.findall(skeleton)) or 1,
        tuple(sorted(set(_WORD.findall(plain)))),
    )
