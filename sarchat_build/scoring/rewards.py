"""The score as a reward: one completion, or a batch as GRPO trainers hand it over.

Nothing but the standard library is needed beside this room's own reading and matching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

from sarchat_build.scoring import words
from sarchat_build.scoring.answers import (
    Expected,
    Fact,
    Prediction,
    read_facts,
    score_answer,
)
from sarchat_build.scoring.box_text import Boxes, parse_boxes
from sarchat_build.scoring.counts import count_of
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Rectangle

# Sides where no column says them; of use only to clip, and to frames that follow from the chip.
_SIDE_PX = 512


@overload
def reward(completions: str, solution: str, *, boxes: str = ..., **columns: Any) -> float: ...
@overload
def reward(
    completions: Sequence[Any], solution: Sequence[str], *, boxes: str = ..., **columns: Any
) -> list[float]: ...
def reward(
    completions: str | Sequence[Any],
    solution: str | Sequence[str],
    *,
    boxes: str = "native",
    **columns: Any,
) -> float | list[float]:
    """Score completions against reference answers, 0 to 1: the mean of a dialogue's metrics.

    Boxes count by the mean of TP / (TP + FP + FN) at IoU 0.25, 0.5 and 0.75, facts by their own;
    so a repeated box costs, and half of the boxes is worth something.

    >>> reward("{<10><10><30><30>}", "The ship is at {<10><10><30><30>}.")
    1.0
    >>> reward(["A car.", "It is a ship."], ["A ship.", "A ship."], task=["classification"] * 2)
    [0.0, 1.0]

    Args:
        completions: a text, or a list of texts or of message lists, as TRL hands them over.
        solution: the reference answer of each, as the dataset words it, boxes in `boxes` too.
        boxes: the frame of both, as `sarchat score --boxes`.
        columns: columns of the dataset, each a list as long as `completions` or one value: `task`
            (or `channel`), `subtask`, `width` and `height` in pixels are used; others are not.

    Raises:
        ConfigurationError: `boxes` is no frame.
        ValueError: `completions` and `solution` are not equally many, or a solution is no text.
    """
    frame = Frame.parse(boxes)
    if isinstance(completions, str):
        own = _reference(solution, 0)
        return _one(completions, own, frame, {n: _at(v, 0) for n, v in columns.items()})
    if len(solution) != len(completions):
        raise ValueError(f"{len(completions)} completions and {len(solution)} solutions")
    return [
        _one(
            _text(own),
            _reference(solution[i], i),
            frame,
            {n: _at(v, i) for n, v in columns.items()},
        )
        for i, own in enumerate(completions)
    ]


def _reference(solution: Any, position: int) -> str:
    if not isinstance(solution, str):
        raise ValueError(
            f"solution {position} of the batch is {type(solution).__name__}, and not the text of "
            "the reference answer; is every row of the data set of an export that has `solution`?"
        )
    return solution


class Reward:
    """The same as the class that ms-swift registers in `orms`.

    Raises:
        ConfigurationError: `boxes` is no frame.

    >>> Reward()(["A ship."], solution=["A ship."], task=["classification"])
    [1.0]
    """

    def __init__(self, *_: Any, boxes: str = "native", **__: Any) -> None:
        Frame.parse(boxes)
        self._boxes = boxes
        # What TRL calls a reward in its log.
        self.__name__ = "sarchat"

    def __call__(
        self, completions: Sequence[Any], solution: Sequence[str], **columns: Any
    ) -> list[float]:
        """Score a batch."""
        return reward(completions, solution, **{"boxes": self._boxes, **columns})


def _at(column: Any, position: int) -> Any:
    if isinstance(column, Sequence) and not isinstance(column, str):
        return column[position] if position < len(column) else None
    return column


def _text(completion: Any) -> str:
    """Give the text of a completion; of messages, that of the last."""
    if isinstance(completion, str):
        return completion
    if isinstance(completion, Mapping):
        return _text(completion.get("content", ""))
    if isinstance(completion, Sequence) and completion:
        if all(isinstance(part, Mapping) and "text" in part for part in completion):
            return "".join(str(part["text"]) for part in completion)
        return _text(completion[-1])
    return ""


def _one(completion: str, solution: str, frame: Frame, columns: Mapping[str, Any]) -> float:
    expected = expected_of(solution, frame, columns)
    scored = score_answer(Prediction(completion), expected, frame)
    at_boxes = [t.score for name, t in scored.tallies.items() if name.startswith("box@")]
    parts = [t.score for name, t in scored.tallies.items() if not name.startswith("box@")]
    if at_boxes:
        parts.append(sum(at_boxes) / len(at_boxes))
    return sum(parts) / len(parts) if parts else float(completion.strip() == solution.strip())


def expected_of(solution: str, frame: Frame, columns: Mapping[str, Any]) -> Expected:
    """Say what an answer must hold: what its reference answer says.

    Without a task, boxes are expected if it holds any, and else the categories or the yes or no.
    """
    width = int(columns.get("width") or _SIDE_PX)
    height = int(columns.get("height") or _SIDE_PX)
    task = str(columns.get("task") or columns.get("channel") or "")
    subtask = str(columns.get("subtask") or "")
    written = parse_boxes(solution, width, height, frame)
    asked = None
    facts: frozenset[Fact] = frozenset()
    if task == "instance_counting":
        asked, facts = _counted(written)
    elif task:
        subtask = subtask or _subtask(task, written)
        facts = read_facts(task, subtask, written, None)
    elif not written.boxes:
        task, subtask = "classification", _subtask("classification", written)
        facts = read_facts(task, subtask, written, None)
    boxes: tuple[Rectangle, ...] | None = written.boxes or None
    if task == "instance_counting" and facts == {("count", 0)}:
        boxes = ()
    return Expected(task or "referring", subtask, width, height, boxes, facts, asked)


def _counted(written: Boxes) -> tuple[str | None, frozenset[Fact]]:
    """Give the category that an answer counts, and how many; nothing if it counts none."""
    text = words.normalized(written.rest)
    for mention in words.mentions(text):
        count = count_of(text, mention.category)
        if count is not None:
            return mention.category, frozenset({("count", count)})
    count = count_of(text, "")
    return None, frozenset() if count is None else frozenset({("count", count)})


def _subtask(task: str, written: Boxes) -> str:
    """Say of which subtask an answer is, by what it states."""
    text = words.normalized(written.rest)
    if task in ("classification", "spatial_grounding") and words.begins_yes_or_no(text):
        return "presence"
    if task != "cross_modal_identification":
        return "all"
    if words.direction(text) is not None or words.distance_px(text) is not None:
        return "nearest" if written.boxes else "multi"
    return "single" if words.sizes(text) or words.shapes(text) else "category"
