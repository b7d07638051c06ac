"""Counters of a job while it runs, for engines that tell them: progress without a look at files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from apache_beam.runners.runner import PipelineResult

from pipelines.metrics import read_counters

Hear = Callable[[Mapping[str, int]], None]
# A question to a service; jobs take minutes.
_SECONDS = 5.0


@contextmanager
def telling_counters(result: PipelineResult, hear: Hear | None) -> Iterator[None]:
    """While it is entered, ask the engine again and again, and tell what it counts.

    An engine that does not answer, or counts nothing until the end, is no fault.
    """
    done = threading.Event()

    def ask() -> None:
        while hear is not None and not done.wait(_SECONDS):
            with suppress(Exception):
                # Portable results keep the first answer that they were given.
                if hasattr(result, "_metrics"):
                    result._metrics = None
                hear(read_counters(result))

    thread = threading.Thread(target=ask, name="counters", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
