"""A watch over the worker processes of the local engine, which itself would wait for the dead."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from pipelines.interrupts import end, is_ending

EXIT_WORKER_DIED = 4


class WorkerWatch:
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
            # Threads of the engine that read from the dead one: a line of its log each, no more.
            kept = args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
            logging.getLogger(__name__).error("%s", args.thread, exc_info=kept)
            return
        if not is_ending():
            end(
                f"a worker process died ({args.exc_value}), most likely for want of memory; "
                "run the same command again to resume, with fewer --workers",
                EXIT_WORKER_DIED,
            )
