"""The screens of the main commands at 80 columns, for people to read in review.

`make golden` writes them anew, from the example that each command's help gives, in the order of
`SCREENS`; `tests/cli/test_screens.py` compares.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from prepared_python import COMMAND, loaded
from rsar import rsar

from pipelines.cli.main import app

REPOSITORY = Path(__file__).parents[2]
GOLDEN = REPOSITORY / "tests/golden/screens"
# Whose example needs what an earlier one made.
ORDER = (
    "synthesize",
    "sources check",
    "sources record",
    "sources inspect",
    "sources new",
    "sources list",
    "build",
    "status",
    "validate",
    "report",
    "export",
    "score",
    "templates list",
    "templates show",
    "templates preview",
)
# Too long to be read, or told by other means.
_NOT_KEPT = ("templates preview",)
_PROGRESS = re.compile(r"^([a-z ]+: [\d,]+( of [\d,]+)?, \d+ s\b|Took: ).*$")


class Screen(NamedTuple):
    """What one command printed: as a log, standard error below standard output."""

    command: str
    exit_code: int
    text: str


def examples() -> Iterator[tuple[str, str]]:
    """Give each command's name and the example line of its help."""
    for group, prefix in (*((g.typer_instance, f"{g.name} ") for g in app.registered_groups),
                          (app, "")):  # fmt: skip
        for command in group.registered_commands if group else ():
            name = command.name or getattr(command.callback, "__name__", "")
            yield f"{prefix}{name}", str(command.epilog or "")


def run(folder: Path, command: str, **environment: str) -> Screen:
    """Run a command line that begins with `sarchat` in a folder, with 80 columns."""
    env = os.environ | {"COLUMNS": "80", "PYTHONPATH": str(REPOSITORY)} | environment
    done = loaded().run(COMMAND, *shlex.split(command)[1:], cwd=folder, env=env)
    return Screen(command, done.returncode, done.stdout + done.stderr)


def run_examples(folder: Path) -> dict[str, Screen]:
    """Run the example of every command in a folder, by the command's name."""
    lines = dict(examples())
    rsar().write_zip(folder / "raw")
    screens = {}
    for name in ORDER:
        if name == "score":
            write_predictions(folder / "dataset", folder / "predictions.jsonl")
        screens[name] = run(folder, lines[name].removeprefix("Example: "))
    return screens


def write_predictions(dataset: Path, file: Path) -> None:
    """Write what a model may answer: the truth, but for every fifth question."""
    wrong = ("I cannot tell.", "{<0><0><9><9>}", "No.", "3 ships.", "[x1, y1, x2, y2]")
    lines: list[str] = []
    for path in sorted(dataset.glob("dialogues/*/test-*.parquet")):
        for row in pq.read_table(path, columns=["dialogue_id", "messages"]).to_pylist():
            fifth, left = divmod(len(lines), 5)
            text = row["messages"][1]["content"] if left else wrong[fifth % len(wrong)]
            lines.append(json.dumps({"dialogue_id": row["dialogue_id"], "prediction": text}))
    file.write_text("\n".join(lines), encoding="utf-8")


def golden_text(screen: Screen) -> str:
    """Give a screen as it is kept: without progress, whose lines and seconds depend on a clock."""
    kept = [line.rstrip() for line in screen.text.splitlines() if not _PROGRESS.match(line)]
    return "\n".join([f"$ {screen.command}", *kept, ""])


def kept(screens: dict[str, Screen]) -> dict[str, str]:
    """Give the text of every file of `tests/golden/screens`, by its name."""
    return {
        f"{name.replace(' ', '-')}.txt": golden_text(screen)
        for name, screen in screens.items()
        if name not in _NOT_KEPT
    }


def main() -> None:
    """Write all files."""
    with tempfile.TemporaryDirectory() as folder:
        texts = kept(run_examples(Path(folder)))
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.glob("*.txt"):
        path.unlink()
    for name, text in texts.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
        print(f"{GOLDEN / name}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
