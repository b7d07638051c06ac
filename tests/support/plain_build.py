"""A whole build by plain functions, one after the other: no pipeline, no engine.

It gives the same bytes and raises the same errors as one on an engine
(`tests/publishing/test_publish.py`), in a third of the time. What pipelines and engines do (faults
that nobody foresaw, counters, marks of progress, workers, signals) is shown with an engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import checked_once  # noqa: F401  # phrasings are checked once in this process

from pipelines import launch
from pipelines.context import BuildContext
from sarchat_build.chips.blocks import BlockResult, cut_block, inspect_block, normalize_block
from sarchat_build.curation.facts import ImageFact, image_facts
from sarchat_build.curation.plan import DatasetFacts, DatasetPlan, plan_dataset
from sarchat_build.curation.shard_assignment import group_by_shard
from sarchat_build.curation.stop import count_rejects
from sarchat_build.dataset.fingerprint import fingerprint
from sarchat_build.dataset.receipts import build_or_reuse
from sarchat_build.dataset.record import record_shell, versions
from sarchat_build.dataset.shards import ShardBuilder
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.publishing.publish import BuildResults, publish
from sarchat_build.publishing.shard_reading import read_shard
from sarchat_build.sources.batches import read_in_batches
from sarchat_build.sources.choose import choose_sources
from sarchat_build.sources.documents import Annotation
from sarchat_build.sources.matching.part_matches import count_missed
from sarchat_build.types import CutImage, PlannedImage, ReadCount, Reject, RejectedImage


@dataclass
class Reading:
    """What became of everything that was read."""

    images: list[CutImage] = field(default_factory=list)
    facts: list[ImageFact] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    rejected_images: list[RejectedImage] = field(default_factory=list)
    read: list[ReadCount] = field(default_factory=list)
    notices: list[dict[str, dict[str, int]]] = field(default_factory=list)

    def add(self, result: BlockResult) -> None:
        self.rejects += result.rejects
        self.rejected_images += result.rejected_images
        self.notices.append({result.source_id: dict(result.notices)})


def prepare(
    raw: Path | str, out: Path | str, sources: Sequence[str] = (), *, strict: bool = False
) -> BuildContext:
    settings = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings.manifests, str(raw), sources)
    return launch.prepare(settings, chosen, raw=str(raw), out=str(out), strict=strict)


def read_sources(context: BuildContext) -> Reading:
    """Annotations, pixels, boxes and chips of every source, block by block."""
    reading = Reading()
    for source_id, manifest in context.manifests.items():
        index = context.index(source_id)
        by_block: dict[int, list[Annotation]] = defaultdict(list)
        for batch in read_in_batches(index.documents, index, manifest):
            reading.rejects += batch.rejects
            reading.read.append(batch.read)
            for block, found in batch.by_block.items():
                by_block[block] += found
        for block in range(index.image_blocks):
            inspected = inspect_block(
                index.images_of_block(block), by_block[block],
                index=index, manifest=manifest, recipe=context.recipe,
            )  # fmt: skip
            normalized = normalize_block(inspected.images, manifest)
            cut = cut_block(normalized.images, manifest)
            for result in (inspected, normalized, cut):
                reading.add(result)
            reading.images += cut.images
            reading.facts += image_facts(cut.images, f"{source_id}:{block}", manifest.priority)
    return reading


def plan_for(context: BuildContext, reading: Reading) -> DatasetPlan:
    return plan_dataset(
        DatasetFacts(
            images=reading.facts,
            rejected_images=reading.rejected_images,
            reject_counts=count_rejects(reading.rejects),
            read=reading.read,
        ),
        manifests=context.manifests,
        recipe=context.recipe,
        images_listed=context.images_listed,
        strict=context.strict,
    )


def build_results(context: BuildContext) -> BuildResults:
    """Everything that is left to publish; shards that are finished are not built again."""
    assert not context.searches_apart, "only a pipeline has many search for near-duplicates"
    reading = read_sources(context)
    plan = plan_for(context, reading)
    if plan.stop:
        return BuildResults(stop=plan.stop, rejects=reading.rejects)
    phrasing = Phrasing(context.templates, context.recipe.phrasing.held_out_percent)
    builder = ShardBuilder(
        context.stage, context.manifests, context.recipe, phrasing, context.open_image
    )
    planned: dict[str, Sequence[PlannedImage]] = dict.fromkeys(plan.shards, ())
    planned.update(group_by_shard(reading.images, plan.assignments))
    receipts, readings = [], []
    for name, images in planned.items():
        wanted = fingerprint(
            images,
            recipe=context.recipe,
            manifests=context.manifests,
            phrasing_digest=phrasing.digest,
            code_digest=context.code_digest,
            versions=versions(),
        )
        receipt, _ = build_or_reuse(builder, context.out, name, images, wanted)
        shell = record_shell(
            recipe=context.recipe,
            manifests=context.manifests,
            template_ids=context.templates,
            files=receipt.files,
        )
        receipts.append(receipt)
        readings.append(read_shard(context.stage, name, shell, prove=context.prove))
    return BuildResults(
        rejects=reading.rejects,
        read=reading.read,
        duplicates=plan.duplicates,
        split_changes=plan.split_changes,
        notices=[*reading.notices, plan.notices, count_missed(context.part_matches)],
        receipts=receipts,
        readings=readings,
    )


def build_plainly(context: BuildContext) -> None:
    """Do what an engine does with the graph of a build: all that comes before `read_outcome`."""
    publish(build_results(context), context.build)
