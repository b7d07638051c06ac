"""The result of checking one shard: its findings, and small facts that the whole needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sarchat_build.validation.findings import Finding


class ImageFact(NamedTuple):
    """What the whole dataset has to know of one image.

    `instance_ids` is filled for chips only: an object may lie in several chips of a scene, while
    those of a whole picture are its own and need no more than their number.
    """

    row: int
    image_id: str
    source: str
    scene_id: str
    pixel_sha256: str
    perceptual_hash: str
    objects: int
    is_chip: bool
    instance_ids: tuple[str, ...]
    official_split: str | None
    source_member: str
    is_incomplete: bool  # the row has rejected categories


class CutUnexplained(NamedTuple):
    """A category that a chip says it cuts, and no other chip shows what would be cut."""

    scene: str
    category: str
    file: str
    row: int
    key: str


class DialogueCount(NamedTuple):
    """How many dialogues of one kind a shard holds."""

    task: str
    subtask: str
    source: str
    dialogues: int


class DialogueMeasure(NamedTuple):
    """Sums of one kind of dialogue in a shard, and its longest texts."""

    split: str
    task: str
    subtask: str
    source: str
    rows: int
    negatives: int
    words: int
    question_chars: int
    question_words: int
    answer_chars: int
    answer_words: int


class UnknownWord(NamedTuple):
    """A word of some answers of one phrasing, and the first row that has it."""

    template_id: str
    word: str
    rows: int
    file: str
    row: int
    key: str


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What `check_shard` saw: at most `FINDINGS_CAP` findings per check and file, all counted."""

    split: str
    shard: int
    shard_count: int
    findings: tuple[Finding, ...]
    errors: int
    warnings: int
    images: tuple[ImageFact, ...]
    dialogues: tuple[DialogueCount, ...]
    uses: tuple[tuple[str, int], ...] = ()  # phrasing id → how often
    answers: tuple[tuple[str, int], ...] = ()  # the same for answers, of nothing and of something
    unknown_words: tuple[UnknownWord, ...] = ()
    measures: tuple[DialogueMeasure, ...] = ()
    cuts: tuple[CutUnexplained, ...] = ()
