"""A survey tells LabelMe, YOLO boxes, YOLO oriented boxes and YOLO outlines apart."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from small_source import SOURCE_ID, picture
from test_survey import decide, load

from sarchat_build.errors import InputError
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.onboarding.survey.sniffing import sniff
from sarchat_build.sources.index import index_source

BOX, CORNERS = "0 .5 .5 .25 .25", "0 .1 .1 .4 .1 .4 .3 .1 .3"
OUTLINE = "0 .1 .1 .4 .1 .4 .3 .2 .35 .1 .3"
SHAPES = [
    {"label": "ship", "points": [[10.5, 20], [30, 40]], "shape_type": "rectangle"},
    {"label": "ship", "points": [[50, 50], [70, 40], [60, 80]], "shape_type": "polygon"},
]


def labelme(shapes: object, pixels: str | None = None) -> str:
    """A document as LabelMe writes it."""
    head = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": "..\\images\\000.png"}
    return json.dumps({**head, "imageData": pixels, "imageHeight": 96, "imageWidth": 96})


@pytest.mark.parametrize(
    ("text", "extension", "file_format"),
    [
        (BOX, ".txt", "yolo"),
        (CORNERS, ".txt", "yolo_obb"),
        (f"{CORNERS}\n\n{CORNERS}\n", ".txt", "yolo_obb"),
        (OUTLINE, ".txt", ""),
        (f"{CORNERS}\n{OUTLINE}", ".txt", ""),
        (f"{BOX}\n{CORNERS}", ".txt", ""),
        ("0 10 10 40 10 40 30 10 30", ".txt", ""),
        (labelme(SHAPES), ".json", "labelme"),
        (labelme(SHAPES, "A" * 300_000), ".json", "labelme"),
        (labelme([]), ".json", "labelme"),
        ('{"shapes": [{"type": "circle", "radius": 3}]}', ".json", ""),
        ("[]", ".json", ""),
    ],
)
def test_a_document_is_told_by_its_content(text: str, extension: str, file_format: str) -> None:
    assert sniff(io.BytesIO(text.encode()), extension).format == file_format


def put(raw: Path, documents: dict[str, str], extension: str) -> str:
    """Write a source of as many pictures as documents, in two splits."""
    for number, (stem, text) in enumerate(documents.items()):
        side = "train" if number % 2 else "val"
        for folder in ("images", "labels"):
            (raw / SOURCE_ID / folder / side).mkdir(parents=True, exist_ok=True)
        (raw / SOURCE_ID / "images" / side / f"{stem}.png").write_bytes(picture(number))
        (raw / SOURCE_ID / "labels" / side / f"{stem}.{extension}").write_text(text)
    return str(raw / SOURCE_ID)


def finished(tmp_path: Path, documents: dict[str, str], extension: str) -> SourceSummary:
    """Survey a source, decide what is left to a person, and read it by the functions of a build."""
    found = survey(put(tmp_path / "raw", documents, extension))
    draft = draft_manifest(found, SOURCE_ID)
    manifest = load(decide(draft.text, []), SOURCE_ID, tmp_path / "mine")
    return read_source(manifest, index_source(manifest, str(tmp_path / "raw")), 0)


def test_labelme_is_surveyed_and_read(tmp_path: Path) -> None:
    documents = {f"{n:03d}": labelme(SHAPES, "A" * 100_000) for n in range(6)}
    reading = finished(tmp_path, documents, "json")
    assert (reading.documents, reading.objects, len(reading.kept)) == (6, 12, 6)
    assert {image.official_split for image in reading.kept} == {"train", "validation"}
    assert not reading.rejects.counts
    assert reading.kept[0].instances[0].bbox == (10.5, 20, 30, 40)


def test_what_labelme_itself_defines_is_not_asked(tmp_path: Path) -> None:
    found = survey(put(tmp_path, {f"{n:03d}": labelme(SHAPES) for n in range(4)}, "json"))
    draft = draft_manifest(found, SOURCE_ID)
    assert found.format == "labelme"
    assert set(draft.decisions) == {"title", "homepage", "license", "citation"}
    assert "pixel_origin =" not in draft.text


def test_oriented_boxes_are_surveyed_and_read(tmp_path: Path) -> None:
    raw = put(tmp_path / "raw", {f"{n:03d}": f"{CORNERS}\n" for n in range(6)}, "txt")
    (Path(raw) / "data.yaml").write_text("names: {0: ship, 1: car}")
    found = survey(raw)
    draft = draft_manifest(found, SOURCE_ID)
    assert found.format == "yolo_obb"
    assert 'class_names = ["ship", "car"]' in draft.text
    manifest = load(decide(draft.text, []), SOURCE_ID, tmp_path / "mine")
    reading = read_source(manifest, index_source(manifest, str(tmp_path / "raw")), 0)
    assert (reading.objects, len(reading.kept)) == (6, 6)
    (instance,) = reading.kept[0].instances
    assert [round(v, 3) for v in instance.obb_px] == [9.6, 9.6, 38.4, 9.6, 38.4, 28.8, 9.6, 28.8]


def test_outlines_are_recognized_and_named(tmp_path: Path) -> None:
    raw = put(tmp_path, {f"{n:03d}": OUTLINE for n in range(4)}, "txt")
    with pytest.raises(InputError, match=r"labels/\{split\}: YOLO outlines: .*\(4 of 4"):
        survey(raw)


def test_a_coco_document_among_others_is_still_found(tmp_path: Path) -> None:
    raw = Path(put(tmp_path, {f"{n:03d}": "{}" for n in range(90)}, "json"))
    coco = {
        "images": [{"id": 1, "file_name": "001.png", "width": 96, "height": 96}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}],
        "categories": [{"id": 1, "name": "ship"}],
    }
    (raw / "labels" / "train" / "all.json").write_text(json.dumps(coco))
    assert survey(str(raw)).format == "coco"
