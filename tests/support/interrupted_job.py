"""A process that waits for a job: one that ends when it is cancelled, or a deaf one.

    python tests/support/interrupted_job.py running|deaf MARK

MARK is made when the job runs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.runner import PipelineResult, PipelineState

from pipelines.interrupts import end_interrupted, listen
from pipelines.runners import by_name, cancelling, run


def sleeps(element: str, mark: str) -> None:
    Path(mark).touch()
    time.sleep(60)


class DeafJob(PipelineResult):
    """A job of an engine that does not answer."""

    _job_id = "job-7"

    def wait_until_finish(self, duration: object = None) -> None:
        time.sleep(60)

    def cancel(self) -> None:
        time.sleep(60)


def tell_state(result: PipelineResult, runner: str) -> None:
    """Say how the job ended whose end was waited for."""
    try:
        cancelling.wait_or_cancel(result, runner)
    finally:
        print(result.state, flush=True)


def wait_for(kind: str, mark: str) -> None:
    """Wait for a job of a kind."""
    if kind == "deaf":
        cancelling._CANCEL_SECONDS = 0.5
        Path(mark).touch()
        cancelling.wait_or_cancel(DeafJob(PipelineState.RUNNING), "FlinkRunner")
        return
    by_name.wait_or_cancel = tell_state  # type: ignore[attr-defined]
    run(
        lambda pipeline: (pipeline | beam.Create(["a"]) | beam.Map(sleeps, mark)) and None,
        "PortableRunner",
        1,
        ["--job_endpoint=embed", "--environment_type=LOOPBACK"],
    )


if __name__ == "__main__":
    listen()
    try:
        wait_for(*sys.argv[1:])
    except KeyboardInterrupt:
        end_interrupted()
