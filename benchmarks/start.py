"""`make bench-start`: CPU seconds of help, of errors of usage, and of a domain module's import.

The least of several runs of each is shown: other processes and cold caches only add. What decides
it is which packages are imported: `tests/test_start.py` and `tests/cli/test_mistakes.py` hold that.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile

from rich.console import Console
from rich.table import Table

ROUNDS = 5
CLI = "from pipelines.cli.main import main; main()"
COMMANDS = (
    "--help",
    "build --help",
    "biuld",
    "build --raw raw",
    "build --raw raw --output out --source sdd",
    "build --raw raw --output out --recipe sarchat2m",
    "build --raw nowhere --output out",
    "build --raw . --output out --set ssdd.titel=0",
    "sources check --raw nowhere",
    "synthesize --output new --source sdd",
    "synthesize --output new --images none",
    "templates show referring/single/question/whereis",
    "validate nowhere",
    "report nowhere",
)
MODULES = ("types", "config.manifest", "geometry.rotated", "dialogues.tasks", "phrasing.engine")


def cpu_s(code: str, arguments: list[str], folder: str) -> float:
    """Measure the least CPU seconds of a Python process, of a few runs of it."""
    spent = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, check=False, cwd=folder
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def main() -> None:
    """Print a table of what each start costs."""
    table = Table("start", "CPU s")
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            table.add_row(f"sarchat {command}", f"{cpu_s(CLI, command.split(), folder):.2f}")
        for module in MODULES:
            code = f"import sarchat_build.{module}"
            table.add_row(code, f"{cpu_s(code, [], folder):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
