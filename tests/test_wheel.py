"""What `pip install .` and `pipx install .` give: a wheel that needs no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import REPOSITORY


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as an installer does it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        check=True, capture_output=True, cwd=REPOSITORY,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *arguments: str) -> str:
    """Run the command from the wheel alone, in a folder that is no checkout."""
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli.main import main; main()", *arguments],
        env=os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "200", "NO_COLOR": "1"},
        cwd=installed.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_finds_its_data_in_the_wheel(installed: Path) -> None:
    listed = run(installed, "sources", "list")
    for path in (REPOSITORY / "source_manifests").glob("*.toml"):
        assert path.stem in listed
    assert "referring" in run(installed, "templates", "list")
    entry = next(installed.glob("*.dist-info")) / "entry_points.txt"
    assert "sarchat = pipelines.cli.main:main" in entry.read_text(encoding="utf-8")


def test_every_file_of_the_packages_is_in_the_wheel(installed: Path) -> None:
    for package in ("sarchat_build", "pipelines"):
        for path in (REPOSITORY / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert (installed / path.relative_to(REPOSITORY)).is_file(), path
    made = {p.relative_to(installed / "sarchat_build/_data").as_posix() for p in
            (installed / "sarchat_build/_data").rglob("*") if p.is_file()}  # fmt: skip
    wanted = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("source_manifests", "recipes", "templates")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file()
    }
    assert made == wanted
