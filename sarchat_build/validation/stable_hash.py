"""Choices by a stable hash: which questions a share asks, which phrasings are held out.

Written from the description of the hash and not taken from the builder: eight bytes of BLAKE2b over
the parts, joined by the unit separator, big end first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from math import floor


def stable_number(*parts: str) -> int:
    """Give the 64-bit number that stands for `parts` on every machine.

    >>> stable_number("ssdd/000001", "question")
    11418098250534227601
    """
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def is_asked(percent: int, image_id: str, task: str, subtask: str, group: str) -> bool:
    """Tell whether a share of `percent` asks this question; a `group` is asked as one.

    >>> [is_asked(percent, "a/1", "referring", "unique", "0") for percent in (100, 0)]
    [True, False]
    """
    if percent in (0, 100):
        return percent == 100
    return stable_number(image_id, task, subtask, "share", group) % 100 < percent


def held_out_templates(template_ids: Iterable[str], percent: int) -> frozenset[str]:
    """Give the question phrasings that only the test split may show.

    Of the questions of each subtask the share with the lowest numbers, at most all but one.

    >>> len(held_out_templates([f"referring/single/question/{n}" for n in range(26)], 10))
    3
    """
    by_subtask: dict[tuple[str, str], list[str]] = defaultdict(list)
    for template_id in template_ids:
        match template_id.split("/"):
            case [task, subtask, "question", _]:
                by_subtask[task, subtask].append(template_id)
    found: list[str] = []
    for ids in by_subtask.values():
        ids.sort(key=lambda template_id: (stable_number("held_out", template_id), template_id))
        count = min(floor(len(ids) * percent / 100 + 0.5), len(ids) - 1)
        found.extend(ids[:count])
    return frozenset(found)
