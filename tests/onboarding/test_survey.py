"""A survey finds format, categories and splits of any source; its draft can be finished."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from conftest import REAL_DATA, needs_real_data
from PIL import Image
from plain_proof import faults
from rsar import IMAGES, rsar

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.onboarding.inspection import read_source
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.manifest_draft.toml_draft import ManifestDraft
from sarchat_build.onboarding.manifest_draft.toml_text import quoted
from sarchat_build.onboarding.survey.conventions import BoxExtent, compare_to_sizes
from sarchat_build.onboarding.survey.findings import Survey, survey
from sarchat_build.onboarding.survey.sniffing import sniff
from sarchat_build.sources.index import index_source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPLITS = {"train", "test"}
ALL = {"train", "validation", "test"}
# source: format, images, categories as they are spelled, splits, what a person must decide.
PIXELS = {"annotations.pixel_origin", "annotations.max_edge"}
FOUND: dict[str, tuple[str, int, dict[str, int], set[str], set[str]]] = {
    "air_sarship_1": ("voc", 2, {"ship": 2}, set(), PIXELS),
    "air_sarship_2": ("fair1m", 6, {"ship": 6}, set(), PIXELS),
    "hrsid": ("coco", 10, {"ship": 10}, SPLITS, PIXELS),
    "msar": (
        "voc",
        6,
        {"ship": 1, "桥梁": 1, "油罐": 1, "飞机": 1, "airplane": 1, "oil-tank": 1},
        set(),
        PIXELS,
    ),
    "sadd": ("yolo", 6, {"class 0": 6}, set(), set()),
    "sar_aircraft": ("voc", 6, {"A220": 6}, set(), PIXELS),
    "sar_ship_dataset": ("yolo", 6, {"class 0": 6}, set(), set()),
    "ssdd": ("voc", 10, {"ship": 10}, SPLITS, PIXELS),
    "ogsod": ("yolo", 8, {"class 0": 2, "class 1": 3, "class 2": 3}, SPLITS, set()),
    "sived": ("dota", 10, {"Vehicle": 10}, ALL, PIXELS),
    "sardet_100k": ("coco", 12, {"ship": 12}, ALL, PIXELS),
    "rsar": (
        "dota",
        IMAGES,
        {"ship": 5, "aircraft": 6, "car": 5, "tank": 4, "bridge": 4, "harbor": 4},
        ALL,
        PIXELS,
    ),
}
MEANING = {
    "桥梁": "bridge",
    "油罐": "tank",
    "飞机": "aircraft",
    "airplane": "aircraft",
    "oil-tank": "tank",
    "A220": "aircraft",
    "Vehicle": "car",
    "class 0": "bridge",
    "class 1": "harbor",
    "class 2": "tank",
}


def make(source_id: str) -> mini.Source:
    return rsar() if source_id == "rsar" else getattr(mini, source_id)()


def survey_of(source: mini.Source, tmp_path: Path) -> tuple[Survey, ManifestDraft]:
    source.write_zip(tmp_path / "raw")
    found = survey(str(tmp_path / "raw" / source.source_id))
    return found, draft_manifest(found, source.source_id)


def decide(text: str, decisions: list[str], **stated: Any) -> str:
    """Do what a person does with a draft."""
    for key in ("title", "homepage", "license", "citation"):
        text = re.sub(rf'^# {key} *= ""$', f'{key} = "known"', text, flags=re.M)
    options = {"pixel_origin": "0", "max_edge": '"exclusive"'} | stated
    for key, value in options.items():
        text = text.replace(f'{key} = "decide"', f"{key} = {value}")
    for key in decisions:
        name = key.removeprefix("categories.names.")
        if name != key:
            text = text.replace(f'{quoted(name)} = "decide"', f'{quoted(name)} = "{MEANING[name]}"')
    return text


def load(text: str, source_id: str, folder: Path) -> Manifest:
    folder.mkdir(exist_ok=True)
    (folder / f"{source_id}.toml").write_text(text, encoding="utf-8")
    return load_manifests(folder)[source_id]


@pytest.mark.parametrize("source_id", FOUND)
def test_finds_what_a_source_is(tmp_path: Path, source_id: str) -> None:
    file_format, images, categories, splits, open_keys = FOUND[source_id]
    found, draft = survey_of(make(source_id), tmp_path)
    assert (found.format, found.image_count) == (file_format, images)
    counted: dict[str, int] = {}
    for candidate in found.documents:
        for name, count in candidate.tally.categories.items():
            counted[name] = counted.get(name, 0) + count
    assert counted == categories
    assert found.object_count == sum(categories.values())
    document = tomllib.loads(draft.text)
    assert {entry.get("split") for entry in document["annotations"]["files"]} - {None} == splits
    assert document["expected"] == {"images": images, "instances": sum(categories.values())}
    names = document["categories"]["names"]
    assert set(names) == set(categories)
    wanted = {f"categories.names.{name}" for name, ours in names.items() if ours == "decide"}
    wanted |= open_keys | {"title", "homepage", "license", "citation"}
    assert set(draft.decisions) == wanted


@pytest.mark.parametrize("source_id", FOUND)
def test_unfinished_manifest_names_exactly_what_is_missing(tmp_path: Path, source_id: str) -> None:
    _, draft = survey_of(make(source_id), tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        load(draft.text, source_id, tmp_path / "mine")
    assert sorted(issue.key for issue in caught.value.issues) == sorted(draft.decisions)


@pytest.mark.parametrize("source_id", FOUND)
def test_finished_manifest_reads_everything(tmp_path: Path, source_id: str) -> None:
    found, draft = survey_of(make(source_id), tmp_path)
    text = decide(draft.text, draft.decisions)
    manifest = load(text, source_id, tmp_path / "mine")
    index = index_source(manifest, str(tmp_path / "raw"))
    reading = read_source(manifest, index, 0)
    missing = 1 if source_id == "rsar" else 0
    assert dict(reading.rejects.counts) == ({"no_annotation": 1} if missing else {})
    assert len(reading.kept) == found.image_count - missing
    assert sum(len(image.instances) for image in reading.kept) == found.object_count
    splits = FOUND[source_id][3]
    assert {image.official_split for image in reading.kept} == (splits or {None})
    assert None not in {entry.category for entry in reading.categories.values()}


@pytest.mark.parametrize("source_id", ["rsar", "ogsod"])
def test_from_a_survey_to_a_proven_dataset(tmp_path: Path, source_id: str) -> None:
    found, draft = survey_of(make(source_id), tmp_path)
    load(decide(draft.text, draft.decisions), source_id, tmp_path / "mine")
    record = mini.build(tmp_path / "raw", tmp_path / "out", manifests=tmp_path / "mine")
    counts = record["sources"][source_id]["counts"]
    assert counts["kept"]["instances"] == found.object_count
    assert faults(tmp_path / "out") == []


@pytest.mark.parametrize("source_id", ["ssdd", "sived", "hrsid"])
def test_equal_files_give_equal_manifests(tmp_path: Path, source_id: str) -> None:
    source = make(source_id)
    first = survey_of(source, tmp_path / "a")[1].text
    source.files = dict(sorted(source.files.items(), reverse=True))
    assert survey_of(source, tmp_path / "b")[1].text == first
    source.write_folder(tmp_path / "c")
    unpacked = survey(str(tmp_path / "c" / source_id))
    rows = draft_manifest(unpacked, source_id).text.splitlines()
    named = {'name = "a copy.zip"', f'name = "{source_id}"'}
    assert set(rows) ^ set(first.splitlines()) == named


def test_the_nearest_copy_of_a_picture_is_read(tmp_path: Path) -> None:
    found, draft = survey_of(mini.sived(), tmp_path)
    assert [group.template for group in found.images] == ["SIVED/ImageSets/images/{split}"]
    assert "# not read: SIVED/VisualImages (10 pictures)" in draft.text
    (group,) = survey_of(mini.ogsod(), tmp_path)[0].images
    assert group.template == "OGSOD-1.0/sar/images/{split}"


def test_names_that_repeat_get_their_folders(tmp_path: Path) -> None:
    source = mini.Source("twice")
    for side in ("train", "test"):
        source.files[f"{side}/images/1.png"] = mini.picture(len(side), form="PNG")
        source.files[f"{side}/annfiles/1.txt"] = b"1 2 9 2 9 8 1 8 ship 0"
    options = tomllib.loads(survey_of(source, tmp_path)[1].text)["annotations"]
    assert (options["stem_folders"], options["inner_folders"]) == (1, ["annfiles", "images"])


def test_names_with_dots(tmp_path: Path) -> None:
    source = mini.Source("dots")
    for number in range(3):
        source.files[f"a/scene_0.{number}.png"] = mini.picture(number, form="PNG")
        source.files[f"b/scene_0.{number}.txt"] = b"0 .5 .5 .1 .1"
    found, _ = survey_of(source, tmp_path)
    assert (found.names.without_document, found.names.without_image) == (0, 0)
    assert found.image_count == 3


def test_lists_of_names_are_splits(tmp_path: Path) -> None:
    source = mini.sar_aircraft()
    for name, stems in {"train": "0000001\n0000002\n", "val": "0000003\n"}.items():
        source.files[f"SAR-AIRcraft-1.0/ImageSets/Main/{name}.txt"] = stems.encode()
    lists = tomllib.loads(survey_of(source, tmp_path)[1].text)["annotations"]["split_lists"]
    assert lists == [
        {"path": "**/Main/train.txt", "split": "train"},
        {"path": "**/Main/val.txt", "split": "validation"},
    ]


def test_class_names_come_from_a_list(tmp_path: Path) -> None:
    source = mini.ogsod()
    source.files["OGSOD-1.0/sar/labels/classes.txt"] = b"bridge\nharbor\nstorage_tank\n"
    _, draft = survey_of(source, tmp_path)
    document = tomllib.loads(draft.text)
    assert document["annotations"]["class_names"] == ["bridge", "harbor", "storage_tank"]
    assert document["categories"]["names"] == {
        "bridge": "bridge",
        "harbor": "harbor",
        "storage_tank": "decide",
    }


def test_class_names_come_from_settings(tmp_path: Path) -> None:
    source = mini.sadd()
    source.files["SADD/data.yaml"] = b"train: ../x\nnc: 1\nnames:\n  0: aircraft\n"
    document = tomllib.loads(survey_of(source, tmp_path)[1].text)
    assert document["annotations"]["class_names"] == ["aircraft"]
    assert document["categories"]["names"] == {"aircraft": "aircraft"}


def test_one_document_of_many_images_in_folders(tmp_path: Path) -> None:
    source = mini.Source("nested")
    for side in ("train", "test"):
        source.files[f"images/{side}/1.png"] = mini.picture(len(side), form="PNG")
        document = mini.coco_document([f"{side}/1.png"], first_id=len(side))
        source.files[f"{side}.json"] = document
    _, draft = survey_of(source, tmp_path)
    assert tomllib.loads(draft.text)["annotations"]["stem_folders"] == 1
    manifest = load(decide(draft.text, draft.decisions), "nested", tmp_path / "mine")
    reading = read_source(manifest, index_source(manifest, str(tmp_path / "raw")), 0)
    assert {image.image_id: image.official_split for image in reading.kept} == {
        "nested/train/1": "train",
        "nested/test/1": "test",
    }


def test_class_ids_without_end_are_bounded(tmp_path: Path) -> None:
    source = mini.sardet_100k()
    source.change_json("train.json", lambda content: content["categories"][0].update(id=10**12))
    source.change_json("val.json", lambda content: content.pop("categories"))
    text = survey_of(source, tmp_path)[1].text
    assert len(text) < 6000


def test_deep_and_large_pictures_are_pointed_out(tmp_path: Path) -> None:
    source = mini.air_sarship_1()
    for stem in ("1", "2"):
        path = tmp_path / "deep.tiff"
        Image.new("I;16", (1200, 900), 4000).save(path)
        source.image(stem, path.read_bytes())
    found, draft = survey_of(source, tmp_path)
    assert found.pictures.not_8_bit == 2
    assert tomllib.loads(draft.text)["pixels"]["rule"] == "percentile"
    assert "decide: 2 are not 8-bit" in draft.text
    assert "decide: sides of up to 1,200 px" in draft.text


def test_documents_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    source = mini.ssdd()
    source.document("000003", "<annotation><object>")
    text = survey_of(source, tmp_path)[1].text
    assert re.search(r"unreadable, xml_parse: 1, first .*000003\.xml: line 1", text)


def test_missing_labels_and_pictures_are_reported(tmp_path: Path) -> None:
    source = mini.sadd()
    source.image("00077", mini.picture(77, (224, 224)))
    source.document("00088", b"")
    text = survey_of(source, tmp_path)[1].text
    assert "decide: pictures without a document: 1;" in text
    assert "# documents, or images in one, without a picture here: 1" in text
    assert 'unlabeled = "reject"' in text


def test_scenes_in_names_are_asked_about(tmp_path: Path) -> None:
    text = survey_of(mini.hrsid(), tmp_path)[1].text
    assert '# pattern = "^(?P<scene_id>[^_]+)_"' in text
    assert "scene" not in tomllib.loads(text)
    assert "[scene]" not in survey_of(mini.ssdd(), tmp_path)[1].text


def extents(low: float, high_gap: float, count: int = 5) -> list[tuple[str, BoxExtent]]:
    return [(str(n), BoxExtent(low, 9, 50, 80 + high_gap, 100, 80)) for n in range(count)]


@pytest.mark.parametrize(
    ("low", "high_gap", "origin", "edge"),
    [
        (0, 0, 0, "exclusive"),  # only so do boxes that end at the height stay inside
        (0, -1, 0, None),  # 0 is no coordinate of pixels that count from 1
        (1, -1, None, None),  # SAR-AIRcraft-1.0: fits everything
        (1, 0, None, None),  # 0-based exclusive, or 1-based inclusive
        (-5, 9, None, None),  # boxes leave their pictures under any convention
        (1, 1, 1, "exclusive"),
    ],
)
def test_borders_prove_what_they_prove(
    low: float, high_gap: float, origin: int | None, edge: str | None
) -> None:
    evidence = compare_to_sizes(extents(low, high_gap), {})
    assert (evidence.pixel_origin, evidence.max_edge) == (origin, edge)


def test_two_slips_prove_nothing() -> None:
    evidence = compare_to_sizes(extents(0, 0, 2) + extents(1, -1, 50), {})
    assert (evidence.pixel_origin, evidence.max_edge) == (None, None)


@needs_real_data
def test_real_ssdd() -> None:
    found = survey(str(REAL_DATA / "ssdd" / "Official-SSDD-OPEN.zip"), picture_limit=50)
    assert (found.format, found.image_count, found.object_count) == ("voc", 1160, 2587)
    # Six pictures have a box that starts at 0; none has one that ends at its width.
    assert (found.coordinates.pixel_origin, found.coordinates.max_edge) == (0, None)


@needs_real_data
def test_real_sar_aircraft() -> None:
    found = survey(str(REAL_DATA / "sar_aircraft" / "SAR-AIRcraft-1.0-sample.zip"))
    assert (found.image_count, found.object_count) == (9, 26)
    assert found.coordinates.pixel_origin is None
    assert found.pictures.largest_px == 1500


@needs_real_data
def test_real_sadd_labels_are_yolo() -> None:
    for path in sorted((REAL_DATA / "sadd" / "labels").glob("*.txt")):
        assert sniff(io.BytesIO(path.read_bytes()), ".txt").format == "yolo"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no such"),
        ({"a.txt": b"x"}, "none of them a picture"),
        ({"1.jpg": b"x", "1.txt": b"hello\n"}, "no annotation document with an object"),
        ({"1.jpg": b"x", "2.txt": b"0 .5 .5 .1 .1"}, "no picture has the name"),
    ],
)
def test_nothing_to_describe(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    source = mini.Source("odd", dict(files))
    source.write_folder(tmp_path)
    with pytest.raises(InputError, match=message):
        survey(str(tmp_path / "odd"))
