"""A disk that fills, for real: a small file system is mounted, and given room afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import miniatures as mini
import pytest
from conftest import digests, sarchat

from sarchat_build.errors import InputError
from sarchat_build.synthetic import synthesize

quality = pytest.mark.quality
MountedFolder = Callable[[str], Path]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[MountedFolder]:
    """Mounts a file system of a given size, where this user may."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size: str) -> Path:
        action = "remount," if os.path.ismount(folder) else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{action}size={size}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"may not mount: {done.stderr.strip()}")
        return folder

    try:
        yield mount
    finally:
        # Lazily: an engine that failed inside this process may still hold a file open.
        if os.path.ismount(folder):
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def small_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.ssdd(10).write_zip(tmp_path_factory.mktemp("small") / "raw")


@pytest.fixture(scope="module")
def small(small_raw: Path) -> Path:
    mini.build(small_raw, small_raw.parent / "out")
    return small_raw.parent / "out"


def fill(folder: Path, free_bytes: int) -> None:
    """Fill a disk up to some bytes."""
    with open(folder / "filler", "wb") as stream:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        os.posix_fallocate(stream.fileno(), 0, free - free_bytes)


@quality(row=48)
@quality(row=75)
def test_row_48_a_full_disk_stops_with_one_line_and_the_same_build_finishes(
    mounted: MountedFolder, small_raw: Path, small: Path
) -> None:
    """Room for nothing, for marks and folders, for some files, for some shards."""
    disk = mounted("64m")
    out = disk / "out"
    needed = sum(path.stat().st_size for path in small.rglob("*") if path.is_file())
    stopped = []
    for room in (0, 16_384, 65_536, needed // 4):
        fill(disk, room)
        with pytest.raises(InputError) as caught:
            mini.build(small_raw, out)
        stopped.append(str(caught.value))
        (disk / "filler").unlink()
        assert not out.exists() or digests(out) == {}
    for message in stopped:
        assert "the disk is full; nothing that was finished is lost. Make room, then run" in message
        assert "\n" not in message
    mini.build(small_raw, out)
    assert digests(out) == digests(small)


@quality(row=75)
def test_row_75_a_full_disk_leaves_the_earlier_dataset_whole(
    mounted: MountedFolder, small_raw: Path, small: Path, tmp_path: Path
) -> None:
    disk = mounted("64m")
    out = disk / "out"
    mini.build(small_raw, out)
    before = digests(out)
    raw = mini.ssdd(20).write_zip(tmp_path / "more")
    fill(disk, 300_000)
    done = sarchat("build", "--raw", raw, "--output", out, "--replace", "--workers", 1)
    assert done.returncode == 3
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")] == [
        f"error: {out}/.sarchat/build: the disk is full; nothing that was finished is lost. Make "
        "room, then run the same command again"
    ]
    assert "Traceback" not in done.stderr
    assert digests(out) == before
    (disk / "filler").unlink()
    mini.build(raw, out, replace=True)
    mini.build(raw, tmp_path / "clean")
    assert digests(out) == digests(tmp_path / "clean")


@quality(row=75)
def test_row_75_a_full_disk_while_archives_are_made(mounted: MountedFolder, tmp_path: Path) -> None:
    disk = mounted("300k")
    with pytest.raises(InputError, match="the disk is full"):
        synthesize("ssdd", disk / "raw", 30)
    assert [path.name for path in disk.rglob("*") if path.is_file()] == []
    mounted("30m")
    made = synthesize("ssdd", disk / "raw", 30)
    again = synthesize("ssdd", tmp_path / "raw", 30)
    assert made.path.read_bytes() == again.path.read_bytes()
