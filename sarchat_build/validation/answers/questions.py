"""Checks that a question asks for what its row says, gives what it must and no more."""

from __future__ import annotations

import re

from sarchat_build.validation.answers.expect import Asked, Dialogue, Problem, Problems
from sarchat_build.validation.answers.parse import NOTHING, Reading, read
from sarchat_build.validation.answers.phrases import orderly_words
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.vocabulary import ABSENCES, DENIALS, INJECTION, any_of

# "Yes or no?" and "whether or not" leave a question as it is.
_EITHER = re.compile(r"\b(?:yes or no|or not|if not|or none)\b", re.IGNORECASE)
# "At least 1 % of the picture", where the task has such a bound.
_PERCENT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:%|percent\b|per cent\b)", re.IGNORECASE)
# Six digits are written.
_ROUNDED = 1e-4
_TURNED = re.compile(rf"\b{any_of((*ABSENCES, *DENIALS[:-1], 'no'))}\b|n't\b", re.IGNORECASE)


def check_question(dialogue: Dialogue, asked: Asked) -> Problems:
    """Compare a question's boxes, categories, numbers and words with its row.

    Wording is free here, unlike in answers: what is no vocabulary is not looked at, but for markup.
    """
    text = dialogue.question
    if asked.percent is not None:
        said = [float(found) for found in _PERCENT.findall(text)]
        text = _PERCENT.sub(" ", text)
        if any(abs(value - asked.percent) > _ROUNDED for value in said):
            yield Problem("question_percent", asked.percent, said)
    question = read(text)
    markup = INJECTION.search(text) if question.strays else None
    if markup:
        yield Problem("question_markup", Plain("plain text"), markup[0])
    broken = [
        found for found in question.strays if found[0] == "{" and any(map(str.isdigit, found))
    ]
    if question.boxes != asked.boxes or broken:
        yield Problem("question_box", asked.boxes, question.boxes + broken)
    if question.nouns or asked.categories:
        yield from _categories(question, asked)
    counts = [noun.number for noun in question.nouns if noun.number is not None]
    loose = [*question.numbers, *question.distances, *question.listed]
    if loose or any(count != asked.number for count in counts):
        yield Problem("question_count", asked.number or Plain("no count"), counts + loose)
    facts = _facts(question)
    wanted = (asked.cells, asked.sizes, asked.shapes, asked.directions, NOTHING)
    if facts != wanted:
        for check, expected, found in zip(_FACTS, wanted, facts, strict=True):
            if found != expected:
                yield Problem(check, expected, found)
    if asked.orderly is not None:
        words = orderly_words(text)
        if words != asked.orderly:
            yield Problem("question_order", asked.orderly, words)
    if asked.either_way:
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


def _categories(question: Reading, asked: Asked) -> Problems:
    named = [noun.category for noun in question.nouns]
    if asked.listed:
        if named != list(asked.categories):
            yield Problem("question_category", asked.categories, named)
    elif set(named) != set(asked.categories):
        check = "question_category" if asked.categories else "question_gives_away"
        yield Problem(check, sorted(asked.categories), named)
