"""Types of the comparison: a dialogue taken apart, and what must follow from the boxes.

What an answer must state is a table, `ExpectedAnswer`, and not code: one for each question,
whatever its wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.texts.parse import NOTHING
from sarchat_build.validation.vocabulary import CATEGORIES

# How a category is counted: in digits ("2 ships", "no ships"), in digits or by an article ("a
# ship"), in the right number but without a count ("the ships"), or not at all, as a name.
CountForm: TypeAlias = Literal["counted", "number", "plain", "name"]


class Problem(NamedTuple):
    """A check that failed, what it expected and what it found."""

    check: str
    expected: object
    found: object


Problems: TypeAlias = Iterator[Problem]


class Dialogue(NamedTuple):
    """One row of a dialogues file, with the parts of its id and messages taken apart."""

    task: str
    subtask: str
    key: str
    question: str  # without "<image>\n" and tag
    answer: str
    refs: list[str]
    boxes: list[list[float]]
    instance_ids: list[str]
    ground_truth: tuple[Any, ...]


class ExpectedAnswer(NamedTuple):
    """What an answer states, as `parse.Reading` has it: these facts, all of them, and no others.

    Its order is one of `chunks[0]`, then one of `chunks[1]` and so on, in letters of
    `Reading.order`; with `any_order` these are sets of facts. A fact whose letter only some
    alternatives have may be left out altogether. `free_noun` is a category that may be named
    anywhere, by itself or with its count; its mentions are left out of the order.
    """

    chunks: Sequence[Sequence[str]]
    nouns: tuple[tuple[str, int, CountForm], ...] = ()
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

        >>> expected = ExpectedAnswer((("nc", "cn"), ("nnc", "cnn")))
        >>> expected.is_orderly("nccnn"), expected.is_orderly("ncnnn")
        (True, False)
        """
        if self.any_order:
            facts = sorted(order)
            return any(facts == sorted(one) for one in self.chunks[0])
        position = 0
        for alternatives in self.chunks:
            found = next((one for one in alternatives if order.startswith(one, position)), None)
            if found is None:
                return False
            position += len(found)
        return position == len(order)

    def may_miss(self, letter: str) -> bool:
        """Tell whether a kind of fact may be left out."""
        return any(0 < sum(letter in one for one in chunk) < len(chunk) for chunk in self.chunks)


class ExpectedQuestion(NamedTuple):
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

    `objects` are in order of mention, `ground_truth` is the struct as a tuple in the order of its
    fields.
    """

    objects: tuple[CheckedObject, ...]
    ground_truth: tuple[Any, ...]
    answer: ExpectedAnswer
    question: ExpectedQuestion = ExpectedQuestion()


class Group(NamedTuple):
    """Objects that an answer mentions together."""

    category: str
    cell: str
    size: str
    objects: tuple[CheckedObject, ...]


class UnsupportedQuestion(Exception):
    """A question that the boxes do not support."""

    def __init__(self, check: str, expected: object, found: object) -> None:
        super().__init__(check)
        self.problem = Problem(check, expected, found)


def require_key(dialogue: Dialogue, key: str) -> None:
    """Refuse a dialogue whose id ends in something else."""
    if dialogue.key != key:
        raise UnsupportedQuestion("dialogue_key", key, dialogue.key)


def require_count(dialogue: Dialogue, n: int, cap: float) -> None:
    """Refuse "single" about many, "multi" about one, and any question about none or too many."""
    subtask = "single" if n == 1 else "multi" if 1 < n <= cap else "not asked"
    if dialogue.subtask != subtask:
        raise UnsupportedQuestion("subtask", Plain(f"{subtask} (objects: {n})"), dialogue.subtask)


def require_listed(image: CheckedImage, category: str) -> str:
    """Refuse what is no category of ours, or one with a rejected object."""
    if category not in CATEGORIES:
        raise UnsupportedQuestion("dialogue_key", CATEGORIES, category)
    if category in image.rejected:
        raise UnsupportedQuestion("rejected_category", Plain("not asked"), category)
    return category


def require_complete(image: CheckedImage, category: str) -> str:
    """Refuse a category with an object that is not listed, or may not be."""
    if require_listed(image, category) in image.cut:
        raise UnsupportedQuestion("cut_category", Plain("not asked"), category)
    if category not in image.annotated:
        raise UnsupportedQuestion(
            "unsure_category", Plain("one that its source annotates"), category
        )
    return category


def require_all_listed(image: CheckedImage, category: str, rules: Rules) -> str:
    """Refuse to list "all" of a category of which the recipe knows one more."""
    if require_listed(image, category) in image.cut and rules.skip_cut:
        raise UnsupportedQuestion("cut_category", Plain("not asked"), category)
    return category


def require_absent(image: CheckedImage, category: str) -> None:
    """Refuse to say that there is none where nobody would have annotated one."""
    if category not in image.annotated or category in image.cut:
        raise UnsupportedQuestion(
            "wrong_negative", Plain("absence claimed only where annotated"), category
        )


def listed_objects(image: CheckedImage, dialogue: Dialogue, n: int) -> tuple[CheckedObject, ...]:
    """Give the `n` objects that a row lists."""
    objects = [image.by_id.get(instance_id) for instance_id in dialogue.instance_ids]
    known = tuple(obj for obj in objects if obj is not None)
    if len(known) != n or len(objects) != n:
        raise UnsupportedQuestion(
            "instance_ids", Plain(f"{n} of this image"), dialogue.instance_ids
        )
    return known


def box_texts(image: CheckedImage, objects: Sequence[CheckedObject]) -> list[str]:
    """Give the box texts of objects; each must stand for one object only."""
    for obj in objects:
        if image.by_text[obj.text] is None:
            raise UnsupportedQuestion("ambiguous_box", Plain("a box of one object"), obj.text)
    return [obj.text for obj in objects]


def group_objects(objects: Sequence[CheckedObject], *, by_size: bool) -> tuple[Group, ...]:
    """Join neighbors of a kind; `objects` are sorted so that a kind is never split."""

    def kind(obj: CheckedObject) -> tuple[str, str, str]:
        return obj.category, obj.cell, obj.described_size if by_size else ""

    return tuple(Group(*key, tuple(members)) for key, members in groupby(objects, key=kind))
