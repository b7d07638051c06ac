"""A worker process of the local engine: Beam's own, without its running commentary."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

from pipelines.garbage import search_rarely

NAME = "sarchat worker"
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_POLL_SECONDS = 0.5
# A worker's thread gives every large block back to the system and faults it in again for the next
# picture; one arena that keeps its blocks spares a third of the page faults. By the numbers that
# glibc's mallopt has for them.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8
_MEMORY = {
    _M_ARENA_MAX: 1,
    _M_TRIM_THRESHOLD: 512 << 20,
    _M_TOP_PAD: 64 << 20,
    _M_MMAP_THRESHOLD: 1 << 30,
}


class Work(NamedTuple):
    """What a waiting worker is told to begin.

    Attributes:
        environment: that of the launcher, and by what Beam's worker finds it.
        log: the file for what it prints.
    """

    environment: Mapping[str, str]
    log: str


def serve(orders: Connection, launcher: int) -> None:
    """Wait for work, and serve the launcher until it is done.

    An error in the work reaches the launcher by itself.

    Args:
        orders: where one `Work` comes from.
        launcher: its process id: a worker ends with it.
    """
    # Ctrl-C and a closed terminal are told to the whole group: the launcher decides, and ends its
    # workers itself.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(AttributeError):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    end_with_launcher(launcher)
    _settle()
    try:
        work: Work = orders.recv()
    except (EOFError, OSError):
        return
    log = os.open(work.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 2)
    logging.getLogger().handlers[:] = [logging.StreamHandler()]
    os.environ.update(work.environment)
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


def _settle() -> None:
    search_rarely()
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(_PR_SET_NAME, NAME.encode(), 0, 0, 0)
        with suppress(AttributeError):  # another C library than glibc
            for parameter, value in _MEMORY.items():
                system.mallopt(parameter, value)


def _watch(launcher: int) -> None:
    while os.getppid() == launcher:
        time.sleep(_POLL_SECONDS)
    os._exit(1)
