"""Signals that end a command: Ctrl-C, SIGTERM and SIGHUP, once or more, at any moment.

What lies on disk is whole at every moment (a kill without warning must be survived too), so that
ending is only this: end the workers, say one line, give the exit code of the signal. A job that
other processes run is ended first (`elsewhere`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipelines.console import error_line
from sarchat_build.errors import InputError

_SHOW_CURSOR = "\x1b[?25h"
# What unwinding may take before it is cut short.
_PATIENCE_SECONDS = 4.0


@dataclass
class _State:
    signal: int = 0
    ending: bool = False
    at_once: bool = False
    handlers: dict[int, Callable[[int, FrameType | None], None] | int] = field(default_factory=dict)
    patience_seconds: float = _PATIENCE_SECONDS
    elsewhere: str = ""
    held: bool = False
    waiting: int = 0
    at_end: list[Callable[[], None]] = field(default_factory=list)


_state = _State()


def listen() -> None:
    """Take the signals over; one that the caller of this command has ignored stays ignored.

    Python hears signals in the main thread alone; elsewhere nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    found = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
    for number in (n for n in found if n is not None):
        ignored = signal.getsignal(number) == signal.SIG_IGN
        _state.handlers[number] = signal.SIG_IGN if ignored else _on_signal
    _listen()


def _listen() -> None:
    for number, handler in _state.handlers.items():
        signal.signal(number, handler)


def interrupted() -> str:
    """Say that a signal ended the command, what goes on all the same, and how to go on."""
    if _state.elsewhere:
        return (
            f"interrupted, but {_state.elsewhere} has not ended: it publishes nothing; see that it "
            "is cancelled there, then run the same command again to resume"
        )
    return "interrupted; run the same command again to resume"


def interrupted_exit_code() -> int:
    """Give the exit code of the signal that came: 128 and its number, for Ctrl-C 130."""
    return 128 + (_state.signal or signal.SIGINT)


@contextmanager
def interruption_first() -> Iterator[None]:
    """While it is entered, an error after a signal ends the command as the signal demands.

    Libraries that hear a signal themselves, or lose the exception that it is here, go on with what
    the signal has broken: an engine that is stopped says that its stream was removed.
    """
    try:
        yield
    except Exception:
        if _state.signal:
            end_interrupted()
        raise


def is_ending() -> bool:
    """Tell whether the process is about to end: what dies now was killed by it."""
    return _state.ending


@contextmanager
def end_at_once() -> Iterator[None]:
    """While it is entered, a signal ends the process and its children where they are.

    For work in threads and other processes, which an exception in the main thread does not reach.
    """
    _state.at_once = True
    try:
        yield
    finally:
        _state.at_once = False


@contextmanager
def elsewhere(job: str, patience_seconds: float) -> Iterator[Callable[[], None]]:
    """While it is entered, work goes on in other processes, whatever becomes of this one.

    Args:
        job: what they call it, for the line that says that it has not ended.
        patience_seconds: how long a signal, which is an exception here, waits for its end.

    Yields:
        To be called when the work has ended.
    """
    _listen()  # engines that start servers take the signals over
    _state.elsewhere, _state.patience_seconds = job, patience_seconds

    def ended() -> None:
        _state.elsewhere = ""

    try:
        yield ended
    finally:
        _state.patience_seconds = _PATIENCE_SECONDS


@contextmanager
def held_back() -> Iterator[None]:
    """While it is entered, signals wait, for a moment in which Python would lose an exception.

    What runs at a fork is such a one.
    """
    _state.held = True
    try:
        yield
    finally:
        _state.held = False
        if _state.waiting:
            number, _state.waiting = _state.waiting, 0
            _on_signal(number, None)


@contextmanager
def cleaning_up(clean: Callable[[], None]) -> Iterator[None]:
    """While it is entered, `clean` is called before the process ends at once."""
    _state.at_end.append(clean)
    try:
        yield
    finally:
        _state.at_end.remove(clean)


def end(message: str, code: int) -> NoReturn:
    """End this process and its children now, with one line."""
    _state.ending = True
    for child in child_processes():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    # A line and no traceback, whatever is being drawn, and also where the terminal is gone.
    with suppress(OSError, ValueError):
        if sys.stdout.isatty():
            os.write(1, _SHOW_CURSOR.encode())
    with suppress(OSError, ValueError):
        before = "\n" if sys.stderr.isatty() else ""
        os.write(2, f"{before}{error_line(message)}\n".encode())
    for clean in _state.at_end:
        # It may ask a store that does not answer: nobody waits long for that.
        thread = threading.Thread(target=_try, args=(clean,), daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
    os._exit(code)


def _try(clean: Callable[[], None]) -> None:
    with suppress(OSError, InputError):
        clean()


def child_processes() -> list[int]:
    """Give the process ids of this process's children, where the system tells (Linux)."""
    children = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            children += [int(number) for number in task.read_text().split()]
    return children


def end_interrupted() -> NoReturn:
    """End this process as the signal that came demands, and say what is left to do."""
    end(interrupted(), interrupted_exit_code())


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _state.ending:
        return
    if _state.held:
        _state.waiting = number
        return
    again = _state.signal != 0
    _state.signal = _state.signal or number
    if again or _state.at_once:
        end_interrupted()
    watchdog = threading.Timer(_state.patience_seconds, end_interrupted)
    watchdog.daemon = True
    watchdog.start()
    raise KeyboardInterrupt
