"""The rows and the record of a built dataset, and the command that builds one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from prepared_python import COMMAND

SARCHAT = [sys.executable, "-c", COMMAND]


def rows(out: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def record(out: Path) -> dict[str, Any]:
    return json.loads((out / "build.json").read_text())
