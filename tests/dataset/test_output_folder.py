"""The output folder type: one contract, on a disk and in a store of objects."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from buckets import memory, objects

from sarchat_build.dataset.lock import LOCK, demand_lock, hold_lock
from sarchat_build.dataset.output import STAGE, OutputFolder, open_output, stage_of
from sarchat_build.dataset.switch import switch
from sarchat_build.errors import InputError


@pytest.fixture(params=["disk", "file URL", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OutputFolder]:
    where = {
        "disk": str(tmp_path / "out"),
        "file URL": f"file://{tmp_path}/out",
        "memory": f"memory://{tmp_path.name}/out",
    }
    opened = open_output(where[request.param])
    with opened.made():
        opened.prepare()
        yield opened
    if request.param == "memory":
        memory.rm(f"/{tmp_path.name}", recursive=True)


def filling(content: bytes, rows: int | None = None) -> Callable[[str], int | None]:
    def write(name: str) -> int | None:
        Path(name).write_bytes(content)
        return rows

    return write


def test_a_file_is_put_whole_and_read_back(folder: OutputFolder) -> None:
    written = folder.write("images/a.parquet", filling(b"abc", 7))
    assert (written.path, written.bytes, written.rows) == ("images/a.parquet", 3, 7)
    assert written.sha256.startswith("ba7816bf")
    assert folder.read("images/a.parquet") == b"abc"
    assert folder.read("images/b.parquet") is None
    assert folder.names("images") == ["a.parquet"]
    assert folder.names("dialogues") == []
    assert folder.is_file("images/a.parquet")
    assert not folder.is_file("images")
    with pytest.raises(OSError, match="more than 2 bytes"):
        folder.read("images/a.parquet", 2)


def test_what_fails_while_it_is_written_leaves_what_was_there(folder: OutputFolder) -> None:
    folder.write("images/a.parquet", filling(b"abc"))

    def fail(name: str) -> None:
        Path(name).write_bytes(b"half of it")
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        folder.write("images/a.parquet", fail)
    with pytest.raises(ValueError, match="in the middle"):
        folder.write("images/b.parquet", fail)
    assert folder.read("images/a.parquet") == b"abc"
    assert folder.names("images") == ["a.parquet"]
    folder.clean()
    assert [name for name in folder.names(".sarchat") if name != "build"] == []


def test_what_a_killed_worker_leaves_on_this_machine_goes_with_the_next_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal; from sarchat_build.dataset.output import open_output;"
        "open_output('memory://x/y').write('a', lambda name: os.kill(os.getpid(), signal.SIGKILL))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == -9
    assert len(list(tmp_path.iterdir())) == 1
    folder = open_output("memory://x/y")

    def write(name: str) -> None:
        Path(name).touch()
        folder.prepare()
        assert [Path(name).parent] == list(tmp_path.iterdir())

    folder.write("b", write)
    assert list(tmp_path.iterdir()) == []


def test_of_many_that_create_a_file_one_does(folder: OutputFolder) -> None:
    meeting, won = threading.Barrier(4), []

    def create(number: int) -> None:
        meeting.wait()
        try:
            folder.create_once(LOCK, b"%d" % number)
            won.append(number)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=create, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folder.read(LOCK) == b"%d" % won[0]
    assert len(won) == 1
    folder.delete(LOCK)
    folder.create_once(LOCK, b"next")


@pytest.mark.parametrize("damage", ["gone", "shorter", "other bytes of the same size"])
def test_damage_is_seen(folder: OutputFolder, damage: str) -> None:
    written = folder.write("images/a.parquet", filling(b"abc"))
    assert folder.is_intact("images/a.parquet", written)
    if damage == "gone":
        folder.delete("images/a.parquet")
    else:
        folder.write("images/a.parquet", filling(b"ab" if damage == "shorter" else b"abd"))
    assert not folder.is_intact("images/a.parquet", written)


def test_files_are_lent_moved_and_pruned(folder: OutputFolder) -> None:
    written = folder.write("images/a.parquet", filling(b"abc"))
    folder.lend("images/a.parquet", f"{STAGE}/images/a.parquet")
    assert folder.is_same("images/a.parquet", f"{STAGE}/images/a.parquet")
    staged = open_output(stage_of(folder.location))
    assert staged.is_intact("images/a.parquet", written)
    folder.move(f"{STAGE}/images/a.parquet", "images/b.parquet")
    folder.move(f"{STAGE}/images/a.parquet", "images/b.parquet")  # was moved before
    assert folder.names("images") == ["a.parquet", "b.parquet"]
    folder.prune("images/a.parquet")
    folder.prune("images/b.parquet")
    assert folder.names("images") == []


def test_a_proven_dataset_is_known_as_such_until_it_is_settled(folder: OutputFolder) -> None:
    open_output(stage_of(folder.location)).write("build.json", filling(b"{}"))
    assert folder.proven() is None
    folder.commit()
    proven = folder.proven()
    assert proven is not None
    folder.publish(proven, "build.json")
    assert folder.read("build.json") == b"{}"
    assert folder.proven() == proven
    folder.settle()
    assert folder.proven() is None
    assert folder.names(proven) == []


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[tuple[OutputFolder, Path]]:
    opened = open_output(str(tmp_path / "out"))
    with opened.made():
        opened.prepare()
        opened.write("images/a.parquet", filling(b"abc"))
        yield opened, tmp_path / "out"


def test_a_disk_without_hard_links_gets_a_copy_and_a_full_one_is_told(
    on_disk: tuple[OutputFolder, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, root = on_disk

    def refuse(number: int) -> Callable[[object, object], None]:
        def link(source: object, target: object) -> None:
            raise OSError(number, os.strerror(number))

        return link

    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    folder.lend("images/a.parquet", "images/b.parquet")
    assert (root / "images/b.parquet").read_bytes() == b"abc"
    assert (root / "images/b.parquet").stat().st_nlink == 1
    monkeypatch.setattr(os, "link", refuse(errno.ENOSPC))
    with pytest.raises(InputError, match="the disk is full"):
        folder.lend("images/a.parquet", "images/c.parquet")
    assert folder.names("images") == ["a.parquet", "b.parquet"]


def test_a_folder_is_no_file_and_a_link_leads_to_no_file_that_goes(
    on_disk: tuple[OutputFolder, Path], tmp_path: Path
) -> None:
    folder, root = on_disk
    with pytest.raises(OSError, match="is no file"):
        folder.read("images")
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "test.parquet").write_bytes(b"another's")
    (root / "dialogues").symlink_to(kept)
    folder.prune("dialogues/test.parquet")
    assert (kept / "test.parquet").read_bytes() == b"another's"


def test_an_archive_that_was_half_repacked_goes_with_the_next_build(
    on_disk: tuple[OutputFolder, Path],
) -> None:
    folder, root = on_disk
    for name in ("repacking-x", "whole"):
        (root / ".sarchat/repacked" / name).mkdir(parents=True)
    folder.prepare()
    assert folder.names(".sarchat/repacked") == ["whole"]


def test_a_record_is_not_written_over_another_one_in_a_store() -> None:
    folder = open_output("memory://once/out")
    folder.write("build.json", filling(b"{}"))
    open_output(stage_of(folder.location)).write("build.json", filling(b"[]"))
    with pytest.raises(FileExistsError):
        folder.publish(STAGE, "build.json")
    assert folder.read("build.json") == b"{}"


def test_a_build_that_no_lock_kept_away_publishes_once() -> None:
    folder = open_output("memory://raced/out")
    stage = open_output(stage_of(folder.location))
    stage.write("build.json", filling(b"{}"))
    folder.commit()
    stage.write("build.json", filling(b"[]"))  # the other one's
    with pytest.raises(InputError, match="another build published here at the same moment"):
        switch(folder.location)


@pytest.mark.quality(row=52)
def test_row_52_a_second_build_stops_and_one_that_lost_its_lock_publishes_nothing() -> None:
    out, told = "memory://locked/out", []
    with hold_lock(out) as first:
        demand_lock(out, first.run)
        with pytest.raises(InputError, match="another build writes here: process"), hold_lock(out):
            pass
        # As if it ran on another machine, which nobody can ask.
        lock = json.loads(objects(out, work=True)[LOCK]) | {"host": "elsewhere"}
        memory.pipe_file("/locked/out/.sarchat/lock", json.dumps(lock).encode())
        with pytest.raises(InputError, match="say --take-over"), hold_lock(out):
            pass
        with hold_lock(out, take_over=True, tell=told.append) as second:
            demand_lock(out, second.run)
            with pytest.raises(InputError, match="another build took this folder over: process"):
                demand_lock(out, first.run)
            first.release()
            demand_lock(out, second.run)
    assert len(told) == 1
    assert objects(out, work=True) == {}


def test_two_builds_of_one_process_are_told_apart(tmp_path: Path) -> None:
    runs = []
    for out in (str(tmp_path / "out"), "memory://two/out"):
        for _ in range(2):
            with hold_lock(out):
                runs.append(json.loads(open_output(out).read(LOCK) or b"")["run"])
    assert len(set(runs)) == 4


def test_a_protocol_that_nobody_knows_is_named() -> None:
    with pytest.raises(InputError, match=r"nosuch://bucket/out: .*nosuch"):
        open_output("nosuch://bucket/out")
