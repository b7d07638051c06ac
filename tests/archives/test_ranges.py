"""Archives behind URLs: what is fetched of them, and that nothing else changes."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import miniatures as mini
import pytest
from counted_store import CountedStore
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.archives import open_archive
from sarchat_build.archives.location import digest, open_binary
from sarchat_build.archives.ranges import BLOCK_BYTES, Range, merge
from sarchat_build.errors import InputError, RecordError

MEMBERS = {f"images/{n:04d}.jpg": hashlib.sha256(b"%d" % n).digest() * 600 for n in range(200)}
DATA = b"".join(MEMBERS.values()) * 3


def zip_of(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return stream.getvalue()


def tar_of(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as target:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def store() -> Iterator[type[CountedStore]]:
    CountedStore.contents.clear()
    CountedStore.fetched.clear()
    yield CountedStore
    CountedStore.contents.clear()


@pytest.mark.parametrize(("kind", "write"), [("zip", zip_of), ("tar", tar_of)])
def test_a_member_is_fetched_by_its_own_range(
    store: type[CountedStore], kind: str, write: Callable[[dict[str, bytes]], bytes]
) -> None:
    store.contents["b/a." + kind] = write(MEMBERS)
    archive = open_archive(f"counted://b/a.{kind}")
    assert [member.path for member in archive.members()] == list(MEMBERS)
    store.fetched.clear()
    for path in reversed(MEMBERS):
        assert archive.read(path) == MEMBERS[path]
    content = sum(map(len, MEMBERS.values()))
    assert content <= store.fetched_bytes() <= 1.05 * content
    assert len(store.fetched) <= 2 * len(MEMBERS)


@pytest.mark.parametrize(("kind", "write"), [("zip", zip_of), ("tar", tar_of)])
def test_of_members_read_here_and_there_no_other_is_fetched(
    store: type[CountedStore], kind: str, write: Callable[[dict[str, bytes]], bytes]
) -> None:
    """However near the next one lies: an archive knows where its members end."""
    store.contents["b/a." + kind] = write(MEMBERS)
    archive = open_archive(f"counted://b/a.{kind}")
    store.fetched.clear()
    some = list(MEMBERS)[::3]
    for path in some:
        assert archive.read(path) == MEMBERS[path]
    assert store.fetched_bytes() <= 1.05 * sum(len(MEMBERS[path]) for path in some)
    assert len(store.fetched) <= 2 * len(some)


@pytest.mark.parametrize(("kind", "write"), [("zip", zip_of), ("tar", tar_of)])
@pytest.mark.parametrize("shards", [1, 3, 18, 200])
def test_at_any_number_of_shards_an_archive_is_fetched_once(
    store: type[CountedStore],
    kind: str,
    write: Callable[[dict[str, bytes]], bytes],
    shards: int,
) -> None:
    """Members of a shard lie all over the archive, and are read in an order of their own."""
    store.contents["b/a." + kind] = write(MEMBERS)
    archive = open_archive(f"counted://b/a.{kind}")
    store.fetched.clear()
    for shard in range(shards):
        paths = sorted(list(MEMBERS)[shard::shards], key=lambda path: path[::-1])
        with archive.ahead(paths):
            before = len(store.fetched)
            for path in paths:
                assert archive.read(path) == MEMBERS[path]
            assert len(store.fetched) == before, "a member was fetched again"
    assert store.fetched_bytes() <= 1.25 * len(store.contents["b/a." + kind])


def test_opening_a_zip_fetches_its_directory_and_little_else(store: type[CountedStore]) -> None:
    big = {f"{n}.png": bytes(1 << 20) for n in range(20)}
    store.contents["b/a.zip"] = zip_of(big)
    open_archive("counted://b/a.zip").members()
    assert store.fetched_bytes() < 100_000 + 4 * 20 * 60


@pytest.mark.parametrize(
    ("members", "requests", "share"),
    [
        ({f"{n:05d}.jpg": b"%05d" % n * 4_000 for n in range(1_000)}, 40, 1.0),
        ({f"{n:05d}.tif": bytes(1 << 20) for n in range(20)}, 45, 0.01),
    ],
    ids=["small members", "large members"],
)
def test_a_tar_is_listed_by_few_requests(
    store: type[CountedStore], members: dict[str, bytes], requests: int, share: float
) -> None:
    """What lies between the headers of small members is fetched along, of large ones it is not."""
    store.contents["b/a.tar"] = tar_of(members)
    archive = open_archive("counted://b/a.tar")
    assert [member.path for member in archive.members()] == list(members)
    assert len(store.fetched) <= requests
    assert store.fetched_bytes() <= share * len(store.contents["b/a.tar"])


def test_what_is_read_from_beginning_to_end_is_fetched_once_in_growing_pieces(
    store: type[CountedStore],
) -> None:
    data = DATA * 4
    store.contents["b/a.7z"] = data
    assert digest("counted://b/a.7z") == hashlib.sha256(data).hexdigest()
    assert store.fetched_bytes() == len(data)
    assert max(end - start for _, start, end in store.fetched) == min(BLOCK_BYTES, 8 << 20)


def test_a_large_member_is_fetched_in_pieces_of_bounded_size(store: type[CountedStore]) -> None:
    scene = bytes(range(256)) * (20 << 12)
    store.contents["b/a.zip"] = zip_of({"scene.tif": scene, "b.txt": b"x"})
    archive = open_archive("counted://b/a.zip")
    store.fetched.clear()
    with archive.open("scene.tif") as stream:
        assert hashlib.sha256(stream.read()).digest() == hashlib.sha256(scene).digest()
    assert store.fetched_bytes() <= len(scene) + 1000
    assert max(end - start for _, start, end in store.fetched) <= BLOCK_BYTES


def test_damage_is_told_as_ever_when_members_were_fetched_ahead(store: type[CountedStore]) -> None:
    data = bytearray(zip_of(MEMBERS))
    spoiled = list(MEMBERS)[7]
    data[data.index(MEMBERS[spoiled]) + 5] ^= 1
    store.contents["b/a.zip"] = bytes(data)
    archive = open_archive("counted://b/a.zip")
    with archive.ahead(MEMBERS):
        with pytest.raises(RecordError, match="CRC-32"):
            archive.read(spoiled)
        assert archive.read("images/0008.jpg") == MEMBERS["images/0008.jpg"]


def test_what_cannot_be_fetched_ahead_is_fetched_when_it_is_read(
    store: type[CountedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.contents["b/a.zip"] = zip_of(MEMBERS)
    archive = open_archive("counted://b/a.zip")
    monkeypatch.setattr(
        CountedStore, "cat_ranges", lambda self, paths, *a, **k: [OSError("busy")] * len(paths)
    )
    with archive.ahead(MEMBERS):
        assert archive.read("images/0008.jpg") == MEMBERS["images/0008.jpg"]


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_threads_fetch_and_read_at_once(store: type[CountedStore], kind: str) -> None:
    if kind == "zip":
        store.contents["b/t.zip"] = zip_of(MEMBERS)
    store.contents.update({f"b/t/{name}": data for name, data in MEMBERS.items()})
    archive = open_archive(f"counted://b/t{'.zip' if kind == 'zip' else ''}")
    archive.members()

    def read(shard: int) -> bool:
        for _ in range(5):
            with archive.ahead(list(MEMBERS)[shard::8]):
                if any(archive.read(path) != MEMBERS[path] for path in list(MEMBERS)[::9]):
                    return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_files_of_a_folder_are_fetched_at_once(store: type[CountedStore]) -> None:
    store.contents.update({f"b/raw/{name}": data for name, data in MEMBERS.items()})
    folder = open_archive("counted://b/raw")
    assert [member.path for member in folder.members()] == list(MEMBERS)
    store.fetched.clear()
    with folder.ahead([*MEMBERS, "images/none.jpg", "../outside"]):
        before = len(store.fetched)
        assert all(folder.read(path) == data for path, data in MEMBERS.items())
        assert len(store.fetched) == before
    assert store.fetched_bytes() == sum(map(len, MEMBERS.values()))
    assert folder.read("images/0003.jpg") == MEMBERS["images/0003.jpg"]


@pytest.mark.parametrize(("kind", "write"), [("zip", zip_of), ("tar", tar_of)])
def test_a_store_that_fails_is_no_fault_of_a_picture(
    store: type[CountedStore],
    kind: str,
    write: Callable[[dict[str, bytes]], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a minute without a network would be a thousand rejects."""
    store.contents["b/x." + kind] = write(MEMBERS)
    archive = open_archive(f"counted://b/x.{kind}")

    def fail(self: CountedStore, path: str, *bounds: object, **options: object) -> bytes:
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(CountedStore, "cat_file", fail)
    with pytest.raises(InputError, match="reset by peer; run the same command again"):
        archive.read("images/0003.jpg")


def test_a_full_temporary_folder_is_one_line(
    store: type[CountedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.contents["b/a.zip"] = zip_of(MEMBERS)
    archive = open_archive("counted://b/a.zip")

    def full(*given: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(InputError, match="set TMPDIR to a folder with more room"):
        archive.ahead(MEMBERS).__enter__()


def test_members_on_this_machine_are_not_copied(tmp_path: Path) -> None:
    raw = mini.ssdd(3).write_zip(tmp_path / "raw")
    archive = open_archive(str(next(raw.rglob("*.zip"))))
    with archive.ahead(member.path for member in archive.members()):
        assert archive.read(archive.members()[0].path)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=30))
def test_merged_ranges_hold_all_that_is_wanted_and_little_else(
    spans: list[tuple[int, int]],
) -> None:
    wanted = {byte for start, size in spans for byte in range(start, start + size)}
    merged = merge(Range(start, start + size) for start, size in spans)
    fetched = [byte for start, end in merged for byte in range(start, end)]
    assert len(fetched) == len(set(fetched))
    assert wanted <= set(fetched)
    assert len(fetched) <= 1.2 * len(wanted)
    assert merged == sorted(merged)


@given(st.lists(st.tuples(st.integers(0, 1100), st.integers(0, 400)), min_size=1, max_size=20))
def test_a_file_behind_a_url_reads_as_one_on_disk(places: list[tuple[int, int]]) -> None:
    data = bytes(i * i % 251 for i in range(1000))
    CountedStore.contents["b/file"] = data
    with open_binary("counted://b/file") as remote:
        local = io.BytesIO(data)
        for offset, size in places:
            assert remote.seek(offset) == local.seek(offset)
            assert remote.read(size) == local.read(size)
            assert remote.read(7) == local.read(7)
            assert remote.tell() == local.tell() or offset > len(data)


def test_a_file_behind_a_url_is_read_as_any_other(store: type[CountedStore]) -> None:
    store.contents["b/a.bin"] = DATA
    with open_binary("counted://b/a.bin") as raw, io.BufferedReader(raw, 4096) as buffered:  # type: ignore[type-var]
        assert raw.readable()
        assert raw.seekable()
        assert buffered.read(10) == DATA[:10]
        buffered.seek(-5, os.SEEK_END)
        assert buffered.read() == DATA[-5:]
        with pytest.raises(ValueError, match="before the beginning"):
            raw.seek(-1)
        raw.seek(7)
        assert raw.readall() == DATA[7:]  # type: ignore[attr-defined]


def test_a_file_that_has_become_shorter_is_named(store: type[CountedStore]) -> None:
    store.contents["b/a.bin"] = DATA
    with open_binary("counted://b/a.bin") as raw:
        store.contents["b/a.bin"] = DATA[:100]
        with pytest.raises(InputError, match=r"counted://b/a\.bin: ends at byte 100 of "):
            raw.read()
