"""One output, one build: who holds the lock, and what becomes of one that was left behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import miniatures as mini
import pytest
from conftest import sarchat

from sarchat_build.dataset.lock import LOCK, hold_lock
from sarchat_build.dataset.output import write_whole
from sarchat_build.errors import InputError

pytestmark = pytest.mark.quality(row=52)
HOLD = """
import sys, time
from sarchat_build.dataset.lock import hold_lock
with hold_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(100)
"""


def holder(out: Path) -> subprocess.Popen[str]:
    """A process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_row_52_a_second_build_stops_and_says_who_writes(tmp_path: Path) -> None:
    raw, out = mini.ssdd(3).write_zip(tmp_path / "raw"), tmp_path / "out"
    first = holder(out)
    try:
        started = time.monotonic()
        done = sarchat("build", "--raw", raw, "--output", out, "--take-over")
        assert time.monotonic() - started < 60
        assert done.returncode == 3
        said = f"another build writes here: process {first.pid} on {socket.gethostname()}, since 20"
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert sorted(path.name for path in (out / ".sarchat").iterdir()) == ["lock"]
    finally:
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
    # It is dead now, and left its lock.
    assert (out / LOCK).exists()
    told: list[str] = []
    with hold_lock(str(out), tell=told.append):
        assert json.loads((out / LOCK).read_text())["pid"] == os.getpid()
    (line,) = told
    assert f"took over {out} from a build that was cut off: process {first.pid}" in line
    assert not (out / LOCK).exists()


def test_row_52_a_lock_of_another_machine_is_taken_only_when_that_is_said(tmp_path: Path) -> None:
    raw, out = mini.ssdd(6).write_zip(tmp_path / "raw"), tmp_path / "out"
    (out / ".sarchat").mkdir(parents=True)
    lock = {"host": "elsewhere", "pid": 7, "started": "", "since": "2026-01-01 10:00:00 UTC"}
    (out / LOCK).write_text(json.dumps(lock))
    done = sarchat("build", "--raw", raw, "--output", out, "--workers", 1)
    assert done.returncode == 3
    assert "process 7 on elsewhere, since 2026-01-01 10:00:00 UTC" in done.stderr
    assert "say --take-over" in done.stderr
    done = sarchat("build", "--raw", raw, "--output", out, "--workers", 1, "--take-over")
    assert done.returncode == 0, done.stderr
    assert "took over" in done.stderr
    assert not (out / LOCK).exists()


@pytest.mark.parametrize("text", ["", "{", "null", '{"pid": 3}'])
def test_a_lock_that_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / ".sarchat").mkdir()
    (tmp_path / LOCK).write_text(text)
    if text:
        with pytest.raises(InputError, match="say --take-over"), hold_lock(str(tmp_path)):
            pass
    # An empty one is what a kill between making and writing it leaves.
    with hold_lock(str(tmp_path), take_over=bool(text)):
        assert (tmp_path / LOCK).exists()


def test_a_number_that_another_process_got_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / ".sarchat").mkdir()
    lock = {"host": socket.gethostname(), "pid": os.getpid(), "since": "x", "started": "earlier/1"}
    (tmp_path / LOCK).write_text(json.dumps(lock))
    told: list[str] = []
    with hold_lock(str(tmp_path), tell=told.append):
        assert len(told) == 1


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    code = HOLD.replace("time.sleep(100)", "time.sleep(3)")
    (tmp_path / ".sarchat").mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock = {"host": socket.gethostname(), "pid": dead.pid, "since": "x", "started": ""}
    (tmp_path / LOCK).write_text(json.dumps(lock))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    answers = [process.communicate(timeout=60) for process in processes]
    assert sum("held" in out for out, _ in answers) == 1
    assert sum("another build writes here" in err for _, err in answers) == 3


def test_a_folder_that_stayed_empty_goes_again(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with pytest.raises(InputError, match="broken"), hold_lock(str(out)):
        raise InputError("broken")
    assert not (tmp_path / "new").exists()


@pytest.mark.quality(row=51)
def test_row_51_two_attempts_at_one_file_end_with_one_whole_file(tmp_path: Path) -> None:
    meeting = threading.Barrier(8)
    names = []

    def write(name: str) -> int:
        names.append(name)
        for _ in range(50):
            with open(name, "ab") as stream:
                stream.write(b"x" * 1000)
        meeting.wait()  # all have written before the first has its final name
        return 50

    found = []
    attempts = [
        threading.Thread(
            target=lambda: found.append(write_whole(str(tmp_path), "images/a.parquet", write))
        )
        for _ in range(8)
    ]
    for attempt in attempts:
        attempt.start()
    for attempt in attempts:
        attempt.join()
    assert len(set(names)) == 8
    assert len(found) == 8
    assert len(set(found)) == 1
    assert (tmp_path / "images" / "a.parquet").read_bytes() == b"x" * 50_000
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.parquet"]
    assert all(socket.gethostname()[:64] in name and str(os.getpid()) in name for name in names)
