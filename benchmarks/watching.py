"""Runs a command and watches the memory of all its processes together (Linux)."""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run; `memory_mb` has one figure every quarter of a second.

    `cpu_s` is that of the command and of all its processes.
    """

    wall_s: float
    cpu_s: float
    memory_mb: tuple[float, ...]

    @property
    def peak_mb(self) -> float:
        """The most that all processes held at once."""
        return max(self.memory_mb, default=0.0)

    def memory_by_part(self, parts: int) -> list[float]:
        """Give the most memory in each of equal parts of the time: flat, or does it grow?

        >>> Run(1.0, 1.0, (1.0, 5.0, 3.0, 2.0)).memory_by_part(2)
        [5.0, 3.0]
        """
        n = len(self.memory_mb)
        cuts = [part * n // parts for part in range(parts + 1)]
        return [max(self.memory_mb[begin:end]) for begin, end in pairwise(cuts) if begin < end]


def watch(command: list[str], *, no_progress: bool = True) -> Run:
    """Run a command to its end.

    Raises:
        SystemExit: it ended with an error.
    """
    memory_mb: list[float] = []
    start, cpu_before_s = time.perf_counter(), _children_cpu_s()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL if no_progress else None)
    done = threading.Event()

    def look() -> None:
        while not done.wait(_EVERY_S):
            memory_mb.append(resident_mb(process.pid))

    looker = threading.Thread(target=look)
    looker.start()
    code = process.wait()
    wall_s = time.perf_counter() - start
    done.set()
    looker.join()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Run(wall_s, _children_cpu_s() - cpu_before_s, tuple(memory_mb))


def _children_cpu_s() -> float:
    """Add up the CPU seconds of all processes that have ended below this one."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def resident_mb(pid: int) -> float:
    """Add up the memory of a process and everything below it, shared pages once."""
    total = 0.0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024 / 1e6
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += resident_mb(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended while we looked
    return total
