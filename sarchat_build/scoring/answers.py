"""One answer against its truth: what was expected, what was read, what is right of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from sarchat_build.scoring import words
from sarchat_build.scoring.box_text import Boxes, parse_boxes
from sarchat_build.scoring.counts import count_of
from sarchat_build.scoring.frames import NATIVE, Frame
from sarchat_build.scoring.matching import Match, Outline, Rectangle, iou_table, match

THRESHOLDS = (0.25, 0.5, 0.75)
# An answer is right if every box is matched at this, and every fact is.
RIGHT_IOU = 0.5
OUTCOMES = ("right", "wrong", "no box", "unparsable", "truncated", "refusal", "missing")
# Of a distance in pixels this much may be missed, and two pixels in any case.
DISTANCE_TOLERANCE = 0.05

# A fact: what it is about, and its value.
Fact: TypeAlias = tuple[str, Any]
# Facts of which an answer may state several; of any other it states one.
_SETS = frozenset(("category", "place"))
# What the facts of a subtask are called in tables.
FACT_METRIC = {
    "classification": "classes",
    "fine_grained_description": "phrases",
    "instance_counting": "count",
    "spatial_grounding": "position",
    "cross_modal_identification": "facts",
    "referring": "facts",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must say.

    Attributes:
        task, subtask: as published.
        width_px, height_px: of the chip.
        boxes: those that the answer must give, in pixels; None if it need not give any.
        facts: what it must say in words.
        asked: the category that is asked about, if one is.
        outlines: of each box the rotated one, nothing where the source has none.
    """

    task: str
    subtask: str
    width_px: int
    height_px: int
    boxes: tuple[Rectangle, ...] | None
    facts: frozenset[Fact]
    asked: str | None = None
    outlines: tuple[Outline, ...] = ()


class Tally(NamedTuple):
    """True positives, false positives and false negatives.

    >>> Tally(3, 1, 0).score
    0.75
    """

    right: int
    extra: int
    missing: int

    @property
    def score(self) -> float:
        """TP / (TP + FP + FN); 1 if there was nothing to say and nothing was said."""
        total = sum(self)
        return self.right / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read of a text.

    Attributes:
        boxes: what it holds of boxes; None if there was no text.
        facts: what its words say.
        counted_boxes: whether its count is the number of its boxes, for want of a number.
    """

    boxes: Boxes
    facts: frozenset[Fact]
    counted_boxes: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer, scored.

    Attributes:
        outcome: one of `OUTCOMES`.
        tallies: by metric: "box@0.25" …, and the facts of the task.
        matches: pairs at `RIGHT_IOU`.
        boxes: what was predicted, in pixels of the chip; `outlines` the same, turned as written.
        mean_iou: of the pairs at the lowest threshold; None without any.
        counted_boxes: as in `Answer`.
    """

    outcome: str
    tallies: Mapping[str, Tally]
    matches: tuple[Match, ...] = ()
    boxes: tuple[Rectangle, ...] = ()
    outlines: tuple[Outline, ...] = ()
    mean_iou: float | None = None
    counted_boxes: bool = False

    @property
    def score(self) -> float:
        """The mean of its metrics, 0 to 1."""
        values = [tally.score for tally in self.tallies.values()]
        return sum(values) / len(values) if values else 0.0


def box_metric(threshold: float) -> str:
    """Name the metric of boxes at a threshold."""
    return f"box@{threshold:g}"


def truth_facts(task: str, subtask: str, truth: Mapping[str, Any]) -> frozenset[Fact]:
    """Give every fact of a `ground_truth`."""
    if task == "classification":
        if subtask == "presence":
            return frozenset({("answer", truth["answer"])})
        return frozenset(("category", c) for c in truth["categories"] or ["none"])
    if task == "fine_grained_description":
        return frozenset(("place", (o["category"], o["cell"])) for o in truth["objects"])
    if task == "instance_counting":
        return frozenset({("count", truth["count"])})
    if task == "spatial_grounding":
        if subtask == "presence":
            return frozenset({("answer", truth["answer"])})
        return frozenset(("place", (g["category"], g["cell"])) for g in truth["groups"])
    if task != "cross_modal_identification":
        return frozenset()
    objects = truth["objects"]
    facts: list[Fact] = [("direction", truth["direction"]), ("proximity", truth["proximity"])]
    facts.append(("distance", truth["distance_px"]))
    if subtask == "multi":
        facts += [("first", objects[0]["category"]), ("second", objects[1]["category"])]
    elif subtask == "single":
        facts += [(name, objects[0][name]) for name in ("size", "shape", "cell")]
    if subtask in ("single", "category", "choice"):
        facts.append(("class", objects[0]["category"]))
    return frozenset((name, value) for name, value in facts if value is not None)


def read_facts(task: str, subtask: str, boxes: Boxes, asked: str | None) -> frozenset[Fact]:
    """Read the facts that a subtask asks for from the words beside the boxes."""
    text = words.normalized(boxes.rest)
    if subtask == "presence":
        return _known({"answer": words.yes_or_no(text, asked)})
    if subtask in ("category", "choice"):
        return frozenset(("class", c) for c in words.categories(text) or ())
    if task == "classification":
        found = words.categories(text)
        return (
            frozenset(("category", c) for c in found or ["none"])
            if found is not None
            else frozenset()
        )
    if task == "fine_grained_description" or task == "spatial_grounding":
        return frozenset(
            ("place", place) for place in words.places(words.normalized_lines(boxes.rest))
        )
    if task == "instance_counting":
        return _known({"count": count_of(text, asked or "")})
    if task != "cross_modal_identification":
        return frozenset()
    if subtask == "single":
        facts = {("class", c) for c in words.categories(text) or ()}
        facts |= {("size", size) for size in words.sizes(text)}
        facts |= {("shape", shape) for shape in words.shapes(text)}
        return frozenset(facts | {("cell", cell) for cell in words.cells(text)})
    first, second = words.two_categories(text) if subtask == "multi" else (None, None)
    return _known(
        {
            "first": first,
            "second": second,
            "direction": words.direction(text),
            "proximity": words.proximity(text),
            "distance": words.distance_px(text),
        }
    )


def _known(facts: Mapping[str, Any]) -> frozenset[Fact]:
    return frozenset((name, value) for name, value in facts.items() if value is not None)


def read_answer(text: str, expected: Expected, frame: Frame = NATIVE) -> Answer:
    """Read boxes and words of an answer to the question that `expected` answers.

    The box that a refusal quotes from the question is none of its own.
    """
    boxes = parse_boxes(text, expected.width_px, expected.height_px, frame)
    if len(boxes.boxes) == 1 and words.refuses(boxes.rest):
        boxes = boxes._replace(boxes=(), outlines=(), raw=())
    facts = read_facts(expected.task, expected.subtask, boxes, expected.asked)
    counted = expected.task == "instance_counting" and not facts and bool(boxes.boxes)
    if counted:
        facts = frozenset({("count", len(boxes.boxes))})
    return Answer(boxes, facts, counted)


def tally_facts(said: Collection[Fact], true: Collection[Fact]) -> Tally:
    """Count right, extra and missing facts.

    Where a fact has one value, another value is one error and not two; facts that were not asked
    for cost nothing.

    >>> tally_facts({("size", "small")}, {("size", "large"), ("shape", "wide")})
    Tally(right=0, extra=1, missing=1)
    """
    right = extra = missing = 0
    for name in sorted({name for name, _ in true}):
        wanted = {value for key, value in true if key == name}
        given = {value for key, value in said if key == name}
        hits = _hits(name, given, wanted)
        right += hits
        spare = len(given) - hits
        lost = len(wanted) - hits
        if name not in _SETS:
            lost -= min(lost, spare)
        extra += spare
        missing += lost
    return Tally(right, extra, missing)


def _hits(name: str, given: set[Any], wanted: set[Any]) -> int:
    if name != "distance" or not given or not wanted:
        return len(given & wanted)
    (true,) = wanted
    tolerance = max(2.0, DISTANCE_TOLERANCE * true)
    return int(any(abs(value - true) <= tolerance for value in given))


def compare(
    predicted: Sequence[Rectangle], facts: Collection[Fact], expected: Expected
) -> tuple[dict[str, Tally], list[list[float]]]:
    """Score boxes and facts, whatever they were read from; also gives the table of IoUs."""
    tallies: dict[str, Tally] = {}
    table: list[list[float]] = []
    if expected.facts:
        metric = "answer" if expected.subtask == "presence" else FACT_METRIC[expected.task]
        tallies[metric] = tally_facts(facts, expected.facts)
    if expected.boxes is not None:
        table = iou_table(predicted, expected.boxes)
        for threshold in THRESHOLDS:
            hits = len(match(table, threshold))
            tallies[box_metric(threshold)] = Tally(
                hits, len(predicted) - hits, len(expected.boxes) - hits
            )
    return tallies, table


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model answered; `text` is None if it did not, `stopped` if its length was reached."""

    text: str | None
    stopped: bool = field(default=False)


def score_answer(prediction: Prediction, expected: Expected, frame: Frame = NATIVE) -> Scored:
    """Score one answer.

    >>> expected = Expected("referring", "single", 100, 100, ((10, 10, 30, 30),), frozenset())
    >>> scored = score_answer(Prediction("It is at {<10><10><30><30>}."), expected)
    >>> scored.outcome, scored.score
    ('right', 1.0)
    """
    if prediction.text is None:
        return Scored("missing", compare((), (), expected)[0])
    answer = read_answer(prediction.text, expected, frame)
    return score_read(answer, prediction, expected)


def score_read(answer: Answer, prediction: Prediction, expected: Expected) -> Scored:
    """Score what was read of an answer."""
    predicted = answer.boxes.boxes
    tallies, table = compare(predicted, answer.facts, expected)
    pairs = match(table, THRESHOLDS[0])
    return Scored(
        outcome=_outcome(answer, prediction, expected, tallies),
        tallies=tallies,
        matches=tuple(match(table, RIGHT_IOU)),
        boxes=predicted,
        outlines=answer.boxes.outlines,
        mean_iou=sum(pair.iou for pair in pairs) / len(pairs) if pairs else None,
        counted_boxes=answer.counted_boxes,
    )


def _outcome(
    answer: Answer, prediction: Prediction, expected: Expected, tallies: Mapping[str, Tally]
) -> str:
    ignored = {box_metric(t) for t in THRESHOLDS if t != RIGHT_IOU}
    said_nothing = not answer.facts and not answer.boxes.boxes
    denies = said_nothing and expected.boxes == () and not expected.facts
    if not denies and all(t.score == 1.0 for name, t in tallies.items() if name not in ignored):
        return "right"
    if answer.boxes.cut or prediction.stopped:
        return "truncated"
    without_box = bool(expected.boxes) and not answer.boxes.boxes
    if without_box or said_nothing:
        if not answer.boxes.none and words.REFUSAL.search(words.normalized(answer.boxes.rest)):
            return "refusal"
        if answer.boxes.broken:
            return "unparsable"
        if without_box:
            return "no box"
        return "unparsable"
    return "wrong"
