"""The global step, on small records only: stop or go, duplicates, splits, shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext
from pipelines.metrics import count
from pipelines.progress import note
from pipelines.transforms.find_near_pairs import FindNearPairs
from pipelines.transforms.gather import RESULTS, GatherRecords, result
from sarchat_build.curation.facts import FactTable
from sarchat_build.curation.plan import DatasetFacts, plan_dataset
from sarchat_build.curation.shard_assignment import ShardAssignment, group_by_shard
from sarchat_build.curation.stop import RejectCount
from sarchat_build.sources.matching.part_matches import count_missed
from sarchat_build.types import CutImage, PlannedImage


@dataclass
class PlanDataset(beam.PTransform):
    """Facts -> `assignments`: (block, tuple of ShardAssignment), and `shards`: (shard, ()).

    In: images: FactTable · rejected_images: tuple of RejectedImage · reject_counts: tuple of
    RejectCount · read: tuple of ReadCount. Results: duplicates: tuple of rows · split_changes:
    tuple of SplitChange · notices: {source id: {reason: count}} · stop: tuple of Stop.

    One element holds all facts, in columns, since duplicates, and the scenes that they connect, are
    known only when every image is. Of more than a million images the near ones are searched for
    before, by many. When the build must stop, no assignment and no shard leaves this step, so
    nothing is written.
    """

    context: BuildContext

    def expand(self, facts: Sequence[beam.PCollection]) -> Any:
        """Wire the step."""
        if self.context.searches_apart:
            pairs = facts | "AllFacts" >> beam.Flatten() | FindNearPairs(self.context)
            facts = (*facts, pairs)
        return (
            facts
            | "GatherFacts" >> GatherRecords()
            | "Plan"
            >> beam.FlatMap(_plan, self.context).with_outputs("shards", RESULTS, main="assignments")
        )


def _plan(facts: Mapping[str, list[Any]], context: BuildContext) -> Iterator[Any]:
    images = FactTable.joined(facts.get("images", ()))
    plan = plan_dataset(
        DatasetFacts(
            images=images,
            rejected_images=_all(facts, "rejected_images"),
            reject_counts=_all(facts, "reject_counts"),
            read=_all(facts, "read"),
            near_pairs=_all(facts, "near_pairs") if context.searches_apart else None,
        ),
        manifests=context.manifests,
        recipe=context.recipe,
        images_listed=context.images_listed,
        strict=context.strict,
    )
    count(
        "plan_dataset",
        images_in=len(images),
        images_out=len(plan.assignments),
        shards_out=len(plan.shards),
        duplicates_dropped=sum(not row["kept"] for row in plan.duplicates),
    )
    if plan.stop:
        yield result("stop", plan.stop)
        return
    yield result("duplicates", plan.duplicates)
    yield result("split_changes", plan.split_changes)
    yield result("notices", plan.notices)
    yield result("notices", count_missed(context.part_matches))
    rejected: list[RejectCount] = _all(facts, "reject_counts")
    note(
        context.out,
        context.run,
        "planned",
        shards=len(plan.shards),
        rejected_images=sum(counted.images for counted in rejected),
        rejected_objects=sum(counted.instances for counted in rejected),
    )
    for name in plan.shards:
        yield TaggedOutput("shards", (name, ()))
    yield from plan.assignments_by_block()


def _all(facts: Mapping[str, list[tuple[Any, ...]]], name: str) -> list[Any]:
    return [fact for group in facts.get(name, ()) for fact in group]


@dataclass
class AssignShards(beam.PTransform):
    """Images and assignments of blocks, by name -> (shard, tuple of PlannedImage)."""

    def expand(self, collections: dict[str, beam.PCollection]) -> Any:
        """Wire the step."""
        return (
            collections
            | "JoinByBlock" >> beam.CoGroupByKey()  # (block, {images: […], assignments: […]})
            | "GroupByShard" >> beam.FlatMap(_group_by_shard)
        )


def _group_by_shard(
    element: tuple[str, dict[str, Any]],
) -> Iterable[tuple[str, tuple[PlannedImage, ...]]]:
    _, joined = element
    images: list[CutImage] = [cut for group in joined["images"] for cut in group]
    assignments: list[ShardAssignment] = [a for group in joined["assignments"] for a in group]
    by_shard = group_by_shard(images, assignments)
    count("assign_shards", images_in=len(images), images_out=sum(len(m) for m in by_shard.values()))
    return by_shard.items()
