"""One dialogue per task for the card, each about a picture of its own, and a drawing of these.

Which follows from ids alone. Shown are only pictures that a license allows to pass on, since a card
is what is published first; where there is none, the dialogues stand alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from sarchat_build.card.drawing import Tile, tiles
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.exports.licenses import may_be_passed_on
from sarchat_build.published.layout import TASKS
from sarchat_build.stable_hash import stable_hash

# Enough to see what a task is about, few enough to see each box.
_FEW_OBJECTS = (2, 6)
_LONGEST_ANSWER_CHARS = 260
# How many pictures of a source are looked at.
_CANDIDATES = 200


class Example(NamedTuple):
    """A dialogue, and the picture it is about; `position` is that of the index."""

    task: str
    subtask: str
    image_id: str
    position: int
    question: str
    answer: str
    boxes: Sequence[Sequence[float]]
    other_boxes: Sequence[Sequence[float]]
    size_px: tuple[int, int]
    license: str


class _Candidate(NamedTuple):
    position: int
    image_id: str
    source: str
    objects: int
    categories: tuple[str, ...]
    tasks: frozenset[str]


def choose_examples(
    reader: PictureReader, index: pa.Table, licenses: Mapping[str, str]
) -> list[Example]:
    """Choose a dialogue of each task that has any.

    Args:
        reader: reads the pictures of the dataset.
        index: the rows of its index.
        licenses: the license of each source, by its id.

    Raises:
        InputError: a shard cannot be read.
    """
    shown = {source for source, name in licenses.items() if may_be_passed_on(name)}
    candidates = list(_candidates(index))
    allowed = [c for c in candidates if c.source in shown] or candidates
    used: Counter[object] = Counter()
    examples = []
    for task in TASKS:
        able = [c for c in allowed if task in c.tasks] or [c for c in candidates if task in c.tasks]
        if not able:
            continue
        chosen = min(able, key=lambda c: _rank(c, used))
        used.update((chosen.position, chosen.source, chosen.categories))
        examples.append(_example(reader.picture(chosen.position, (task,)), task))
    return examples


def draw_examples(reader: PictureReader, examples: Sequence[Example]) -> bytes | None:
    """Draw the pictures of examples that may be passed on, as JPEG; None where there are none."""
    shown = [
        Tile(
            f"{number}  {example.task.replace('_', ' ')}",
            reader.pixels(example.position),
            example.size_px,
            example.boxes,
            example.other_boxes,
        )
        for number, example in enumerate(examples, 1)
        if may_be_passed_on(example.license)
    ]
    return tiles(shown) if shown else None


def _candidates(index: pa.Table) -> Iterator[_Candidate]:
    """Give some pictures of each source, from all over the index."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, source in enumerate(index["source"].to_pylist()):
        positions[source].append(position)
    rows = index.select(["image_id", "objects", "categories", "dialogues"])
    for source, places in sorted(positions.items()):
        for position in places[:: max(1, len(places) // _CANDIDATES)]:
            (row,) = rows.slice(position, 1).to_pylist()
            yield _Candidate(
                position,
                row["image_id"],
                source,
                row["objects"],
                tuple(row["categories"]),
                frozenset(task for task in TASKS if row["dialogues"][task]["count"]),
            )


def _rank(candidate: _Candidate, used: Counter[object]) -> tuple[object, ...]:
    least, most = _FEW_OBJECTS
    return (
        used[candidate.position],
        not least <= candidate.objects <= most,
        used[candidate.source] + used[candidate.categories],
        stable_hash(candidate.image_id, "card"),
    )


def _example(picture: Mapping[str, Any], task: str) -> Example:
    row = min(picture["dialogues"], key=_preference)
    question, answer = (message["content"] for message in row["messages"])
    boxes = [one["bbox"] for one in row["objects"]]
    others = (one["bbox"] for one in picture["objects"])
    return Example(
        task,
        row["subtask"],
        picture["image_id"],
        picture["position"],
        question.removeprefix("<image>").strip(),
        answer,
        boxes,
        [box for box in others if box not in boxes],
        (picture["width"], picture["height"]),
        picture["license"],
    )


def _preference(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Prefer what speaks of objects and is not too long to be read."""
    answer = row["messages"][1]["content"]
    return (
        len(answer) > _LONGEST_ANSWER_CHARS,
        not row["objects"],
        stable_hash(row["dialogue_id"], "card"),
    )
