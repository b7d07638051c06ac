"""Encrypted, in several parts, unpacker missing, no archive: each stops and says what to do."""

from __future__ import annotations

import gzip
import io
import re
import struct
import sys
import zipfile
from pathlib import Path

import miniatures as mini
import pytest
from archive_cases import FILES, stops, written
from archive_writers import rar4, rar5
from conftest import sarchat

from sarchat_build.archives import open_archive
from sarchat_build.errors import InputError

quality = pytest.mark.quality


# Row 9: encrypted, in several parts, unpacker missing.
ENCRYPTED_7Z = {
    "content": "377abcaf271c00048a14aba17d000000000000001400000000000000864adb49d4c3b393d33ae75be4"
    "a34f2b04040b33010068010406000109100a01c65c1bed00070b0100022406f1070112530fb2a5d8f5a117de11d397"
    "b03df271ef9e010001000c010100080a018316dc8c00000501190400000000110d0061002e00740078007400000014"
    "0a0100e0c1f2b85f7cdd01150601002080808100000017061001096d00070b010001212101180c690000",
    "names": "377abcaf271c0004da48fa0180000000000000002800000000000000aa7948615d9b5a8a79b9abadfcf1b"
    "1e67e7f15da2916d42032789168c841530aa7440b981369d743ff83bfe76a0486b25492336ca1859c0d06059f006dd0"
    "ee584a50527164878a1ee0be60e6dd4d88f4f32a2f5593860be1103bcf25e2a34cde3d7ac45d2866263ea4ac045ddbd"
    "4adb341541a1df18a8a63697e147c3b0f5e30e4c90ea817061001097000070b0100012406f1070112530f298ab4b24f"
    "2cb722af728ce5e025eb810c690000",
}


def _encrypted_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.jpg", b"1")
    data = bytearray(stream.getvalue())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


ENCRYPTED = {
    "zip": _encrypted_zip(),
    "7z content": bytes.fromhex(ENCRYPTED_7Z["content"]),
    "7z names": bytes.fromhex(ENCRYPTED_7Z["names"]),
    "rar content": rar4(FILES, file_flags=0x4),
    "rar names": rar4(FILES, main_flags=0x80),
    "rar5": rar5(FILES, encrypted=True),
}


@quality(row=9)
@pytest.mark.parametrize("kind", ENCRYPTED)
def test_row_9_encrypted(tmp_path: Path, kind: str) -> None:
    (tmp_path / "locked").write_bytes(ENCRYPTED[kind])
    message = stops(str(tmp_path / "locked"), tmp_path)
    assert re.search(r"encrypted; unpack it with its password \('\w+ ?x?'.* the folder", message)


@quality(row=9)
@pytest.mark.parametrize(
    ("name", "advice"),
    {
        "SSDD.part1.rar": "'unrar x'",
        "SSDD.r00": "'unrar x'",
        "SSDD.z01": "'zip -s 0 SSDD.zip --out joined.zip'",
        "SSDD.7z.001": "'cat SSDD.7z.* > joined'",
        "SSDD.zip.002": "'cat SSDD.zip.* > joined'",
        "SSDD.tar.gz.aa": "'cat SSDD.tar.gz.* > joined'",
    }.items(),
)
def test_row_9_one_part_of_several_by_name(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / "ssdd").mkdir()
    (tmp_path / "ssdd" / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError) as caught:
        mini.build(tmp_path, tmp_path.with_name("out"), sources=["ssdd"])
    assert f"{tmp_path / 'ssdd' / name}: one part of an archive in several" in str(caught.value)
    assert advice in str(caught.value)


def _last_of_three() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.jpg", b"1")
    data = bytearray(stream.getvalue())
    data[-18:-16] = struct.pack("<H", 2)
    return bytes(data)


PARTS = {
    "zip": (_last_of_three(), "the last of 3 parts; join them with 'zip -s 0"),
    "rar": (rar4(FILES, main_flags=1), "one part of an archive in several; unpack it with 'unrar"),
    "rar5": (rar5(FILES, main_flags=1), "one part of an archive in several; unpack it with 'unrar"),
}


@quality(row=9)
@pytest.mark.parametrize("kind", PARTS)
def test_row_9_one_part_of_several_by_content(tmp_path: Path, kind: str) -> None:
    data, message = PARTS[kind]
    (tmp_path / "part").write_bytes(data)
    assert message in stops(str(tmp_path / "part"), tmp_path)


def assert_says_what_to_install(message: str) -> None:
    for part in ("python -m pip install 'sarchat-build[archives]'", "apt-get install libarchive13"):
        assert part in message


@quality(row=9)
@pytest.mark.parametrize("kind", ["7z", "rar", "rar5"])
def test_row_9_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    location = written(tmp_path, kind)
    monkeypatch.setitem(sys.modules, "libarchive", None)
    with pytest.raises(InputError) as caught:
        open_archive(location)
    assert_says_what_to_install(str(caught.value))


@quality(row=9)
def test_row_9_missing_library(tmp_path: Path) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    written(tmp_path / "raw" / "ssdd", "7z")
    done = sarchat(
        "build", "--raw", tmp_path / "raw", "--output", tmp_path / "out",
        LIBARCHIVE="libnowhere.so.13",
    )  # fmt: skip
    assert done.returncode == 3
    assert_says_what_to_install(done.stderr)
    assert "Traceback" not in done.stderr


# An archive's name, and something else inside.
@pytest.mark.parametrize(
    ("content", "message"),
    {
        b"": "empty (0 bytes)",
        b"<!DOCTYPE html><p>Quota exceeded": "a web page: the download failed",
        b"version https://git-lfs.github.com/spec/v1\n": "a Git LFS pointer",
        b"\x89PNG\r\n": "none that can be read (it begins with b'\\x89PNG",
        b"\x1f\x8b" + b"x" * 600: "not a whole tar file",
    }.items(),
)
@pytest.mark.parametrize("name", ["SSDD.zip", "SSDD.RAR", "SSDD.tgz"])
def test_something_else_with_an_archives_name(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / "ssdd").mkdir()
    (tmp_path / "ssdd" / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        mini.build(tmp_path, tmp_path.with_name("out"), sources=["ssdd"])
    assert str(tmp_path / "ssdd" / name) in str(caught.value)
    assert message in str(caught.value)


def test_a_gzip_that_is_no_tar(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(b"{}" * 1000))
    assert "not a whole tar file" in stops(str(tmp_path / "x.json.gz"), tmp_path)


def test_unknown_places(tmp_path: Path) -> None:
    for raw, message in {
        str(tmp_path / "nowhere"): "no such folder",
        "memory://nowhere/at/all": "no such folder",
        "nonsense://x/y": "Protocol not known",
    }.items():
        with pytest.raises(InputError, match=message):
            mini.build(raw, tmp_path / "out")  # type: ignore[arg-type]
