"""From counters to figures: whole numbers until the last step, so equal counts give equal text."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sarchat_build.report.statistics.box_text import FORMATS, STEPS
from sarchat_build.report.statistics.gather import BETWEEN
from sarchat_build.report.statistics.tallies import Group, Tallies, by_value, percentile

LENGTHS = ("question_chars", "question_words", "answer_chars", "answer_words")
_YES_NO = ("yes", "no")


def percent(part: int, whole: int) -> float | None:
    """Give a share in percent, to four decimals; None of nothing.

    >>> percent(1, 3), percent(0, 0)
    (33.3333, None)
    """
    return round(100 * part / whole, 4) if whole else None


def dialogue_figures(tallies: Tallies, group: Group) -> dict[str, Any]:
    """Give the figures of the dialogues of one group."""
    counts = tallies.get(group, "rows")
    rows = counts["rows"]
    figures: dict[str, Any] = {
        **{name: counts[name] for name in ("rows", "words", "sentences", "negatives")},
        "negatives_percent": percent(counts["negatives"], rows),
        **{name: counts[name] for name in ("wrong_negatives", "duplicates", "conflicts")},
        "grammar_faults": counts["grammar_faults"],
        "facts_in_prompt_percent": percent(counts["facts_in_prompt"], counts["facts"]),
        "solvable_from_prompt_percent": percent(counts["solvable"], rows),
        "half_solvable_from_prompt_percent": percent(counts["half_solvable"], rows),
        "lengths": {name: _length(tallies.get(group, name)) for name in LENGTHS},
    }
    if group.subtask:
        pairs = tallies.get(group, "answers")
        learned = tallies.get(group._replace(split="train"), "answers")
        figures["answers"] = answer_figures(pairs)
        figures["blind_percent"] = percent(blind_right(pairs, learned), rows) if learned else None
        figures["balance_percent"] = _balance(pairs, tallies.get(group, "first_option"))
    return figures


def answer_figures(pairs: Mapping[str, int]) -> dict[str, Any]:
    """Say how far the most frequent answer gets, and how many bits an answer has.

    >>> answer_figures({"ship => 1": 3, "tank => 1": 1})["majority_percent"]
    100.0
    """
    answers: Counter[str] = Counter()
    for pair, times in pairs.items():
        answers[pair.partition(BETWEEN)[2]] += times
    total = sum(answers.values())
    if not total:
        return {"distinct": 0, "majority": None, "majority_percent": None, "entropy_bits": None}
    # Summed in one order, and exactly, whatever order the counters were filled in.
    bits = math.fsum(n / total * math.log2(total / n) for n in sorted(answers.values()))
    majority = _most_frequent(answers)
    return {
        "distinct": len(answers),
        "majority": majority,
        "majority_percent": percent(answers[majority], total),
        "entropy_bits": round(bits, 4),
    }


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


def _length(histogram: Mapping[str, int]) -> dict[str, int | None]:
    return {
        "p50": percentile(histogram, 50),
        "p99": percentile(histogram, 99),
        "max": percentile(histogram, 100),
    }


def crowding_figures(rows_per_image: Mapping[str, int]) -> dict[str, Any]:
    """Say how the rows are spread over the pictures that have any.

    >>> crowding_figures({"1": 99, "101": 1})["top_1_percent_share"]
    50.5
    """
    images = sum(times for value, times in by_value(rows_per_image) if value)
    rows = sum(value * times for value, times in by_value(rows_per_image))
    left, crowded = -(-images // 100), 0
    for value, times in reversed(list(by_value(rows_per_image))):
        taken = min(left, times)
        crowded, left = crowded + taken * value, left - taken
    most = percentile(rows_per_image, 100) or 0
    return {
        "pictures": images,
        "rows_per_picture": round(rows / images, 4) if images else None,
        "p50": percentile(rows_per_image, 50),
        "p99": percentile(rows_per_image, 99),
        "max": most,
        "max_share_percent": percent(most, rows),
        "top_1_percent_share": percent(crowded, rows),
    }


def box_figures(tallies: Tallies, group: Group) -> dict[str, Any]:
    """Give, per text format, what IoU boxes keep: mean, first percentile, least, share below .5.

    The mean is of thousandths rounded down, so at most .001 below the true one.
    """
    figures = {}
    for name in FORMATS:
        histogram = tallies.get(group, f"iou/{name}")
        boxes = sum(histogram.values())
        if not boxes:
            continue
        total = sum(value * times for value, times in by_value(histogram))
        low = sum(times for value, times in by_value(histogram) if 2 * value < STEPS)
        figures[name] = {
            "boxes": boxes,
            "mean_iou": round(total / (boxes * STEPS), 4),
            "p1_iou": (percentile(histogram, 1) or 0) / STEPS,
            "min_iou": min(value for value, _ in by_value(histogram)) / STEPS,
            "below_half_percent": percent(low, boxes),
        }
    return figures
