"""Engines: the local one by name, every other one through Beam's own options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult

from pipelines.runners.local import run_locally
from sarchat_build.errors import ConfigurationError, Issue

Construct = Callable[[beam.Pipeline], None]


def run(
    construct: Construct, runner: str, workers: int, beam_options: Sequence[str] = ()
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
    try:
        options = PipelineOptions([*beam_options, f"--runner={runner}"])
        pipeline = beam.Pipeline(options=options)
    except ValueError as error:
        raise ConfigurationError([Issue("--runner", runner, str(error))]) from error
    construct(pipeline)
    result: PipelineResult = pipeline.run()
    result.wait_until_finish()
    return result
