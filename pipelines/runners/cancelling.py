"""Jobs that other processes run: waited for, and cancelled when this command is interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from apache_beam.runners.runner import PipelineResult, PipelineState

from pipelines.interrupts import elsewhere

# What an engine may take to cancel a job; then this command ends all the same.
_CANCEL_SECONDS = 30.0
# What the rest of this command needs to end: its lock, its progress.
_UNWIND_SECONDS = 4.0
T = TypeVar("T")


def wait_or_cancel(result: PipelineResult, runner: str) -> None:
    """Wait until a job has ended; a signal cancels it first.

    A job that has not ended soon after is named in the line that this command ends with. It writes
    no further shard and publishes nothing: the lock of its run is gone.

    Raises:
        KeyboardInterrupt: a signal came.
        RuntimeError: the job failed; its own message says why.
    """
    patience = _CANCEL_SECONDS + _UNWIND_SECONDS
    with elsewhere(f"{_name(result)} of {runner}", patience) as ended:
        waiting = _begin(result.wait_until_finish)
        try:
            wait([waiting])
        except KeyboardInterrupt:
            if _cancel(result, waiting):
                ended()
            raise
        ended()
    waiting.result()


def _cancel(result: PipelineResult, waiting: Future[Any]) -> bool:
    """Cancel a job, and tell whether it is known to have ended."""
    until = time.monotonic() + _CANCEL_SECONDS
    for answer in (_begin(result.cancel), waiting):
        wait([answer], until - time.monotonic())
    state = _begin(lambda: result.state)
    done, _ = wait([state], max(1.0, until - time.monotonic()))
    return bool(done) and state.exception() is None and PipelineState.is_terminal(state.result())


def _name(result: PipelineResult) -> str:
    found = getattr(result, "_job_id", "") or getattr(result, "job_id", None)
    return f"job {found() if callable(found) else found or 'without a name'}"


def _begin(call: Callable[[], T]) -> Future[T]:
    """Call in a thread that nothing waits for: an engine may never answer."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 (for whoever asks for the result)
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
