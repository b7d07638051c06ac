"""The local engine: Beam's in-process runner, named outright, with one process per core.

`DirectRunner` is not asked for: it may fetch an engine from the network first. This one starts from
what is installed. One thing it does not do is notice that a worker was killed: it would wait for
ever. `WorkerWatch` ends the run instead.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult
from apache_beam.transforms.environments import (
    EmbeddedPythonEnvironment,
    Environment,
    SubprocessSDKEnvironment,
)

from pipelines.interrupts import end_at_once
from pipelines.runners.watch import WorkerWatch
from pipelines.worker import LAUNCHER
from sarchat_build.errors import InputError

# How a worker's foreseen error stands in the text that Beam makes of it.
_INPUT_ERROR = f"{InputError.__module__}.{InputError.__name__}: "
_FORESEEN = re.compile(
    rf"^{re.escape(_INPUT_ERROR)}(.*?)(?: \[while running '[^']*'\])*$", re.MULTILINE
)
# A worker's thread gives every large block back to the system and faults it in again for the next
# picture; one arena that keeps its blocks spares a third of the page faults (Linux, glibc).
_WORKER_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
}


def run_locally(
    construct: Callable[[beam.Pipeline], None], workers: int, beam_options: Sequence[str] = ()
) -> PipelineResult:
    """Run a graph on this machine with `workers` processes (1: inside this one).

    Raises:
        InputError: a step raised it, such as for a full disk.
        RuntimeError: the engine gave up.
    """
    options = PipelineOptions([*beam_options, f"--direct_num_workers={workers}"])
    # What it would log of an error is in the exception too.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    pipeline = beam.Pipeline(runner=FnApiRunner(_environment(workers)), options=options)
    construct(pipeline)
    with WorkerWatch(), end_at_once():
        try:
            result: PipelineResult = pipeline.run()
            result.wait_until_finish()
        except (InputError, RuntimeError) as error:
            # Inside this process it keeps its type, from another it comes as a text.
            kind = _INPUT_ERROR if isinstance(error, InputError) else ""
            foreseen = _FORESEEN.findall(f"{kind}{error}")
            if not foreseen:
                raise
            raise InputError(foreseen[-1]) from error
    return result


def _environment(workers: int) -> Environment:
    if workers == 1:
        return EmbeddedPythonEnvironment.default()
    memory = " ".join(f"{name}={value}" for name, value in _WORKER_MEMORY.items())
    # Ctrl-C and a closed terminal are told to the whole group: the launcher decides, and ends its
    # workers itself.
    command = (
        f"trap '' INT TERM HUP; {LAUNCHER}={os.getpid()} {memory} "
        f"exec {shlex.quote(sys.executable)} -m pipelines.worker"
    )
    return SubprocessSDKEnvironment.from_command_string(command)
