"""Archives of every kind give the same members, under any name and in any process."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import miniatures as mini
import pytest
from archive_cases import FILES, PACKED, contents, everything_below, python, written
from archive_writers import WRITERS
from hypothesis import given, settings
from hypothesis import strategies as st
from miniatures import SHIP, picture, voc_xml

from sarchat_build.archives import is_archive_name, open_archive
from sarchat_build.archives.repack import needs_repacking, repack
from sarchat_build.errors import RecordError

quality = pytest.mark.quality


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
