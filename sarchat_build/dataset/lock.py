"""The lock of an output folder: one build writes to it at a time."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sarchat_build.archives.location import join
from sarchat_build.dataset.output import OutputFolder, open_output
from sarchat_build.errors import InputError
from sarchat_build.published.layout import WORK_FOLDER

LOCK = f"{WORK_FOLDER}/lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock, or wants to.

    `started` tells it from a later process with the same number: the machine's boot and the
    process's age in it; "" where the system does not tell. `run` is chance: no two builds share it,
    wherever they run. `engine` goes on with the build when the process has ended; "" if none does.
    """

    host: str
    pid: int
    started: str
    since: str
    run: str = ""
    engine: str = ""

    def __str__(self) -> str:
        """Say who it is and since when."""
        process = f"process {self.pid} on {self.host}, since {self.since}"
        return f"a job of {self.engine}, submitted by {process}" if self.engine else process

    @property
    def has_ended(self) -> bool | None:
        """Whether it is known to have ended; None where that cannot be seen from this machine."""
        if self.engine or self.host != socket.gethostname():
            return None
        return not _is_alive(self)


_HOLDER = TypeAdapter(Holder)


class Lock:
    """The lock that this process holds on an output folder."""

    def __init__(self, out: str, own: Holder) -> None:
        self._out = out
        self._own = own
        self._left = False

    @property
    def run(self) -> str:
        """What tells this build from all others, for its workers."""
        return self._own.run

    def hand_over(self, engine: str) -> None:
        """Say that an engine goes on with the build, before it begins to; `leave` then lets go.

        Raises:
            InputError: another build took the lock over.
        """
        demand_lock(self._out, self.run)
        self._own = replace(self._own, engine=engine)
        open_output(self._out).write_json(LOCK, asdict(self._own))

    def leave(self) -> None:
        """Let the lock stay when this process ends: the last step of the build releases it."""
        self._left = True

    def release(self) -> None:
        """Remove the lock if it is still this build's own."""
        if not self._left:
            release_lock(self._out, self.run)


def demand_lock(out: str, run: str) -> None:
    """See before something is written or published whether a build still holds its lock.

    Args:
        out: the output folder.
        run: the build's `Lock.run`; "" for one that holds none.

    Raises:
        InputError: another build took it over.
    """
    holder = read_holder(out) if run else None
    if run and (holder is None or holder.run != run):
        who = f": {holder}" if holder else ""
        raise InputError(
            f"{out}: another build took this folder over{who}. Nothing was published; wait until "
            "it has ended"
        )


def release_lock(out: str, run: str) -> None:
    """Remove the lock of a build, if that still holds it."""
    holder = read_holder(out)
    if holder is not None and holder.run == run:
        open_output(out).delete(LOCK)


def read_holder(out: str) -> Holder | None:
    """Read who holds the lock of an output folder; None where nobody does, or it does not say."""
    return _read_holder(open_output(out))


@contextmanager
def hold_lock(
    out: str, *, take_over: bool = False, tell: Callable[[str], None] = print
) -> Iterator[Lock]:
    """Hold the lock of an output folder; the folder is made, and goes again if it stayed empty.

    Args:
        out: the output folder.
        take_over: whether a lock is taken that another machine left, which this one cannot ask.
        tell: hears that a lock was taken over from a process that has ended.

    Raises:
        InputError: another process holds it: who, and since when.
    """
    folder, own = open_output(out), _this_process()
    lock = Lock(out, own)
    with folder.made():
        with folder.alone():
            _acquire(folder, own, take_over, tell)
        try:
            yield lock
        finally:
            lock.release()


def _read_holder(folder: OutputFolder) -> Holder | None:
    """Read who holds a lock; None where that is not written there."""
    try:
        return _HOLDER.validate_json(folder.read(LOCK) or b"")
    except (OSError, ValidationError):
        return None


def _acquire(
    folder: OutputFolder, own: Holder, take_over: bool, tell: Callable[[str], None]
) -> None:
    out = folder.location
    if folder.has(LOCK):
        holder = _read_holder(folder)
        if holder is None:
            # Empty: its maker was killed between making and writing it.
            empty = folder.is_file(LOCK) and folder.read(LOCK) == b""
            if not empty and not take_over:
                raise InputError(
                    f"{join(out, LOCK)}: does not say who holds it; when no build writes to {out}, "
                    "say --take-over"
                )
        elif holder.has_ended is None:
            if not take_over:
                raise InputError(
                    f"{out}: another build writes here: {holder}. Wait until it has ended "
                    f"('sarchat status {out}'); if it was cut off, which cannot be seen from this "
                    "machine, say --take-over"
                )
        elif not holder.has_ended:
            raise _held(out, holder)
        if holder is not None:
            tell(f"took over {out} from a build that was cut off: {holder}")
        folder.delete(LOCK)
    try:
        folder.create_once(LOCK, f"{json.dumps(asdict(own))}\n".encode())
    except FileExistsError as error:  # another build was quicker
        raise _held(out, _read_holder(folder) or "a build that began just now") from error


def _held(out: str, holder: Holder | str) -> InputError:
    return InputError(
        f"{out}: another build writes here: {holder}. Wait until it has ended, or give another "
        "--output"
    )


def _this_process() -> Holder:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    pid = os.getpid()
    return Holder(socket.gethostname(), pid, _started(pid), now, secrets.token_hex(8))


def _is_alive(holder: Holder) -> bool:
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # of another user
    return holder.started == _started(holder.pid)


def _started(pid: int) -> str:
    """Give what tells a process from others of its number (Linux), else ""."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # Fields 3 and 22 of proc(5): a zombie has ended, whatever still counts it.
    return "" if after_name[0] == "Z" else f"{boot}/{after_name[19]}"
