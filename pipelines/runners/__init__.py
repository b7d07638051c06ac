"""Engines that run a graph: the local one, and every other that Beam knows by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.runner import PipelineResult

from pipelines.faults import FaultLog
from pipelines.runners.beam_options import check_beam_options
from pipelines.runners.by_name import run_by_name
from pipelines.runners.dataflow import dataflow_options, demand_dataflow, is_dataflow
from pipelines.runners.detached import Job, demand_a_job, demand_detachable, job_of
from pipelines.runners.local import run_locally
from pipelines.runners.loopback import demand_loopback, without_proxy
from pipelines.runners.told_counters import Hear
from pipelines.runners.workers import standing_by

__all__ = ["Job", "engine_ready", "run", "submit"]


def run(
    construct: Callable[[beam.Pipeline], None],
    runner: str,
    workers: int,
    beam_options: Sequence[str] = (),
    *,
    log_folder: Path | None = None,
    hear: Hear | None = None,
) -> PipelineResult:
    """Run a graph to its end.

    Args:
        construct: puts the graph into a pipeline.
        runner: `local`, or the name of a Beam runner.
        workers: processes of the local engine; other runners take their own options.
        beam_options: passed to Beam as they are.
        log_folder: where the whole story of a fault is written; None: a temporary file.
        hear: is told the counters of the job while it runs, where the engine gives them.

    Returns:
        What Beam knows of the finished run; `pipelines.metrics.read_counters` reads its counters.

    Raises:
        ConfigurationError: Beam knows no such runner or option.
        InputError: a worker found that the input cannot be used, or what the engine needs of this
            machine is missing.
        EngineError: the engine gave up, or the build has a fault.
    """
    if runner == "local":
        with FaultLog(log_folder, shared=True) as log, without_proxy():
            return run_locally(construct, workers, beam_options, log=log.path)
    otherwise = f"without --runner {runner} the local engine runs"
    with (
        FaultLog(log_folder, shared=True, otherwise=otherwise) as log,
        without_proxy(),
        redirect_stderr(log.stream),
    ):
        return run_by_name(construct, runner, beam_options, hear=hear)


def submit(
    construct: Callable[[beam.Pipeline], None], runner: str, beam_options: Sequence[str] = ()
) -> Job:
    """Give a graph to an engine that goes on with it when this process has ended.

    Args and errors are those of `run`.
    """
    otherwise = "see that the engine runs, and its options after '--'"
    with (
        FaultLog(shared=True, otherwise=otherwise) as log,
        without_proxy(),
        redirect_stderr(log.stream),
    ):
        return job_of(run_by_name(construct, runner, beam_options, wait=False), beam_options)


@contextmanager
def engine_ready(
    runner: str,
    workers: int,
    beam_options: Sequence[str] = (),
    *,
    locations: Mapping[str, str] | None = None,
    wait: bool = True,
) -> Iterator[None]:
    """See before any input is read whether the engine can run here, and knows its options.

    While it is entered, the workers of the local engine stand by.

    Args:
        runner: `local`, or the name of a Beam runner.
        workers: processes of the local engine.
        beam_options: for Beam itself.
        locations: what workers read and write, by the option that names it.
        wait: whether the launcher stays until the build has ended.

    Raises:
        ConfigurationError: an option is none of Beam's, or the engine cannot be left alone.
        InputError: what the engine needs of this machine is missing, or its workers cannot reach a
            location.
    """
    check_beam_options(runner, beam_options)
    if wait:
        demand_a_job(runner, beam_options)
    else:
        demand_detachable(runner, beam_options)
    if is_dataflow(runner):
        demand_dataflow(runner, dataflow_options(beam_options), locations or {})
    if runner == "local" and workers > 1:
        demand_loopback()
        with standing_by(workers):
            yield
    else:
        yield
