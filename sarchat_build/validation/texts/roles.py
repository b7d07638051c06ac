"""The roles of two objects in an answer: which of them a direction is about."""

from __future__ import annotations

import re

from sarchat_build.validation.texts.words import any_of
from sarchat_build.validation.vocabulary import DIRECTION_PHRASES

# Words for the object that lies somewhere, and for the one it lies to.
_ROLES = {"multi": ("first|former", "second|latter"), "nearest": ("nearest|closest", "given")}
_DIRECTION = re.compile(rf"\b{any_of(DIRECTION_PHRASES.values())}(?![a-z])")
_SENTENCE_END = re.compile(r"[.;!?]")
_PREPOSITIONS = ("to", "from", "near", "of", "than", "with")


def _wrong(subtask: str) -> re.Pattern[str]:
    """Give a pattern for the wrong object as the subject, or the right one as the other."""
    subject, reference = _ROLES[subtask]
    behind = "".join(rf"(?<!\b{word} the )" for word in _PREPOSITIONS)
    return re.compile(rf"{behind}\b(?:{reference})\b|{any_of(_PREPOSITIONS)} the (?:{subject})\b")


_WRONG = {subtask: _wrong(subtask) for subtask in _ROLES}
_FIRST_LAST = re.compile(r"\b(?:first|former)\b")


def wrong_subject(subtask: str, answer: str) -> str | None:
    """Give the words by which an answer says its direction of the wrong one of two objects.

    Args:
        subtask: "multi" (how the first lies to the second) or "nearest" (how the nearest lies to
            the given one).
        answer: the text.

    >>> wrong_subject("multi", "The second lies above the first.")
    'second'
    >>> wrong_subject("multi", "Seen from the second, the first lies above it.")
    """
    lowered = answer.lower()
    direction = _DIRECTION.search(lowered)
    if direction is None:
        return None
    before = _SENTENCE_END.split(lowered[: direction.start()])[-1]
    after = _SENTENCE_END.split(lowered[direction.end() :])[0]
    found = _WRONG[subtask].search(before)
    if found is None and subtask == "multi":
        found = _FIRST_LAST.search(after)
    return found[0] if found else None
