"""The nouns of the proof: a dialogue taken apart, and what must follow from the boxes.

What an answer must state is a table, `Said`, not code: one for each question, whatever its wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

from sarchat_build.validation.answers.parse import NOTHING
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import CATEGORIES

# How a category is said: with its count in digits ("2 ships", "no ships"), with its count in digits
# or an article ("a ship"), in the right number but without a count ("the ships"), or as a name.
Saying: TypeAlias = Literal["counted", "number", "plain", "name"]


class Problem(NamedTuple):
    """A check that failed, what it expected and what it found."""

    check: str
    expected: object
    found: object


Problems: TypeAlias = Iterator[Problem]


class Dialogue(NamedTuple):
    """One row of a dialogues file, with the parts of its id and messages taken apart."""

    dialogue_id: str
    task: str
    subtask: str
    key: str
    question: str  # without "<image>\n" and tag
    answer: str
    refs: list[str]
    boxes: list[list[float]]
    instance_ids: list[str]
    truth: tuple[Any, ...]


class Said(NamedTuple):
    """What an answer states, as `parse.Reading` has it: these facts, all of them, and no others.

    Its order is one of `chunks[0]`, then one of `chunks[1]` and so on, in letters of
    `Reading.order`; with `any_order` these are sets of facts. A fact whose letter only some
    alternatives have may be left out altogether. `free_noun` is a category that may be named
    anywhere, by itself or with its count; its mentions are left out of the order.
    """

    chunks: Sequence[Sequence[str]]
    nouns: tuple[tuple[str, int, Saying], ...] = ()
    boxes: list[str] = NOTHING
    cells: list[str] = NOTHING
    sizes: list[str] = NOTHING
    shapes: list[str] = NOTHING
    directions: list[str] = NOTHING
    proximities: list[str] = NOTHING
    distances: list[int] = NOTHING
    listed: list[int] = NOTHING
    verdicts: list[str] = NOTHING
    any_order: bool = False
    free_noun: tuple[str, int] | None = None
    negative: bool = False  # "none", "nothing", "not" are true of it

    def is_orderly(self, order: str) -> bool:
        """Tell whether facts come in an order that says what belongs to what.

        >>> said = Said((("nc", "cn"), ("nnc", "cnn")))
        >>> said.is_orderly("nccnn"), said.is_orderly("ncnnn")
        (True, False)
        """
        if self.any_order:
            facts = sorted(order)
            return any(facts == sorted(one) for one in self.chunks[0])
        at = 0
        for alternatives in self.chunks:
            found = next((one for one in alternatives if order.startswith(one, at)), None)
            if found is None:
                return False
            at += len(found)
        return at == len(order)

    def may_miss(self, letter: str) -> bool:
        """Tell whether a kind of fact may be left out."""
        return any(0 < sum(letter in one for one in chunk) < len(chunk) for chunk in self.chunks)


class Asked(NamedTuple):
    """What a question gives and names: these boxes, categories and words, and no others.

    `categories` in this order where `listed`, else in any order and as often as one likes.
    `number` is a number of objects that the question may say, `percent` a share of the picture.
    """

    boxes: list[str] = NOTHING
    categories: Sequence[str] = ()
    listed: bool = False
    number: int | None = None
    percent: float | None = None
    cells: list[str] = NOTHING
    sizes: list[str] = NOTHING
    shapes: list[str] = NOTHING
    directions: list[str] = NOTHING
    orderly: int | None = None  # words of order and relation, where they are the question
    either_way: bool = False  # yes and no are both possible: nothing may turn the question round


class Expected(NamedTuple):
    """What follows from the boxes.

    `things` are the objects in order of mention, `truth` the `ground_truth` struct as a tuple in
    the order of its fields.
    """

    things: tuple[CheckedObject, ...]
    truth: tuple[Any, ...]
    said: Said
    asked: Asked = Asked()


class Group(NamedTuple):
    """Objects that an answer mentions together."""

    category: str
    cell: str
    size: str
    things: tuple[CheckedObject, ...]


class Unfounded(Exception):
    """The boxes do not support that this question is asked."""

    def __init__(self, check: str, expected: object, found: object) -> None:
        super().__init__(check)
        self.problem = Problem(check, expected, found)


def require_key(dialogue: Dialogue, key: str) -> None:
    """Refuse a dialogue whose id ends in something else."""
    if dialogue.key != key:
        raise Unfounded("dialogue_key", key, dialogue.key)


def require_count(dialogue: Dialogue, n: int, cap: float) -> None:
    """Refuse "single" about many, "multi" about one, and any question about none or too many."""
    subtask = "single" if n == 1 else "multi" if 1 < n <= cap else "not asked"
    if dialogue.subtask != subtask:
        raise Unfounded("subtask", Plain(f"{subtask} (objects: {n})"), dialogue.subtask)


def require_listed(scene: CheckedImage, category: str) -> str:
    """Refuse what is no category of ours, or one with a rejected object."""
    if category not in CATEGORIES:
        raise Unfounded("dialogue_key", CATEGORIES, category)
    if category in scene.rejected:
        raise Unfounded("rejected_category", Plain("not asked"), category)
    return category


def require_sure(scene: CheckedImage, category: str) -> str:
    """Refuse a category with an object that is not listed, or may not be."""
    if require_listed(scene, category) in scene.cut:
        raise Unfounded("cut_category", Plain("not asked"), category)
    if category not in scene.annotated:
        raise Unfounded("unsure_category", Plain("one that its source annotates"), category)
    return category


def require_all_listed(scene: CheckedImage, category: str, rules: Rules) -> str:
    """Refuse to list "all" of a category of which the recipe knows one more."""
    if require_listed(scene, category) in scene.cut and rules.skip_cut:
        raise Unfounded("cut_category", Plain("not asked"), category)
    return category


def require_absent(scene: CheckedImage, category: str) -> None:
    """Refuse to say that there is none where nobody would have annotated one."""
    if category not in scene.annotated or category in scene.cut:
        raise Unfounded("wrong_negative", Plain("absence claimed only where annotated"), category)


def mentioned(scene: CheckedImage, dialogue: Dialogue, n: int) -> tuple[CheckedObject, ...]:
    """Give the `n` objects that a row lists."""
    things = [scene.by_id.get(instance_id) for instance_id in dialogue.instance_ids]
    known = tuple(thing for thing in things if thing is not None)
    if len(known) != n or len(things) != n:
        raise Unfounded("instance_ids", Plain(f"{n} of this image"), dialogue.instance_ids)
    return known


def given(scene: CheckedImage, things: Sequence[CheckedObject]) -> list[str]:
    """Give the box texts of objects; each must stand for one object only."""
    for thing in things:
        if scene.by_text[thing.text] is None:
            raise Unfounded("ambiguous_box", Plain("a box of one object"), thing.text)
    return [thing.text for thing in things]


def grouped(things: Sequence[CheckedObject], *, by_size: bool) -> tuple[Group, ...]:
    """Join neighbors of a kind; `things` are sorted so that a kind is never split."""

    def kind(thing: CheckedObject) -> tuple[str, str, str]:
        return thing.category, thing.cell, thing.described_size if by_size else ""

    return tuple(Group(*key, tuple(members)) for key, members in groupby(things, key=kind))
