"""Reading finished shards back, while they are still in the page cache: proof and statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.metrics import count
from pipelines.progress import report_done
from pipelines.transforms.gather import NamedRecord, named
from sarchat_build.dataset.record import record_shell
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.publishing.shard_reading import read_shard


@dataclass
class ReadShards(beam.PTransform):
    """ShardReceipt -> results `readings`: ShardReading."""

    context: BuildContext

    def expand(self, receipts: beam.PCollection) -> Any:
        """Wire the step."""
        return receipts | "ReadShard" >> beam.Map(_read, self.context)


def _read(receipt: ShardReceipt, context: BuildContext) -> NamedRecord:
    record = record_shell(
        recipe=context.recipe,
        manifests=context.manifests,
        template_ids=context.templates,
        files=receipt.files,
    )
    reading = read_shard(context.stage, receipt.name, record, prove=context.prove)
    report_done(context.out, "readings", receipt.name)
    faults = reading.proof.errors if reading.proof else 0
    count("read_shards", shards_in=1, shards_out=1, faults=faults)
    return named("readings", reading)
