"""Row 64: nothing is opened before it is known to be a regular file."""

from __future__ import annotations

import ast
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sarchat_build.regular_files import (
    is_regular,
    list_settings,
    open_regular,
    read_regular,
    walk,
)

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.quality(row=64), pytest.mark.timeout(60)]


def fifo(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has at most 108 bytes
    try:
        server.bind(path.name)
    finally:
        os.chdir(before)
        server.close()


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


SPECIAL: list[tuple[Callable[[Path], None], str]] = [
    (fifo, "FIFO"),
    (unix_socket, "socket"),
    (circle, "symbolic links"),
    (link_to_device, "device"),
    (Path.mkdir, "folder"),
]


@pytest.mark.parametrize(("make", "word"), SPECIAL, ids=lambda p: getattr(p, "__name__", p))
def test_what_is_no_regular_file_is_named_and_never_opened(
    make: Callable[[Path], None], word: str, tmp_path: Path
) -> None:
    make(tmp_path / "x")
    with pytest.raises(OSError, match="x") as caught:
        open_regular(tmp_path / "x")
    assert word in str(caught.value)
    assert not is_regular(tmp_path / "x")


def test_a_file_that_became_a_fifo_since_it_was_looked_at_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a")
    state = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: state)
    with pytest.raises(OSError, match="FIFO"):
        open_regular(path)


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(OSError, match="more than 1,048,576 bytes"):
        read_regular(path)
    with path.open("wb") as stream:
        stream.truncate(1 << 20)
    assert len(read_regular(path)) == 1 << 20


def test_links_are_listed_and_not_followed_and_floods_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jinja").write_text("x")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "here").symlink_to(".")
    assert sorted(entry.name for entry in walk(tmp_path)) == ["again", "here", "x.jinja"]
    assert list_settings(tmp_path, ".jinja", below=True) == [tmp_path / "a" / "x.jinja"]
    with pytest.raises(OSError, match="more than 3 files"):
        list(walk(tmp_path, max_files=3))


# What reads files of ours alone, or writes; every other way to a file goes through the one helper.
ALLOWED = {
    "sarchat_build/regular_files.py",  # the helper itself
    "sarchat_build/dataset/fingerprint.py",  # the code of the package
    "pipelines/interrupts.py",  # /proc
}
# Made by ourselves a moment before, in a temporary folder or beside the dataset.
OWN_FILES = {
    ("pipelines/faults.py", "read_text"),
    ("pipelines/faults.py", "open"),
    ("pipelines/validate_dataset.py", "read_text"),
    ("pipelines/worker.py", "open"),  # the log of the run
    ("pipelines/cli/main.py", "open"),  # /dev/null
    ("sarchat_build/dataset/output/local.py", "open"),  # created anew, or a folder
    ("sarchat_build/dataset/lock.py", "read_text"),  # /proc
    # An export is written file by file under a name of its own, as are the rows of a score.
    ("sarchat_build/exports/chat/rows.py", "open"),
    ("sarchat_build/exports/harnesses/evalscope.py", "open"),
    ("sarchat_build/exports/harnesses/openai_batch.py", "open"),
    ("sarchat_build/exports/harnesses/vlmevalkit.py", "open"),
    ("sarchat_build/exports/per_picture/coco.py", "open"),
    ("sarchat_build/scoring/evaluation/details.py", "open"),
    # Files of the package itself, or that an export put beside them.
    ("sarchat_build/explorer/page_text.py", "read_text"),
    ("sarchat_build/exports/export.py", "read_bytes"),
    ("sarchat_build/exports/export.py", "rglob"),
    ("sarchat_build/exports/harnesses/lmms_eval.py", "read_text"),
    ("sarchat_build/exports/harnesses/lmms_eval_utils.py", "read_text"),
    ("sarchat_build/exports/harnesses/vlmevalkit.py", "read_text"),
}
LISTING = {"iterdir", "glob", "rglob", "read_text", "read_bytes"}
# Folders of archives are walked by names; of datasets too: what is listed is opened by the helper.
WALKS = {
    ("sarchat_build/archives/folder.py", "walk"),
    ("sarchat_build/dataset/folder.py", "iterdir"),
    ("sarchat_build/dataset/output/local.py", "listdir"),
    ("sarchat_build/dataset/output/local.py", "glob"),  # of repacking that was cut off
    ("sarchat_build/dataset/output/object_store.py", "glob"),  # of temporary folders
    ("sarchat_build/config/resources.py", "glob"),  # the built-in recipes
    ("pipelines/cli/arguments.py", "iterdir"),
    ("pipelines/cli/arguments.py", "glob"),
}


def raw_opens(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of every call that reads a file or lists a folder by its path."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "open":
            yield node.lineno, "open"
        if not isinstance(called, ast.Attribute):
            continue
        owner = called.value.id if isinstance(called.value, ast.Name) else ""
        mode = node.args[0] if node.args else None
        reads = isinstance(mode, ast.Constant) and str(mode.value).startswith("r")
        if called.attr == "open" and (reads or owner in ("os", "io")):
            yield node.lineno, "open"
        if owner == "os" and called.attr in ("walk", "scandir", "listdir"):
            yield node.lineno, called.attr
        if called.attr in LISTING and owner not in ("archive", "files"):
            yield node.lineno, called.attr


def test_every_file_is_opened_by_the_one_helper() -> None:
    found = []
    for path in sorted([*ROOT.glob("sarchat_build/**/*.py"), *ROOT.glob("pipelines/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if name in ALLOWED or name.startswith(
            ("sarchat_build/synthetic/", "sarchat_build/published/")
        ):
            continue
        for line, call in raw_opens(path.read_text(encoding="utf-8")):
            if (name, call) not in OWN_FILES | WALKS:
                found.append(f"{name}:{line}: {call}")
    assert not found, "open it by sarchat_build.regular_files: " + ", ".join(found)


def test_what_is_allowed_is_there() -> None:
    calls = {
        (name, call)
        for name, _ in OWN_FILES | WALKS
        for _, call in raw_opens((ROOT / name).read_text(encoding="utf-8"))
    }
    assert not (OWN_FILES | WALKS) - calls


def test_the_search_finds_planted_opens() -> None:
    text = "open(p)\nPath(p).open('rb')\np.read_text()\nos.open(p, 0)\nos.walk(p)\np.rglob('*')"
    assert [line for line, _ in raw_opens(text)] == [1, 2, 3, 4, 5, 6]
    assert not list(raw_opens("target.open('x')\nsource.open(member)\narchive.read(path)"))
