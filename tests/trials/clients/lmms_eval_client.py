"""lmms-eval: its dummy model through every task, and the ids in what it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

tasks, output = map(Path, sys.argv[1:])
subprocess.run(
    [sys.executable, "-m", "lmms_eval", "--model", "dummy", "--tasks", "sarchat", "--limit", "8",
     "--include_path", tasks, "--log_samples", "--output_path", output],
    check=True,
    stdout=subprocess.DEVNULL,
)  # fmt: skip
files = sorted(output.rglob("*samples*.jsonl"))
ids = {
    json.loads(line)["sarchat"]["dialogue_id"]
    for file in files
    for line in file.read_text(encoding="utf-8").splitlines()
}
assert len(files) == len(list(tasks.glob("sarchat_*.yaml")))
assert ids
print(f"{len(files)} tasks run, {len(ids)} dialogues named in their samples")
