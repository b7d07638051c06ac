"""Split changes: why a split holds other pictures than its source's rule says, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.splits import SplitAssignment
from sarchat_build.types import RejectedImage, Split


@dataclass(frozen=True, slots=True)
class SplitChange:
    """Pictures and objects that one split of a source gained, or lost (< 0), for one reason.

    Reasons are `duplicates`, `rejected`, `moved_with_scene` and `moved_with_duplicates`.
    """

    source_id: str
    split: Split
    reason: str
    pictures: int
    objects: int


def count_split_changes(
    facts: Iterable[ImageFact],
    rejected_images: Iterable[RejectedImage],
    dropped: Collection[str],
    splits: SplitAssignment,
) -> tuple[SplitChange, ...]:
    """Count what became of the pictures that a source's rule puts into each split.

    Args:
        facts: the images that are left, duplicates included.
        rejected_images: the images that are not.
        dropped: ids of the images that are dropped as duplicates.
        splits: the split of each image.
    """
    pictures: Counter[tuple[str, Split, str]] = Counter()
    objects: Counter[tuple[str, Split, str]] = Counter()

    def add(source_id: str, split: Split, reason: str, sign: int, size: tuple[int, int]) -> None:
        pictures[source_id, split, reason] += sign * size[0]
        objects[source_id, split, reason] += sign * size[1]

    for fact in facts:
        size, by_rule = (fact.chips, fact.chip_instances), splits.by_rule[fact.image_id]
        if fact.image_id in dropped:
            add(fact.source_id, by_rule, "duplicates", -1, size)
            continue
        by_scene, final = splits.by_scene[fact.image_id], splits.final[fact.image_id]
        for reason, before, after in (
            ("moved_with_scene", by_rule, by_scene),
            ("moved_with_duplicates", by_scene, final),
        ):
            if before != after:
                add(fact.source_id, before, reason, -1, size)
                add(fact.source_id, after, reason, 1, size)
    for image in rejected_images:
        by_rule = splits.by_rule[image.image_id]
        add(image.source_id, by_rule, "rejected", -1, (1, image.instances))
    return tuple(SplitChange(*key, pictures[key], objects[key]) for key in sorted(pictures))
