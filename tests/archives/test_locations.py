"""Locations: every URL that fsspec knows is listed and read; names are never parsed as URLs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from archive_cases import FILES, contents
from archive_writers import WRITERS
from http_folder import served

from sarchat_build.archives import is_there, list_archives, list_entries
from sarchat_build.archives.location import (
    Entry,
    digest,
    is_folder,
    join,
    list_folder,
    name_of,
    read_bytes,
    size_bytes,
    stamp,
    write_bytes,
)
from sarchat_build.errors import InputError

# What fsspec or a shell would take for more than letters.
ODD = ["~root", "a::b", "file:c", "d?e", "100%25", "x[1]", "{y}", "*", " z "]


@pytest.fixture(params=["path", "file", "memory", "http", "simplecache::file", "inside a zip"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder with one archive and one file, by its location."""
    root = tmp_path / "raw"
    (root / "ssdd").mkdir(parents=True)
    WRITERS["tar"](root / "ssdd" / "a.tar", FILES)
    (root / "ssdd" / "note.txt").write_bytes(b"note")
    if request.param == "http":
        with served(root) as url:
            yield f"{url}/ssdd"
    elif request.param == "memory":
        fsspec.filesystem("memory").put(str(root), f"memory://{tmp_path.name}", recursive=True)
        yield f"memory://{tmp_path.name}/ssdd"
        fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)
    elif request.param == "inside a zip":
        files = {f"ssdd/{path.name}": path.read_bytes() for path in (root / "ssdd").iterdir()}
        WRITERS["zip"](tmp_path / "raw.zip", files)
        yield f"zip://ssdd::file://{tmp_path}/raw.zip"
    else:
        start = {"path": "", "file": "file://", "simplecache::file": "simplecache::file://"}
        yield f"{start[request.param]}{root}/ssdd"


def test_any_url_is_listed_and_read(folder: str) -> None:
    tar = join(folder, "a.tar")
    assert is_there(folder)
    assert is_folder(folder)
    assert not is_folder(tar)
    assert [entry.name for entry in list_folder(folder)] == ["a.tar", "note.txt"]
    assert list_folder(folder)[1] == Entry("note.txt", False, 4)
    assert list_entries(folder) == ["a.tar", "."]
    assert list_archives(folder) == {"a.tar": tar, ".": folder}
    assert list_archives(tar) == {"a.tar": tar}
    assert name_of(folder) == "ssdd"
    assert contents(tar) == FILES
    assert contents(folder) == {"note.txt": b"note"}
    assert read_bytes(join(folder, "note.txt")) == b"note"
    assert read_bytes(join(folder, "none.txt")) is None
    assert size_bytes(tar) > 4096
    assert len(digest(tar)) == 64
    assert stamp(tar) == stamp(tar) != stamp(join(folder, "note.txt"))
    with pytest.raises(InputError, match=r"none.*: no such"):
        stamp(join(folder, "none"))
    assert not is_there(join(folder, "none"))


@pytest.mark.parametrize("name", ODD)
def test_names_on_this_machine_are_only_names(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    write_bytes(join(name, name), b"1")  # a relative path, too
    assert (tmp_path / name / name).read_bytes() == b"1"
    for folder in (name, str(tmp_path / name), f"file://{tmp_path}/{name}"):
        assert is_folder(folder)
        assert list_folder(folder) == [Entry(name, False, 1)]
        assert read_bytes(join(folder, name)) == b"1"


def test_links_are_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "folder").symlink_to(tmp_path)
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "raw" / "link").symlink_to(tmp_path / "file")
    (tmp_path / "raw" / "nowhere").symlink_to(tmp_path / "none")
    assert list_folder(str(tmp_path / "raw")) == [
        Entry("folder", True, 0),
        Entry("link", False, 3),
        Entry("nowhere", False, 0),
    ]


def test_a_file_that_changes_has_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    before = stamp(str(path))
    path.write_bytes(b"2")
    assert stamp(str(path)) != before
