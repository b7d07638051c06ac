"""`make bench`: a build against an independent script, and against its own functions without Beam.

The two ratios tell what the domain costs, and what the engine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.watching import Run, watch

FOLDER = Path("bench")
# With both sources' chips this is a little over 10,000 pictures.
IMAGES = {"ssdd": 6_000, "sar_aircraft": 900}
BUILD, UNPROVEN, FUNCTIONS, PEER = "build", "build --no-prove", "own functions", "peer"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))


def same_shards(first: Path, second: Path) -> bool:
    """Tell whether both wrote the same pictures and dialogues, byte for byte."""

    def digests(out: Path) -> dict[str, str]:
        files = [*out.glob("images/*.parquet"), *out.glob("dialogues/*/*.parquet")]
        return {
            path.relative_to(out).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    return digests(first) == digests(second)


def main() -> None:
    """Measure in turn: one run of each a round, so that a slow minute strikes all."""
    console = Console()
    raw = FOLDER / "raw"
    cli = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
    for source_id, images in IMAGES.items():
        if not (raw / source_id).is_dir():
            make = ["synthesize", "--output", str(raw), "--source", source_id]
            subprocess.run([*cli, *make, "--images", str(images)], check=True)
    build = [*cli, "build", "--raw", str(raw), "--workers", "2", "--output"]
    commands = {
        BUILD: build,
        UNPROVEN: [*build[:-1], "--no-prove", "--output"],
        FUNCTIONS: [sys.executable, "-m", "benchmarks.handwritten", str(raw)],
        PEER: [sys.executable, "-m", "benchmarks.peer", str(raw)],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(ROUNDS):
        for name, command in commands.items():
            out = FOLDER / name.replace(" ", "_")
            shutil.rmtree(out, ignore_errors=True)
            run = watch([*command, str(out)])
            runs[name].append(run)
            console.print(
                f"round {number + 1}: {name:16} {run.cpu_s:6.1f} s of CPU, {run.wall_s:6.1f} s, "
                f"{run.peak_mb:6.0f} MB"
            )
    table = Table("", title="median of the rounds, and CPU as a ratio, round by round")
    for column in ("CPU s", "wall s", "peak MB", "to the peer", "to functions"):
        table.add_column(column, justify="right")
    for name, found in runs.items():
        table.add_row(
            name,
            f"{median(run.cpu_s for run in found):.1f}",
            f"{median(run.wall_s for run in found):.1f}",
            f"{max(run.peak_mb for run in found):.0f}",
            ratios(found, runs[PEER]),
            ratios(found, runs[FUNCTIONS]),
        )
    console.print(table)
    same = same_shards(FOLDER / UNPROVEN.replace(" ", "_"), FOLDER / FUNCTIONS.replace(" ", "_"))
    console.print(f"{UNPROVEN} and {FUNCTIONS}: same shards, byte for byte: {same}")
    staged = FOLDER / "stages"
    shutil.rmtree(staged, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "benchmarks.stages", str(raw), str(staged)], check=True)


def ratios(found: list[Run], others: list[Run]) -> str:
    """Write the ratios of CPU seconds, round by round, in order."""
    of_rounds = sorted(a.cpu_s / b.cpu_s for a, b in zip(found, others, strict=True))
    return " ".join(f"{ratio:.2f}" for ratio in of_rounds)


if __name__ == "__main__":
    main()
