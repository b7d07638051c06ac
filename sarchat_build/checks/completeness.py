"""Which dialogues must be there whatever the recipe's caps, and which are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from sarchat_build.checks.dialogues import Asked
from sarchat_build.checks.rules import Rules
from sarchat_build.checks.scene import Scene

# Pairs and unique phrases are a choice of the recipe, and so are absent categories; description
# screens its images. These four ask about everything.
_EXHAUSTIVE = (
    "classification",
    "instance_counting",
    "spatial_grounding",
    "cross_modal_identification",
    "referring",
)


def demanded(scene: Scene, task: str, rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield (subtask, what is asked about) of every dialogue that an image must have."""
    if not scene.things:
        return
    if task == "classification":
        yield "all", "all"
    elif task == "spatial_grounding":
        yield "single" if len(scene.things) == 1 else "multi", "all"
    elif task == "cross_modal_identification":
        # Two objects with the same corners cannot both be asked about: same question, two answers.
        texts = Counter(thing.text for thing in scene.things)
        for thing in scene.things:
            if texts[thing.text] == 1:
                yield "single", thing.instance_id
    else:
        for category, things in scene.by_category.items():
            if category in scene.rejected:
                continue
            if task == "referring":
                yield "single" if len(things) == 1 else "multi", category
            elif len(things) <= rules.box_cap:
                yield "all", category


def missing(scenes: Iterable[Scene], asked: Asked, rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield (task, dialogue) of every dialogue that must be there and is not."""
    for scene in scenes:
        for task in _EXHAUSTIVE:
            if task in rules.tasks:
                for subtask, subject in demanded(scene, task, rules):
                    if (task, subtask, scene.image_id, subject) not in asked:
                        yield task, f"{scene.image_id}/{task}/{subtask}/{subject}"


def repeated(asked: Asked) -> Iterator[tuple[str, str, int]]:
    """Yield (task, dialogue, times) of every question asked more than once."""
    for (task, subtask, image_id, subject), times in asked.items():
        if times > 1:
            yield task, f"{image_id}/{task}/{subtask}/{subject}", times
