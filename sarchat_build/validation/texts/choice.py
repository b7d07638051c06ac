"""Which phrasings a dialogue must have, and the constant text that these put into it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable_hash import stable_number

# Phrasing → its constant text in parts: the first begins a text, the last ends it.
ConstantText = Mapping[str, Sequence[str]]
_FRAMES = "frames/question"


class PhrasingRules:
    """All phrasings of a build: the stable hash of a dialogue's id chooses among them.

    Args:
        rules: the phrasings, and which of them only the test split may show.
        constant: their constant text, where it is known.
    """

    def __init__(self, rules: Rules, constant: ConstantText) -> None:
        sides: dict[str, list[str]] = defaultdict(list)
        for name in sorted(rules.phrasings):
            sides[name.rpartition("/")[0]].append(name)
        self._frames = sides.pop(_FRAMES, [])
        self._all = dict(sides)
        self._trained = {
            side: [name for name in names if name not in rules.held_out]
            for side, names in sides.items()
        }
        self._constant = constant
        bare = [name for name in self._frames if name in constant and not any(constant[name])]
        self._bare = (bare or self._frames) if constant else []

    def chosen(
        self, task: str, subtask: str, dialogue_id: str, split: str
    ) -> tuple[str, str | None, str | None] | None:
        """Give question, frame and answer of a dialogue; None where the build lists none for it.

        Half of the dialogues have a frame without words. Which frames those are only their text
        tells: without it frame and answer of such a dialogue stay open.
        """
        questions = self._all if split == "test" else self._trained
        asked = questions.get(f"{task}/{subtask}/question", ())
        answers = self._all.get(f"{task}/{subtask}/answer", ())
        if not asked or not answers or not self._frames:
            return None
        rest, question = divmod(stable_number(dialogue_id, "phrasing"), len(asked))
        rest, framed = divmod(rest, 2)
        frames = self._frames if framed else self._bare
        if not frames:
            return asked[question], None, None
        rest, frame = divmod(rest, len(frames))
        return asked[question], frames[frame], answers[rest % len(answers)]

    def missing_text(
        self, template_ids: Sequence[str], question: str, answer: str
    ) -> Iterator[tuple[str, str, str]]:
        """Yield (phrasing, its constant text, text) where a text does not hold it.

        `question` is the text behind the tag.
        """
        asked, frame, answered = template_ids
        around = self._constant.get(frame, ("", ""))
        if len(around) != 2 or not _holds(around, question):
            yield frame, "…".join(around), question
            return
        question = question[len(around[0]) : len(question) - len(around[1])].strip()
        for name, text in ((asked, question), (answered, answer)):
            parts = self._constant.get(name)
            if parts and not _holds(parts, text):
                yield name, "…".join(parts), text


def _holds(parts: Sequence[str], text: str) -> bool:
    """Tell whether a text is made of these parts, in order, with anything between them.

    >>> _holds(("Frame the", "now."), "Frame the ship now."), _holds(("Frame it.",), "Frame it!")
    (True, False)
    """
    first, *inner = parts
    if not inner:
        return text == first
    last = inner.pop()
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < len(first):
        return False
    at = len(first)
    for part in inner:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
