"""What a newcomer does wrong: one line, the name that was meant, the exit code, and no waiting."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import miniatures as mini
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY
from prepared_python import light

# What makes a command slow is what it imports; `make bench-start` measures the seconds.
HEAVY = ("apache_beam", "pyarrow", "rasterio", "numpy", "scipy", "PIL", "shapely")
CODE = f"""
import atexit, os, sys
def tell():
    with open(os.environ["IMPORTED"], "w") as file:
        print(*[m for m in {HEAVY} if m in sys.modules], file=file)
atexit.register(tell)
from pipelines.cli.main import main
main()
"""
USAGE, INPUT = 2, 3
HUGE = "1" + "0" * 24
TEMPLATES = REPOSITORY / "templates"
BUILD = "build --raw raw --output out"
INSPECT = "sources inspect --raw raw --source ssdd"


class Mistake(NamedTuple):
    """A command line, its exit code, and what its one line says."""

    command: str
    code: int
    says: str


MISTAKES = (
    Mistake("biuld", USAGE, "Did you mean 'build'?"),
    Mistake("build --rwa raw", USAGE, "--raw"),
    Mistake("sources check --raw nowhere", INPUT, "nowhere: no such folder"),
    Mistake("sources check --raw file.txt", INPUT, "file.txt: is a file"),
    Mistake("sources check --raw empty", INPUT, "empty: holds no folder of a source"),
    Mistake("sources check --raw raw/ssdd", INPUT, "give the one above it"),
    Mistake("sources check --raw capitals", INPUT, "did you mean 'ssdd'?"),
    Mistake("sources record --raw raw --source sdd", USAGE, "did you mean 'ssdd'?"),
    Mistake("build --raw nowhere --output out", INPUT, "nowhere: no such folder"),
    Mistake("build --raw empty --output out", INPUT, "empty: holds no folder of a source"),
    Mistake(f"{BUILD} --source sdd", USAGE, "did you mean 'ssdd'?"),
    Mistake(f"{BUILD} --source quebec", USAGE, "known: air_sarship_1, "),
    Mistake(f"{BUILD} --source hrsid", INPUT, "raw/hrsid; expected HRSID_JPG.zip"),
    Mistake(f"{BUILD} --recipe sarchat2m", USAGE, "did you mean 'sarchat_2m'?"),
    Mistake(f"{BUILD} --recipe quebec", USAGE, "known: paper, sarchat_2m"),
    Mistake(f"{BUILD} --recipe empty", USAGE, "a folder is called so"),
    Mistake(f"{BUILD} --recipe nowhere.toml", USAGE, "nowhere.toml: no such file"),
    Mistake(f"{BUILD} --recipe folder.toml", USAGE, "is a folder"),
    Mistake(f"{BUILD} --set ssdd.annotations.pixel_orign=0", USAGE, "did you mean 'pixel_origin'?"),
    Mistake(f"{BUILD} --set ssdd.annotatons.pixel_origin=0", USAGE, "did you mean 'annotations'?"),
    Mistake(f"{BUILD} --set sdd.title=0", USAGE, "did you mean 'ssdd'?"),
    Mistake(f"{BUILD} --set ssdd", USAGE, "expected SOURCE.key.path=VALUE"),
    Mistake(f"{BUILD} --workers -1", USAGE, "greater than or equal to 0"),
    Mistake(f"{BUILD} --workers 100000", USAGE, "0 is one per core"),
    Mistake(f"{BUILD} --runner Nope", USAGE, "known: local, DataflowRunner"),
    Mistake(f"{BUILD} --runner FlinkRuner", USAGE, "did you mean 'FlinkRunner'?"),
    Mistake(f"{BUILD} --manifests nowhere", USAGE, "'nowhere' does not exist"),
    Mistake(f"{BUILD} --manifests broken", USAGE, "broken/mine.toml: not valid TOML"),
    Mistake(f"{BUILD} --manifests empty", USAGE, "empty: holds no manifest"),
    Mistake(f"{BUILD} --templates empty", USAGE, "empty: holds no phrasing"),
    Mistake("build --raw raw --output file.txt", INPUT, "file.txt: is a file, not a folder"),
    Mistake("build --raw raw --output file.txt/out", INPUT, "file.txt is a file, not a folder"),
    Mistake(f"{INSPECT} --sheet nowhere/a.png", INPUT, "no folder nowhere"),
    Mistake(f"{INSPECT} --sheet folder.png", INPUT, "is a folder"),
    Mistake(f"{INSPECT} --sheet a.jpg", USAGE, "must end in .png"),
    Mistake("synthesize --output new --images 0", USAGE, "a number from 1 to 1,000,000"),
    Mistake("synthesize --output new --images -1", USAGE, "a number from 1 to 1,000,000"),
    Mistake("synthesize --output new --images abc", USAGE, "a number from 1 to 1,000,000"),
    Mistake(f"synthesize --output new --images {HUGE}", USAGE, "a number from 1 to 1,000,000"),
    Mistake("synthesize --output new --source sdd", USAGE, "did you mean 'ssdd'?"),
    Mistake("synthesize --output file.txt --images 1", INPUT, "file.txt: is a file"),
    Mistake("export nowhere --format coco --output new", INPUT, "nowhere: no such folder"),
    Mistake("export above --format coco --output new", INPUT, "did you mean above/dataset?"),
    Mistake("export raw --format cocoo --output new", USAGE, "did you mean 'coco'?"),
    Mistake("export raw --format quebec --output new", USAGE, "known: hub, ms-swift, llava, "),
    Mistake("export raw --format hub --output new --task refering", USAGE, "'referring'?"),
    Mistake("export raw --format hub --output new --split dev", USAGE, "known: train, "),
    Mistake("export raw --format hub --output new --limit 0", USAGE, "than or equal to 1"),
    Mistake("export above/dataset --format hub --output file.txt", INPUT, "file.txt: is a file"),
    Mistake("templates list --recipe sarchat2m", USAGE, "did you mean 'sarchat_2m'?"),
    Mistake("templates show referring/single/question/whereis", INPUT, "question/where_is'?"),
    Mistake("templates preview refering/unique", INPUT, "did you mean 'referring/unique'?"),
    Mistake("templates preview referring", INPUT, "known: referring/single, referring/multi"),
    Mistake("templates preview --category boat", USAGE, "known: ship, aircraft"),
    Mistake("templates preview --output nowhere/x.md", INPUT, "no folder nowhere"),
    Mistake(f"templates lint --templates {REPOSITORY}", USAGE, f"did you mean {TEMPLATES}?"),
    Mistake(
        f"templates lint --templates {TEMPLATES}/referring", USAGE, f"did you mean {TEMPLATES}?"
    ),
    Mistake("templates lint --templates nowhere", USAGE, "'nowhere' does not exist"),
    *(
        Mistake(f"{command} {location}", INPUT, says)
        for command in ("validate", "report")
        for location, says in (
            ("nowhere", "nowhere: no such folder"),
            ("file.txt", "file.txt: is a file"),
            ("empty", "the folder is empty"),
            ("raw", "looks like a raw folder"),
            ("other", "Parquet files of another kind"),
            ("above", "did you mean above/dataset?"),
            ("ended", "a build that has not ended"),
        )
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that can be mistaken for something else."""
    folder = tmp_path_factory.mktemp("desk")
    mini.ssdd(5).write_folder(folder / "raw")
    (folder / "file.txt").write_text("text\n")
    for name in (
        *("empty", "folder.toml", "folder.png", "broken", "capitals/SSDD", "other/data"),
        *("above/dataset", "ended/.sarchat"),
    ):
        (folder / name).mkdir(parents=True)
    (folder / "broken/mine.toml").write_text("id = \n")
    (folder / "above/dataset/build.json").write_text("{}")
    pq.write_table(pa.table({"a": [1]}), folder / "other/data/train-00000-of-00001.parquet")
    return folder


def child(
    folder: Path, command: str, imported: Path
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command in a folder, and list what it imported of the heavy packages."""
    env = os.environ | {"COLUMNS": "80", "IMPORTED": str(imported)}
    # What it was forked from counts as imported, too.
    done = light().run(CODE, *command.split(), cwd=folder, env=env, timeout_seconds=60)
    return done, imported.read_text().split()


@pytest.mark.parametrize("mistake", MISTAKES, ids=[m.command[:60] for m in MISTAKES])
def test_a_mistake_is_one_line_at_once(desk: Path, tmp_path: Path, mistake: Mistake) -> None:
    before = sorted(desk.rglob("*"))
    done, heavy = child(desk, mistake.command, tmp_path / "imported")
    assert done.returncode == mistake.code, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert mistake.says in line
    assert done.stdout == ""
    assert sorted(desk.rglob("*")) == before
    assert not heavy


def test_known_runners_are_those_of_beam() -> None:
    from apache_beam.options.pipeline_options import StandardOptions

    from pipelines.cli.arguments import BEAM_RUNNERS, check_runner

    assert set(BEAM_RUNNERS) == set(StandardOptions.KNOWN_RUNNER_NAMES)
    for name in ("local", "flink", "directrunner", "my.package.Runner"):
        check_runner(name)


def test_very_many_faults_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines.console import print_error

    print_error(ValueError("\n".join(f"fault {number}" for number in range(1426))))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: fault 0"
    assert lines[-1] == "error: … and 1,376 more"
    assert len(lines) == 51


def test_a_reader_that_closes_early_is_no_fault(desk: Path) -> None:
    code = "from pipelines.cli.main import main; main()"
    command = f"{sys.executable} -c '{code}' templates preview | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
    )
    assert done.stdout == "classification/all\n"
    assert done.stderr == ""


@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_of_80_columns(desk: Path, no_color: bool) -> None:
    """Lines fit, and NO_COLOR takes the colors away."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY), "COLUMNS": "80", "TERM": "xterm-256color"
    }  # fmt: skip
    environment.pop("NO_COLOR", None)
    done = subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli.main import main; main()",
         "sources", "inspect", "--raw", "raw", "--source", "ssdd"],
        stdout=theirs,
        stderr=theirs,
        cwd=desk,
        env=environment | ({"NO_COLOR": "1"} if no_color else {}),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += (block := os.read(ours, 1 << 16))
        except OSError:  # the other side was closed
            break
        if not block:
            break
    assert done.wait(60) == 0
    text = shown.decode()
    assert bool(re.search(r"\x1b\[(?:\d;)*3\d", text)) is not no_color
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert all(len(line.rstrip()) <= 80 for part in plain.splitlines() for line in part.split("\r"))
    assert "SSDD: SAR Ship Detection Dataset" in plain
