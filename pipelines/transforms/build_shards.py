"""Shards: one element, one set of finished files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.metrics import count
from pipelines.progress import report_done
from pipelines.transforms.gather import RESULTS, result
from sarchat_build.dataset.fingerprint import fingerprint
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.dataset.receipts import build_or_reuse
from sarchat_build.dataset.record import versions
from sarchat_build.dataset.shards import ShardBuilder, ShardReceipt
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.types import PlannedImage


@dataclass
class BuildShards(beam.PTransform):
    """(shard, tuples of PlannedImage) -> `receipts`: ShardReceipt, a result as well.

    Finished shards are not built again.
    """

    context: BuildContext

    def expand(self, planned: beam.PCollection) -> Any:
        """Wire the step."""
        return (
            planned
            | "GatherShards" >> beam.GroupByKey()
            | "BuildShard"
            >> beam.ParDo(_BuildShard(self.context)).with_outputs(RESULTS, main="receipts")
        )


def rows_of(receipt: ShardReceipt) -> dict[str, int]:
    """Give the number of pictures and of dialogues of a shard."""
    rows = {"pictures": 0, "dialogues": 0}
    for file in receipt.files:
        rows["pictures" if file.path.startswith("images/") else "dialogues"] += file.rows or 0
    return rows


class _BuildShard(beam.DoFn):
    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def setup(self) -> None:
        context = self._context
        phrasing = Phrasing(context.templates, context.recipe.phrasing.held_out_percent)
        self._builder = ShardBuilder(
            context.stage,
            context.manifests,
            context.recipe,
            phrasing,
            context.open_image,
            context.ahead,
        )
        self._phrasing_digest, self._versions = phrasing.digest, versions()

    def process(self, element: tuple[str, Iterable[tuple[PlannedImage, ...]]]) -> Iterator[Any]:
        name, groups = element
        planned = [image for group in groups for image in group]
        wanted = fingerprint(
            planned,
            recipe=self._context.recipe,
            manifests=self._context.manifests,
            phrasing_digest=self._phrasing_digest,
            code_digest=self._context.code_digest,
            versions=self._versions,
        )
        # A build that lost its lock must not write over what another one has proven.
        demand_lock(self._context.out, self._context.run)
        receipt, reused = build_or_reuse(self._builder, self._context.out, name, planned, wanted)
        made = rows_of(receipt)
        report_done(self._context.out, "shards", name, reused=int(reused), **made)
        count(
            "build_shards",
            shards_in=1,
            images_in=len(planned),
            shards_out=1,
            reused=int(reused),
            **{f"{rows}_out": number for rows, number in made.items()},
        )
        yield receipt
        yield result("receipts", receipt)
