"""A question about one image before it is put into words, with the truth of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sarchat_build.dialogues.labels import LabeledInstance
from sarchat_build.types import TaskName

# The plain values of one `ground_truth` struct; `published.schema` types them per task.
GroundTruth: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question about one image, before it is put into words.

    `key` tells the questions of one subtask about one image apart. `variables` are what phrasings
    may use, `mentioned` the objects in the order in which the dialogue mentions them. Questions of
    an image and subtask with one `together` are asked or left out together: a yes and its no.
    """

    task: TaskName
    subtask: str
    key: str
    variables: Mapping[str, object]
    mentioned: tuple[LabeledInstance, ...]
    ground_truth: GroundTruth
    together: str = ""
