"""What `sarchat synthesize` draws says so, in whatever form its archive is read."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from archive_writers import WRITERS
from written_archives import SIZES, written_archive

from pipelines import launch
from sarchat_build.config.manifest import Manifest
from sarchat_build.sources.index import index_source
from sarchat_build.sources.inputs import SYNTHETIC_MARK, describe_archives, repack_archives


@pytest.fixture(scope="module")
def manifests() -> dict[str, Manifest]:
    return dict(launch.load_settings("sarchat_2m", None, None).manifests)


def files_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def is_synthetic(manifest: Manifest, raw: Path) -> list[bool]:
    listed = index_source(manifest, str(raw)).files.archives
    return [entry.synthetic for entry in describe_archives(manifest, str(raw), listed=listed)]


@pytest.mark.parametrize("kind", WRITERS)
def test_it_is_found_in_every_kind_of_archive(
    kind: str, tmp_path: Path, manifests: dict[str, Manifest],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    files = files_of(written_archive(tmp_path_factory, "ssdd", SIZES["ssdd"]).path)
    few = dict(list(files.items())[:9])
    few |= {name: data for name, data in files.items() if not name.endswith((".jpg", ".xml"))}
    (tmp_path / "ssdd").mkdir()
    WRITERS[kind](tmp_path / "ssdd" / "of another name", few)
    assert is_synthetic(manifests["ssdd"], tmp_path) == [True]
    del few[SYNTHETIC_MARK]
    for old in (tmp_path / "ssdd").iterdir():
        old.rename(tmp_path / "away")
    WRITERS[kind](tmp_path / "ssdd" / "of this name", few)
    assert is_synthetic(manifests["ssdd"], tmp_path) == [False]


def test_of_several_archives_each_speaks_for_itself(
    tmp_path: Path, manifests: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = files_of(written_archive(tmp_path_factory, "ssdd", SIZES["ssdd"]).path)
    mark = {SYNTHETIC_MARK.lower(): files.pop(SYNTHETIC_MARK)}
    (tmp_path / "ssdd").mkdir()
    names = sorted(files)
    WRITERS["zip"](tmp_path / "ssdd" / "a.zip", {name: files[name] for name in names[::2]})
    part = {name: files[name] for name in names[1::2]}
    WRITERS["tar.gz"](tmp_path / "ssdd" / "b.tar.gz", part | mark)
    assert is_synthetic(manifests["ssdd"], tmp_path) == [False, True]
    made = repack_archives(str(tmp_path / "ssdd"), str(tmp_path / "repacked"))
    assert list(made)
    listed = index_source(manifests["ssdd"], str(tmp_path), made).files.archives
    assert listed["b.tar.gz"].members().called(SYNTHETIC_MARK) == [SYNTHETIC_MARK.lower()]


@pytest.mark.parametrize("source", sorted(SIZES))
def test_no_source_takes_it_for_a_file_of_its_own(
    source: str, manifests: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = written_archive(tmp_path_factory, source, SIZES[source])
    index = index_source(manifests[source], str(written.path.parents[1]))
    read = {*index.images, *(document.file for document in index.documents), *index.others}
    assert SYNTHETIC_MARK not in {file.path for file in read}
    assert any(file.path == SYNTHETIC_MARK for file in index.files.files)
