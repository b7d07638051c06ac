"""The rows and the record of a built dataset, and the command that builds one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SARCHAT = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]


def rows(out: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def record(out: Path) -> dict[str, Any]:
    return json.loads((out / "build.json").read_text())


def sarchat(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SARCHAT, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
