"""A small SSDD in an unpacked folder, and commands of which only one line is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import miniatures as mini
import pytest
from miniatures import SHIP, picture, voc_xml

LAYOUT = mini.SSDD_LAYOUT


def ssdd(raw: Path, names: tuple[str, ...] = ("000001", "000002", "000003", "000011")) -> Path:
    """A small SSDD in an unpacked folder; gives the folder of its test pictures."""
    for side in ("train", "test"):
        for kind in ("JPEGImages", "Annotations"):
            (raw / "ssdd" / LAYOUT / f"{kind}_{side}").mkdir(parents=True)
    for number, name in enumerate(names):
        side = "test" if name.endswith(("1", "9")) else "train"
        top = raw / "ssdd" / LAYOUT
        (top / f"JPEGImages_{side}" / f"{name}.jpg").write_bytes(picture(number))
        (top / f"Annotations_{side}" / f"{name}.xml").write_text(voc_xml([SHIP]))
    return raw / "ssdd" / LAYOUT / "JPEGImages_test"


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The only line of errors of a command that stopped."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def in_process(
    arguments: list[object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[object, str]:
    """Run the command in this process; gives its exit code and what it wrote as errors."""
    from pipelines.cli.main import main

    monkeypatch.setattr(sys, "argv", ["sarchat", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code, capsys.readouterr().err


def finished(folder: Path) -> Path:
    """A finished dataset of four pictures."""
    ssdd(folder / "raw")
    mini.build(folder / "raw", folder / "out")
    return folder / "out"
