"""What the README shows runs as it stands: its Python, and every command line of every page."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demo_picture
import pytest
import typer
from conftest import REPOSITORY, sarchat
from PIL import Image

from pipelines.cli.main import app

COMMAND = re.compile(r"^    (?:\S+/)?(sarchat .+)$|`(sarchat [^`]+)`", re.MULTILINE)
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])


def python_blocks(page: str) -> list[str]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def project(raw: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which lies what the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "demo").mkdir()
    (folder / "demo" / "dataset").symlink_to(built)
    (folder / "demo" / "raw").symlink_to(raw)
    (folder / "raw").symlink_to(raw)
    return folder


def test_the_picture_of_the_readme_is_of_the_demo() -> None:
    assert demo_picture.FILE.relative_to(REPOSITORY).as_posix() in (
        REPOSITORY / "README.md"
    ).read_text(encoding="utf-8")
    with Image.open(demo_picture.FILE) as picture:
        assert picture.size == demo_picture.SIZE
        assert picture.text["Source"] == demo_picture.archives_of_demo(), "`make picture`"


def test_the_python_of_the_readme_runs_in_its_order(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    names: dict[str, object] = {}
    load, train, predict, pictures = python_blocks("README.md")
    exec(load, names)
    exec(train, names)
    size, said = capsys.readouterr().out.split(") ", 1)
    assert size.startswith("(")
    assert said.startswith("<image>\n[refer]")
    exec(predict, names)
    done = sarchat(
        *[
            "score",
            "demo/dataset",
            "--predictions",
            "answers.jsonl",
            "--boxes",
            "native",
            "--task",
            "referring",
        ],
        cwd=project,
    )
    assert done.returncode == 0, done.stderr
    exec(pictures, names)
    assert "assistant" in capsys.readouterr().out


def test_the_export_and_the_new_source_of_the_readme_are_made(project: Path) -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for command in ("export demo/dataset", "sources new demo/raw/ssdd"):
        (line,) = re.findall(rf"^    sarchat ({command} .*)$", text, re.MULTILINE)
        done = sarchat(*line.split(), cwd=project)
        assert done.returncode == 0, done.stderr
    assert (project / "demo" / "swift" / "train.jsonl").is_file()
    assert (project / "mine.toml").is_file()
    shutil.rmtree(project / "demo" / "swift")


def command_lines() -> Iterator[tuple[str, str]]:
    """Every command line in a block of a page, and every one in backticks that has a word."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in re.findall(
            r"^    (?:\S+/)?(sarchat .+)$|`(sarchat [^`]+)`", text, re.MULTILINE
        ):
            yield page.name, next(filter(None, line)).partition("  #")[0].strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_every_command_line_of_a_page_has_commands_and_options_that_exist(
    page: str, line: str
) -> None:
    command: Any = typer.main.get_command(app)
    words = [word for word in shlex.split(line)[1:] if word not in ("…", "...")]
    if "--" in words:  # what follows is for the engine
        words = words[: words.index("--")]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{page}: {line}"
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts,
             *parameter.secondary_opts)}  # fmt: skip
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    assert set(options) <= {*known, "--help"}, f"{page}: {line}"


def test_the_page_of_commands_is_current() -> None:
    made = subprocess.run(
        [*(sys.executable, "-m", "typer", "pipelines.cli.main", "utils", "docs"),
         "--name", "sarchat"],
        capture_output=True, text=True, check=True, cwd=REPOSITORY,
    )  # fmt: skip
    page = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page.strip() == made.stdout.strip(), "run `make docs`"
