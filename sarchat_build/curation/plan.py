"""Global planning: stop or go, duplicates, splits, shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.duplicates import DuplicateGroup, resolve_duplicates
from sarchat_build.curation.facts import FactTable, ImageFact, split_of
from sarchat_build.curation.shard_assignment import Assignments, ShardAssignment, assign_shards
from sarchat_build.curation.split_changes import SplitChange, count_split_changes
from sarchat_build.curation.splits import assign_splits, split_rules
from sarchat_build.curation.stop import RejectCount, differences_from_published, reasons_to_stop
from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason
from sarchat_build.types import ReadCount, RejectedImage, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """What planning knows of everything that was read, in any order; no pixels, no annotations.

    `near_pairs` are pictures that are near one another, where others searched for them
    (`resolve_duplicates`).
    """

    images: Sequence[ImageFact]
    rejected_images: Sequence[RejectedImage] = ()
    reject_counts: Sequence[RejectCount] = ()
    read: Sequence[ReadCount] = ()
    near_pairs: Sequence[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPlan:
    """What is to be written, and where; if `stop` is not empty, nothing.

    Attributes:
        stop: why nothing may be written.
        assignments: split and shard of every kept image, by image id.
        shards: names of all shards, also of empty ones.
        duplicates: rows of the published table of duplicates.
        split_changes: why a split holds other pictures than its source's rule says.
        notices: counts of warnings, by source and reason.
    """

    stop: tuple[Stop, ...] = ()
    assignments: Sequence[ShardAssignment] = ()
    shards: tuple[str, ...] = ()
    duplicates: tuple[Mapping[str, object], ...] = ()
    split_changes: tuple[SplitChange, ...] = ()
    notices: Mapping[str, Mapping[Reason, int]] = field(default_factory=dict)

    def assignments_by_block(self) -> Iterator[tuple[str, tuple[ShardAssignment, ...]]]:
        """Yield the assignments of each block of images, by its key."""
        if isinstance(self.assignments, Assignments):
            yield from self.assignments.by_block()


def plan_dataset(
    facts: DatasetFacts,
    *,
    manifests: Mapping[str, Manifest],
    recipe: Recipe,
    images_listed: Mapping[str, int],
    strict: bool = False,
) -> DatasetPlan:
    """Decide whether a dataset may be written, which images stay, and where each goes.

    The plan does not depend on the order of the facts.

    Args:
        facts: everything that was read and what became of it.
        manifests: manifests by source id.
        recipe: thresholds, the rule of duplicates and of splits, the size of shards.
        images_listed: number of image files by source id.
        strict: whether other counts than the published ones are a reason to stop.
    """
    images = FactTable.of(facts.images).sorted()
    stop = reasons_to_stop(facts.reject_counts, images, images_listed, recipe, facts.read)
    if strict:
        stop += differences_from_published(facts.read, images_listed, manifests)
    if stop:
        return DatasetPlan(stop=stop)
    duplicates = resolve_duplicates(images, recipe.duplicates, facts.near_pairs)
    dropped = duplicates.dropped
    rejected = facts.rejected_images
    splits = assign_splits(images, rejected, duplicates.connected, split_rules(manifests, recipe))
    kept = np.flatnonzero(~images.among(dropped))
    codes = splits.final.codes[kept]
    published = images.take(kept, "image_id", "block", "chips")
    assignments = assign_shards(published, codes, recipe.output.images_per_shard)
    members = [member.fact.image_id for group in duplicates.groups for member in group.members]
    places = np.flatnonzero(images.among(members))
    final = dict(
        zip(
            images.texts("image_id", places),
            map(split_of, splits.final.codes[places].tolist()),
            strict=True,
        )
    )
    return DatasetPlan(
        assignments=assignments,
        shards=assignments.shards,
        duplicates=duplicate_rows(duplicates.groups, final),
        split_changes=count_split_changes(images, rejected, dropped, splits),
        notices=duplicate_warnings(images, duplicates.groups),
    )


def duplicate_rows(
    groups: Iterable[DuplicateGroup], splits: Mapping[str, Split]
) -> tuple[Mapping[str, object], ...]:
    """Make the rows of the published table: every member of every group, the kept one first."""
    return tuple(
        {
            "group_id": group.group_id,
            "image_id": member.fact.image_id,
            "source": member.fact.source_id,
            "kept": member.kept,
            "reason": member.reason,
            "distance": member.distance,
            "label_conflict": member.label_conflict,
            "split": splits[member.fact.image_id],
            "official_split": member.fact.official_split,
            "pixel_sha256": member.fact.pixel_sha256,
            "instances": member.fact.instances,
            "file": member.fact.file,
        }
        for group in groups
        for member in group.members
    )


def duplicate_warnings(
    facts: FactTable, groups: Iterable[DuplicateGroup]
) -> dict[str, dict[Reason, int]]:
    """Count, by source, duplicates with other boxes and pictures that show too little to compare.

    Both are kept or resolved as usual; a person should know.
    """
    counts: dict[str, Counter[Reason]] = defaultdict(Counter)
    for group in groups:
        for member in group.members:
            if member.label_conflict:
                counts[member.fact.source_id][Reason.LABEL_CONFLICT] += 1
    for source_id in facts.texts("source_id", np.flatnonzero(~facts.hashed())):
        counts[source_id][Reason.TOO_FLAT_TO_COMPARE] += 1
    return {source_id: dict(tally) for source_id, tally in counts.items()}
