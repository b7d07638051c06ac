"""Engines that run a graph: the local one, and every other that Beam knows by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.runners.runner import PipelineResult

from pipelines.runners.by_name import run_by_name
from pipelines.runners.local import run_locally


def run(
    construct: Callable[[beam.Pipeline], None],
    runner: str,
    workers: int,
    beam_options: Sequence[str] = (),
) -> PipelineResult:
    """Run a graph to its end.

    Args:
        construct: puts the graph into a pipeline.
        runner: `local`, or the name of a Beam runner.
        workers: processes of the local engine; other runners take their own options.
        beam_options: passed to Beam as they are.

    Returns:
        What Beam knows of the finished run; `pipelines.metrics.read_counters` reads its counters.

    Raises:
        ConfigurationError: Beam knows no such runner or option.
        RuntimeError: the engine gave up; its own message says why.
    """
    if runner == "local":
        return run_locally(construct, workers, beam_options)
    return run_by_name(construct, runner, beam_options)
