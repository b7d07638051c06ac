"""Figures of dialogues, computed from counters.

Numbers stay whole until the last step, so that equal counts give equal text.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping

from sarchat_build.config.toml import Model
from sarchat_build.report.statistics.counting import BETWEEN
from sarchat_build.report.statistics.tallies import Group, Tallies, percent, percentile

_YES_NO = ("yes", "no")


class Length(Model):
    """Median, 99th percentile and maximum of a length; None of no texts."""

    p50: int | None
    p99: int | None
    max: int | None


class Lengths(Model):
    """Lengths of texts in characters and in words, without the picture's mark and the tag."""

    question_chars: Length
    question_words: Length
    answer_chars: Length
    answer_words: Length


class AnswerFigures(Model):
    """The most frequent answer, the share of rows that it is right in, and bits per answer."""

    distinct: int
    majority: str | None
    majority_percent: float | None
    entropy_bits: float | None


class DialogueFigures(Model):
    """Figures of the dialogues of one group; None for what the group does not tell apart."""

    split: str | None
    task: str | None
    subtask: str | None
    source: str | None
    rows: int
    words: int
    sentences: int
    negatives: int
    negatives_percent: float | None
    wrong_negatives: int
    duplicates: int
    conflicts: int
    grammar_faults: int
    facts_in_prompt_percent: float | None
    solvable_from_prompt_percent: float | None
    half_solvable_from_prompt_percent: float | None
    lengths: Lengths


class SubtaskFigures(DialogueFigures):
    """The same for one subtask, whose answers can be held beside each other."""

    task: str
    subtask: str
    answers: AnswerFigures
    blind_percent: float | None
    balance_percent: float | None


def dialogue_figures(tallies: Tallies, group: Group) -> DialogueFigures:
    """Give the figures of the dialogues of one group."""
    counts = tallies.get(group, "rows")
    rows = counts["rows"]
    figures = DialogueFigures(
        **{name: value or None for name, value in group._asdict().items()},
        rows=rows,
        words=counts["words"],
        sentences=counts["sentences"],
        negatives=counts["negatives"],
        negatives_percent=percent(counts["negatives"], rows),
        wrong_negatives=counts["wrong_negatives"],
        duplicates=counts["duplicates"],
        conflicts=counts["conflicts"],
        grammar_faults=counts["grammar_faults"],
        facts_in_prompt_percent=percent(counts["facts_in_prompt"], counts["facts"]),
        solvable_from_prompt_percent=percent(counts["solvable"], rows),
        half_solvable_from_prompt_percent=percent(counts["half_solvable"], rows),
        lengths=Lengths(
            **{name: _length(tallies.get(group, name)) for name in Lengths.model_fields}
        ),
    )
    if not group.subtask:
        return figures
    pairs = tallies.get(group, "answers")
    learned = tallies.get(group._replace(split="train"), "answers")
    return SubtaskFigures(
        **dict(figures),
        answers=answer_figures(pairs),
        blind_percent=percent(blind_right(pairs, learned), rows) if learned else None,
        balance_percent=_balance(pairs, tallies.get(group, "first_option")),
    )


def answer_figures(pairs: Mapping[str, int]) -> AnswerFigures:
    """Say how far the most frequent answer gets, and how many bits an answer has.

    >>> answer_figures({"ship => 1": 3, "tank => 1": 1}).majority_percent
    100.0
    """
    answers: Counter[str] = Counter()
    for pair, times in pairs.items():
        answers[pair.partition(BETWEEN)[2]] += times
    total = sum(answers.values())
    if not total:
        return AnswerFigures(distinct=0, majority=None, majority_percent=None, entropy_bits=None)
    # Summed in one order, and exactly, whatever order the counters were filled in.
    bits = math.fsum(n / total * math.log2(total / n) for n in sorted(answers.values()))
    majority = _most_frequent(answers)
    return AnswerFigures(
        distinct=len(answers),
        majority=majority,
        majority_percent=percent(answers[majority], total),
        entropy_bits=round(bits, 4),
    )


def blind_right(pairs: Mapping[str, int], learned: Mapping[str, int]) -> int:
    """Count the rows that someone gets right who never looks but remembers the training split.

    To a question of known meaning they give its most frequent answer there, to any other the most
    frequent answer of all.

    >>> blind_right({"ship => 1": 3, "ship => 2": 1}, {"ship => 1": 9, "tank => 4": 5})
    3
    """
    by_question: dict[str, Counter[str]] = defaultdict(Counter)
    overall: Counter[str] = Counter()
    for pair, times in learned.items():
        asked, _, answered = pair.partition(BETWEEN)
        by_question[asked][answered] += times
        overall[answered] += times
    guesses = {asked: _most_frequent(answers) for asked, answers in by_question.items()}
    fallback = _most_frequent(overall)
    right = 0
    for pair, times in pairs.items():
        asked, _, answered = pair.partition(BETWEEN)
        right += times * (guesses.get(asked, fallback) == answered)
    return right


def _most_frequent(answers: Mapping[str, int]) -> str:
    return min(answers, key=lambda answer: (-answers[answer], answer))


def _balance(pairs: Mapping[str, int], first_option: Mapping[str, int]) -> float | None:
    """Give the share of "yes", or of answers that the question names first."""
    if first_option:
        return percent(first_option.get("first", 0), sum(first_option.values()))
    answers: Counter[str] = Counter()
    for pair, times in pairs.items():
        answers[pair.partition(BETWEEN)[2]] += times
    if not answers or set(answers) - set(_YES_NO):
        return None
    return percent(answers["yes"], sum(answers.values()))


def _length(histogram: Mapping[str, int]) -> Length:
    return Length(
        p50=percentile(histogram, 50),
        p99=percentile(histogram, 99),
        max=percentile(histogram, 100),
    )
