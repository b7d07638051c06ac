"""A simple score of an answer beside the one that was expected: boxes by overlap, else key words.

It is what a harness prints while it runs; `sarchat score` reads the harness's output and scores
with care. This module imports nothing but Python's own library: exports carry a copy of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = r"(\d+(?:\.\d+)?)"
# Four numbers with nothing but marks between them, in any form of box text.
_BOX = re.compile(r"[\[({<]\s*" + r"[\s<>(),]+".join([_NUMBER] * 4) + r"\s*[\])}>|]")
_TOKENS = re.compile(r"<(?:loc|patch_index)_\d+>")
_MIN_IOU = 0.5
_KEY_WORDS = re.compile(
    r"\b(?:yes|no|none|ships?|aircraft|cars?|tanks?|bridges?|harbou?rs?|top|middle|bottom|left"
    r"|center|right|small|medium|large|wide|tall|square|above|below|near|far|\d+)\b"
)


def boxes_in(text: str) -> list[tuple[float, ...]]:
    """Give the boxes of a text in the numbers it has.

    >>> boxes_in("A ship at {<1><2><30><40>}, 25 px wide.")
    [(1.0, 2.0, 30.0, 40.0)]
    >>> boxes_in('{"bbox_2d": [1, 2, 30, 40]} and <box>(1,2),(3,4)</box>')
    [(1.0, 2.0, 30.0, 40.0), (1.0, 2.0, 3.0, 4.0)]
    """
    return [tuple(map(float, found)) for found in _BOX.findall(text)]


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the IoU of two boxes in the same numbers.

    >>> overlap((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (first, second))
    return shared / (areas - shared) if areas > shared else 0.0


def score(prediction: str, answer: str) -> float:
    """Give TP / (TP + FP + FN) of the boxes at IoU 0.5, or 1 where the key words are the same.

    >>> score("{<0><0><9><9>}{<20><20><29><29>}", "Here: {<0><0><9><8>}.")
    0.5
    >>> score("There is 1 ship at the top left.", "One ship: 1, top left."), score("No.", "Yes.")
    (1.0, 0.0)
    """
    expected, found = boxes_in(answer), boxes_in(prediction)
    if not expected:
        tokens = _TOKENS.findall(answer)
        if tokens:
            return float(tokens == _TOKENS.findall(prediction))
        return float(_key_words(prediction) == _key_words(answer))
    pairs = sorted(
        ((overlap(a, b), i, j) for i, a in enumerate(expected) for j, b in enumerate(found)),
        reverse=True,
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    for iou, i, j in pairs:
        if iou >= _MIN_IOU and i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
    hits = len(taken[0])
    return hits / (len(expected) + len(found) - hits)


def _key_words(text: str) -> set[str]:
    return {word.rstrip("s") for word in _KEY_WORDS.findall(text.lower())}
