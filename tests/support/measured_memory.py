"""Memory that reading a long document takes, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import REPOSITORY

# Every document here is one of those that are too large to be held. What the first one brings with
# it (imports, buffers, what is known of images) is there before the second one, which is longer.
_MEASURED = """
import json, sys
from pathlib import Path
from benchmarks import coco_memory
from sarchat_build.sources import files
path, megabytes, measure = Path(sys.argv[1]), int(sys.argv[2]), getattr(coco_memory, sys.argv[3])
files.MAX_BYTES_IN_MEMORY = 1 << 20
for size in (2, megabytes):
    coco_memory.write(path, size, images=2000)
    figures = measure(path)
print(json.dumps(figures))
"""
# Through a small process: a child starts with the peak of its parent, which would hide its own.
RELAY = (
    sys.executable,
    "-c",
    "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)",
)


def coco_memory(path: Path, megabytes: int, measure: str = "measure") -> dict[str, float]:
    """Read a COCO document of a size after a small one; gives the figures of `benchmarks`.

    `peak_mb - peak_mb_before` is what the longer one takes more.
    """
    done = subprocess.run(
        [*RELAY, sys.executable, "-c", _MEASURED, str(path), str(megabytes), measure],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    path.unlink()
    return json.loads(done.stdout)
