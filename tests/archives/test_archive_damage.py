"""Archives that are cut off or changed stop, alone with --keep-going, and never surprise."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from pathlib import Path

import miniatures as mini
import pytest
from archive_cases import (
    FILES,
    PACKED,
    built,
    contents,
    everything_below,
    miniature,
    stops,
    written,
)
from archive_writers import FILE_KINDS
from conftest import sarchat
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.archives import open_archive
from sarchat_build.archives.repack import needs_repacking, repack
from sarchat_build.errors import InputError, RecordError

quality = pytest.mark.quality


# Row 10: cut off.
@quality(row=10)
@pytest.mark.parametrize("kind", FILE_KINDS)
def test_row_10_cut_off_anywhere(tmp_path: Path, kind: str) -> None:
    whole = Path(written(tmp_path, kind)).read_bytes()
    end = len(whole)
    if kind == "tar":  # behind the end mark there is only padding
        end = whole.rindex(FILES["b/航.xml"][-4:]) // 512 * 512 + 512 + 512
    cut = tmp_path / "cut"
    for size in [*range(0, end, end // 60), *range(end - 20, end)]:
        cut.write_bytes(whole[:size])
        assert str(cut) in stops(str(cut), tmp_path), size


def _at(data: bytearray, mark: bytes, offset: int, value: bytes) -> None:
    start = data.rindex(mark) + offset
    data[start : start + len(value)] = value


LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
HEADERS = {
    "no header": (lambda data: _at(data, LOCAL, 0, b"PKno"), "Bad magic number"),
    "a header that reaches beyond its member": (
        lambda data: _at(data, LOCAL, 28, b"\x40\x00"), "Overlapped entries",
    ),
    "another name": (lambda data: _at(data, LOCAL, 30, b"c"), "File name in directory 'b.jpg'"),
    "a patch of another file": (lambda data: _at(data, CENTRAL, 8, b"\x20"), "patched data"),
}  # fmt: skip


@pytest.mark.parametrize("fault", HEADERS)
def test_a_member_whose_header_its_directory_denies_is_not_read(tmp_path: Path, fault: str) -> None:
    change, why = HEADERS[fault]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        target.writestr("a.jpg", b"1" * 40)
        target.writestr("b.jpg", b"2" * 40)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    change(data)
    (tmp_path / "a.zip").write_bytes(data)
    archive = open_archive(str(tmp_path / "a.zip"))
    with pytest.raises(RecordError, match=f"b.jpg: .*{why}"):
        archive.read("b.jpg")
    assert archive.read("a.jpg") == b"1" * 40


@pytest.mark.parametrize("kind", PACKED)
def test_a_flipped_bit_is_noticed(tmp_path: Path, kind: str) -> None:
    noise = hashlib.shake_256(b"noise").digest(9000)
    whole = Path(written(tmp_path, kind, {"a.jpg": noise})).read_bytes()
    (tmp_path / "bad").write_bytes(whole[:4000] + bytes([whole[4000] ^ 1]) + whole[4001:])
    message = stops(str(tmp_path / "bad"), tmp_path)
    assert "fetch" in message


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from([k for k in FILE_KINDS if k not in ("7z",)]))
def test_damaged_archives_never_surprise(data: st.DataObject, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        location = written(Path(folder), kind)
        content = bytearray(Path(location).read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
        Path(location).write_bytes(content)
        try:
            archive = open_archive(location)
            if needs_repacking(archive):
                repack(archive, str(Path(folder, "again")))
            else:
                contents(location)
        except (InputError, RecordError):
            pass


@quality(row=10)
def test_row_10_keep_going(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    mini.sar_aircraft(4).write_zip(raw)
    (raw / "ssdd").mkdir()
    whole = Path(written(raw / "ssdd", "rar", miniature()))
    whole.write_bytes(whole.read_bytes()[:-2000])
    arguments = ("build", "--raw", raw, "--output", out, "--workers", 1)

    done = sarchat(*arguments)
    assert done.returncode == 3
    assert f"{whole}: not a whole rar" in done.stderr
    assert not out.exists()

    done = sarchat(*arguments, "--keep-going")
    assert done.returncode == 3, done.stderr
    assert f"{whole}: not a whole rar" in done.stderr
    assert "left out, see above: ssdd (--keep-going)" in done.stderr
    record = json.loads((out / "build.json").read_text())
    assert list(record["sources"]) == ["sar_aircraft"]
    assert record["left_out"] == ["ssdd"]
    assert sarchat("validate", out, "--workers", 1).returncode == 0

    whole.unlink()
    written(raw / "ssdd", "rar", miniature())
    done = sarchat(*arguments, "--keep-going")
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "build.json").read_text())["left_out"] == []


@quality(row=10)
def test_row_10_keep_going_with_nothing_left(tmp_path: Path) -> None:
    raw = mini.ssdd(3).write_zip(tmp_path / "raw")
    path = raw / "ssdd" / "a copy.zip"
    path.write_bytes(path.read_bytes()[:-100])
    done = sarchat("build", "--raw", raw, "--output", tmp_path / "out", "--keep-going")
    assert done.returncode == 3
    assert "not a readable zip file" in done.stderr
    assert not (tmp_path / "out").exists()


@quality(row=10)
def test_damage_behind_the_headers_is_found_when_repacking(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    mini.sar_aircraft(2).write_zip(raw)
    (raw / "ssdd").mkdir()
    path = Path(written(raw / "ssdd", "rar5", miniature()))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    _, record = built(raw, out, keep_going=True, repacked=str(tmp_path / "again"))
    assert record["left_out"] == ["ssdd"]
    assert everything_below(tmp_path / "again") == set()
