"""Write what our readers read, and the same documents in the layouts that datumaro looks for.

`make oracles` runs this in the project's environment, then `compare.py` in datumaro's own: the two
cannot be installed together. Nothing is shared but the folder that is named as argument.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import conftest
import miniatures as mini

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.sources.documents import read_document
from sarchat_build.sources.index import index_source
from sarchat_build.types import RawImage, Reject

_NAME = re.compile(rb"<name>([^<]*)</name>")
Boxes = dict[str, list[list[float]]]


def read_boxes(raw: Path, source_id: str) -> tuple[Boxes, dict[str, bytes], dict[str, bytes]]:
    """Numbers as our reader gives them, pictures and documents, each by the image's name."""
    manifest = load_manifests(resource_folder("source_manifests"))[source_id]
    index = index_source(manifest, str(raw))
    by_name: defaultdict[str, list[RawImage]] = defaultdict(list)
    documents: dict[str, bytes] = {}
    for document in index.documents:
        for annotation in read_document(document, index, manifest):
            assert not isinstance(annotation, Reject), annotation
            assert annotation.raw is not None, annotation.reject
            assert not annotation.raw.faults
            by_name[annotation.name].append(annotation.raw)
            documents[annotation.name] = index.files.read(document.file)
    boxes = {
        name: [
            list(i.bbox) for raw in sorted(raws, key=lambda raw: raw.part) for i in raw.instances
        ]
        for name, raws in by_name.items()
    }
    pictures = {manifest.annotations.image_name(f.path): index.files.read(f) for f in index.images}
    return boxes, pictures, documents


def main(folder: Path) -> None:
    raw = folder / "raw"
    for source in (mini.ssdd(), mini.sardet_100k(), mini.sadd(), mini.sived()):
        source.write_folder(raw)
    expected: dict[str, Any] = {
        "voc": _voc(folder / "voc", *read_boxes(raw, "ssdd")),
        "coco": _coco(folder / "coco", raw),
        "yolo": _yolo(folder / "yolo", *read_boxes(raw, "sadd")),
        "dota": _dota(folder / "dota", *read_boxes(raw, "sived")),
    }
    for source_id, archive in conftest.REAL_ARCHIVES.items():
        if archive.exists():
            place = folder / "real" / source_id
            place.mkdir(parents=True)
            (place / "any name.zip").symlink_to(archive)
            boxes = _voc(folder / f"voc_{source_id}", *read_boxes(folder / "real", source_id))
            expected[f"voc_{source_id}"] = boxes
    (folder / "expected.json").write_text(json.dumps(expected))


def _write(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def _voc(folder: Path, boxes: Boxes, pictures: Any, documents: Any) -> Boxes:
    for name, document in documents.items():
        if b"<filename>" not in document:  # datumaro wants what SAR-AIRcraft leaves out
            head = f"<annotation><filename>{name}.jpg</filename>".encode()
            document = document.replace(b"<annotation>", head, 1)
        _write(folder / "Annotations" / f"{name}.xml", document)
        _write(folder / "JPEGImages" / f"{name}.jpg", pictures[name])
    names = sorted({name for text in documents.values() for name in _NAME.findall(text)})
    _write(folder / "labelmap.txt", "".join(f"{name.decode()}:::\n" for name in names))
    _write(folder / "ImageSets" / "Main" / "train.txt", "\n".join(sorted(documents)))
    return boxes


def _coco(folder: Path, raw: Path) -> Boxes:
    boxes, pictures, _ = read_boxes(raw, "sardet_100k")
    train = json.loads((raw / "sardet_100k/SARDet_100K/Annotations/train.json").read_text())
    _write(folder / "annotations" / "instances_train.json", json.dumps(train))
    named = {Path(entry["file_name"]).stem: entry["file_name"] for entry in train["images"]}
    for name, file_name in named.items():
        _write(folder / "images" / "train" / file_name, pictures[name])
    return {name: boxes[name] for name in named}


def _yolo(folder: Path, boxes: Boxes, pictures: Any, documents: Any) -> Boxes:
    for name, document in documents.items():
        _write(folder / "obj_train_data" / f"{name}.txt", document)
        _write(folder / "obj_train_data" / f"{name}.jpg", pictures[name])
    listed = "\n".join(f"data/obj_train_data/{name}.jpg" for name in sorted(documents))
    _write(folder / "train.txt", listed)
    _write(folder / "obj.names", "aircraft\n")
    _write(folder / "obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n")
    return boxes


def _dota(folder: Path, boxes: Boxes, pictures: Any, documents: Any) -> Boxes:
    for name, document in documents.items():
        _write(folder / "train" / "labelTxt" / f"{name}.txt", document)
        _write(folder / "train" / "images" / f"{name}.png", pictures[name])
    return boxes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
