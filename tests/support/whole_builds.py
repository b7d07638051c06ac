"""The rows and the record of a built dataset, and the command that builds one."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from prepared_python import COMMAND

SARCHAT = [sys.executable, "-c", COMMAND]


def hear_signals() -> None:
    """Take back what a shell lets its background jobs ignore: for a child, before it runs."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def rows(out: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def record(out: Path) -> dict[str, Any]:
    return json.loads((out / "build.json").read_text())
