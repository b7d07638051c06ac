"""`make proof-full`: every source at its published size, built, and held against what is promised.

    python -m benchmarks.full_size RAW OUT

Prints what was built, how memory went over the time, and the promises of the recipe `sarchat_2m`:
2.0 to 2.1 million dialogues, more than 40,000 of each task, no picture with over 0.05 % of them,
yes and no in balance. Ends with 1 when one of them does not hold.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.watching import Run, watch
from sarchat_build.types import SPLITS, TASKS

_PARTS = 12


class Promise(NamedTuple):
    """Something that must hold, and what was found."""

    what: str
    found: str
    holds: bool


def promises(build: dict[str, Any], quality: dict[str, Any]) -> list[Promise]:
    """Compare the record and the quality figures of a build with what the recipe promises."""
    rows = Counter({task: sum(build["counts"][s][task] for s in SPLITS) for task in TASKS})
    total = rows.total()
    least, n = min(rows.items(), key=lambda item: item[1])
    crowded = max(
        c["max"] for c in quality["crowding"] if c["source"] is None and c["task"] is None
    )
    balances = [
        (f"{d['task']}/{d['subtask']}", d["balance_percent"])
        for d in quality["dialogues"]
        if d["source"] is None and d["split"] is None and d.get("balance_percent") is not None
    ]
    return [
        Promise("2.0 to 2.1 million dialogues", f"{total:,}", 2_000_000 <= total <= 2_100_000),
        Promise("every task over 40,000", f"{least} {n:,}", n > 40_000),
        Promise("no picture over 0.05 %", f"{crowded / total:.4%}", crowded / total <= 0.0005),
        *(
            Promise(f"45 to 55 % balance of {name}", f"{percent:.1f} %", 45 <= percent <= 55)
            for name, percent in balances
        ),
    ]


def show(console: Console, run: Run, found: list[Promise]) -> None:
    """Print time, memory over the time, and each promise."""
    console.print(
        f"built in {run.wall_s / 60:.1f} min, peak of all processes {run.peak_mb:,.0f} MB"
    )
    memory = Table(title="most memory of all processes together")
    memory.add_column("minutes", justify="right")
    memory.add_column("MB", justify="right")
    parts = run.memory_by_part(_PARTS)
    for place, most_mb in enumerate(parts, start=1):
        memory.add_row(f"{run.wall_s / 60 * place / len(parts):.1f}", f"{most_mb:,.0f}")
    console.print(memory)
    table = Table(title="what the recipe promises")
    for column in ("promise", "found", "holds"):
        table.add_column(column)
    for promise in found:
        table.add_row(promise.what, promise.found, "yes" if promise.holds else "NO")
    console.print(table)


def main(raw: str, out: str) -> int:
    """Build, print, and tell whether everything holds."""
    cli = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
    run = watch([*cli, "build", "--raw", raw, "--output", out], no_progress=False)
    build = json.loads((Path(out) / "build.json").read_text(encoding="utf-8"))
    quality = json.loads((Path(out) / "report" / "quality.json").read_text(encoding="utf-8"))
    found = promises(build, quality)
    show(Console(), run, found)
    return 0 if all(promise.holds for promise in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
