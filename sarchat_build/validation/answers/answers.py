"""Compares what an answer states with what follows from the boxes: one rule for all phrasings."""

from __future__ import annotations

from collections.abc import Sequence

from sarchat_build.validation.answers.expect import Dialogue, Problem, Problems, Said, Saying
from sarchat_build.validation.answers.identify import turned_round
from sarchat_build.validation.answers.parse import Noun, Reading
from sarchat_build.validation.findings import Plain

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


def check_answer(said: Said, dialogue: Dialogue, answer: Reading) -> Problems:
    """Yield every fact that is missing, wrong, in the wrong place or one too many."""
    order, nouns = answer.order, answer.nouns
    if said.free_noun is not None:
        yield from _free_nouns(said.free_noun, nouns)
        order = order.replace("n", "")
    else:
        yield from _nouns(said, nouns)
    if _facts(said) != _facts(answer):
        yield from _differences(said, answer)
    if not said.is_orderly(order) and not _named_at_once(said, nouns):
        yield Problem("answer_order", said.chunks, answer.order)
    if dialogue.task == "cross_modal_identification" and dialogue.subtask in ("multi", "nearest"):
        yield from turned_round(dialogue.subtask, dialogue.answer)
    yield from _nothing_else(said, answer)


def _facts(facts: Said | Reading) -> tuple[list[str] | list[int], ...]:
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


def _differences(said: Said, answer: Reading) -> Problems:
    for (letter, check), expected, found in zip(_KINDS, _facts(said), _facts(answer), strict=True):
        if expected != found and (found or not said.may_miss(letter)):
            # "None of them" needs no "no", but may have one.
            if check == "answer_verdict" and said.negative and not expected and found == ["no"]:
                continue
            yield Problem(check, expected, found)


def _nouns(said: Said, nouns: Sequence[Noun]) -> Problems:
    if _named_at_once(said, nouns):
        nouns = [nouns[0]._replace(number=None)] * 2
        expected: Sequence[tuple[str, int, Saying]] = [(nouns[0].category, 2, "plain")] * 2
    else:
        expected = said.nouns
    categories = [category for category, _, _ in expected]
    named = [noun.category for noun in nouns]
    if named != categories and (named or not said.may_miss("n")):
        yield Problem("answer_category", categories, named)
    for noun, (category, n, saying) in zip(nouns, expected, strict=False):
        count = noun.number
        if saying == "number" and count is None:
            # "a ship", and "ship" as the name of what is there.
            wrong = n != 1 and noun.plural is True
        elif saying in ("plain", "name"):
            wrong = count is not None
        else:
            wrong = count != n
        if wrong or (saying == "number" and count is None and n != 1):
            yield Problem("answer_count", n, noun)
        if not noun.agrees_with(n):
            yield Problem("grammar", Plain(f"the number of {n} {category}"), noun)


def _named_at_once(said: Said, nouns: Sequence[Noun]) -> bool:
    """Tell whether two of a kind are named together: "both are ships", "2 ships"."""
    return (
        len(nouns) == 1
        and said.any_order
        and len(said.nouns) == 2
        and said.nouns[0] == said.nouns[1]
        and nouns[0].category == said.nouns[0][0]
        and nouns[0].plural is not False
        and nouns[0].number in (None, 2)
    )


def _free_nouns(expected: tuple[str, int], nouns: Sequence[Noun]) -> Problems:
    category, n = expected
    for noun in nouns:
        if noun.category != category:
            yield Problem("answer_category", category, noun.category)
        elif noun.number is not None:
            if noun.number != n:
                yield Problem("answer_count", n, noun.number)
            if not noun.agrees_with(noun.number):
                yield Problem("grammar", Plain(f"the number of {n} {category}"), noun)


def _nothing_else(said: Said, answer: Reading) -> Problems:
    """Refuse loose vocabulary, markup, loose numbers and words that turn a fact round."""
    if answer.strays:
        yield Problem("answer_stray", [], answer.strays)
    if answer.numbers:
        yield Problem("answer_number", [], answer.numbers)
    if answer.absences and not said.negative:
        yield Problem("answer_absence", [], answer.absences)
    if said.negative and not said.nouns and not (answer.absences or answer.verdicts):
        yield Problem("answer_category", Plain("none"), Plain("no word for it"))
