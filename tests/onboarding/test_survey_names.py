"""`sources new` finds all pictures of releases whose names repeat, and says what it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import miniatures as mini
import pytest
from archive_writers import gbk_folder, gbk_tar_gz, gbk_zip
from named_sources import coco, pictures, source_of, voc_documents

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.errors import InputError
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import Survey, survey
from sarchat_build.onboarding.survey.scenes import propose_scenes
from sarchat_build.onboarding.survey.sniffing import ENCODINGS
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import repacked_archives

quality = pytest.mark.quality
SCENES = ("S1A_2019", "S1A_2021", "S1B_2020")


def finished(folder: Path) -> tuple[Survey, str, Manifest]:
    """Survey the source `names`, and answer what the draft asks."""
    found = survey(str(folder / "raw" / "names"))
    text = draft_manifest(found, "names").text
    answered = re.sub(r'^# (title|homepage|license|citation) *= ""$', r'\1 = "t"', text, flags=re.M)
    answered = answered.replace('pixel_origin = "decide"', "pixel_origin = 0")
    answered = answered.replace('max_edge = "decide"', 'max_edge = "exclusive"')
    (folder / "mine").mkdir(exist_ok=True)
    (folder / "mine" / "names.toml").write_text(answered, encoding="utf-8")
    return found, text, load_manifests(folder / "mine")["names"]


def read(folder: Path, manifest: Manifest) -> tuple[SourceSummary, SourceIndex]:
    index = index_source(manifest, str(folder / "raw"))
    return read_source(manifest, index, 0), index


def assert_reads_all(folder: Path, images: int) -> tuple[Survey, str, Manifest]:
    found, text, manifest = finished(folder)
    summary, _ = read(folder, manifest)
    assert not summary.rejects.counts
    assert found.image_count == len(summary.kept) == images
    assert all(len(image.instances) == 1 for image in summary.kept)
    return found, text, manifest


@quality(row=84)
@pytest.mark.parametrize(
    "path", ["images/{s}/patches/{n:03d}.png", "{s}/patches/{n:03d}.png", "{s}/{n:03d}.png"]
)
def test_nested_coco_finds_every_scene(tmp_path: Path, path: str) -> None:
    paths = [path.format(s=s, n=n) for s in SCENES for n in range(3)]
    names = [p.removeprefix("images/") for p in paths]
    source_of(pictures(paths) | {"annotations/all.json": coco(names)}).write_folder(
        tmp_path / "raw"
    )
    _, _, manifest = assert_reads_all(tmp_path, 9)
    assert {manifest.scene_id(p) for p in paths} == {f"names/{scene}" for scene in SCENES}


@quality(row=84)
@pytest.mark.parametrize(
    ("image", "document"),
    [
        ("{s}/images/{n}.png", "{s}/labels/{n}.{kind}"),
        ("images/{s}/{n}.png", "labels/{s}/{n}.{kind}"),
        ("{s}/{n}.png", "{s}/{n}.{kind}"),
    ],
)
@pytest.mark.parametrize("kind", ["xml", "txt"])
def test_nested_documents_of_one_image_find_every_scene(
    tmp_path: Path, image: str, document: str, kind: str
) -> None:
    pairs = [(s, n) for s in SCENES for n in range(4)]
    files = pictures([image.format(s=s, n=n) for s, n in pairs])
    labels = [document.format(s=s, n=n, kind=kind) for s, n in pairs]
    dota = dict.fromkeys(labels, b"1 2 9 2 9 8 1 8 ship 0")
    files |= voc_documents(labels) if kind == "xml" else dota
    source_of(files).write_zip(tmp_path / "raw")
    assert_reads_all(tmp_path, 12)


@quality(row=84)
def test_copies_of_a_release_are_read_once(tmp_path: Path) -> None:
    files = pictures([f"a/images/{n}.png" for n in range(4)])
    files |= {p.replace("a/", "b/"): data for p, data in files.items()}
    files |= voc_documents([f"{part}/labels/{n}.xml" for part in "ab" for n in range(4)])
    source_of(files).write_zip(tmp_path / "raw")
    _, text, _ = assert_reads_all(tmp_path, 4)
    assert "not read: b/images (4 pictures)" in text


@quality(row=84)
def test_bare_names_over_several_folders(tmp_path: Path) -> None:
    files = pictures(["part1/1.png", "part1/2.png", "part2/3.png"])
    source_of(files | {"all.json": coco(["1.png", "2.png", "3.png"])}).write_zip(tmp_path / "raw")
    assert_reads_all(tmp_path, 3)


@quality(row=84)
def test_one_folder_of_documents_over_several_of_pictures(tmp_path: Path) -> None:
    files = pictures(["part1/1.png", "part1/2.png", "part2/3.png"])
    files |= voc_documents([f"labels/{n}.xml" for n in (1, 2, 3)])
    files["drawn/1.png"] = files["part1/2.png"]
    source_of(files).write_zip(tmp_path / "raw")
    assert_reads_all(tmp_path, 3)


@quality(row=84)
def test_one_picture_in_two_formats_is_read_once(tmp_path: Path) -> None:
    files = pictures([f"images/{n}.{kind}" for n in range(4) for kind in ("jpg", "png")])
    files |= voc_documents([f"labels/{n}.xml" for n in range(4)])
    source_of(files).write_zip(tmp_path / "raw")
    _, text, manifest = assert_reads_all(tmp_path, 4)
    assert "4 pictures are called as others with another extension" in text
    assert manifest.annotations.images == ("**/images/*.png",)


@quality(row=84)
def test_of_two_formats_the_one_that_documents_name_is_read(tmp_path: Path) -> None:
    files = pictures([f"images/{n}.{kind}" for n in range(4) for kind in ("jpg", "png")])
    files["all.json"] = coco([f"{n}.jpg" for n in range(4)])
    source_of(files).write_zip(tmp_path / "raw")
    _, _, manifest = assert_reads_all(tmp_path, 4)
    assert manifest.annotations.images == ("**/images/*.jpg",)


@quality(row=84)
def test_scenes_beside_their_chips(tmp_path: Path) -> None:
    scenes = [f"{s:02d}" for s in range(1, 5)]
    chips = [f"{s}_{row}_{column}" for s in scenes for row in (1, 2) for column in (1, 2)]
    files = pictures([f"JPEGImages/{s}.png" for s in scenes])
    files |= {f"JPEGImages_sub/{c}.png": mini.picture(50 + n, (96, 80), "PNG")
              for n, c in enumerate(chips)}  # fmt: skip
    files |= voc_documents([f"Annotations/{s}.xml" for s in scenes])
    files |= voc_documents([f"Annotations_sub/{c}.xml" for c in chips])
    files["ImageSets/train.txt"] = "\n".join(c for c in chips if c[:2] == "01").encode()
    files["ImageSets/test.txt"] = "\n".join(c for c in chips if c[:2] == "04").encode()
    source_of(files).write_zip(tmp_path / "raw")
    found, text, manifest = assert_reads_all(tmp_path, 16)
    assert [scene.group.template for scene in found.scenes_of] == ["JPEGImages"]
    assert "scenes that those of JPEGImages_sub are cut from" in text
    assert {manifest.scene_id(f"{c}.png") for c in chips} == {f"names/{s}" for s in scenes}
    mini.build(tmp_path / "raw", tmp_path / "out", sources=["names"], manifests=tmp_path / "mine")
    sides: dict[str, set[str]] = {}
    for split in ("train", "validation", "test"):
        for row in mini._rows(tmp_path / "out", f"images/{split}-*.parquet"):
            sides.setdefault(row["scene_id"], set()).add(split)
    assert set(sides) == {f"names/{s}" for s in scenes}
    assert all(len(splits) == 1 for splits in sides.values())
    assert sides["names/04"] == {"test"}


@quality(row=84)
@pytest.mark.parametrize(
    ("names", "scenes"),
    [
        ([f"P{s:04d}_{x}" for s in range(3) for x in (0, 600, 1200)], 3),
        ([f"GF3-{s}-{x}" for s in range(3) for x in "abc"], 3),
        ([f"s{s}/a_{x}" for s in range(3) for x in "abc"], 3),
        ([f"s{s}/vv/{x}" for s in range(3) for x in "abc"], 3),
        ([f"1_{s}_{x}" for s in range(3) for x in "abc"] + ["1", "2"], 2),
        ([f"{s}_1_{x}" for s in range(3) for x in "abc"] + ["0", "1"], 3),
    ],
)
def test_proposals_of_scenes_match_what_they_claim(names: list[str], scenes: int) -> None:
    proposal = propose_scenes(names)
    assert proposal is not None
    found = [re.search(proposal.pattern, name) for name in names]
    ids = [match["scene_id"] if match else name for match, name in zip(found, names, strict=True)]
    assert len(set(ids)) == proposal.scenes == scenes
    assert max(map(ids.count, ids)) == proposal.largest


@quality(row=84)
@pytest.mark.parametrize("names", [["train/1", "test/1", "train/2", "test/2"], ["1", "2"], []])
def test_splits_and_plain_names_are_no_scenes(names: list[str]) -> None:
    assert propose_scenes(names) is None


@quality(row=82)
@pytest.mark.parametrize("line", ["{s}  1", "{s} -1", "images/{s}.png", '"{s}.png",1'])
def test_lists_with_flags_are_found(tmp_path: Path, line: str) -> None:
    stems = [f"{n:06d}" for n in range(6)]
    files = pictures([f"images/{s}.png" for s in stems])
    files |= voc_documents([f"labels/{s}.xml" for s in stems])
    for name, part in (("ship_train", stems[:4]), ("train", stems[:4]), ("ship_test", stems[4:])):
        files[f"Main/{name}.txt"] = "\r\n".join(line.format(s=s) for s in part).encode()
    source_of(files).write_zip(tmp_path / "raw")
    found, _, manifest = finished(tmp_path)
    assert [(f.path, split) for f, split in found.split_lists] == [
        ("Main/ship_test.txt", "test"),
        ("Main/train.txt", "train"),
    ]
    _, index = read(tmp_path, manifest)
    assert list(index.split_by_name.values()).count("test") == 2
    assert index.part_matches == ()


@quality(row=83)
@pytest.mark.parametrize("write", [gbk_zip, gbk_tar_gz, gbk_folder])
def test_names_in_gbk_are_read_and_their_encoding_is_offered(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], None]
) -> None:
    names = [f"舰船_{n}.png" for n in range(4)]
    files = pictures([f"images/{name}" for name in names]) | {"annotations/all.json": coco(names)}
    write(tmp_path / "raw" / "names" / "data.bin", files)
    with repacked_archives(str(tmp_path / "raw" / "names"), encodings=ENCODINGS) as made:
        text = draft_manifest(survey(str(tmp_path / "raw" / "names"), repacked=made), "names").text
    assert "names in archives are not UTF-8 but gbk" in text
    _, _, manifest = assert_reads_all(tmp_path, 4)
    assert manifest.annotations.encodings == ("utf-8", "gbk")
    assert manifest.image_id("images/舰船_0.png") == "names/舰船_0"


@quality(row=84)
@pytest.mark.parametrize("deep", [False, True])
def test_an_archive_inside_an_archive_is_named(tmp_path: Path, deep: bool) -> None:
    inner = source_of(pictures(["images/1.png"]) | voc_documents(["labels/1.xml"]))
    inner.write_zip(tmp_path / "inner")
    data = (tmp_path / "inner" / "names" / "a copy.zip").read_bytes()
    outer = source_of({"dataset/data.zip": data, "dataset/readme.txt": b"read me"})
    _ = outer.write_folder(tmp_path / "raw") if deep else outer.write_zip(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        survey(str(tmp_path / "raw" / "names"))
    assert "dataset/data.zip is an archive" in str(caught.value)
    # As it says: the outer one is unpacked, and the inner one moved up.
    (tmp_path / "raw" / "names" / ("dataset" if deep else "a copy.zip")).rename(tmp_path / "gone")
    (tmp_path / "raw" / "names" / "data.zip").write_bytes(data)
    assert_reads_all(tmp_path, 1)
