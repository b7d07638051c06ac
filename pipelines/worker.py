"""A worker process of the local engine: Beam's own, without its running commentary."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time

LAUNCHER = "SARCHAT_LAUNCHER"
_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.5


def main() -> None:
    """Serve the launcher until it is done; an error in the work reaches it by itself."""
    end_with_launcher(int(os.environ[LAUNCHER]))
    # After that: a launcher that ends while this is imported takes the worker with it.
    from apache_beam.runners.worker import sdk_worker_main

    logging.disable(logging.WARNING)
    sdk_worker_main.main(sys.argv)


def end_with_launcher(launcher: int) -> None:
    """End this process when the launcher ends, also when that is killed without warning."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(launcher,), daemon=True).start()
    if os.getppid() != launcher:  # it ended before this process asked to be told
        os._exit(1)


def _watch(launcher: int) -> None:
    while os.getppid() == launcher:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
