"""Signals in a process of its own: what it says, its exit code, and what it leaves behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import REPOSITORY
from prepared_python import light

RESUME = "error: interrupted; run the same command again to resume\n"
NOT_ENDED = (
    "error: interrupted, but job 7 of FlinkRunner has not ended: it publishes nothing; see that it "
    "is cancelled there, then run the same command again to resume\n"
)


def ended(case: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a case of `signalled`."""
    code = f"import signalled; signalled.{case}()"
    done = light().run(code, cwd=REPOSITORY, env=os.environ, timeout_seconds=30)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("case", "code", "output", "errors"),
    [
        ("once", 143, "unwound\n", RESUME),
        ("twice", 130, "", RESUME),
        ("lost", 130, "", RESUME),
        ("no_signal", 0, "stream removed\n", ""),
        ("ignored", 0, "went on\n", ""),
        ("taken_over", 0, "went on\n", ""),
        ("in_a_thread", 0, "the same\n", ""),
        ("held_back", 130, "went on\n", RESUME),
        ("cleaning_up", 143, "first\nlast\n", RESUME),
        ("impatient", 130, "", NOT_ENDED),
        ("job_that_ended", 130, "", RESUME),
        ("worker_without_work", 0, "served\n", ""),
        ("worker_without_launcher", 1, "", ""),
    ],
)
def test_a_process_ends_as_its_signal_demands(
    case: str, code: int, output: str, errors: str
) -> None:
    assert ended(case) == (code, output, errors)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("case", "code", "errors"),
    [("at_once", 130, RESUME), ("worker_where_the_system_tells_nothing", 0, "")],
)
def test_no_process_is_left_behind(case: str, code: int, errors: str) -> None:
    found = ended(case)
    assert (found[0], found[2]) == (code, errors)
    until = time.monotonic() + 20
    while is_running(int(found[1])):
        assert time.monotonic() < until
        time.sleep(0.05)
