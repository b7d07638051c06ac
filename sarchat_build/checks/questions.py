"""Checks that a question asks for what its row says, gives what it must and no more."""

from __future__ import annotations

from sarchat_build.checks.answers import Problem, Problems
from sarchat_build.checks.findings import Plain
from sarchat_build.checks.parse import read
from sarchat_build.checks.rules import Rules
from sarchat_build.checks.truth import Dialogue, Expected
from sarchat_build.checks.vocabulary import INJECTION


def check_question(dialogue: Dialogue, expected: Expected, rules: Rules) -> Problems:
    """Compare a question's boxes and categories with its row.

    Wording is free here, unlike in answers: only boxes, categories and markup are looked at.
    """
    question = read(dialogue.question)
    markup = INJECTION.search(dialogue.question) if question.strays else None
    if markup:
        yield Problem("question_markup", Plain("plain text"), markup[0])
    given = (
        [thing.text for thing in expected.things]
        if dialogue.task == "cross_modal_identification"
        else []
    )
    broken = [text for text in question.strays if text[0] == "{" and any(map(str.isdigit, text))]
    if question.boxes != given or broken:
        yield Problem("question_box", given, question.boxes + broken)
    named = {noun.category for noun in question.nouns}
    if dialogue.task in ("instance_counting", "referring"):
        wanted = {expected.truth[0]}
        if named != wanted:
            yield Problem("question_category", sorted(wanted), sorted(named))
        # A referring question may say how many there are; that is what counting asks for.
        n = 0 if dialogue.task == "instance_counting" else len(expected.things)
        counts = {noun.number for noun in question.nouns if noun.number}
        if counts - {n}:
            yield Problem("question_count", n or Plain("no count"), sorted(counts))
    elif dialogue.task == "classification":
        if named != set(rules.candidates):
            yield Problem("question_category", rules.candidates, sorted(named))
    elif named and named != set(rules.candidates):
        yield Problem("question_gives_away", [], sorted(named))
