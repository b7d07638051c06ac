"""Boxes read by us and by libraries that know nothing of us: equal, one by one."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from conftest import REAL_ARCHIVES, REAL_DATA, needs_real_data
from measured_memory import coco_memory
from oracles.export import Boxes, read_boxes
from PIL import Image
from pycocotools.coco import COCO

from sarchat_build.config.annotation_options import AnnotationFiles, YoloRule
from sarchat_build.geometry.conventions import to_pixel_box
from sarchat_build.sources.readers import yolo

quality = pytest.mark.quality

LABELS = REAL_DATA / "sadd" / "labels"


def supervision_dataset() -> Any:
    """Its class, imported when it is asked for: it brings SciPy and Matplotlib."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends OpenCV, which it needs for drawing only
        import supervision
    return supervision.DetectionDataset


def supervision_voc(images: Path, documents: Path) -> Boxes:
    dataset = supervision_dataset().from_pascal_voc(str(images), str(documents))
    # It takes the first pixel for 1 and so subtracts 1 from the minimum edges.
    return {
        Path(path).stem: sorted(
            [float(x0) + 1, float(y0) + 1, float(x1), float(y1)] for x0, y0, x1, y1 in found.xyxy
        )
        for path, found in dataset.annotations.items()
    }


def flat(folder: Path, pictures: dict[str, bytes], documents: dict[str, bytes]) -> Path:
    for name, data in pictures.items():
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{name}.jpg").write_bytes(data)
    for name, data in documents.items():
        (folder / "xml").mkdir(exist_ok=True)
        (folder / "xml" / f"{name}.xml").write_bytes(data)
    return folder


@needs_real_data
@pytest.mark.parametrize(("source_id", "objects"), [("ssdd", 2587), ("sar_aircraft", 26)])
def test_real_voc_against_supervision(tmp_path: Path, source_id: str, objects: int) -> None:
    place_of_zip = tmp_path / "raw" / source_id / "any.zip"
    place_of_zip.parent.mkdir(parents=True)
    place_of_zip.symlink_to(REAL_ARCHIVES[source_id])
    boxes, pictures, documents = read_boxes(tmp_path / "raw", source_id)
    assert sum(map(len, boxes.values())) == objects
    folder = flat(tmp_path / "flat", pictures, documents)
    found = supervision_voc(folder / "images", folder / "xml")
    assert found == {name: sorted(listed) for name, listed in boxes.items()}


@needs_real_data
def test_real_ssdd_zip_holds_what_was_compared() -> None:
    with zipfile.ZipFile(REAL_ARCHIVES["ssdd"]) as archive:
        documents = [n for n in archive.namelist() if n.endswith(".xml")]
    assert len(documents) >= 1160


def test_voc_miniature_against_supervision(tmp_path: Path) -> None:
    boxes, pictures, documents = read_boxes(mini.ssdd().write_folder(tmp_path / "raw"), "ssdd")
    folder = flat(tmp_path / "flat", pictures, documents)
    found = supervision_voc(folder / "images", folder / "xml")
    assert found == {name: sorted(listed) for name, listed in boxes.items()}


@pytest.mark.skipif(not LABELS.exists(), reason="the real label files of SADD are not here")
def test_real_yolo_against_supervision(tmp_path: Path) -> None:
    rule = YoloRule(
        format="yolo",
        images=("*.jpg",),
        files=(AnnotationFiles(path="*.txt"),),
        class_names=("aircraft",),
    )
    (tmp_path / "data.yaml").write_text("names: [aircraft]\nnc: 1\n")
    ours: Boxes = {}
    for path in sorted(LABELS.glob("*.txt")):
        Image.new("L", (224, 224)).save(tmp_path / f"{path.stem}.jpg")
        with path.open("rb") as stream:
            (image,) = yolo.read(stream, rule)
        assert image.faults == ()
        ours[path.stem] = [
            list(
                to_pixel_box(
                    i.bbox, i.bbox_format, rule.convention, width_px=224, height_px=224
                ).corners_px
            )
            for i in image.instances
        ]
    dataset = supervision_dataset().from_yolo(
        str(tmp_path), str(LABELS), str(tmp_path / "data.yaml")
    )
    found = {Path(p).stem: d.xyxy.tolist() for p, d in dataset.annotations.items()}
    assert sum(map(len, ours.values())) == 33
    assert found.keys() == ours.keys()
    for name, boxes in ours.items():
        assert len(boxes) == len(found[name])
        for mine, theirs in zip(sorted(boxes), sorted(found[name]), strict=True):
            assert mine == pytest.approx(theirs, abs=1e-3)
    whole = [value for boxes in ours.values() for box in boxes for value in box]
    assert all(abs(value - round(value)) < 1e-6 for value in whole)
    assert sum(min(box) < 0 or max(box) > 224 for boxes in ours.values() for box in boxes) == 9


@pytest.mark.parametrize(
    ("source_id", "documents"),
    [
        ("hrsid", ["HRSID_JPG/annotations/train2017.json", "HRSID_JPG/annotations/test2017.json"]),
        ("sardet_100k", ["SARDet_100K/Annotations/train.json", "SARDet_100K/Annotations/val.json"]),
    ],
)
def test_coco_against_pycocotools(tmp_path: Path, source_id: str, documents: list[str]) -> None:
    raw = getattr(mini, source_id)().write_folder(tmp_path / "raw")
    ours, _, _ = read_boxes(raw, source_id)
    found: Boxes = {}
    for document in documents:
        index = COCO(str(raw / source_id / document))
        for entry in index.loadImgs(index.getImgIds()):
            annotations = index.loadAnns(index.getAnnIds(imgIds=[entry["id"]]))
            found[Path(entry["file_name"]).stem] = [a["bbox"] for a in annotations]
    assert found
    assert found == {name: boxes for name, boxes in ours.items() if name in found}


@quality(row=22)
def test_row_22_memory_is_bounded_by_images_not_by_the_document(tmp_path: Path) -> None:
    """Held as objects of Python, the document would take four times its size: 48 MB."""
    figures = coco_memory(tmp_path / "large.json", 12)
    assert figures["megabytes"] >= 12
    assert figures["instances"] > 9_000
    assert figures["peak_mb"] - figures["peak_mb_before"] < 6
