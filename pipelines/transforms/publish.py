"""The last step: everything that a build leaves behind, in one element, to a finished dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.metrics import count
from pipelines.progress import note
from pipelines.transforms.gather import GatherRecords
from sarchat_build.dataset.lock import demand_lock
from sarchat_build.publishing.publish import BuildResults, publish


@dataclass
class Publish(beam.PTransform):
    """Results -> the finished dataset's `build.json`.

    receipts: ShardReceipt · readings: ShardReading · rejects: tuple of Reject · duplicates: tuple
    of rows · read: tuple of ReadCount · split_changes: tuple of SplitChange · notices: {source id:
    {reason: count}} · stop: tuple of Stop
    """

    context: BuildContext

    def expand(self, results: Sequence[beam.PCollection]) -> Any:
        """Wire the step."""
        return (
            results
            | "GatherResults" >> GatherRecords()
            | "WriteRecord" >> beam.Map(_publish, self.context)
        )


def _publish(records: Mapping[str, list[Any]], context: BuildContext) -> None:
    def each(name: str) -> list[Any]:
        return records.get(name, [])

    def joined(name: str) -> list[Any]:
        return [record for group in each(name) for record in group]

    results = BuildResults(
        stop=joined("stop"),
        rejects=joined("rejects"),
        read=joined("read"),
        duplicates=joined("duplicates"),
        split_changes=joined("split_changes"),
        notices=each("notices"),
        receipts=each("receipts"),
        readings=each("readings"),
    )
    # A job that outlived its launcher must not write over what another build proves.
    demand_lock(context.out, context.run)
    note(context.out, context.run, "written")
    outcome = publish(results, context.build)
    count(
        "publish",
        shards_in=len(results.receipts),
        rejects=len(results.rejects),
        files_out=len(outcome.record.files) if outcome.record else 0,
        reasons_to_stop=len(outcome.stopped),
    )
