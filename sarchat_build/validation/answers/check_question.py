"""Checks that a question asks for what its row says, gives what it must and no more."""

from __future__ import annotations

import re

from sarchat_build.validation.answers.expected import Dialogue, ExpectedQuestion, Problem, Problems
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.texts.parse import NOTHING, Reading, read
from sarchat_build.validation.texts.phrases import orderly_words
from sarchat_build.validation.texts.words import ABSENCES, DENIALS, INJECTION, any_of

# "Yes or no?" and "whether or not" leave a question as it is.
_EITHER = re.compile(r"\b(?:yes or no|or not|if not|or none)\b", re.IGNORECASE)
# "At least 1 % of the picture", where the task has such a bound.
_PERCENT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:%|percent\b|per cent\b)", re.IGNORECASE)
# Six digits are written.
_ROUNDED = 1e-4
_TURNED = re.compile(rf"\b{any_of((*ABSENCES, *DENIALS[:-1], 'no'))}\b|n't\b", re.IGNORECASE)


def check_question(dialogue: Dialogue, expected: ExpectedQuestion) -> Problems:
    """Compare a question's boxes, categories, numbers and words with its row.

    Wording is free here, unlike in answers: what is no vocabulary is not looked at, but for markup.
    """
    text = dialogue.question
    if expected.percent is not None:
        shares = [float(found) for found in _PERCENT.findall(text)]
        text = _PERCENT.sub(" ", text)
        if any(abs(value - expected.percent) > _ROUNDED for value in shares):
            yield Problem("question_percent", expected.percent, shares)
    question = read(text)
    markup = INJECTION.search(text) if question.strays else None
    if markup:
        yield Problem("question_markup", Plain("plain text"), markup[0])
    broken = [
        found for found in question.strays if found[0] == "{" and any(map(str.isdigit, found))
    ]
    if question.boxes != expected.boxes or broken:
        yield Problem("question_box", expected.boxes, question.boxes + broken)
    if question.nouns or expected.categories:
        yield from _category_problems(question, expected)
    counts = [noun.number for noun in question.nouns if noun.number is not None]
    loose = [*question.numbers, *question.distances, *question.listed]
    if loose or any(count != expected.number for count in counts):
        yield Problem("question_count", expected.number or Plain("no count"), counts + loose)
    facts = _facts(question)
    wanted = (expected.cells, expected.sizes, expected.shapes, expected.directions, NOTHING)
    if facts != wanted:
        for check, fact, found in zip(_FACTS, wanted, facts, strict=True):
            if found != fact:
                yield Problem(check, fact, found)
    if expected.orderly is not None:
        words = orderly_words(text)
        if words != expected.orderly:
            yield Problem("question_order", expected.orderly, words)
    if expected.either_way:
        turned = _TURNED.search(_EITHER.sub(" ", text))
        if turned:
            yield Problem("question_negated", Plain("a question that yes confirms"), turned[0])


_FACTS = (
    *("question_cell", "question_size", "question_shape", "question_direction"),
    "question_proximity",
)


def _facts(question: Reading) -> tuple[list[str], ...]:
    return (
        question.cells,
        question.sizes,
        question.shapes,
        question.directions,
        question.proximities,
    )


def _category_problems(question: Reading, expected: ExpectedQuestion) -> Problems:
    named = [noun.category for noun in question.nouns]
    if expected.listed:
        if named != list(expected.categories):
            yield Problem("question_category", expected.categories, named)
    elif set(named) != set(expected.categories):
        check = "question_category" if expected.categories else "question_gives_away"
        yield Problem(check, sorted(expected.categories), named)
