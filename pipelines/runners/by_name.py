"""Any engine that Beam knows by name: Dataflow, Flink, its own DirectRunner."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult

from pipelines.runners.cancelling import wait_or_cancel
from pipelines.runners.dataflow import dataflow_options, is_dataflow
from pipelines.runners.told_counters import Hear, telling_counters
from sarchat_build.errors import ConfigurationError, Issue


def run_by_name(
    construct: Callable[[beam.Pipeline], None],
    runner: str,
    beam_options: Sequence[str] = (),
    *,
    wait: bool = True,
    hear: Hear | None = None,
) -> PipelineResult:
    """Run a graph with one of Beam's runners, which takes its own options.

    Without `wait` the job is only submitted; `hear` is told its counters while it runs.

    Raises:
        ConfigurationError: Beam knows no such runner or option.
        RuntimeError: the engine gave up; its own message says why.
    """
    if is_dataflow(runner):
        beam_options = dataflow_options(beam_options)
    try:
        options = PipelineOptions([*beam_options, f"--runner={runner}"])
        pipeline = beam.Pipeline(options=options)
    except (ValueError, NotImplementedError) as error:
        raise ConfigurationError(
            [Issue("--runner", runner, " ".join(str(error).split()))]
        ) from error
    construct(pipeline)
    # At the end of the process it says that it ends the server that it started.
    logging.getLogger("apache_beam.utils.subprocess_server").setLevel(logging.ERROR)
    result: PipelineResult = pipeline.run()
    if wait:
        with telling_counters(result, hear):
            wait_or_cancel(result, runner)
    return result
