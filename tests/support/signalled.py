"""What signals do to a command, each case a process of its own.

python -c "import signalled; signalled.once()"
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from typing import NoReturn

from pipelines import interrupts, worker
from sarchat_build.errors import InputError

_exit = os._exit


def _exit_measured(code: int) -> NoReturn:
    """End at once, but for what was registered for the end: a measurement of coverage is kept."""
    atexit._run_exitfuncs()
    _exit(code)


os._exit = _exit_measured


def once() -> None:
    """Unwinds, and tells the code and the line of the signal."""
    interrupts.listen()
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        print("unwound", flush=True)
        interrupts.end_interrupted()


def twice() -> None:
    """The second signal does not wait for what the first began; the code is that of the first."""
    interrupts.listen()
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.raise_signal(signal.SIGTERM)
        print("went on", flush=True)


def lost() -> None:
    """An engine that hears the signal itself breaks its own stream, and the signal is forgotten."""
    interrupts.listen()
    with interrupts.interruption_first():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("stream removed") from None


def no_signal() -> None:
    """Without a signal an error is an error."""
    interrupts.listen()
    try:
        with interrupts.interruption_first():
            raise RuntimeError("stream removed")
    except RuntimeError as error:
        print(error, flush=True)


def ignored() -> None:
    """What the caller has ignored stays ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupts.listen()
    signal.raise_signal(signal.SIGHUP)
    print("went on", flush=True)


def taken_over() -> None:
    """What the caller has ignored stays ignored, also when an engine's server takes it over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.listen()
    signal.signal(signal.SIGINT, lambda number, frame: print("heard", flush=True))
    with interrupts.elsewhere("job 7 of FlinkRunner", 30):
        signal.raise_signal(signal.SIGINT)
        print("went on", flush=True)


def in_a_thread() -> None:
    """Python hears signals in its main thread alone."""
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=interrupts.listen)
    thread.start()
    thread.join()
    print("the same" if signal.getsignal(signal.SIGTERM) == before else "another", flush=True)


def at_once() -> None:
    """Ends where it is, and its children with it."""
    interrupts.listen()
    child = subprocess.Popen(["sleep", "60"])
    print(child.pid, flush=True)
    with interrupts.end_at_once():
        signal.raise_signal(signal.SIGINT)
        print("went on", flush=True)


def held_back() -> None:
    """The signal waits until nothing is lost by it."""
    interrupts.listen()
    try:
        with interrupts.held_back():
            signal.raise_signal(signal.SIGINT)
            print("went on", flush=True)
    except KeyboardInterrupt:
        interrupts.end_interrupted()


def cleaning_up() -> None:
    """All that is to be cleaned up is, also after a store that fails."""

    def fail() -> None:
        raise InputError("gs://bucket: does not answer")

    interrupts.listen()
    with (
        interrupts.cleaning_up(lambda: print("first", flush=True)),
        interrupts.cleaning_up(fail),
        interrupts.cleaning_up(lambda: print("last", flush=True)),
        interrupts.end_at_once(),
    ):
        with interrupts.cleaning_up(lambda: print("no more", flush=True)):
            pass
        signal.raise_signal(signal.SIGTERM)


def impatient() -> None:
    """A job that does not end is named, when nobody waits for it any longer."""
    interrupts.listen()
    with interrupts.elsewhere("job 7 of FlinkRunner", 0.05):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            time.sleep(60)


def job_that_ended() -> None:
    """Of a job that has ended nothing is said."""
    interrupts.listen()
    with interrupts.elsewhere("job 7 of FlinkRunner", 30) as ended:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            ended()
            interrupts.end_interrupted()


def worker_without_work() -> None:
    """The launcher closes the pipe of a worker that is not needed; Ctrl-C does not end it."""
    there, here = multiprocessing.Pipe()
    thread = threading.Timer(0.05, there.close)
    thread.start()
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
    worker.serve(here, os.getppid())
    print("served", flush=True)


def worker_without_launcher() -> None:
    """It ended before the worker asked to be told."""
    worker.end_with_launcher(os.getppid() + 1)
    print("went on", flush=True)


def worker_where_the_system_tells_nothing() -> None:
    """A worker asks for itself whether its launcher is there."""
    sys.platform = "darwin"
    launcher = os.getpid()
    if os.fork() == 0:
        worker.end_with_launcher(launcher)
        print(os.getpid(), flush=True)
        time.sleep(60)
    time.sleep(0.2)
