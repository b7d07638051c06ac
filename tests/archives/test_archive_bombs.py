"""Archives that would fill memory or disk stop; large members are streamed."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from archive_cases import contents, everything_below, python, stops, written
from archive_writers import FILE_KINDS, write_zip
from conftest import REAL_ARCHIVES, needs_real_data

from sarchat_build.archives import limits, open_archive
from sarchat_build.archives.formats import zip_file
from sarchat_build.archives.repack import repack
from sarchat_build.errors import InputError, RecordError

quality = pytest.mark.quality


# Row 8: bombs.
ZEROS = bytes(64 << 20)


@quality(row=8)
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz", "7z"])
def test_row_8_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(limits, "SLACK_BYTES", 1 << 20)
    message = stops(written(tmp_path, kind, {"zeros.jpg": ZEROS}), tmp_path)
    assert "would unpack to more than" in message
    assert "200 ×" in message


LIMITS_IN_ACTION = """
import resource, sys
from sarchat_build.archives import open_archive, repack
from sarchat_build.errors import InputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    repack(open_archive(sys.argv[1]), sys.argv[2])
except InputError as error:
    assert "would unpack to more than" in str(error), error
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@quality(row=8)
def test_row_8_a_real_bomb_fills_neither_memory_nor_disk(tmp_path: Path) -> None:
    # Streams of gzip may follow each other: the same zeros, packed once, are in it many times.
    zeros, parts = gzip.compress(ZEROS), []
    for number in range(16):
        info = tarfile.TarInfo(f"{number}.jpg")
        info.size = len(ZEROS)
        parts += [gzip.compress(info.tobuf()), zeros]
    (tmp_path / "bomb").write_bytes(b"".join([*parts, gzip.compress(bytes(1024))]))
    done = python(LIMITS_IN_ACTION, tmp_path / "bomb", tmp_path / "again")
    assert int(done) < 50_000  # KiB
    assert everything_below(tmp_path) == {"bomb"}


@quality(row=8)
def test_row_8_a_header_that_lies(tmp_path: Path) -> None:
    path = tmp_path / "liar"
    write_zip(path, {"zeros.jpg": ZEROS})
    data, size = path.read_bytes(), struct.pack("<I", len(ZEROS))
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, struct.pack("<I", 10)))
    with pytest.raises(RecordError, match="archive_member"):
        open_archive(str(path)).read("zeros.jpg")


@quality(row=8)
def test_row_8_methods_that_cannot_be_bounded(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "x", "w", method) as archive:
            archive.writestr("zeros.jpg", b"")
        with pytest.raises(InputError, match=f"packed by method {method}; only 0 .*7z x"):
            open_archive(str(tmp_path / "x"))


@quality(row=8)
@pytest.mark.parametrize("kind", FILE_KINDS)
@pytest.mark.parametrize(
    ("limit", "message"),
    {"MAX_MEMBERS": "one of more than 3 files", "MAX_MEMBER_BYTES": "more than 3"}.items(),
)
def test_row_8_many_or_large_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, limit: str, message: str
) -> None:
    monkeypatch.setattr(limits, limit, 3)
    assert message in stops(written(tmp_path, kind), tmp_path)


@quality(row=8)
def test_row_8_a_directory_that_would_fill_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_file, "MAX_MEMBERS", 1)
    with pytest.raises(InputError, match="4 members in a directory of"):
        open_archive(written(tmp_path, "zip"))


@quality(row=8)
def test_row_8_tar_headers_that_would_fill_memory(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x", "w:gz") as archive:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, len(ZEROS)
        archive.addfile(info, io.BytesIO(ZEROS))
        archive.addfile(tarfile.TarInfo("x.jpg"))
    assert "a header of 67,108,864 bytes" in stops(str(tmp_path / "x"), tmp_path)
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE  # a header for the next header, for the next …
    (tmp_path / "y").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) * 5000 + bytes(1024))
    assert "not a whole tar" in stops(str(tmp_path / "y"), tmp_path)


def test_row_8_archives_inside_are_not_opened(tmp_path: Path) -> None:
    inner = written(tmp_path, "zip")
    write_zip(tmp_path / "outer", {"inner.zip": Path(inner).read_bytes()})
    assert list(contents(str(tmp_path / "outer"))) == ["inner.zip"]


def test_row_8_same_member_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("a.jpg", b"1")
        archive.writestr("./a.jpg", b"2")
    with pytest.raises(InputError, match=r"'a\.jpg' is in it twice"):
        open_archive(str(tmp_path / "x"))


@needs_real_data
def test_row_8_real_archives_are_far_inside() -> None:
    for path in REAL_ARCHIVES.values():
        total = sum(member.size_bytes for member in open_archive(str(path)).members())
        assert total * 100 < limits.budget_bytes(path.stat().st_size)


STREAM = """
import hashlib, resource, sys
from sarchat_build.archives import open_archive
archive = open_archive(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = hashlib.sha256()
with archive.open("instances.json") as stream:
    while chunk := stream.read(1 << 20):
        found.update(chunk)
with archive.local_file("instances.json") as path:
    assert path.stat().st_size == 64 << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, found.hexdigest())
"""


@pytest.fixture(scope="module")
def huge() -> bytes:
    return b'{"images": [], "annotations": []' + b" " * ((64 << 20) - 33) + b"}"


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "rar"])
def test_large_members_are_streamed(tmp_path: Path, huge: bytes, kind: str) -> None:
    location = written(tmp_path, kind, {"instances.json": huge})
    grown, digest = python(STREAM, location).split()
    assert digest == hashlib.sha256(huge).hexdigest()
    assert int(grown) < 32 << 10  # KiB; the member has 64 MiB


def test_too_large_for_memory_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sarchat_build.archives import archive

    monkeypatch.setattr(archive, "MAX_READ_BYTES", 100)
    opened = open_archive(written(tmp_path, "zip"))
    with pytest.raises(RecordError, match="too_large"):
        opened.read("a/one.txt")
    with opened.open("a/one.txt") as stream:
        assert stream.read(4) == b"one "


def test_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(written(tmp_path, "tar.gz"))
    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"bytes are needed .* 1,000 are free; give .* --repacked"):
        repack(archive, str(tmp_path / "again"))
    assert everything_below(tmp_path / "again") == set()
