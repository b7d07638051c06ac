"""Split changes: why a split holds other pictures than its source's rule says, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sarchat_build.curation.facts import SPLIT_OF, FactTable, ImageFact, split_of
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
    facts: Sequence[ImageFact],
    rejected_images: Sequence[RejectedImage],
    dropped: Collection[str],
    splits: SplitAssignment,
) -> tuple[SplitChange, ...]:
    """Count what became of the pictures that a source's rule puts into each split.

    Args:
        facts: the images that are left, duplicates included, as their splits were assigned.
        rejected_images: the images that are not, as their splits were assigned.
        dropped: ids of the images that are dropped as duplicates.
        splits: the split of each image.
    """
    table = FactTable.of(facts)
    gone = table.among(dropped)
    by_rule, rejected = splits.by_rule.codes[: len(table)], splits.by_rule.codes[len(table) :]
    by_scene, final = splits.by_scene.codes, splits.final.codes
    of_source, sources = table.codes("source_id")
    pictures: Counter[tuple[str, Split, str]] = Counter()
    objects: Counter[tuple[str, Split, str]] = Counter()

    def add(reason: str, sign: int, rows: NDArray[np.bool_], codes: NDArray[np.uint8]) -> None:
        places = of_source[rows] * len(SPLIT_OF) + codes[rows]
        chips, instances = table.numbers("chips")[rows], table.numbers("chip_instances")[rows]
        for place in np.unique(places).tolist():
            source, code = divmod(place, len(SPLIT_OF))
            key = (sources[source], split_of(code), reason)
            here = places == place
            pictures[key] += sign * int(chips[here].sum())
            objects[key] += sign * int(instances[here].sum())

    add("duplicates", -1, gone, by_rule)
    for reason, before, after in (
        ("moved_with_scene", by_rule, by_scene),
        ("moved_with_duplicates", by_scene, final),
    ):
        moved = ~gone & (before != after)
        add(reason, -1, moved, before)
        add(reason, 1, moved, after)
    for image, code in zip(rejected_images, rejected.tolist(), strict=True):
        key = (image.source_id, split_of(code), "rejected")
        pictures[key] -= 1
        objects[key] -= image.instances
    return tuple(SplitChange(*key, pictures[key], objects[key]) for key in sorted(pictures))
