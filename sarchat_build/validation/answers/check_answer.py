"""Comparison of what an answer states with what follows from the boxes, for all phrasings."""

from __future__ import annotations

from collections.abc import Sequence

from sarchat_build.validation.answers.expected import (
    CountForm,
    Dialogue,
    ExpectedAnswer,
    Problem,
    Problems,
)
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.texts.parse import Noun, Reading
from sarchat_build.validation.texts.roles import wrong_subject

# (letter in `Reading.order`, check) of each list of facts, as `_facts` gives them.
_KINDS = (
    ("b", "answer_box"),
    ("c", "answer_cell"),
    ("z", "answer_size"),
    ("h", "answer_shape"),
    ("d", "answer_direction"),
    ("p", "answer_proximity"),
    ("x", "answer_distance"),
    ("l", "answer_listed"),
    ("y", "answer_verdict"),
)


# What each letter of `Reading.order` stands for.
_WORDS = {
    **{"n": "category", "c": "cell", "b": "box", "z": "size", "h": "shape", "d": "direction"},
    **{"p": "proximity", "x": "distance", "l": "how many are listed", "y": "yes or no"},
}


def _in_words(order: str) -> str:
    return ", ".join(_WORDS[letter] for letter in order)


def check_answer(expected: ExpectedAnswer, dialogue: Dialogue, reading: Reading) -> Problems:
    """Yield every fact that is missing, wrong, in the wrong position or one too many."""
    order, nouns = reading.order, reading.nouns
    if expected.free_noun is not None:
        yield from _free_noun_problems(expected.free_noun, nouns)
        order = order.replace("n", "")
    else:
        yield from _noun_problems(expected, nouns)
    if _facts(expected) != _facts(reading):
        yield from _fact_problems(expected, reading)
    if not expected.is_orderly(order) and not _named_at_once(expected, nouns):
        wanted = [_in_words(chunk[0]) for chunk in expected.chunks if chunk and chunk[0]]
        yield Problem(
            "answer_order",
            Plain("; ".join(wanted) or "no fact"),
            Plain(_in_words(reading.order) or "no fact"),
        )
    if dialogue.task == "cross_modal_identification" and dialogue.subtask in ("multi", "nearest"):
        subject = wrong_subject(dialogue.subtask, dialogue.answer)
        if subject:
            yield Problem("answer_roles", Plain("how the first lies to the second"), subject)
    yield from _surplus_problems(expected, reading)


def _facts(facts: ExpectedAnswer | Reading) -> tuple[list[str] | list[int], ...]:
    return (
        facts.boxes,
        facts.cells,
        facts.sizes,
        facts.shapes,
        facts.directions,
        facts.proximities,
        facts.distances,
        facts.listed,
        facts.verdicts,
    )


def _fact_problems(expected: ExpectedAnswer, reading: Reading) -> Problems:
    pairs = zip(_KINDS, _facts(expected), _facts(reading), strict=True)
    for (letter, check), wanted, found in pairs:
        if wanted != found and (found or not expected.may_miss(letter)):
            # "None of them" needs no "no", but may have one.
            if check == "answer_verdict" and expected.negative and not wanted and found == ["no"]:
                continue
            yield Problem(check, wanted, found)


def _noun_problems(expected: ExpectedAnswer, nouns: Sequence[Noun]) -> Problems:
    wanted: Sequence[tuple[str, int, CountForm]] = expected.nouns
    if _named_at_once(expected, nouns):
        nouns = [nouns[0]._replace(number=None)] * 2
        wanted = [(nouns[0].category, 2, "plain")] * 2
    categories = [category for category, _, _ in wanted]
    named = [noun.category for noun in nouns]
    if named != categories and (named or not expected.may_miss("n")):
        yield Problem("answer_category", categories, named)
    for noun, (category, n, form) in zip(nouns, wanted, strict=False):
        if not _is_counted(noun, n, form):
            yield Problem("answer_count", Plain(f"{n} {category}"), _said(noun))
        if not noun.agrees_with(n):
            yield Problem("grammar", Plain(f"the number of {n} {category}"), _said(noun))


def _said(noun: Noun) -> Plain:
    number = "" if noun.number is None else f"{noun.number} "
    form = {True: " (plural)", False: " (singular)", None: ""}[noun.plural]
    return Plain(f"{number}{noun.category}{form}")


def _is_counted(noun: Noun, n: int, form: CountForm) -> bool:
    """Tell whether a noun says that there are `n`, or says no number, as its form demands."""
    if form in ("plain", "name"):
        return noun.number is None
    if form == "number" and noun.number is None:
        # "a ship", and "ship" as the name of what is there.
        return n == 1
    return noun.number == n


def _named_at_once(expected: ExpectedAnswer, nouns: Sequence[Noun]) -> bool:
    """Tell whether two of a kind are named together: "both are ships", "2 ships"."""
    return (
        len(nouns) == 1
        and expected.any_order
        and len(expected.nouns) == 2
        and expected.nouns[0] == expected.nouns[1]
        and nouns[0].category == expected.nouns[0][0]
        and nouns[0].plural is not False
        and nouns[0].number in (None, 2)
    )


def _free_noun_problems(expected: tuple[str, int], nouns: Sequence[Noun]) -> Problems:
    category, n = expected
    for noun in nouns:
        if noun.category != category:
            yield Problem("answer_category", category, noun.category)
        elif noun.number is not None:
            if noun.number != n:
                yield Problem("answer_count", n, noun.number)
            if not noun.agrees_with(noun.number):
                yield Problem("grammar", Plain(f"the number of {n} {category}"), _said(noun))


def _surplus_problems(expected: ExpectedAnswer, reading: Reading) -> Problems:
    """Refuse loose vocabulary, markup, loose numbers and words that turn a fact round."""
    if reading.strays:
        yield Problem("answer_stray", [], reading.strays)
    if reading.numbers:
        yield Problem("answer_number", [], reading.numbers)
    if reading.absences and not expected.negative:
        yield Problem("answer_absence", [], reading.absences)
    if expected.negative and not expected.nouns and not (reading.absences or reading.verdicts):
        yield Problem("answer_category", Plain("none"), Plain("no word for it"))
