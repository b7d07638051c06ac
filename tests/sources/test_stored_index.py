"""An index that is written once and mapped: it says what one says that lists the archives."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from named_sources import VOC, manifest_of

from sarchat_build.archives.location import file_here
from sarchat_build.config.manifest import Manifest
from sarchat_build.errors import RecordError
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import repack_archives
from sarchat_build.sources.matching.stored_index import store_index, stored_index

LISTS = """
[[annotations.split_lists]]
path = "test.txt"
split = "test"
"""
FILES = {
    "images/1.png": b"one",
    "images/1_2.png": b"two" * 5000,
    "labels/1.xml": b"<annotation/>",
    "labels/1_2.xml": b"<annotation></annotation>",
    "other/9.png": b"nine",
    "__MACOSX/images/._1.png": b"none",
    "test.txt": b"1_2\n",
}


def write(folder: Path, kind: str) -> None:
    import io
    import tarfile

    folder.mkdir(parents=True)
    if kind == "folder":
        for name, data in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    elif kind == "zip":
        with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as target:
            for name, data in FILES.items():
                target.writestr(name, data)
    else:
        mode = "w:gz" if kind == "tar.gz" else "w"
        with tarfile.open(folder / f"x.{kind}", mode) as packed:
            for name, data in FILES.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                packed.addfile(info, io.BytesIO(data))


def said(index: SourceIndex) -> dict[str, object]:
    """Everything that an index says of its files."""
    document = FileRef(index.documents[0].file.archive, "labels/nowhere.xml")
    return {
        "files": list(index.files.files),
        "images": [*index.images],
        "blocks": [index.images_of_block(0), index.documents_of_block(0)],
        "documents": list(index.documents),
        "splits": dict(index.split_by_name),
        "others": list(index.others),
        "bytes": [index.files.read(file) for file in index.files.files],
        "order": index.files.in_reading_order(reversed(list(index.files.files))),
        "resolved": [index.resolve(None, d.file) for d in index.documents],
        "written": index.resolve("images/1.jpg", document),
        "found": [index.names.find(name) for name in ("A/1_2.PNG", "1", "x/y/1_2.png")],
        "image": [index.image_of(name) for name in index.names.all_names],
        "folders": index.folders_above_documents,
        "large": [index.files.is_large(file) for file in index.files.files],
    }


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "folder"])
def test_a_stored_index_says_what_the_listed_one_says(tmp_path: Path, kind: str) -> None:
    manifest = manifest_of(tmp_path, VOC + LISTS)
    write(tmp_path / "raw" / "names", kind)
    made = repack_archives(str(tmp_path / "raw" / "names"), str(tmp_path / "repacked"))
    listed = index_source(manifest, str(tmp_path / "raw"), made)
    store_index(listed, str(tmp_path / "index.arrow"))
    store_index(listed, str(tmp_path / "again.arrow"))
    assert (tmp_path / "index.arrow").read_bytes() == (tmp_path / "again.arrow").read_bytes()
    mapped = stored_index(manifest, str(tmp_path / "index.arrow"), made)
    assert said(mapped) == said(listed)
    assert mapped.split_by_name == {"1_2": "test"}
    with pytest.raises(RecordError, match=r"no such member|No such file"):
        mapped.files.archives[mapped.images[0].archive].read("nothing.png")


def test_an_index_behind_a_url_is_fetched_and_mapped(tmp_path: Path) -> None:
    import fsspec

    manifest = manifest_of(tmp_path, VOC)
    write(tmp_path / "raw" / "names", "zip")
    listed = index_source(manifest, str(tmp_path / "raw"))
    store_index(listed, str(tmp_path / "index.arrow"))
    system = fsspec.filesystem("memory")
    system.pipe_file("/indexes/names.arrow", (tmp_path / "index.arrow").read_bytes())
    with file_here("memory://indexes/names.arrow") as name:
        mapped = stored_index(manifest, name)
    assert not Path(name).exists()
    assert said(mapped) == said(listed)


def test_a_mapped_index_takes_no_memory_per_image(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, VOC)

    def private_bytes(images: int) -> int:
        name = _index_of_many(tmp_path / str(images), manifest, images)
        tracemalloc.start()
        try:
            mapped = stored_index(manifest, name)
            document = mapped.documents[images // 2]
            assert mapped.resolve(None, document.file)[0] == f"{images // 2:06d}"
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    private_bytes(10)  # what is imported and cached once
    # Python's own objects, which no load of the machine changes: ten bytes an image at most.
    assert private_bytes(4000) - private_bytes(1000) < 3000 * 10


def _index_of_many(folder: Path, manifest: Manifest, images: int) -> str:
    (folder / "raw" / "names").mkdir(parents=True)
    with zipfile.ZipFile(folder / "raw" / "names" / "x.zip", "w") as target:
        for number in range(images):
            target.writestr(f"images/{number:06d}.png", b"")
            target.writestr(f"labels/{number:06d}.xml", b"")
    store_index(index_source(manifest, str(folder / "raw")), str(folder / "index.arrow"))
    assert (folder / "index.arrow").stat().st_size < 300 * images + 100_000
    return str(folder / "index.arrow")
