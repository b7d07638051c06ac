"""Names that documents write: whole paths, folders that repeat, dots, other case; never a guess."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import miniatures as mini
import pytest
from named_sources import (
    COCO,
    VOC,
    YOLO,
    coco,
    index_after_advice,
    index_of,
    manifest_of,
    pictures,
    source_of,
    voc_documents,
)

from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.reasons import Reason

quality = pytest.mark.quality
SCENES = ("S1A_2019", "S1A_2021", "S1B_2020")
NESTED = [f"images/{scene}/patches/{n:03d}.png" for scene in SCENES for n in range(3)]
WRITTEN = [path.removeprefix("images/") for path in NESTED]
BY_FOLDER = "stem_folders = 2\n"


def read(folder: Path, files: dict[str, bytes], annotations: str) -> SourceSummary:
    source_of(files).write_folder(folder / "raw")
    manifest = manifest_of(folder, annotations)
    return read_source(manifest, index_of(folder, manifest), 0)


def corners(summary: SourceSummary) -> dict[str, list[float]]:
    """The first coordinate of each object, by image: it is the number of the image in COCO."""
    found: dict[str, list[float]] = defaultdict(list)
    for image in summary.kept:
        for instance in image.instances:
            found[image.image_id.removeprefix("names/")].append(instance.bbox.x_min_px)
    return dict(found)


@quality(row=83)
@pytest.mark.parametrize("prefix", ["", "images/", "/home/me/data/images/", "D:\\data\\images\\"])
def test_nested_names_find_their_own_pictures(tmp_path: Path, prefix: str) -> None:
    separator = "\\" if "\\" in prefix else "/"
    names = [prefix + name.replace("/", separator) for name in WRITTEN]
    summary = read(tmp_path, pictures(NESTED) | {"all.json": coco(names)}, COCO + BY_FOLDER)
    wanted = {path.removeprefix("images/").removesuffix(".png"): [n + 1.0] for n, path in
              enumerate(NESTED)}  # fmt: skip
    assert corners(summary) == wanted
    assert not summary.rejects.counts


@quality(row=83)
@pytest.mark.parametrize("unread_are_there", [True, False])
def test_objects_of_unread_scenes_are_laid_on_no_picture(
    tmp_path: Path, unread_are_there: bool
) -> None:
    files = pictures(NESTED if unread_are_there else NESTED[:3]) | {"all.json": coco(WRITTEN)}
    only = COCO.replace("**/*.png", "**/S1A_2019/patches/*.png")
    summary = read(tmp_path, files, only)
    assert corners(summary) == {"000": [1], "001": [2], "002": [3]}
    assert dict(summary.rejects.counts) in ({"image_missing": 6}, {"image_ambiguous": 6})
    (rejects,) = summary.rejects.first.values()
    assert {"S1A_2021", "S1B_2020"} <= {reject.key.split("/")[1] for reject in rejects}
    assert not unread_are_there or "annotations.images" in rejects[0].detail


@quality(row=83)
def test_another_number_of_another_scene_is_laid_on_no_picture(tmp_path: Path) -> None:
    names = ["S1A_2019/patches/000.png", "S1B_2020/patches/001.png"]
    files = pictures(NESTED[:3]) | {"all.json": coco(names)}
    summary = read(tmp_path, files, COCO)
    assert corners(summary) == {"000": [1]}
    assert summary.rejects.counts["image_missing"] == 1


@quality(row=83)
def test_two_paths_that_end_alike_are_no_image(tmp_path: Path) -> None:
    files = pictures(["images/1.png", "images/2.png"])
    files["all.json"] = coco(["a/1.png", "b/1.png", "a/2.png"])
    summary = read(tmp_path, files, COCO)
    assert corners(summary) == {"2": [3]}
    assert dict(summary.rejects.counts) == {"image_ambiguous": 1}
    assert summary.objects == 3


@quality(row=83)
def test_a_bare_name_that_several_folders_have_is_rejected(tmp_path: Path) -> None:
    files = pictures(NESTED) | {"all.json": coco(["000.png", "S1B_2020/patches/001.png"])}
    summary = read(tmp_path, files, COCO + BY_FOLDER)
    assert corners(summary) == {"S1B_2020/patches/001": [2]}
    assert summary.rejects.counts["image_ambiguous"] == 1


@quality(row=83)
@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("a.b.png", "a.b"),
        ("a.b", "a.b"),  # without its extension
        ("a.b.jpg", "a.b"),  # with another one
        ("A.B.PNG", "a.b"),
        ("JPEGImages/a.b.png", "a.b"),
        (r"..\pictures\a.b.png", "a.b"),
        ("/mnt/nas/SAR/a.b.png", "a.b"),
        ("c d.png", "c d"),
    ],
)
def test_spellings_of_one_name(tmp_path: Path, written: str, image: str) -> None:
    files = pictures(["images/a.b.png", "images/a.c.png", "images/c d.png"])
    summary = read(tmp_path, files | {"all.json": coco([written])}, COCO)
    assert corners(summary) == {image: [1]}


@quality(row=83)
def test_folders_that_tell_nothing_do_not_matter(tmp_path: Path) -> None:
    files = pictures(["train/1.png", "test/2.png"])
    summary = read(tmp_path, files | {"all.json": coco(["JPEGImages/1.png", "JPEGImages/2.png"])},
                   COCO)  # fmt: skip
    assert corners(summary) == {"1": [1], "2": [2]}


@quality(row=83)
def test_a_folder_that_another_picture_lies_in_matters(tmp_path: Path) -> None:
    files = pictures(["train/1.png", "test/2.png"])
    summary = read(tmp_path, files | {"all.json": coco(["test/1.png", "test/2.png"])}, COCO)
    assert corners(summary) == {"2": [2]}


@quality(row=83)
def test_case_tells_images_apart_where_it_must(tmp_path: Path) -> None:
    files = pictures(["images/A1.png", "images/a1.png"])
    summary = read(tmp_path, files | {"all.json": coco(["a1.png", "A1.png"])}, COCO)
    assert corners(summary) == {"a1": [1], "A1": [2]}


@quality(row=83)
@pytest.mark.parametrize(
    "filename", [r"D:\data\images\0.png", "/home/me/images/0.png", "images/0.jpg", "../0.png"]
)
def test_the_path_of_another_machine_is_not_used(tmp_path: Path, filename: str) -> None:
    files = pictures(["images/0.png"]) | voc_documents(["labels/0.xml"], filename)
    summary = read(tmp_path, files, VOC)
    assert corners(summary) == {"0": [2]}
    assert dict(summary.notices.counts) == {"filename_differs": 1}


@quality(row=83)
@pytest.mark.parametrize("annotations", [VOC, YOLO])
def test_documents_of_unread_folders_are_laid_on_no_picture(
    tmp_path: Path, annotations: str
) -> None:
    kind = "xml" if annotations == VOC else "txt"
    files = pictures([f"{s}/images/{n}.png" for s in "AB" for n in range(3)])
    labels = [f"{s}/labels/{n}.{kind}" for s, n in (("A", 0), ("B", 1), ("B", 2))]
    files |= voc_documents(labels) if kind == "xml" else dict.fromkeys(labels, b"0 .5 .5 .2 .2")
    summary = read(tmp_path, files, annotations.replace("**/images", "**/A/images"))
    assert list(corners(summary)) == ["0"]
    assert summary.rejects.counts["image_missing"] == 2
    assert "B/images/1.png" in summary.rejects.first[Reason.IMAGE_MISSING][0].detail


# Two images of one name: each piece of advice is followed, and works.


@quality(row=84)
@pytest.mark.parametrize("patterns", ['"**/images/*.jpg", "**/images/*.png"', '"**/images/*"'])
def test_one_picture_in_two_formats(tmp_path: Path, patterns: str) -> None:
    files = pictures([f"images/{n}.{kind}" for n in range(3) for kind in ("jpg", "png")])
    source_of(files | voc_documents([f"labels/{n}.xml" for n in range(3)])).write_zip(
        tmp_path / "raw"
    )
    message, index = index_after_advice(tmp_path, VOC.replace('"**/images/*.png"', patterns))
    assert "two formats" in message
    assert [file.path for file in index.images] == [f"images/{n}.png" for n in range(3)]


@quality(row=83)
@pytest.mark.parametrize(
    ("image", "document"),
    [
        ("{s}/images/{n}.png", "{s}/labels/{n}.xml"),
        ("images/{s}/{n}.png", "labels/{s}/{n}.xml"),
        ("images/{s}/patches/{n}.png", "labels/{s}/{n}.xml"),
        ("{s}/vv/images/{n}.png", "{s}/vv/labels/{n}.xml"),
    ],
)
def test_names_that_repeat_in_folders(tmp_path: Path, image: str, document: str) -> None:
    pairs = [(s, n) for s in "AB" for n in range(3)]
    files = pictures([image.format(s=s, n=n) for s, n in pairs])
    files |= voc_documents([document.format(s=s, n=n) for s, n in pairs])
    source_of(files).write_folder(tmp_path / "raw")
    annotations = VOC.replace("**/images/*.png", "**/*.png").replace("**/labels/*", "**/*")
    message, index = index_after_advice(tmp_path, annotations)
    assert "stem_folders" in message
    names = {index.rule.image_name(file.path) for file in index.images}
    documents = {index.rule.document_name(found.file.path) for found in index.documents}
    assert names == documents
    assert len(names) == 6


@quality(row=83)
def test_an_archive_beside_its_unpacked_folder(tmp_path: Path) -> None:
    source = source_of(pictures(["images/1.png"]) | voc_documents(["labels/1.xml"]))
    source.write_zip(tmp_path / "raw")
    source.write_folder(tmp_path / "raw")
    with pytest.raises(Exception, match="keep either the archive or its unpacked folder"):
        index_of(tmp_path, manifest_of(tmp_path, VOC))
    (tmp_path / "raw" / "names" / "a copy.zip").unlink()
    assert len(index_of(tmp_path, manifest_of(tmp_path, VOC)).images) == 1


@quality(row=83)
def test_a_build_of_nested_names_keeps_every_ship_in_its_picture(tmp_path: Path) -> None:
    source_of(pictures(NESTED) | {"all.json": coco(WRITTEN)}).write_zip(tmp_path / "raw")
    manifest_of(tmp_path, COCO + BY_FOLDER, "[scene]\npattern = '^(?P<scene_id>[^/]+)/'\n")
    mini.build(tmp_path / "raw", tmp_path / "out", sources=["names"], manifests=tmp_path / "mine")
    rows = mini.read_images(tmp_path / "out")
    assert {key: [box[0] for box in row["objects"]["bbox"]] for key, row in rows.items()} == {
        f"names/{name.removesuffix('.png')}": [n] for n, name in enumerate(WRITTEN, start=1)
    }
    assert {row["scene_id"] for row in rows.values()} == {f"names/{scene}" for scene in SCENES}


def test_names_that_repeat_a_thousandfold_take_linear_time(tmp_path: Path) -> None:
    from sarchat_build.sources.files import FileRef
    from sarchat_build.sources.matching.image_names import ImageNames

    rule = manifest_of(tmp_path, COCO).annotations
    paths = [f"images/scene{s}/patches/{n}.png" for s in range(1000) for n in range(20)]
    names = ImageNames(rule, [FileRef("x.zip", path) for path in paths])
    for number, path in enumerate(paths):
        assert names.match(path.removeprefix("images/")).positions == (number,)


@quality(row=83)
def test_the_advice_for_two_documents_of_one_name_works(tmp_path: Path) -> None:
    files = pictures(["A/images/0.png", "A/images/1.png"])
    files |= voc_documents([f"{s}/labels/{n}.xml" for s in "AB" for n in range(2)])
    assert read(tmp_path, files, VOC).rejects.counts["duplicate_annotation"] == 2
    cure = 'stem_folders = 1\ninner_folders = ["images", "labels"]\n'
    manifest = manifest_of(tmp_path, VOC + cure)
    summary = read_source(manifest, index_of(tmp_path, manifest), 0)
    assert list(corners(summary)) == ["A/0", "A/1"]
    assert dict(summary.rejects.counts) == {"image_missing": 2}


@quality(row=83)
def test_the_advice_for_an_ambiguous_name_works(tmp_path: Path) -> None:
    assert "annotations.images" in Reason.IMAGE_AMBIGUOUS.advice
    files = pictures(NESTED) | {"all.json": coco(["000.png"])}
    assert read(tmp_path, files, COCO + BY_FOLDER).rejects.counts["image_ambiguous"] == 1
    one = manifest_of(tmp_path, COCO.replace("**/*.png", "**/S1B_2020/**/*.png"))
    assert list(corners(read_source(one, index_of(tmp_path, one), 0))) == ["000"]
