"""Memory that reading a long document takes, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import REPOSITORY

# Through a small process: a child starts with the peak of its parent, which would hide its own.
_RELAY = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"


def coco_memory(path: Path, megabytes: int, *options: str) -> dict[str, float]:
    """Write a COCO document of a size, read it, and give the figures; the document goes again."""
    command = [sys.executable, "-m", "benchmarks.coco_memory", path, str(megabytes), *options]
    done = subprocess.run(
        [sys.executable, "-c", _RELAY, *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    path.unlink()
    return json.loads(done.stdout)
