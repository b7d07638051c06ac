"""Archives of every kind: the same members from all of them, and nothing hostile from any."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import miniatures as mini
import pytest
from archive_writers import FILE_KINDS, LINK, WRITERS, rar4, rar5, write_7z_of_a_link, write_zip
from conftest import REAL_ARCHIVES, digests, needs_real_data, sarchat
from hypothesis import given, settings
from hypothesis import strategies as st
from miniatures import SHIP, picture, voc_xml
from typer.testing import CliRunner

from pipelines import launch
from pipelines.cli import app
from sarchat_build.archives import is_archive_name, limits, list_entries, open_archive, zip_file
from sarchat_build.archives.repack import needs_repacking, repack
from sarchat_build.errors import InputError, RecordError

quality = pytest.mark.quality

FILES = {
    "a/one.txt": b"one " * 500,
    "a/é 1.jpg": bytes(range(256)) * 40,
    "b/航.xml": b"<x/>" * 900,
    "c/empty.txt": b"",
}
PACKED = ["tar.gz", "tar.bz2", "tar.xz", "7z", "rar", "rar5"]


def written(folder: Path, kind: str, files: dict[str, bytes] | None = None) -> str:
    path = folder / "no ending"
    WRITERS[kind](path, FILES if files is None else files)
    return str(path)


def contents(location: str, repacked: str = "") -> dict[str, bytes]:
    archive = open_archive(location, repacked)
    return {member.path: archive.read(member.path) for member in archive.members()}


def everything_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def stops(location: str, folder: Path) -> str:
    """The message with which an archive is refused, at the latest when it is repacked."""

    def take() -> None:
        archive = open_archive(location)
        archive.members()
        repack(archive, str(folder / "repacked"))

    with pytest.raises(InputError) as caught:
        take()
    assert not list(folder.glob("repacked/*"))
    return str(caught.value)


# The same members from every kind.
@pytest.mark.parametrize("kind", WRITERS)
def test_each_kind_reads_the_same(tmp_path: Path, kind: str) -> None:
    location = written(tmp_path, kind)
    archive = open_archive(location)
    assert archive.kind == kind.replace("rar5", "rar")
    members = archive.members()
    assert [member.path for member in members] == list(FILES)
    assert [member.size_bytes for member in members] == [len(data) for data in FILES.values()]
    assert [member.offset for member in members] == sorted(m.offset for m in members)
    assert contents(location) == FILES
    with archive.open("a/é 1.jpg") as stream:
        assert stream.read(1000) + stream.read() == FILES["a/é 1.jpg"]
    with archive.local_file("a/é 1.jpg") as path:
        assert path.read_bytes() == FILES["a/é 1.jpg"]
        assert path.suffix == ".jpg"
    assert path.exists() == (kind == "folder")
    for missing in ("a/none.jpg", "../x"):
        with pytest.raises(RecordError):
            archive.read(missing)
    if kind != "folder":
        assert archive.sha256() == hashlib.sha256(Path(location).read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", PACKED)
def test_packed_kinds_are_repacked_once(tmp_path: Path, kind: str) -> None:
    location, folder = written(tmp_path, kind), tmp_path / "again"
    heard: list[int] = []
    made = repack(open_archive(location), str(folder), heard.append)
    assert heard[-1] == sum(map(len, FILES.values()))
    assert everything_below(folder) == {Path(made).name, f"{Path(made).name}.json"}
    archive = open_archive(location, made)
    assert archive.kind == kind.replace("rar5", "rar")
    assert Path(made).stem == archive.sha256() == open_archive(location).sha256()
    assert not needs_repacking(archive)
    assert contents(location, made) == FILES
    with zipfile.ZipFile(made) as copy:
        infos = copy.infolist()
        assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}

    before, whole = Path(made).stat().st_mtime_ns, Path(made).read_bytes()
    assert repack(open_archive(location), str(folder)) == made
    assert Path(made).stat().st_mtime_ns == before
    # A byte flips, or the run was killed before its record was written: made anew, the same.
    Path(made).write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    assert Path(repack(open_archive(location), str(folder))).read_bytes() == whole
    Path(f"{made}.json").unlink()
    assert Path(repack(open_archive(location), str(folder))).read_bytes() == whole


def test_repacked_into_a_url(tmp_path: Path) -> None:
    location = written(tmp_path, "tar.gz")
    made = repack(open_archive(location), "memory://repacked/here")
    assert made.startswith("memory://")
    assert contents(location, made) == FILES
    assert repack(open_archive(location), "memory://repacked/here") == made


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=80
).filter(
    lambda name: (
        name not in (".", "..")
        and len(name.encode()) <= 255
        and name[1:2] != ":"
        and not is_archive_name(name)
    )
)


@quality(row=41)
@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=25, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_any_name(kind: str, names: list[str]) -> None:
    files = {f"d/{name}": name.encode() for name in names}
    with tempfile.TemporaryDirectory() as folder:
        location = written(Path(folder), kind, files)
        assert contents(location) == files
        if kind in PACKED:
            made = repack(open_archive(location), str(Path(folder, "again")))
            assert contents(location, made) == files


LONG = "x" * 251
ODD = ["Que\u0301bec 航", "two\nlines", "  spaces  ", LONG, "{{7*7}} %s \x7f"]


@quality(row=41)
@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.xz", "7z", "rar5"])
def test_row_41_odd_names_have_stable_ids(tmp_path: Path, kind: str) -> None:
    source = mini.ssdd(5)
    for number, stem in enumerate(ODD):
        source.image(stem, picture(50 + number))
        source.document(unicodedata.normalize("NFC", stem), voc_xml([SHIP]))
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "ssdd").mkdir(parents=True)
    written(raw / "ssdd", kind, dict(sorted(source.files.items())))
    mini.build(raw, out)
    ids = set(mini.read_images(out))
    assert ids >= {f"ssdd/{unicodedata.normalize('NFC', stem)}" for stem in ODD}
    assert len(ids) == 5 + len(ODD)
    assert not mini.read_rejects(out)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = b"d/\xb2\xe2 1.jpg"
    with tarfile.open(tmp_path / "a", "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(os.fsdecode(name)))
    (tmp_path / "b" / "d").mkdir(parents=True)
    Path(os.fsdecode(bytes(tmp_path / "b") + b"/" + name)).write_bytes(b"")
    assert (
        contents(str(tmp_path / "a"))
        == contents(str(tmp_path / "b"))
        == {"d/\\xb2\\xe2 1.jpg": b""}
    )


# Whole builds.
def built(raw: Path | str, out: Path, **options: Any) -> tuple[dict[str, str], dict[str, Any]]:
    settings_ = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = launch.choose_sources(settings_.manifests, str(raw), [])
    context = launch.prepare(settings_, chosen, str(raw), str(out), False, **options)
    from pipelines.build_dataset import build_dataset
    from pipelines.runners import run

    run(lambda pipeline: build_dataset(pipeline, context), "local", 1)
    record = launch.finish(str(out))
    mini.assert_conserved(record)
    files = digests(out)
    del files["build.json"]
    for source in record["sources"].values():
        del source["archives"]
    return files, record


def miniature() -> dict[str, bytes]:
    source = mini.ssdd(10)
    source.document("000003", "<broken")
    return dict(sorted(source.files.items()))


@pytest.fixture(scope="module")
def from_zip(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("from_zip")
    (folder / "raw" / "ssdd").mkdir(parents=True)
    written(folder / "raw" / "ssdd", "zip", miniature())
    return built(folder / "raw", folder / "out")


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_same_dataset_from_every_kind(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]], kind: str
) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    written(tmp_path / "raw" / "ssdd", kind, miniature())
    assert built(tmp_path / "raw", tmp_path / "out") == from_zip
    kept = list((tmp_path / "out" / ".sarchat").glob("repacked/*.zip"))
    assert len(kept) == (kind in PACKED)


def test_worker_processes_read_the_repacked_form(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]]
) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    written(tmp_path / "raw" / "ssdd", "7z", miniature())
    out, again = tmp_path / "out", tmp_path / "again"
    done = sarchat(
        "build", "--raw", f"file://{tmp_path}/raw", "--output", out, "--workers", 2,
        "--repacked", again,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = digests(out)
    del files["build.json"]
    assert files == from_zip[0]
    assert len(everything_below(again)) == 2
    assert not (out / ".sarchat" / "repacked").exists()


def test_same_dataset_from_a_folder(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]]
) -> None:
    # Only the rejects name the file differently: it lies in no archive.
    WRITERS["folder"](tmp_path / "elsewhere", miniature())
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "ssdd").symlink_to(tmp_path / "elsewhere")
    files, _ = built(tmp_path / "raw", tmp_path / "out")
    assert {n: d for n, d in files.items() if not n.startswith("rejects/")} == {
        n: d for n, d in from_zip[0].items() if not n.startswith("rejects/")
    }
    (row,) = mini.read_rejects(tmp_path / "out")
    assert row["file"].endswith("000003.xml")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "7z", "folder"])
@pytest.mark.parametrize("protocol", ["memory", "file"])
def test_same_dataset_from_a_url(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]], kind: str, protocol: str
) -> None:
    local = tmp_path / "raw" / "ssdd"
    local.mkdir(parents=True)
    written(local, kind, miniature())
    raw = f"file://{tmp_path}/raw"
    if protocol == "memory":
        raw = f"memory://{kind}/raw"
        fsspec.filesystem("memory").put(str(local), f"{raw}/ssdd", recursive=True)
    files, record = built(raw, tmp_path / "out")
    if kind == "folder":
        # The folder itself has a name here: paths are longer by it, and all else is the same.
        images = mini.read_images(tmp_path / "out")
        assert {row["source_member"].split("/")[0] for row in images.values()} == {"no ending"}
        assert record["counts"] == from_zip[1]["counts"]
    else:
        assert (files, record) == from_zip
    result = CliRunner().invoke(app, ["sources", "check", "--raw", raw])
    assert result.exit_code == 0, result.output


# Row 2: checksums.
@quality(row=2)
@pytest.mark.parametrize("kind", WRITERS)
def test_row_2_a_changed_archive_stops_with_both_digests(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "ssdd"
    folder.mkdir()
    files = miniature()
    written(folder, kind, files)
    before = {a["sha256"] for a in launch.describe_archives(_ssdd(), str(tmp_path))}
    record = CliRunner().invoke(
        app, ["sources", "record", "--raw", str(tmp_path), "--source", "ssdd"]
    )
    assert record.exit_code == 0, record.output
    checked = CliRunner().invoke(app, ["sources", "check", "--raw", str(tmp_path)])
    assert "recorded" in checked.output
    if kind != "folder":
        done = subprocess.run(["sha256sum", "-c", "ssdd.sha256"], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr
    written(folder, kind, files | {sorted(files)[-1]: picture(77)})
    with pytest.raises(InputError) as caught:
        mini.build(tmp_path, tmp_path / "out")
    named = set(re.findall(r"\b[0-9a-f]{64}\b", str(caught.value)))
    assert before < named
    assert len(named) == 2
    assert not (tmp_path / "out").exists()


def test_recorded_names_with_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "ssdd").mkdir()
    write_zip(tmp_path / "ssdd" / "a\\b\nc.zip", miniature())
    CliRunner().invoke(app, ["sources", "record", "--raw", str(tmp_path), "--source", "ssdd"])
    done = subprocess.run(["sha256sum", "-c", "ssdd.sha256"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    launch.describe_archives(_ssdd(), str(tmp_path))
    (tmp_path / "ssdd.sha256").write_text("nonsense\n")
    with pytest.raises(InputError, match="line 1 is no '<sha256>  <file>'"):
        launch.describe_archives(_ssdd(), str(tmp_path))


def _ssdd() -> Any:
    return launch.load_settings("sarchat_2m", None, None).manifests["ssdd"]


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

    (raw / "ssdd" / "more").symlink_to(tmp_path)
    with pytest.raises(InputError, match="a link to a folder outside"):
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
        mini.build(tmp_path, tmp_path / "out", sources=["ssdd"])
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
        mini.build(tmp_path, tmp_path / "out", sources=["ssdd"])
    assert str(tmp_path / "ssdd" / name) in str(caught.value)
    assert message in str(caught.value)


def test_a_gzip_that_is_no_tar(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(b"{}" * 1000))
    assert "not a whole tar file" in stops(str(tmp_path / "x.json.gz"), tmp_path)


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


# Memory, processes, threads.
def python(script: str, *arguments: object, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(launch.__file__).parents[1],
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    assert path.stat().st_size == 256 << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, found.hexdigest())
"""


@pytest.fixture(scope="module")
def huge() -> bytes:
    return b'{"images": [], "annotations": []' + b" " * ((256 << 20) - 33) + b"}"


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "rar"])
def test_large_members_are_streamed(tmp_path: Path, huge: bytes, kind: str) -> None:
    location = written(tmp_path, kind, {"instances.json": huge})
    grown, digest = python(STREAM, location).split()
    assert digest == hashlib.sha256(huge).hexdigest()
    assert int(grown) < 48 << 10  # KiB; the member has 256 MiB


def test_too_large_for_memory_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sarchat_build.archives import archive

    monkeypatch.setattr(archive, "MAX_READ_BYTES", 100)
    opened = open_archive(written(tmp_path, "zip"))
    with pytest.raises(RecordError, match="too_large"):
        opened.read("a/one.txt")
    with opened.open("a/one.txt") as stream:
        assert stream.read(4) == b"one "


FORKED = """
import multiprocessing, sys, threading
from concurrent.futures import ThreadPoolExecutor
from sarchat_build.archives import open_archive

def look(number):
    member = members[number % len(members)]
    return archive.read(member.path) == expected[member.path]

archive = open_archive(sys.argv[1])
members = archive.members()
expected = {m.path: archive.read(m.path) for m in members}
with multiprocessing.get_context("fork").Pool(3) as pool:
    with ThreadPoolExecutor(4) as threads:
        there = pool.map_async(look, range(600))
        assert all(threads.map(look, range(600)))
        assert all(there.get())
print("same")
"""


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_threads_and_forked_processes(tmp_path: Path, kind: str) -> None:
    files = {f"{n}.bin": hashlib.shake_256(bytes([n])).digest(3000 + n) for n in range(40)}
    assert python(FORKED, written(tmp_path, kind, files)).strip() == "same"


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
@pytest.mark.parametrize("kind", ["7z", "rar", "rar5", "tar.gz", "zip", "folder"])
def test_names_do_not_depend_on_the_locale(tmp_path: Path, kind: str, locale: str) -> None:
    script = (
        "import sys; from sarchat_build.archives import open_archive\n"
        "print(ascii([m.path for m in open_archive(sys.argv[1]).members()]))"
    )
    location = written(tmp_path, kind)
    assert python(script, location, LC_ALL=locale).strip() == ascii(list(FILES))


def test_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(written(tmp_path, "tar.gz"))
    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"bytes are needed .* 1,000 are free; give .* --repacked"):
        repack(archive, str(tmp_path / "again"))
    assert everything_below(tmp_path / "again") == set()


def test_unknown_places(tmp_path: Path) -> None:
    for raw, message in {
        str(tmp_path / "nowhere"): "not found in the raw folder",
        "memory://nowhere/at/all": "not found in the raw folder",
        "nonsense://x/y": "Protocol not known",
    }.items():
        with pytest.raises(InputError, match=message):
            mini.build(raw, tmp_path / "out")  # type: ignore[arg-type]
