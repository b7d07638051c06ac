"""Links and members that lead out: never followed, and nothing is written outside."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from archive_cases import FILES, built, contents, everything_below, stops
from archive_writers import FILE_KINDS, LINK, WRITERS, rar4, rar5, write_7z_of_a_link, write_zip
from miniatures import picture

from sarchat_build.archives import list_entries, open_archive
from sarchat_build.errors import InputError, RecordError

quality = pytest.mark.quality


# Row 5: links that lie in a folder.
@quality(row=5)
def test_row_5_links_that_lead_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture(99))
    source = mini.ssdd(20)
    raw = source.write_folder(tmp_path / "raw")
    folder = raw / "ssdd" / mini.SSDD_LAYOUT
    link = folder / "JPEGImages_train" / "000001.jpg"
    for path in (link, folder / "Annotations_train" / "000002.xml"):
        path.unlink()
        path.symlink_to(secret)
    record = mini.build(raw, tmp_path / "out")
    rows = {row["key"]: row for row in mini.read_rejects(tmp_path / "out")}
    assert set(rows) == {"ssdd/000001", "ssdd/000002"}
    for row in rows.values():
        assert row["reason"] == "path_escape"
        assert row["file"].startswith(mini.SSDD_LAYOUT)
        assert row["detail"] == f"{row['file']}: a link out of the source's folder"
    assert record["sources"]["ssdd"]["counts"]["kept"]["images"] == 18
    archive = open_archive(str(raw / "ssdd"))
    member = link.relative_to(raw / "ssdd").as_posix()
    with pytest.raises(RecordError, match="path_escape"), archive.local_file(member):
        pass

    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "000003.jpg").write_bytes(picture(98))
    (raw / "ssdd" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="a link to a folder outside"):
        mini.build(raw, tmp_path / "out")

    # One that leads to where the output lies stops before an archive is looked at.
    (raw / "ssdd" / "more").unlink()
    (raw / "ssdd" / "more").symlink_to(tmp_path)
    with pytest.raises(InputError, match="--output and the raw archives lie in each other"):
        mini.build(raw, tmp_path / "out")


def test_a_link_to_the_archive_is_the_archive(tmp_path: Path) -> None:
    write_zip(tmp_path / "elsewhere", FILES)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "any name").symlink_to(tmp_path / "elsewhere")
    assert list_entries(str(tmp_path / "raw")) == ["any name"]
    assert contents(str(tmp_path / "raw" / "any name")) == FILES


# Row 7: members that lead elsewhere.
OUTSIDE = ["../x.jpg", "/etc/x.jpg", "..\\x.jpg", "a/../../x.jpg", "C:\\x.jpg", "c:x.jpg"]


@quality(row=7)
@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", FILE_KINDS)
def test_row_7_members_that_lead_out(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / "evil"
    if kind.startswith("tar"):
        with tarfile.open(path, f"w:{kind[4:]}") as archive:
            archive.addfile(tarfile.TarInfo(name))
    else:
        WRITERS[kind](path, {"good.jpg": b"1", name: b"2"})
    before = everything_below(tmp_path)
    message = stops(str(path), tmp_path)
    assert str(path) in message
    assert "leads out of the archive's folder; nothing of this archive was unpacked" in message
    assert "unpack it yourself and give the folder" in message
    assert "x.jpg" in message
    assert everything_below(tmp_path) - {"repacked"} == before


def _tar_of(kind: bytes, mode: str = "w") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with tarfile.open(path, mode) as archive:
            info = tarfile.TarInfo("inside/link.jpg")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)

    return write


def _zip_of_link(path: Path) -> None:
    info = zipfile.ZipInfo("inside/link.jpg")
    info.create_system, info.external_attr = 3, LINK << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")


LINKS: dict[str, Callable[[Path], Any]] = {
    "zip": _zip_of_link,
    "tar symbolic": _tar_of(tarfile.SYMTYPE),
    "tar hard": _tar_of(tarfile.LNKTYPE),
    "tar device": _tar_of(tarfile.CHRTYPE),
    "tar pipe": _tar_of(tarfile.FIFOTYPE),
    "tar of an unknown kind": _tar_of(b"Z"),
    "tar.gz symbolic": _tar_of(tarfile.SYMTYPE, "w:gz"),
    "7z": lambda path: write_7z_of_a_link(path, "inside/link.jpg", "/etc/passwd"),
    "rar": lambda path: path.write_bytes(rar4({"inside/link.jpg": b"/etc/passwd"}, mode=LINK)),
    "rar5": lambda path: path.write_bytes(rar5({"inside/link.jpg": b""}, link_to="/etc/passwd")),
}


@quality(row=7)
@pytest.mark.parametrize("kind", LINKS)
def test_row_7_links_and_devices(tmp_path: Path, kind: str) -> None:
    LINKS[kind](tmp_path / "evil")
    message = stops(str(tmp_path / "evil"), tmp_path)
    assert "'inside/link.jpg' is a link" in message


@quality(row=7)
def test_row_7_stops_the_build_and_names_the_archive(tmp_path: Path) -> None:
    raw = mini.ssdd(3).write_zip(tmp_path / "raw")
    with zipfile.ZipFile(raw / "ssdd" / "a copy.zip", "a") as archive:
        archive.writestr("../../outside.jpg", b"")
    with pytest.raises(InputError, match=r"a copy\.zip: the member '../../outside\.jpg' leads out"):
        mini.build(raw, tmp_path / "out")
    assert everything_below(tmp_path) == {"raw", "raw/ssdd", "raw/ssdd/a copy.zip"}


@quality(row=7)
def test_row_7_stops_only_that_archive_with_keep_going(tmp_path: Path) -> None:
    raw = mini.ssdd(5).write_zip(tmp_path / "raw")
    mini.sar_aircraft(4).write_zip(raw)
    with zipfile.ZipFile(raw / "ssdd" / "a copy.zip", "a") as archive:
        archive.writestr("/outside.jpg", b"")
    _, record = built(raw, tmp_path / "out", keep_going=True)
    assert record["left_out"] == ["ssdd"]
    assert list(record["sources"]) == ["sar_aircraft"]
    assert not [path for path in tmp_path.rglob("*") if path.name == "outside.jpg"]
