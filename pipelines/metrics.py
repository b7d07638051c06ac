"""Beam metrics: what goes into a step, out of it, and into rejects."""

from __future__ import annotations

from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.runners.runner import PipelineResult

NAMESPACE = "sarchat"


def count(step: str, **amounts: int) -> None:
    """Add to the counters of a step, from inside its work.

    Args:
        step: name of the step; the counter of an amount is called `<step>/<name of the amount>`.
        amounts: what to add, by name: `images_in`, `images_out`, `rejects` …
    """
    for name, amount in amounts.items():
        Metrics.counter(NAMESPACE, f"{step}/{name}").inc(amount)


def read_counters(result: PipelineResult) -> dict[str, int]:
    """Give the counters of all steps of a run, by name.

    While it runs, engines know of some only what was attempted, and of others nothing.
    """
    found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))
    return {
        counter.key.metric.name: int(
            (counter.attempted or 0) if counter.committed is None else counter.committed
        )
        for counter in found["counters"]
    }
