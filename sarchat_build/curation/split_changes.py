"""Why a split holds other pictures than its list says, counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sarchat_build.curation.duplicates import ImageFact
from sarchat_build.curation.splits import Division
from sarchat_build.types import RejectedImage, Split


@dataclass(frozen=True, slots=True)
class SplitChange:
    """Pictures and objects that one split of a source gained (or lost) for one reason.

    The reason "due" counts what the source's rule puts into the split, rejected images included.
    """

    source_id: str
    split: Split
    reason: str
    pictures: int
    objects: int


def count_split_changes(
    facts: Iterable[ImageFact],
    lost: Iterable[RejectedImage],
    dropped: frozenset[str],
    division: Division,
) -> tuple[SplitChange, ...]:
    """Count what became of the pictures due in each split."""
    pictures: Counter[tuple[str, Split, str]] = Counter()
    objects: Counter[tuple[str, Split, str]] = Counter()

    def add(source_id: str, split: Split, reason: str, sign: int, size: tuple[int, int]) -> None:
        pictures[source_id, split, reason] += sign * size[0]
        objects[source_id, split, reason] += sign * size[1]

    for fact in facts:
        size, due = (fact.chips, fact.chip_instances), division.due[fact.image_id]
        add(fact.source_id, due, "due", 1, size)
        if fact.image_id in dropped:
            add(fact.source_id, due, "duplicates", -1, size)
            continue
        by_scene, final = division.by_scene[fact.image_id], division.final[fact.image_id]
        for reason, before, after in (
            ("moved_with_scene", due, by_scene),
            ("moved_with_duplicates", by_scene, final),
        ):
            if before != after:
                add(fact.source_id, before, reason, -1, size)
                add(fact.source_id, after, reason, 1, size)
    for image in lost:
        due = division.due[image.image_id]
        add(image.source_id, due, "due", 1, (1, image.instances))
        add(image.source_id, due, "rejected", -1, (1, image.instances))
    return tuple(SplitChange(*key, pictures[key], objects[key]) for key in sorted(pictures))
