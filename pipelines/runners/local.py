"""The local engine: Beam's in-process runner, named outright, with one process per core.

`DirectRunner` is not asked for: it may fetch an engine from the network first. This one starts from
what is installed. One thing it does not do is notice that a worker was killed: it would wait for
ever. `WorkerWatch` ends the run instead.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult
from apache_beam.transforms.environments import EmbeddedPythonEnvironment, Environment

from pipelines.interrupts import cleaning_up, end_at_once
from pipelines.runners.watch import WorkerWatch
from pipelines.runners.workers import standing_by, workers_environment

_View = TypeVar("_View", bound=PipelineOptions)


class _KeptViews(PipelineOptions):
    """Options of Beam that make each view of themselves once.

    Beam asks for one at every check of a type, and each begins with a parser of arguments: a
    seventh of a small build.
    """

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        """Add nothing: Beam asks every kind of options."""

    def view_as(self, cls: type[_View]) -> _View:
        views: dict[type, Any] = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        view: _View = views[cls]
        return view


def run_locally(
    construct: Callable[[beam.Pipeline], None],
    workers: int,
    beam_options: Sequence[str] = (),
    *,
    log: Path | None,
) -> PipelineResult:
    """Run a graph on this machine with `workers` processes (1: inside this one).

    What the processes print goes to the file `log`.

    Raises:
        InputError: a step raised it, such as for a full disk; it may come as the text of a
            RuntimeError, which `FaultLog` reads.
        RuntimeError: the engine gave up.
    """
    options = _KeptViews([*beam_options, f"--direct_num_workers={workers}"])
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    pipeline = beam.Pipeline(runner=FnApiRunner(_environment(workers, log)), options=options)
    construct(pipeline)
    processes = standing_by(workers) if workers > 1 else nullcontext()
    with processes, WorkerWatch(), end_at_once(), cleaning_up(partial(_remove, log)):
        result: PipelineResult = pipeline.run()
        result.wait_until_finish()
    return result


def _remove(log: Path | None) -> None:
    if log is not None:
        log.unlink(missing_ok=True)


def _environment(workers: int, log: Path | None) -> Environment:
    return EmbeddedPythonEnvironment.default() if workers == 1 else workers_environment(log)
