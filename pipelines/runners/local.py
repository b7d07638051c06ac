"""The local engine: Beam's in-process runner, named outright, with one process per core.

`DirectRunner` is not asked for: it may fetch an engine from the network first. This one starts from
what is installed. One thing it does not do is notice that a worker was killed: it would wait for
ever. `_WorkerWatch` ends the run instead.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult
from apache_beam.transforms.environments import (
    EmbeddedPythonEnvironment,
    Environment,
    SubprocessSDKEnvironment,
)

EXIT_WORKER_DIED = 4
# A worker's thread gives every large block back to the system and faults it in again for the next
# picture; one arena that keeps its blocks spares a third of the page faults (Linux, glibc).
_WORKER_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
}


def run_locally(
    construct: Callable[[beam.Pipeline], None],
    workers: int,
    beam_options: Sequence[str] = (),
    *,
    log: Path | None,
) -> PipelineResult:
    """Run a graph on this machine with `workers` processes (1: inside this one).

    What the processes print goes to the file `log`.
    """
    options = PipelineOptions([*beam_options, f"--direct_num_workers={workers}"])
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    pipeline = beam.Pipeline(runner=FnApiRunner(_environment(workers, log)), options=options)
    construct(pipeline)
    with _WorkerWatch():
        result: PipelineResult = pipeline.run()
        result.wait_until_finish()
    return result


def _environment(workers: int, log: Path | None) -> Environment:
    if workers == 1:
        return EmbeddedPythonEnvironment.default()
    memory = " ".join(f"{name}={value}" for name, value in _WORKER_MEMORY.items())
    # Ctrl-C is told to the whole group: the launcher decides, and ends its workers itself.
    command = (
        f"trap '' INT; {memory} exec {shlex.quote(sys.executable)} -m pipelines.runners.worker "
        f"2>>{shlex.quote(str(log or os.devnull))}"
    )
    return SubprocessSDKEnvironment.from_command_string(command)


class _WorkerWatch:
    """While it is entered, a worker process that dies ends the run with an error."""

    def __enter__(self) -> None:
        self._previous = threading.excepthook
        threading.excepthook = self._on_thread_error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        threading.excepthook = self._previous

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        # The thread that waits for a worker process is the only one that learns of its death.
        if args.thread is None or not args.thread.name.startswith("run_worker"):
            self._previous(args)
            return
        print(
            f"error: a worker process died ({args.exc_value}), most likely for want of memory; "
            "run the same command again to resume, with fewer --workers",
            file=sys.stderr,
            flush=True,
        )
        for child in child_processes():
            os.kill(child, signal.SIGKILL)
        os._exit(EXIT_WORKER_DIED)


def child_processes() -> list[int]:
    """Give the process ids of this process's children, where the system tells (Linux)."""
    children = []
    for task in Path("/proc/self/task").glob("*/children"):
        children += [int(number) for number in task.read_text().split()]
    return children
