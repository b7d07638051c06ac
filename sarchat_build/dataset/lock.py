"""The lock of an output folder: one build writes to it at a time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sarchat_build.dataset.output import WORK_FOLDER, is_regular, room_for
from sarchat_build.errors import InputError
from sarchat_build.regular_files import MAX_RECORD_BYTES, read_regular

LOCK = f"{WORK_FOLDER}/lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock, or wants to.

    `started` tells it from a later process with the same number: the machine's boot and the
    process's age in it; "" where the system does not tell.
    """

    host: str
    pid: int
    started: str
    since: str

    def __str__(self) -> str:
        """Say who it is and since when."""
        return f"process {self.pid} on {self.host}, since {self.since}"


_HOLDER = TypeAdapter(Holder)


@contextmanager
def hold_lock(
    out: str, *, take_over: bool = False, tell: Callable[[str], None] = print
) -> Iterator[None]:
    """Hold the lock of an output folder; the folder is made, and goes again if it stayed empty.

    Args:
        out: the output folder.
        take_over: whether a lock is taken that another machine left, which this one cannot ask.
        tell: hears that a lock was taken over from a process that has ended.

    Raises:
        InputError: another process holds it: who, and since when.
    """
    work = Path(out, WORK_FOLDER)
    made = [folder for folder in (work, *Path(out).parents, Path(out)) if not folder.exists()]
    with room_for(out):
        work.mkdir(parents=True, exist_ok=True)
    own = _this_process()
    try:
        with _alone(work):
            _acquire(out, own, take_over, tell)
        try:
            yield
        finally:
            release_lock(out)
    finally:
        for folder in sorted(made, key=lambda folder: len(folder.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()


def release_lock(out: str) -> None:
    """Remove the lock if this process holds it."""
    path = Path(out, LOCK)
    if read_holder(path) == _this_process(_since(path)):
        path.unlink(missing_ok=True)


def read_holder(path: Path) -> Holder | None:
    """Read who holds a lock; None where that is not written there."""
    if not is_regular(path):
        return None
    try:
        return _HOLDER.validate_json(read_regular(path, MAX_RECORD_BYTES))
    except (OSError, ValidationError):
        return None


def _acquire(out: str, own: Holder, take_over: bool, tell: Callable[[str], None]) -> None:
    path = Path(out, LOCK)
    if os.path.lexists(path):
        holder = read_holder(path)
        if holder is None:
            # Empty: its maker was killed between making and writing it.
            if not (is_regular(path) and path.stat().st_size == 0) and not take_over:
                raise InputError(
                    f"{path}: does not say who holds it; when no build writes to {out}, say "
                    "--take-over"
                )
        elif holder.host != own.host:
            if not take_over:
                raise InputError(
                    f"{out}: another build writes here: {holder}. Wait until it has ended; if it "
                    "was cut off, which cannot be seen from this machine, say --take-over"
                )
        elif _is_alive(holder):
            raise InputError(
                f"{out}: another build writes here: {holder}. Wait until it has ended, or give "
                "another --output"
            )
        if holder is not None:
            tell(f"took over {out} from a build that was cut off: {holder}")
        path.unlink()
    with room_for(out):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(own)) + "\n")
        except OSError:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Keep other processes of this machine from looking at the lock while it changes hands."""
    try:
        import fcntl
    except ImportError:  # not on this system: O_EXCL alone must do
        yield
        return
    descriptor = os.open(work, os.O_RDONLY)
    try:
        with suppress(OSError):  # not on this file system
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _this_process(since: str | None = None) -> Holder:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    pid = os.getpid()
    return Holder(socket.gethostname(), pid, _started(pid), now if since is None else since)


def _since(path: Path) -> str | None:
    holder = read_holder(path)
    return None if holder is None else holder.since


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
