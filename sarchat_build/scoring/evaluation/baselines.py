"""What is reached without looking at the picture: a score below these means nothing.

majority: the commonest answer of the subtask in the train split.
question: the commonest there for what the question names; what follows from the boxes that the
question holds (size, shape, cell, direction, distance) is computed from them.
empty: no answer.
all boxes: every box of the picture, whatever is asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sarchat_build.dialogues.attributes import cell, shape, size
from sarchat_build.dialogues.relations import relation
from sarchat_build.scoring import words
from sarchat_build.scoring.answers import Expected, Fact, Tally, compare
from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.matching import Rectangle
from sarchat_build.scoring.truth import Picture, TrainRow
from sarchat_build.types import Box

BASELINES = ("majority", "question", "empty", "all boxes")


class Guess(NamedTuple):
    """An answer that was not read from a text."""

    boxes: tuple[Rectangle, ...]
    facts: frozenset[Fact]


_NOTHING = Guess((), frozenset())


class _Counts:
    """How often each set of facts, and each set of boxes, was the answer."""

    def __init__(self) -> None:
        self.facts: Counter[frozenset[Fact]] = Counter()
        self.boxes: Counter[tuple[Rectangle, ...]] = Counter()

    def add(self, row: TrainRow) -> None:
        self.facts[row.facts] += 1
        self.boxes[row.boxes] += 1

    def commonest(self) -> Guess:
        """Give the commonest of each; of equals the first in the alphabet."""
        facts = min(self.facts, key=lambda own: (-self.facts[own], sorted(map(str, own))))
        return Guess(min(self.boxes, key=lambda own: (-self.boxes[own], own)), facts)


class Baselines:
    """Guesses learned from the train split."""

    def __init__(self, train: Iterable[TrainRow]) -> None:
        by_subtask: dict[tuple[str, ...], _Counts] = defaultdict(_Counts)
        by_question: dict[tuple[str, ...], _Counts] = defaultdict(_Counts)
        sides: Counter[tuple[int, int]] = Counter()
        for row in train:
            own = (row.task, row.subtask)
            by_subtask[own].add(row)
            by_question[(*own, *_named(row.question))].add(row)
            sides[row.width_px, row.height_px] += 1
        self._majority = {key: counts.commonest() for key, counts in by_subtask.items()}
        self._question = {key: counts.commonest() for key, counts in by_question.items()}
        self._sides = min(sides, key=lambda s: (-sides[s], s)) if sides else (512, 512)
        self.learned = sum(sides.values())

    def score(
        self, question: str, expected: Expected, picture: Picture
    ) -> dict[str, dict[str, Tally]]:
        """Score every baseline's answer to one question."""
        own = (expected.task, expected.subtask)
        majority = self._majority.get(own, _NOTHING)
        asked = self._question.get((*own, *_named(question)), majority)
        if expected.task == "cross_modal_identification":
            asked = Guess(asked.boxes, self._computed(question, expected.subtask, asked.facts))
        count = ("count", len(picture.boxes))
        guesses = {
            "majority": majority,
            "question": asked,
            "empty": _NOTHING,
            "all boxes": Guess(picture.boxes, frozenset({count})),
        }
        return {
            name: compare(_given(guess, expected), guess.facts, expected)[0]
            for name, guess in guesses.items()
        }

    def _computed(self, question: str, subtask: str, facts: frozenset[Fact]) -> frozenset[Fact]:
        """Put what follows from the question's boxes in the place of what is common."""
        if subtask not in ("single", "multi"):
            return facts
        width, height = self._sides
        given = [Box(*box) for box in parse_boxes(question, width, height).boxes]
        known: dict[str, object] = {}
        if subtask == "single" and given:
            known = {
                "size": size(given[0], width, height),
                "shape": shape(given[0]),
                "cell": cell(given[0], width, height),
            }
        elif len(given) == 2:
            found = relation(given[0].center_px, given[1].center_px, width, height)
            known = {
                "direction": found.direction,
                "proximity": found.proximity,
                "distance": found.distance_px,
            }
        kept = {fact for fact in facts if fact[0] not in known}
        return frozenset(kept | set(known.items()))


def _given(guess: Guess, expected: Expected) -> tuple[Rectangle, ...]:
    return guess.boxes if expected.boxes is not None else ()


def _named(question: str) -> tuple[str, ...]:
    """Give what a question names: categories and cells."""
    text = words.normalized(question)
    categories = {mention.category for mention in words.mentions(text)}
    return ",".join(sorted(categories)), ",".join(sorted(words.cells(text)))
