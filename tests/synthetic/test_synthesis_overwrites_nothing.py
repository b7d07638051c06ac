"""`synthesize` writes over what it made itself, and over nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import sarchat

from sarchat_build.errors import InputError
from sarchat_build.synthetic import SYNTHESIZERS, synthesize

pytestmark = pytest.mark.quality(row=61)
NAME = SYNTHESIZERS["ssdd"].archive_name


def _everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _changed_since(raw: Path) -> None:
    synthesize("ssdd", raw, 2)
    with open(raw / "ssdd" / NAME, "ab") as stream:
        stream.write(b"mine")


def _list_is_gone(raw: Path) -> None:
    synthesize("ssdd", raw, 2)
    (raw / "ssdd.planted.json").unlink()


def _same_name(raw: Path) -> None:
    (raw / "ssdd").mkdir(parents=True)
    (raw / "ssdd" / NAME).write_bytes(b"a real archive")


def _another_name(raw: Path) -> None:
    (raw / "ssdd" / "unpacked").mkdir(parents=True)
    (raw / "ssdd" / "unpacked" / "000001.jpg").write_bytes(b"a real picture")


def _a_list_of_mine(raw: Path) -> None:
    raw.mkdir()
    (raw / "ssdd.planted.json").write_text("my notes")


def _a_link(raw: Path) -> None:
    synthesize("ssdd", raw, 2)
    (raw / "ssdd" / NAME).rename(raw / "real.zip")
    (raw / "ssdd" / NAME).symlink_to(raw / "real.zip")


@pytest.mark.parametrize(
    "state",
    [_same_name, _another_name, _changed_since, _list_is_gone, _a_list_of_mine, _a_link],
)
def test_row_61_what_was_not_made_here_is_not_touched(
    tmp_path: Path, state: Callable[[Path], None]
) -> None:
    raw = tmp_path / "raw"
    state(raw)
    before = _everything(raw)
    with pytest.raises(InputError, match=r"not made by this command.*--overwrite"):
        synthesize("ssdd", raw, 3)
    assert _everything(raw) == before
    synthesize("ssdd", raw, 3, overwrite=True)
    fresh = synthesize("ssdd", tmp_path / "fresh", 3)
    assert (raw / "ssdd" / NAME).read_bytes() == fresh.path.read_bytes()
    # It is known as ours now. A file of another name stays, and is still not ours.
    if state is _another_name:
        assert (raw / "ssdd" / "unpacked" / "000001.jpg").read_bytes() == b"a real picture"
    else:
        synthesize("ssdd", raw, 2)


def test_row_61_what_was_made_here_is_made_anew(tmp_path: Path) -> None:
    synthesize("ssdd", tmp_path, 3)
    two = synthesize("ssdd", tmp_path, 2)
    assert two.path.read_bytes() == synthesize("ssdd", tmp_path / "fresh", 2).path.read_bytes()


def test_row_61_the_command_makes_nothing_if_one_source_holds_something_real(
    tmp_path: Path,
) -> None:
    raw = tmp_path / "raw"
    _same_name(raw)
    command = ("synthesize", "--output", raw, "--images", 2, "--source", "sadd", "--source", "ssdd")
    before = _everything(raw)
    done = sarchat(*command)
    assert done.returncode == 3
    assert f"error: {raw / 'ssdd' / NAME}: not made by this command" in done.stderr
    assert "say --overwrite" in done.stderr
    assert _everything(raw) == before
    assert sarchat(*command, "--overwrite").returncode == 0
    assert len(_everything(raw)) == 4
