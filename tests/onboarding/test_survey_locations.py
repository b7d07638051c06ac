"""A survey reads any location alike: folders, archives of each kind, URLs; in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import miniatures as mini
import pytest
from archive_writers import FILE_KINDS, WRITERS
from http_folder import served
from measured_memory import coco_memory
from typer.testing import CliRunner

from pipelines.cli.main import app
from sarchat_build.archives.formats.packed import PackedArchive
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.sources.inputs import repack_archives

PACKED = ["tar.gz", "tar.bz2", "tar.xz", "7z", "rar", "rar5"]
# A document per image, and one about all of them.
SOURCES = ["ssdd", "hrsid"]
NAME = "hand made"


def draft_of(location: str, again: Path, source_id: str) -> str:
    found = survey(location, repacked=repack_archives(location, str(again)))
    return draft_manifest(found, source_id).text


def put(folder: Path, kind: str, source_id: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    WRITERS[kind](folder / NAME, getattr(mini, source_id)().files)
    return folder / NAME


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a survey of a zip on this machine writes, by source."""
    texts = {}
    for source_id in SOURCES:
        folder = tmp_path_factory.mktemp(source_id)
        texts[source_id] = draft_of(str(put(folder, "zip", source_id)), folder, source_id)
        assert f'name = "{NAME}"' in texts[source_id]
    return texts


@pytest.fixture(params=["path", "file", "memory", "http"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder to fill, and the location from which a survey reads it once `publish` was called."""
    local = tmp_path / "local"
    local.mkdir()
    if request.param == "http":
        with served(local) as url:
            yield local, url
        return
    if request.param == "memory":
        yield local, f"memory://{tmp_path.name}"
        fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)
        return
    yield local, str(local) if request.param == "path" else f"file://{local}"


def publish(local: Path, url: str) -> None:
    if url.startswith("memory://"):
        fsspec.filesystem("memory").put(str(local), url, recursive=True)


@pytest.mark.parametrize("source_id", SOURCES)
@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_single_archive_anywhere(
    tmp_path: Path, root: tuple[Path, str], expected: dict[str, str], kind: str, source_id: str
) -> None:
    local, url = root
    put(local, kind, source_id)
    publish(local, url)
    text = draft_of(f"{url}/{NAME}", tmp_path / "again", source_id)
    assert text == expected[source_id]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "7z"])
def test_a_folder_of_archives_anywhere(
    tmp_path: Path, root: tuple[Path, str], expected: dict[str, str], kind: str
) -> None:
    local, url = root
    # A listing by HTTP says no sizes: there only a name tells that something is an archive.
    name = f"SSDD.{kind}"
    put(local / "raw", kind, "ssdd").rename(local / "raw" / name)
    publish(local, url)
    text = draft_of(f"{url}/raw/", tmp_path / "again", "ssdd")
    assert text == expected["ssdd"].replace(NAME, name)


@pytest.mark.parametrize("source_id", SOURCES)
def test_an_unpacked_folder_anywhere(
    tmp_path: Path, root: tuple[Path, str], expected: dict[str, str], source_id: str
) -> None:
    local, url = root
    put(local, "folder", source_id).rename(local / "unpacked")
    publish(local, url)
    text = draft_of(f"{url}/unpacked", tmp_path / "again", source_id)
    assert text == expected[source_id].replace(NAME, "unpacked")


@pytest.mark.parametrize("kind", PACKED)
def test_a_packed_archive_is_not_unpacked_for_each_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, str], kind: str
) -> None:
    location = str(put(tmp_path, kind, "ssdd"))
    made = repack_archives(location, str(tmp_path / "again"))

    def refuse(archive: PackedArchive, path: str) -> None:
        raise AssertionError(f"{path} was read out of {archive.location}")

    monkeypatch.setattr(PackedArchive, "open_raw", refuse)
    text = draft_manifest(survey(location, repacked=made), "ssdd").text
    assert text == expected["ssdd"]


@pytest.mark.parametrize("keep", [True, False])
def test_commands_repack_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    temporary, again = tmp_path / "tmp", tmp_path / "again"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    put(tmp_path / "raw" / "ssdd", "tar.gz", "ssdd")
    option = ["--repacked", str(again)] if keep else []
    output = tmp_path / "look.toml"
    for arguments in (
        ["new", f"file://{tmp_path}/raw/ssdd/{NAME}", "--id", "look", "--output", str(output)],
        ["inspect", "--raw", f"file://{tmp_path}/raw", "--source", "ssdd"],
    ):
        done = CliRunner().invoke(app, ["sources", *arguments, *option])
        assert done.exit_code == 0, done.output
    assert 'format = "voc"' in output.read_text()
    assert list(temporary.iterdir()) == []
    assert again.exists() == keep
    if keep:
        assert {path.suffix for path in again.iterdir()} == {".zip", ".json"}


def test_the_folder_one_stands_in_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(put(tmp_path, "folder", "ssdd"))
    assert f'name = "{NAME}"' in draft_of(".", tmp_path / "again", "ssdd")


def test_faults_are_reported_alike_in_any_order(tmp_path: Path) -> None:
    source = mini.ssdd()
    for stem in ("000002", "000003", "000005"):
        source.document(stem, "<annotation><object>")
    texts = set()
    for number, backwards in enumerate((False, True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        files = dict(sorted(source.files.items(), reverse=backwards))
        WRITERS["zip"](folder / NAME, files)
        texts.add(draft_of(str(folder / NAME), folder, "ssdd"))
    (text,) = texts
    assert "unreadable, xml_parse: 3, first" in text
    assert "000002.xml" in text


def test_a_broken_document_of_many_images_is_reported(tmp_path: Path) -> None:
    source = mini.hrsid()
    broken = next(path for path in source.files if path.endswith("test2017.json"))
    source.files[broken] = source.files[broken][:-20]
    WRITERS["zip"](tmp_path / NAME, source.files)
    text = draft_of(str(tmp_path / NAME), tmp_path, "hrsid")
    assert f"not read: {broken} (coco, 0 objects)" in text
    assert "unreadable, json_parse: 1, first" in text


def test_memory_is_bounded_by_images_not_by_the_document(tmp_path: Path) -> None:
    """Its text alone would take 12 MB, which the bound would not let pass."""
    figures = coco_memory(tmp_path / "big.json", 12, "measure_survey")
    assert figures["megabytes"] >= 12
    assert figures["instances"] > 9_000
    assert figures["peak_mb"] - figures["peak_mb_before"] < 6
