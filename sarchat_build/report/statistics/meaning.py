"""Meanings of questions and answers, whatever their wording.

The meaning of an answer is all that it says in words: categories, counts, sizes, shapes, cells,
directions, near or far, yes or no. Numbers of pixels (boxes, distances) are left out: nobody
guesses those, and with them every answer would be one of its kind. The meaning of a question is
what it gives away in words or, by a box, in plain sight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

from sarchat_build.geometry.boxes import box_text
from sarchat_build.types import Box

Truth: TypeAlias = Mapping[str, Any]
Row: TypeAlias = Mapping[str, Any]
# Longer meanings are told apart by a digest, so that a summary stays small.
_LONGEST = 80


class Meaning(NamedTuple):
    """`asked` and `answered` by meaning; of the answer's `facts`, how many the prompt holds.

    `negative`: the answer says that something is not there.
    """

    asked: str
    answered: str
    facts: int
    facts_in_prompt: int
    negative: bool = False


def meaning(row: Row, cells: Sequence[str]) -> Meaning:
    """Read the meaning of a dialogue row from its ground truth; `cells` are of what it mentions."""
    found = _MEANINGS[row["task"], row["subtask"]](row, row["ground_truth"], cells)
    if len(found.asked) <= _LONGEST and len(found.answered) <= _LONGEST:
        return found
    return found._replace(asked=_short(found.asked), answered=_short(found.answered))


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:40]}… {blake2b(text.encode(), digest_size=8).hexdigest()}"


def _classes(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    named = truth["categories"]
    return Meaning("", ", ".join(named) or "none", max(1, len(named)), 0, not named)


def _presence(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    asked = " ".join(filter(None, (truth["asked"], truth.get("cell"))))
    no = truth["answer"] == "no"
    return Meaning(asked, truth["answer"], 1 if no else 2, 0, no)


def _description(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    kinds = Counter((o["cell"], o["size"], o["category"]) for o in truth["objects"])
    answer = "; ".join(f"{n} {size} {what}, {cell}" for (cell, size, what), n in kinds.items())
    return Meaning("", answer, 4 * len(kinds), 0)


def _count(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    none = truth["count"] == 0
    return Meaning(truth["category"], str(truth["count"]), 1 + truth["listed"], 0, none)


def _grounding(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    groups, relations = truth["groups"], truth["relations"]
    answer = [f"{g['count']} {g['category']}, {g['cell']}" for g in groups]
    answer += [", ".join(filter(None, (r["direction"], r["proximity"]))) for r in relations]
    return Meaning("", "; ".join(answer), 3 * len(groups) + len(cells) + 2 * len(relations), 0)


def _identified(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    (o,) = truth["objects"]
    words = f"{o['size']}, {o['shape']}, {o['cell']}"
    shown = _boxes_in_question(row) == 1
    return Meaning(words if shown else "", f"{o['category']}, {words}", 4, 3 if shown else 0)


def _category(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    (o,) = truth["objects"]
    if truth["options"]:
        asked = " or ".join(truth["options"])
    else:
        asked = f"{o['size']}, {o['shape']}" if _boxes_in_question(row) else ""
    return Meaning(asked, o["category"], 1, 0)


def _nearest(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    target = truth["objects"][1]["category"]
    # Box, direction and distance; with both boxes in the question all of them would follow.
    return Meaning(target, truth["direction"], 3, 3 if _boxes_in_question(row) == 2 else 0)


def _pair(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    first, second = truth["objects"]
    words = f"{truth['direction']}, {truth['proximity']}"
    shown = _boxes_in_question(row) == 2
    answer = f"{first['category']}, {second['category']}, {words}"
    return Meaning(words if shown else "", answer, 5, 3 if shown else 0)


def _boxes(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    kinds = Counter(cells)
    answer = "; ".join(f"{n} {cell}" if n > 1 else cell for cell, n in kinds.items())
    shown = _boxes_in_question(row)
    return Meaning(truth["category"], answer, 2 * len(cells), 2 * shown)


def _phrase(row: Row, truth: Truth, cells: Sequence[str]) -> Meaning:
    names = ("cell", "order", "rank", "relation", "size", "shape")
    asked = ", ".join(str(truth[name]) for name in names if truth[name] is not None)
    return Meaning(asked, cells[0], 2, 1 if truth["cell"] else 0)


def _boxes_in_question(row: Row) -> int:
    question = row["messages"][0]["content"]
    if "{" not in question:
        return 0
    return sum(box_text(Box(*box)) in question for box in row["objects"]["bbox"])


_MEANINGS: dict[tuple[str, str], Callable[[Row, Truth, Sequence[str]], Meaning]] = {
    ("classification", "all"): _classes,
    ("classification", "presence"): _presence,
    ("fine_grained_description", "all"): _description,
    ("instance_counting", "all"): _count,
    ("spatial_grounding", "single"): _grounding,
    ("spatial_grounding", "multi"): _grounding,
    ("spatial_grounding", "presence"): _presence,
    ("cross_modal_identification", "single"): _identified,
    ("cross_modal_identification", "category"): _category,
    ("cross_modal_identification", "choice"): _category,
    ("cross_modal_identification", "nearest"): _nearest,
    ("cross_modal_identification", "multi"): _pair,
    ("referring", "single"): _boxes,
    ("referring", "multi"): _boxes,
    ("referring", "unique"): _phrase,
}
