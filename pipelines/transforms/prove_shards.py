"""The proof of what was just written, while it is still in the page cache; and the sums of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.metrics import count
from pipelines.progress import report_done
from sarchat_build.dataset.record import record_shell
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.published.layout import parse_shard_name
from sarchat_build.report.statistics.tallies import Tallies
from sarchat_build.validation import ShardReport, check_shard


@dataclass
class ProveShards(beam.PTransform):
    """ShardReceipt -> ShardReport: every row read back by code that shares nothing with the build.

    Nothing comes out when the build was asked to go without proof.
    """

    context: BuildContext

    def expand(self, receipts: beam.PCollection) -> Any:
        """Wire the step."""
        return receipts | "ProveShard" >> beam.FlatMap(_prove, self.context)


@dataclass
class AddUpTallies(beam.PTransform):
    """Tallies of shards -> one Tallies, added up in a tree: no process holds more than two."""

    def expand(self, tallies: beam.PCollection) -> Any:
        """Wire the step."""
        return tallies | "AddUp" >> beam.CombineGlobally(_AddUp())


def _prove(receipt: ShardReceipt, context: BuildContext) -> Iterator[ShardReport]:
    if context.prove:
        record = record_shell(context.recipe, context.manifests, context.templates, receipt.files)
        report = check_shard(context.out, *parse_shard_name(receipt.name), record)
        report_done(context.out, "proofs", receipt.name)
        count("prove_shards", shards_in=1, shards_out=1, faults=report.errors)
        yield report


class _AddUp(beam.CombineFn):
    def create_accumulator(self) -> Tallies:
        return Tallies()

    def add_input(self, total: Tallies, tallies: Tallies) -> Tallies:
        total.merge(tallies)
        return total

    def merge_accumulators(self, parts: Iterable[Tallies]) -> Tallies:
        total = Tallies()
        for part in parts:
            total.merge(part)
        return total

    def extract_output(self, total: Tallies) -> Tallies:
        return total
