"""Names that are not UTF-8: read in the encodings of the manifest, or a stop that names them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_writers import gbk_folder, gbk_tar_gz, gbk_zip
from named_sources import VOC, index_after_advice, index_of, manifest_of, pictures, voc_documents

from sarchat_build.archives import open_archive, repack
from sarchat_build.archives.names import read_name, zip_name
from sarchat_build.errors import InputError
from sarchat_build.sources.inputs import describe_archives

quality = pytest.mark.quality
Write = Callable[[Path, dict[str, bytes]], None]
FILES = pictures([f"images/舰船_{n}.png" for n in range(3)])
FILES |= voc_documents([f"labels/舰船_{n}.xml" for n in range(3)])
WRITERS = [gbk_zip, gbk_tar_gz, gbk_folder]


@quality(row=83)
@pytest.mark.parametrize("write", WRITERS)
def test_names_in_gbk_stop_and_the_advice_works(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "raw" / "names" / "data.bin", FILES)
    message, index = index_after_advice(tmp_path, VOC)
    assert "names are not utf-8" in message
    assert "舰船_0" in message
    assert [index.rule.image_name(file.path) for file in index.images] == [
        f"舰船_{n}" for n in range(3)
    ]
    assert [index.files.read(file) for file in index.images] == list(FILES.values())[:3]


@quality(row=83)
def test_the_layout_says_when_names_are_not_utf8(tmp_path: Path) -> None:
    files = {name.replace("images", "影像"): data for name, data in FILES.items()}
    gbk_zip(tmp_path / "raw" / "names" / "data.zip", files)
    annotations = VOC.replace("**/images", "**/影像")
    message, index = index_after_advice(tmp_path, annotations)
    assert "no images" in message
    assert len(index.images) == 3


@quality(row=83)
def test_foreign_names_that_nothing_claims_do_not_stop(tmp_path: Path) -> None:
    files = {name.replace("舰船", "ship"): data for name, data in FILES.items()}
    gbk_zip(tmp_path / "raw" / "names" / "data.zip", files | {"说明.txt": b"read me"})
    assert len(index_of(tmp_path, manifest_of(tmp_path, VOC)).images) == 3


@quality(row=83)
def test_the_digest_of_a_folder_does_not_depend_on_encodings(tmp_path: Path) -> None:
    gbk_folder(tmp_path / "raw" / "names" / "data", FILES)
    (plain,) = describe_archives(manifest_of(tmp_path, VOC), str(tmp_path / "raw"))
    stated = VOC + 'encodings = ["utf-8", "gbk"]\n'
    assert describe_archives(manifest_of(tmp_path, stated), str(tmp_path / "raw")) == [plain]


@quality(row=83)
def test_a_repacked_archive_is_made_anew_for_other_names(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    gbk_tar_gz(path, FILES)
    made = {}
    for encodings in ((), ("utf-8", "gbk")):
        archive = open_archive(str(path), encodings=encodings)
        made[encodings] = repack(archive, str(tmp_path / "repacked"))
        again = open_archive(str(path), made[encodings], encodings)
        assert again.members()[0].path == archive.members()[0].path
        assert again.foreign_names == archive.foreign_names
    assert len(set(made.values())) == 2


@quality(row=83)
def test_utf8_names_without_a_flag_are_utf8(tmp_path: Path) -> None:
    class Unflagged(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:
            return self.filename.encode(), self.flag_bits & ~0x800

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(Unflagged("舰船.png"), b"x")
    opened = open_archive(str(tmp_path / "a.zip"), encodings=["gbk"])
    assert [member.path for member in opened.members()] == ["舰船.png"]
    assert opened.read("舰船.png") == b"x"
    assert opened.foreign_names == {}


@quality(row=83)
def test_the_unicode_path_of_a_zip_counts() -> None:
    written = "舰船.png".encode("gbk")
    field = struct.pack("<BI", 1, zlib.crc32(written)) + "舰船.png".encode()
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    shown = written.decode("cp437")
    assert zip_name(shown, False, extra) == "舰船.png"
    assert zip_name(shown, False, extra[:-1]) == written
    stale = struct.pack("<HH", 0x7075, len(field)) + struct.pack("<BI", 1, 7) + field[5:]
    assert zip_name(shown, False, stale) == written


@quality(row=83)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "nonsense"])
def test_encodings_that_no_name_can_have_are_not_tried(encoding: str) -> None:
    assert read_name("舰船".encode("gbk"), [encoding, "gbk"]).text == "舰船"


@quality(row=83)
def test_back_slashes_of_windows_are_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("images\\1.png", "images\\", "labels\\1.xml"):
            info = zipfile.ZipInfo(name)
            info.create_system = 0
            archive.writestr(info, b"" if name.endswith("\\") else b"x")
    opened = open_archive(str(tmp_path / "a.zip"))
    assert [member.path for member in opened.members()] == ["images/1.png", "labels/1.xml"]
    assert opened.read("images/1.png") == b"x"


@quality(row=7)
def test_back_slashes_that_lead_out_stop(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("..\\x.png")
        info.create_system = 0
        archive.writestr(info, b"x")
    with pytest.raises(InputError, match="leads out"):
        open_archive(str(tmp_path / "a.zip"))


@quality(row=84)
@pytest.mark.parametrize("images", [0, 2])
def test_an_archive_inside_an_archive_is_named(tmp_path: Path, images: int) -> None:
    folder = tmp_path / "raw" / "names"
    folder.mkdir(parents=True)
    files = pictures([f"images/{n}.png" for n in range(images)])
    files |= voc_documents([f"labels/{n}.xml" for n in range(images)])
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        for name, data in (files | {"dataset/data.zip": b"PK\x03\x04"}).items():
            archive.writestr(name, data)
    named = r"download.zip/dataset/data.zip is an archive itself: unpack the outer one first"
    if images:
        (part,) = index_of(tmp_path, manifest_of(tmp_path, VOC)).part_matches
        assert named in str(part)
        return
    with pytest.raises(InputError, match=named):
        index_of(tmp_path, manifest_of(tmp_path, VOC))


@quality(row=84)
def test_an_archive_below_the_top_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "names" / "deep"
    folder.mkdir(parents=True)
    gbk_zip(folder / "data.zip", FILES)
    with pytest.raises(InputError, match=r"deep/data.zip is an archive in a folder"):
        index_of(tmp_path, manifest_of(tmp_path, VOC))
