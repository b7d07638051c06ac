"""Statements that fit nothing stop; those that fit in part are counted, with examples."""

from __future__ import annotations

import re
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

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.onboarding.idle_statements import idle_statements
from sarchat_build.sources.choose import refuse_idle_settings
from sarchat_build.sources.inputs import describe_archives

quality = pytest.mark.quality
LISTS = """
split_lists = [
  { path = "**/train.txt", split = "train" }, { path = "**/test.txt", split = "test" },
]
"""


def source_with_lists(folder: Path, train: bytes, test: bytes, stem: str = "{n:06d}") -> None:
    stems = [stem.format(n=n) for n in range(4)]
    files = pictures([f"images/{s}.png" for s in stems])
    files |= voc_documents([f"labels/{s}.xml" for s in stems])
    files |= {"Main/train.txt": train, "Main/test.txt": test}
    source_of(files).write_zip(folder / "raw")


@quality(row=82)
@pytest.mark.parametrize(
    "line",
    [
        "{s}",
        "{s}  1",
        "{s} -1",
        "{s}\t0",
        "{s}.png",
        "images/{s}.png",
        "./images/{s}.png 1",
        "/home/me/VOC2007/JPEGImages/{s}.jpg",
        "D:\\sar\\images\\{s}.png",
        '"{s}.png"',
        "'{s}'",
        "{s}.png,train",
        "{s};1;2",
        "  {s}  ",
    ],
)
def test_lines_of_split_lists(tmp_path: Path, line: str) -> None:
    lines = [line.format(s=f"{n:06d}") for n in range(4)]
    train = "\ufeff" + "\r\n".join(lines[:3]) + "\r\n"
    source_with_lists(tmp_path, train.encode(), (lines[3] + "\n\n").encode())
    index = index_of(tmp_path, manifest_of(tmp_path, VOC + LISTS))
    wanted = {f"{n:06d}": "train" for n in range(3)} | {"000003": "test"}
    assert index.split_by_name == wanted
    assert index.part_matches == ()


@quality(row=82)
@pytest.mark.parametrize("stem", ["scene {n} 1", "a.b.{n}", "x,{n}"])
def test_names_with_spaces_dots_and_commas_in_lists(tmp_path: Path, stem: str) -> None:
    names = [stem.format(n=n) for n in range(4)]
    source_with_lists(tmp_path, "\n".join(names[:2]).encode(), "\n".join(names[2:]).encode(), stem)
    index = index_of(tmp_path, manifest_of(tmp_path, VOC + LISTS))
    assert sorted(index.split_by_name) == names


@quality(row=82)
@pytest.mark.parametrize("test", [b"", b"img_1\nimg_2\n", b"7 1\n8 1\n"])
def test_a_list_that_names_no_image_stops_and_the_advice_works(tmp_path: Path, test: bytes) -> None:
    source_with_lists(tmp_path, b"000000\n000001", test)
    message, index = index_after_advice(tmp_path, VOC + LISTS)
    assert "Main/test.txt names an image" in message
    assert "000000" in message
    assert index.split_by_name == {"000000": "train", "000001": "train"}


@quality(row=82)
def test_lists_that_are_not_there_stop_and_the_advice_works(tmp_path: Path) -> None:
    files = pictures(["images/1.png"]) | voc_documents(["labels/1.xml"])
    source_of(files).write_zip(tmp_path / "raw")
    message, index = index_after_advice(tmp_path, VOC + LISTS)
    assert "**/train.txt" in message
    assert index.split_by_name == {}
    optional = LISTS.replace(" }", ", optional = true }")
    assert index_of(tmp_path, manifest_of(tmp_path, VOC + optional)).split_by_name == {}


@quality(row=82)
def test_one_of_two_lists_stops_and_the_advice_works(tmp_path: Path) -> None:
    files = pictures(["images/1.png"]) | voc_documents(["labels/1.xml"])
    source_of(files | {"train.txt": b"1"}).write_zip(tmp_path / "raw")
    optional = LISTS.replace(" }", ", optional = true }")
    message, index = index_after_advice(tmp_path, VOC + optional)
    assert "**/test.txt" in message
    assert index.split_by_name == {}


@quality(row=82)
def test_a_list_that_fits_in_part_is_reported_and_counted_in_a_build(tmp_path: Path) -> None:
    source_with_lists(tmp_path, b"000000\n000001\nghost\n", b"000002")
    manifest = manifest_of(tmp_path, VOC + LISTS)
    lines, unlisted = map(str, index_of(tmp_path, manifest).part_matches)
    assert re.search(
        r"split_lists\.0 .*1 of 3 lines of .*train\.txt name no image.*: ghost$", lines
    )
    assert re.search(r"1 of 4 images stand in no list: 000003$", unlisted)
    record = mini.build(
        tmp_path / "raw", tmp_path / "out", sources=["names"], manifests=tmp_path / "mine"
    )
    assert record["sources"]["names"]["fixes"]["part_match"] == 2
    splits = {key: row["official_split"] for key, row in mini.read_images(tmp_path / "out").items()}
    assert splits["names/000002"] == "test"


@quality(row=82)
def test_a_scene_pattern_that_fits_nothing_stops_and_the_advice_works(tmp_path: Path) -> None:
    source_with_lists(tmp_path, b"", b"")
    scene = "[scene]\npattern = '^(?P<scene_id>P[0-9]+)_'\n"
    message, index = index_after_advice(tmp_path, VOC, scene)
    assert "'000000'" in message
    assert index.part_matches == ()


@quality(row=82)
def test_a_scene_pattern_that_fits_in_part_is_reported(tmp_path: Path) -> None:
    stems = ["P1_1", "P1_2", "other"]
    files = pictures([f"images/{s}.png" for s in stems])
    files |= voc_documents([f"labels/{s}.xml" for s in stems])
    source_of(files).write_zip(tmp_path / "raw")
    scene = "[scene]\npattern = '^(?P<scene_id>P[0-9]+)_'\n"
    (part,) = index_of(tmp_path, manifest_of(tmp_path, VOC, scene)).part_matches
    assert (part.missed, part.total, part.examples) == (1, 3, ("other",))


@quality(row=82)
@pytest.mark.parametrize("change", [("images/*.png", "nowhere/*.png"), ("labels", "none")])
def test_the_advice_for_globs_that_fit_nothing_works(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    source_with_lists(tmp_path, b"", b"")
    message, index = index_after_advice(tmp_path, VOC.replace(*change))
    assert "/images/000000.png" in message or "/labels/000000.xml" in message
    assert len(index.images) == len(index.documents) == 4


@quality(row=82)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("**/images/*.png", "**/nowhere/*.png"), "no images"),
        (("labels", "none"), "no annotations"),
    ],
)
def test_globs_that_fit_nothing_stop(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    source_with_lists(tmp_path, b"", b"")
    with pytest.raises(InputError, match=named):
        index_of(tmp_path, manifest_of(tmp_path, VOC.replace(*change)))


@quality(row=82)
def test_one_glob_of_documents_that_fits_nothing_stops_and_the_advice_works(tmp_path: Path) -> None:
    source_with_lists(tmp_path, b"", b"")
    entries = '{ path = "**/labels/*.xml" }, { path = "**/more/*.xml" }'
    annotations = VOC.replace('{ path = "**/labels/*.xml" }', entries)
    message, index = index_after_advice(tmp_path, annotations)
    assert "**/more/*.xml" in message
    assert len(index.documents) == 4


@quality(row=82)
def test_a_document_that_two_globs_match_is_read_once(tmp_path: Path) -> None:
    source_with_lists(tmp_path, b"", b"")
    entries = '{ path = "**/labels/*.xml" }, { path = "labels/000000.xml"SPLIT }'
    twice = VOC.replace('{ path = "**/labels/*.xml" }', entries)
    manifest = manifest_of(tmp_path, twice.replace("SPLIT", ""))
    assert len(index_of(tmp_path, manifest).documents) == 4
    with pytest.raises(InputError, match="make one of these patterns narrower"):
        index_of(tmp_path, manifest_of(tmp_path, twice.replace("SPLIT", ', split = "test"')))


@quality(row=82)
def test_an_annotated_category_that_no_class_means_stops_and_the_advice_works(
    tmp_path: Path,
) -> None:
    files = pictures(["images/1.png"]) | {"labels/1.txt": b"0 .5 .5 .2 .2"}
    source_of(files).write_zip(tmp_path / "raw")
    message, index = index_after_advice(tmp_path, YOLO.replace('["ship"]', '["boat"]'))
    assert "categories.annotated" in message
    assert len(index.images) == 1


@quality(row=82)
def test_what_a_sample_has_no_use_for_is_listed(tmp_path: Path) -> None:
    files = pictures(["images/1.png"]) | {"all.json": coco(["1.png"])}
    source_of(files).write_zip(tmp_path / "raw")
    annotations = COCO.replace('["**/*.png"]', '["**/*.png", "**/*.bmp"]')
    manifest = manifest_of(tmp_path, annotations)
    found = idle_statements(manifest, index_of(tmp_path, manifest).files, ["Boat"])
    assert [(part.key, part.examples) for part in found] == [
        ("annotations.images", ("**/*.bmp",)),
        ("categories.names", ("ship",)),
        ("categories.annotated", ("ship",)),
    ]


@quality(row=82)
def test_a_digest_that_is_compared_with_nothing_stops_and_the_advice_works(tmp_path: Path) -> None:
    source_with_lists(tmp_path, b"", b"")
    stated = [f'names.archives=[{{name="x.zip", sha256="{"0" * 64}"}}]']
    with pytest.raises(InputError, match=r"archives\.0\.sha256") as caught:
        describe_archives(manifest_of(tmp_path, VOC, stated=stated), str(tmp_path / "raw"))
    assert "--set 'names.archives.0.sha256=\"\"'" in str(caught.value)
    cured = manifest_of(tmp_path, VOC, stated=['names.archives.0.sha256=""'])
    assert describe_archives(cured, str(tmp_path / "raw"))


@quality(row=82)
def test_a_contained_source_that_nobody_describes_stops(tmp_path: Path) -> None:
    known = resource_folder("source_manifests")
    with pytest.raises(ConfigurationError, match="contains: no manifest describes sdd"):
        load_manifests(known, ['sardet_100k.contains=["ssdd", "sdd"]'])


@quality(row=82)
def test_settings_that_do_nothing_stop() -> None:
    known = load_manifests(resource_folder("source_manifests"))
    chosen = {"ssdd": known["ssdd"]}
    refuse_idle_settings(chosen, ["ssdd.priority=1"])
    with pytest.raises(ConfigurationError, match="does nothing: the sources read here are ssdd"):
        refuse_idle_settings(chosen, ["msar.priority=1"])
    with pytest.raises(ConfigurationError, match="replaces it; leave one of them out"):
        load_manifests(resource_folder("source_manifests"), ["ssdd.priority=1", "ssdd.priority=2"])


@quality(row=84)
def test_scenes_beside_their_chips_are_reported_where_no_pattern_joins_them(tmp_path: Path) -> None:
    stems = ["04", "04_1_1", "04_1_2", "05", "05_1_1"]
    files = pictures([f"images/{s}.png" for s in stems])
    files |= voc_documents([f"labels/{s}.xml" for s in stems])
    source_of(files).write_zip(tmp_path / "raw")
    (part,) = index_of(tmp_path, manifest_of(tmp_path, VOC)).part_matches
    assert part.key == "scene.pattern"
    assert part.examples == ("04", "05")
    scene = "[scene]\npattern = '^(?P<scene_id>[^_]+)(?:_|$)'\n"
    assert index_of(tmp_path, manifest_of(tmp_path, VOC, scene)).part_matches == ()
