"""Proofreads every text of a build at the price of a few."""

from __future__ import annotations

import re
from functools import lru_cache

from sarchat_build.labels import CELLS, SHAPES, SIZE_WORDS
from sarchat_build.proofreading import grammar_faults

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


def count_faults(text: str) -> int:
    """Count the faults of English in one text, as `grammar_faults` names them.

    >>> count_faults("Identify 4 ship in the image."), count_faults("2 ships lie there.")
    (1, 0)
    """
    return _count(_ALIKE.sub(_stand_in, text))


def _stand_in(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "{":
        return "{<1><1><1><1>}" * min(found.count("{"), 2)
    if found[0].isdigit():
        return "99 px" if found.endswith("px") else "3"
    return _KINDS[found]


@lru_cache(maxsize=1 << 15)
def _count(skeleton: str) -> int:
    return sum(1 for _ in grammar_faults(skeleton))
