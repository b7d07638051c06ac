"""`sarchat explore` as a user starts and ends it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY, sarchat
from prepared_python import COMMAND


def details(path: Path, *dialogues: str) -> Path:
    """Write predictions as a scorer does."""
    rows = [{"dialogue_id": name, "outcome": "wrong", "boxes": []} for name in dialogues]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_it_says_where_it_is_and_ends_with_ctrl_c(built: Path, tmp_path: Path) -> None:
    own = pq.read_table(built / "dialogues/referring")["dialogue_id"][0].as_py()
    answers = details(tmp_path / "details.jsonl", own, "ssdd/of/another/build/1")
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "explore", str(built), "--details", str(answers)],
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
    assert errors.startswith("warning: 1 of the 2 dialogues of --details are not in this dataset")
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 3, "nowhere: no such folder"),
        (["{built}", "--details", "nothing.jsonl"], 2, "nothing.jsonl"),
        (["{built}", "--details", "{built}/build.json"], 3, "line 1: no JSON"),
        (["{built}", "--port", "70000"], 2, "--port"),
        (["{built}", "--details", "{foreign}"], 3, "none of its 1 dialogues is of this dataset"),
        ([], 2, "OUT"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    built: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    foreign = details(tmp_path / "details.jsonl", "ssdd/of/another/build/1")
    known = {"built": built, "foreign": foreign}
    done = sarchat("explore", *(argument.format_map(known) for argument in arguments))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
