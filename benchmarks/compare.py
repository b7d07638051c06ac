"""`make bench`: synthesize, build with both in turn, and print what the framework costs."""

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
    """Measure in turn: one run of each a round, so that a slow minute strikes both."""
    console = Console()
    raw, product, script = FOLDER / "raw", FOLDER / "sarchat", FOLDER / "handwritten"
    cli = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
    for source_id, images in IMAGES.items():
        if not (raw / source_id).is_dir():
            make = ["synthesize", "--output", str(raw), "--source", source_id]
            subprocess.run([*cli, *make, "--images", str(images)], check=True)
    build = [*cli, "build", "--raw", str(raw), "--output", str(product), "--workers", "2"]
    commands = {
        # The script proves nothing, so neither does this build; the proof is a stage below.
        "sarchat build": (product, [*build, "--no-prove"]),
        "hand-written": (
            script,
            [sys.executable, "-m", "benchmarks.handwritten", str(raw), str(script)],
        ),
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(ROUNDS):
        for name, (out, command) in commands.items():
            shutil.rmtree(out, ignore_errors=True)
            run = watch(command)
            runs[name].append(run)
            console.print(
                f"round {number + 1}: {name:14} {run.wall_s:6.1f} s  {run.peak_mb:6.0f} MB"
            )
    table = Table(title="median of the rounds")
    for column in ("", "wall s", "peak MB"):
        table.add_column(column, justify="right")
    for name, found in runs.items():
        wall = median(run.wall_s for run in found)
        table.add_row(name, f"{wall:.1f}", f"{max(run.peak_mb for run in found):.0f}")
    console.print(table)
    ratios = sorted(
        a.wall_s / b.wall_s
        for a, b in zip(runs["sarchat build"], runs["hand-written"], strict=True)
    )
    console.print(f"ratio, round by round: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    console.print(f"same shards, byte for byte: {same_shards(product, script)}")
    staged = FOLDER / "stages"
    shutil.rmtree(staged, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "benchmarks.stages", str(raw), str(staged)], check=True)


if __name__ == "__main__":
    main()
