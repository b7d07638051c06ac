"""`sarchat explore` as a user starts and ends it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from conftest import REPOSITORY, sarchat
from prepared_python import COMMAND


def test_it_says_where_it_is_and_ends_with_ctrl_c(built: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "explore", str(built)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"pictures: (http://127\.0\.0\.1:\d+/)$", line)
        assert found, line + process.communicate()[1]
        with urllib.request.urlopen(f"{found[1]}start", timeout=20) as answer:
            start = json.loads(answer.read())
        assert f"{len(start['index']['image_id']):,} pictures" in line
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 3, "nowhere: no such folder"),
        (["{built}", "--details", "nothing.jsonl"], 2, "nothing.jsonl"),
        (["{built}", "--details", "{built}/build.json"], 3, "line 1: no JSON"),
        (["{built}", "--port", "70000"], 2, "--port"),
        ([], 2, "OUT"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    built: Path, arguments: list[str], code: int, message: str
) -> None:
    done = sarchat("explore", *(argument.format(built=built) for argument in arguments))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
