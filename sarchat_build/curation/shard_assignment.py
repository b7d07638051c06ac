"""Shards: which shard of its split each kept image goes to, by stable hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.curation.facts import ImageFact
from sarchat_build.published.layout import shard_name
from sarchat_build.stable_hash import choose
from sarchat_build.types import SPLITS, CutImage, PlannedImage, Split


@dataclass(frozen=True, slots=True)
class ShardAssignment:
    """The split and the shard of one kept image; `block` is the key of the block that holds it."""

    image_id: str
    block: str
    split: Split
    shard: str


def assign_shards(
    kept: Sequence[ImageFact], splits: Mapping[str, Split], images_per_shard: int
) -> tuple[ShardAssignment, ...]:
    """Spread each split's images over its shards by stable hash.

    The chips of one image stay together, so that its scene is decoded once.

    Args:
        kept: the images to publish.
        splits: their splits, by image id.
        images_per_shard: how many rows of `images` a shard has on average, at most.
    """
    rows = Counter[Split]()
    for fact in kept:
        rows[splits[fact.image_id]] += fact.chips
    shards = {split: -(-rows[split] // images_per_shard) for split in SPLITS}
    assignments = []
    for fact in kept:
        split = splits[fact.image_id]
        index = choose(shards[split], fact.image_id, "shard")
        name = shard_name(split, index, shards[split])
        assignments.append(ShardAssignment(fact.image_id, fact.block, split, name))
    return tuple(assignments)


def shard_names(assignments: Iterable[ShardAssignment]) -> tuple[str, ...]:
    """List every shard of every split, also those that no image was hashed to."""
    counts = {(a.split, int(a.shard.rpartition("-")[2])) for a in assignments}
    return tuple(
        shard_name(split, index, count) for split, count in sorted(counts) for index in range(count)
    )


def group_by_shard(
    images: Iterable[CutImage], assignments: Iterable[ShardAssignment]
) -> dict[str, tuple[PlannedImage, ...]]:
    """Group the images of one block by their shards; those without an assignment are left out."""
    assigned = {assignment.image_id: assignment for assignment in assignments}
    by_shard: dict[str, list[PlannedImage]] = {}
    for cut in images:
        assignment = assigned.get(cut.image.image_id)
        if assignment is not None:
            planned = PlannedImage(cut.image, cut.chips, assignment.split)
            by_shard.setdefault(assignment.shard, []).append(planned)
    return {shard: tuple(members) for shard, members in sorted(by_shard.items())}
