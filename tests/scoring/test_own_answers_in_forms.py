"""Our own answers in the box text of every model, as the exporter writes them, score 100."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from sarchat_build.exports.box_text import FORMS, BoxForm, rewrite
from sarchat_build.exports.reading import Dataset as ExportedDataset
from sarchat_build.exports.reading import Selection
from sarchat_build.scoring.answers import Expected, Prediction, score_answer
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Rectangle, clipped
from sarchat_build.scoring.truth import Dataset

# Special tokens of the models' tokenizers, which a decoder drops if it is told to skip them; those
# that carry numbers are all that there is of a box, and no decoder of these models drops them.
MARKS = re.compile(r"</?(?:ref|box|phrase|object)>|<\|/?[a-z_]+\|>")
TOLERANCE_PX = 0.02


class OwnAnswer(NamedTuple):
    dialogue_id: str
    turns: list[tuple[str, str]]
    objects: list[tuple[str, Sequence[float]]]
    expected: Expected


@pytest.fixture(scope="module")
def answers(built: Path) -> list[OwnAnswer]:
    """Every answer of both splits that holds a box."""
    expected: dict[str, Expected] = {}
    for split in ("train", "test"):
        truth = Dataset(str(built), split)
        for task in truth.tasks:
            for path in truth.shards(task):
                expected |= {row.dialogue_id: row.expected for row in truth.rows(task, path)}
    dataset, wanted = ExportedDataset(str(built)), Selection()
    tasks = dataset.tasks(wanted)
    return [
        OwnAnswer(
            own.dialogue_id, [("assistant", own.answer)], own.objects, expected[own.dialogue_id]
        )
        for shard in dataset.shards(wanted, ("train", "test"))
        for item in dataset.read(shard, tasks, (), content=False)
        for own in item.dialogues
        if "{<" in own.answer
    ]


def written(own: OwnAnswer, form: BoxForm, *, labeled: bool) -> tuple[str, list[Rectangle]]:
    """Write an answer; also gives each box as its text says it, in pixels of the chip."""
    boxes: list[Rectangle] = []
    size = (own.expected.width_px, own.expected.height_px)

    def write(role: str, box: Sequence[float], label: str) -> str:
        text, read_back = form.write(box, size, label if labeled else "")
        inside = clipped(read_back, *size)
        assert inside is not None
        boxes.append(inside)
        return text

    ((_, text),) = rewrite(own.turns, own.objects, write)
    return text, boxes


KINDS = [
    (name, labeled, dropped)
    for name, form in FORMS.items()
    for labeled in (False, True)
    for dropped in (False, True)
    if (not labeled or form.labeled != form.unlabeled)
    and (not dropped or MARKS.search(form.labeled if labeled else form.unlabeled))
]


@pytest.mark.parametrize(("name", "labeled", "dropped"), KINDS)
def test_own_answers_score_100(
    name: str, labeled: bool, dropped: bool, answers: list[OwnAnswer]
) -> None:
    """Each box is read as its text says, and each fact as in our own text."""
    form, frame = FORMS[name], Frame.parse(name)
    assert len({own.expected.task for own in answers}) >= 3
    wrong = []
    for own in answers:
        text, boxes = written(own, form, labeled=labeled)
        text = MARKS.sub("", text) if dropped else text
        scored = score_answer(Prediction(text), own.expected, frame)
        facts = [t.score for metric, t in scored.tallies.items() if not metric.startswith("box@")]
        same = len(boxes) == len(scored.boxes) and all(
            abs(a - b) <= TOLERANCE_PX
            for read, said in zip(scored.boxes, boxes, strict=True)
            for a, b in zip(read, said, strict=True)
        )
        if not same or min(facts, default=1.0) < 1.0:
            wrong.append((text, scored.boxes, boxes))
    assert not wrong, (len(wrong), len(answers), wrong[0])
