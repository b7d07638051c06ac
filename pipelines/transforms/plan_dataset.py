"""The global step, on small records only: stop or go, duplicates, splits, shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.context import BuildContext
from pipelines.progress import report_done
from sarchat_build.curation.duplicates import ImageFact, resolve_duplicates
from sarchat_build.curation.plan import (
    Decision,
    RejectCount,
    assign_shards,
    duplicate_rows,
    kept_images,
    likeness_warnings,
    other_totals,
    reasons_to_stop,
    shard_names,
)
from sarchat_build.curation.split_changes import count_split_changes
from sarchat_build.curation.splits import assign_splits, split_rules
from sarchat_build.types import CutImage, PlannedImage, ReadCount, RejectedImage


@dataclass
class PlanDataset(beam.PTransform):
    """(tuples of ReadCount, ImageFact, RejectedImage, RejectCount) -> decisions and reports.

    The reports are `duplicates`, `accounts`, `fixes` and `stop`.

    One element holds everything, since which images are duplicates and which scenes hang together
    can only be told by looking at all of them. When the build must stop, no decision and no shard
    leaves this step, so nothing is written.
    """

    context: BuildContext

    def expand(self, facts: beam.PCollection) -> Any:
        """Wire the step."""
        return (
            facts
            | "KeyAll" >> beam.WithKeys("dataset")
            | "GatherAll" >> beam.GroupByKey()  # ("dataset", [tuple of facts or counts])
            | "Decide"
            >> beam.ParDo(_Decide(self.context)).with_outputs(
                "shards", "duplicates", "accounts", "fixes", "stop", main="decisions"
            )
        )


class _Decide(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def process(
        self,
        element: tuple[
            str, Iterable[tuple[ReadCount | ImageFact | RejectedImage | RejectCount, ...]]
        ],
    ) -> Iterator[Any]:
        recipe = self._context.recipe
        records = [record for group in element[1] for record in group]
        facts = sorted(
            (r for r in records if isinstance(r, ImageFact)), key=lambda fact: fact.image_id
        )
        lost = [r for r in records if isinstance(r, RejectedImage)]
        counts = [r for r in records if isinstance(r, RejectCount)]
        reasons = reasons_to_stop(counts, facts, self._context.images_listed, recipe)
        if self._context.strict:
            read = (r for r in records if isinstance(r, ReadCount))
            reasons += other_totals(read, self._context.images_listed, self._context.manifests)
        if reasons:
            yield TaggedOutput("stop", reasons)
            return
        same = resolve_duplicates(facts, recipe.duplicates)
        rules = split_rules(self._context.manifests, recipe)
        division = assign_splits(facts, lost, same.families, rules)
        kept = kept_images(facts, same.dropped)
        decisions = assign_shards(kept, division.final, recipe.output.images_per_shard)
        yield TaggedOutput("duplicates", duplicate_rows(same.groups, division.final))
        yield TaggedOutput("accounts", count_split_changes(facts, lost, same.dropped, division))
        yield TaggedOutput("fixes", likeness_warnings(facts, same.groups))
        for name in shard_names(decisions):
            report_done(self._context.out, "planned", name)
            yield TaggedOutput("shards", (name, ()))
        by_block = sorted(decisions, key=lambda d: (d.block, d.image_id))
        for block, members in groupby(by_block, key=lambda d: d.block):
            yield block, tuple(members)


@dataclass
class AssignShards(beam.PTransform):
    """{images: (block, CutImages), decisions: (block, Decisions)} -> (shard, PlannedImages)."""

    def expand(self, collections: dict[str, beam.PCollection]) -> Any:
        """Wire the step."""
        return (
            collections
            | "JoinByBlock" >> beam.CoGroupByKey()  # (block, {images: […], decisions: […]})
            | "PlaceImages" >> beam.FlatMap(_place_images)
        )


def _place_images(element: tuple[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    _, joined = element
    decided: dict[str, Decision] = {
        decision.image_id: decision for group in joined["decisions"] for decision in group
    }
    by_shard: dict[str, list[PlannedImage]] = {}
    images: Iterable[CutImage] = (cut for group in joined["images"] for cut in group)
    for cut in images:
        decision = decided.get(cut.image.image_id)
        if decision is not None:
            planned = PlannedImage(cut.image, cut.chips, decision.split)
            by_shard.setdefault(decision.shard, []).append(planned)
    for shard, members in sorted(by_shard.items()):
        yield shard, tuple(members)
