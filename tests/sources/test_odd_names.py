"""Names of other machines, line formats that no reader takes, and faults named where they are."""

from __future__ import annotations

import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from archive_writers import gbk_tar_gz
from boxed_source import SHIPS, source
from named_sources import VOC, index_after_advice, index_of, manifest_of, pictures, voc_documents
from small_source import write

from sarchat_build.archives import open_archive, repack
from sarchat_build.archives.folder import RemoteFolder
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.sources.choose import choose_sources

BUILT_IN = resource_folder("source_manifests")


def quality(row: int) -> pytest.MarkDecorator:
    return pytest.mark.quality(row=row)


def files_of(word: str, top: str = "") -> dict[str, bytes]:
    """Three pictures with their documents, below a folder."""
    files = pictures([f"{top}images/{word}_{n}.png" for n in range(3)])
    return files | voc_documents([f"{top}labels/{word}_{n}.xml" for n in range(3)])


def write_zip(path: Path, files: Mapping[str, bytes], encoding: str, system: int = 0) -> None:
    """A zip whose names are in another encoding, without a flag that says so."""

    class Info(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:
            return self.filename.encode(encoding), self.flag_bits & ~0x800

    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            info = Info(name)
            info.create_system = system
            archive.writestr(info, data)


@quality(83)
@pytest.mark.parametrize(("encoding", "top"), [("gbk", "数据/"), ("cp932", "データ表/")])
def test_a_top_folder_that_is_not_utf8_leads_nowhere(
    tmp_path: Path, encoding: str, top: str
) -> None:
    write_zip(tmp_path / "raw" / "names" / "a.zip", files_of("1", top), encoding)
    message, index = index_after_advice(tmp_path, VOC)
    assert "leads out" not in message
    assert f'"{encoding}"' in message
    assert {file.path.partition("/")[0] + "/" for file in index.images} == {top}


@quality(7)
@pytest.mark.parametrize(
    "name", [b"\xca\xfd\\..\\..\\x.png", b"..\\\xca\xfd.png", b"/\xca\xfd.png"]
)
def test_names_that_lead_out_stop_in_any_encoding(tmp_path: Path, name: bytes) -> None:
    write_zip(tmp_path / "a.zip", {name.decode("latin-1"): b"x"}, "latin-1")
    for encodings in ((), ("gbk",)):
        with pytest.raises(InputError, match="leads out"):
            open_archive(str(tmp_path / "a.zip"), encodings=encodings)


@quality(83)
def test_a_repacked_archive_keeps_names_that_nothing_fits(tmp_path: Path) -> None:
    gbk_tar_gz(tmp_path / "a.tar.gz", files_of("1", "数据/"))
    archive = open_archive(str(tmp_path / "a.tar.gz"))
    made = repack(archive, str(tmp_path / "repacked"))
    again = open_archive(str(tmp_path / "a.tar.gz"), made)
    assert {m.path for m in again.members()} == {m.path for m in archive.members()}
    assert all(m.path.startswith("\\xca\\xfd") for m in again.members())


@quality(83)
@pytest.mark.parametrize("system", [0, 3])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "cp932"])
def test_back_slashes_in_a_zip_are_folders(tmp_path: Path, system: int, encoding: str) -> None:
    # The second half of this letter is a back slash in cp932.
    files = {n.replace("/", "\\"): d for n, d in files_of("表", "top/").items()}
    files["top/read me.txt"] = b"beside names as they should be"
    write_zip(tmp_path / "raw" / "names" / "a.zip", files, encoding, system)
    stated = f'encodings = ["utf-8", "{encoding}"]\n' if encoding != "utf-8" else ""
    index = index_of(tmp_path, manifest_of(tmp_path, VOC + stated))
    assert [file.path for file in index.images] == [f"top/images/表_{n}.png" for n in range(3)]
    assert all(index.files.read(file) for file in index.images)


@quality(83)
def test_back_slashes_that_an_unpacker_left_are_folders(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "names"
    folder.mkdir(parents=True)
    for name, data in files_of("1", "top/").items():
        (folder / name.replace("/", "\\")).write_bytes(data)
    index = index_of(tmp_path, manifest_of(tmp_path, VOC))
    assert [file.path for file in index.images] == [f"top/images/1_{n}.png" for n in range(3)]
    assert all(index.files.read(file) for file in index.images)


def test_a_back_slash_beside_the_folder_it_would_be(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"in a folder")
    (tmp_path / "a\\b").write_bytes(b"a name")
    folder = open_archive(str(tmp_path))
    assert {m.path: folder.read(m.path) for m in folder.members()} == {
        "a/b": b"in a folder",
        "a\\b": b"a name",
    }


@quality(83)
@pytest.mark.parametrize(
    ("encoding", "word"),
    [("gbk", "舰船"), ("gbk", "镕船"), ("cp932", "船舶表"), ("cp932", "データ")],
)
def test_a_survey_proposes_the_encoding_of_names(tmp_path: Path, encoding: str, word: str) -> None:
    write_zip(tmp_path / "case" / "a.zip", files_of(word), encoding)
    text = draft_manifest(survey(str(tmp_path / "case")), "case").text
    assert f'encodings = ["utf-8", "{encoding}"]' in text
    assert f"{word}_0.png' in {encoding}" in text


@quality(83)
def test_names_in_documents_decide_between_encodings(tmp_path: Path) -> None:
    # Bytes that read as well in GBK; the document, in UTF-8, says what they mean.
    listed = source(tmp_path, "coco", {f"선박{n}": [box] for n, box in enumerate(SHIPS.values())})
    raw = listed / "raw" / "case"
    files = {
        path.relative_to(raw).as_posix(): path.read_bytes()
        for path in sorted(raw.rglob("*"))
        if path.is_file()
    }
    write_zip(tmp_path / "zipped" / "a.zip", files, "euc_kr")
    found = survey(str(tmp_path / "zipped"))
    assert found.foreign_encodings == ("euc_kr",)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A raw folder behind a URL."""
    (tmp_path / "raw").mkdir(exist_ok=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "raw"))
    handler.func.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@quality(83)
def test_names_of_a_remote_folder_are_read_in_the_stated_encodings(
    tmp_path: Path, web: str
) -> None:
    folder = tmp_path / "raw" / "names" / "images"
    folder.mkdir(parents=True)
    for name in ("舰船 1.png", "a.png"):
        (folder / name.encode("gbk").decode("utf-8", "surrogateescape")).write_bytes(b"x")
    remote = open_archive(f"{web}/names", encodings=("utf-8", "gbk"))
    assert [m.path for m in remote.members()] == ["images/a.png", "images/舰船 1.png"]
    assert remote.foreign_names == {"images/舰船 1.png": "gbk"}
    assert remote.read("images/舰船 1.png") == b"x"


@quality(83)
def test_bytes_in_urls_are_read_in_the_stated_encodings() -> None:
    folder = RemoteFolder("https://host/raw", ("utf-8", "gbk"))
    assert folder._read_name(quote("舰船.png".encode("gbk"))).text == "舰船.png"
    assert folder._read_name(quote("舰船 1.png")).text == "舰船 1.png"


@quality(64)
def test_a_remote_folder_of_too_many_files_is_told(
    tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sarchat_build.archives.folder.MAX_FILES", 4)
    folder = tmp_path / "raw" / "names" / "images"
    folder.mkdir(parents=True)
    for number in range(5):
        (folder / f"{number}.png").write_bytes(b"x")
    with pytest.raises(InputError, match="more than 4 files"):
        open_archive(f"{web}/names").members()


# What cannot be reached, and manifests that cannot be read.
@quality(1)
@pytest.mark.parametrize(("wanted", "named"), [([], "/raw"), (["msar"], "/raw/msar")])
def test_what_cannot_be_reached_is_named_by_its_own_place(wanted: list[str], named: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_sources(load_manifests(BUILT_IN), "http://127.0.0.1:9/raw", wanted)
    assert str(caught.value).startswith(f"http://127.0.0.1:9{named}: Connect call failed")


@quality(3)
def test_a_broken_manifest_stops_only_what_it_is_for(tmp_path: Path) -> None:
    folder = write(tmp_path, "yolo", {"0": "0 .5 .5 .2 .2"}, options='class_names = ["ship"]')
    (folder / "m" / "broken.toml").write_text("id = 1")
    faulty: dict[str, tuple[Issue, ...]] = {}
    known = load_manifests(BUILT_IN, added=folder / "m", faulty=faulty)
    assert list(faulty) == ["broken"]
    chosen, _ = choose_sources(known, str(folder / "raw"), ["case"], faulty)
    assert list(chosen) == ["case"]
    with pytest.raises(ConfigurationError, match=re.escape("broken.toml › archives: required")):
        choose_sources(known, str(folder / "raw"), ["broken"], faulty)
    with pytest.raises(ConfigurationError, match=r"broken\.toml"):
        load_manifests(BUILT_IN, added=folder / "m")


@quality(3)
@pytest.mark.parametrize(
    ("stated", "hint"),
    [
        ("ssdd.annotations.pixel_orign=1", "unknown key; did you mean 'pixel_origin'?"),
        ("ssdd.pixel_origin=1", "unknown key; did you mean 'annotations.pixel_origin'?"),
        ("ssdd.chippx=3", "unknown key; did you mean 'tiling.chip_px'?"),
        ("ssdd.annotations.tiling.chip_px=3", "unknown key; did you mean 'tiling'?"),
        ("ssdd.xyz=3", "unknown key; known: schema_version, id, title"),
        ("ssdd.title.x=3", "there is no title.x: title is a value and has no keys below it"),
        ("ssdd.annotations.images.7='x'", "whose entries are numbered (0 to 1)"),
        ("ssdd.annotations.format='coc'", "expected tags: 'voc', 'coco'"),
        ("ssdd=3", "expected SOURCE.key.path=VALUE, such as ssdd."),
    ],
)
def test_a_bad_key_is_told_with_the_known_ones(stated: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(BUILT_IN, [stated])
    assert f"--set {stated}: " in str(caught.value)
    assert hint in str(caught.value)


# Lines that no reader takes.
@quality(77)
@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("0 120 80 40 12\n0 30.5 60 20 9", "a class index and four numbers beyond 1, not shares"),
        ("0 10 10 40 10 40 20 10 20", "a class index and four corners beyond 1, not shares"),
        ("50.5 40.2 30 12 1.57 ship 0", "center, size and angle (1.57 to 1.57: radians, it seems)"),
        ("ship 50.5 40.2 30 12 -0.3", "center, size and angle (-0.3 to -0.3: radians, it seems)"),
        ("50.5 40.2 30 12 47 ship", "center, size and angle (47 to 47: degrees, it seems)"),
        ("0 50.5 40.2 30 12 1.1", "center, size and angle (1.1 to 1.1: radians, it seems)"),
        ("0 .5 .5 .2 .1 .93", "the last is the confidence of a guess"),
    ],
)
def test_a_survey_says_what_is_wrong_with_lines(tmp_path: Path, lines: str, says: str) -> None:
    folder = source(
        tmp_path, "dota", {s: [b] for s, b in SHIPS.items()}, texts=dict.fromkeys(SHIPS, lines)
    )
    with pytest.raises(InputError, match=re.escape(says)) as caught:
        survey(str(folder / "raw" / "case"))
    assert "labels: " in str(caught.value)
