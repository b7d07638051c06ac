"""Sources whose names come from other machines, and manifests that read them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import miniatures as mini

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.errors import InputError
from sarchat_build.sources.index import SourceIndex, index_source

VOC = """
format = "voc"
pixel_origin = 0
max_edge = "exclusive"
images = ["**/images/*.png"]
files = [{ path = "**/labels/*.xml" }]
"""
COCO = """
format = "coco"
pixel_origin = 0
max_edge = "exclusive"
images = ["**/*.png"]
files = [{ path = "**/*.json" }]
"""
YOLO = """
format = "yolo"
class_names = ["ship"]
images = ["**/images/*.png"]
files = [{ path = "**/labels/*.txt" }]
"""


def manifest_text(annotations: str, more: str = "", source_id: str = "names") -> str:
    """A manifest with these options of annotations, and more sections."""
    return f"""
schema_version = 1
id = "{source_id}"
title = "t"
homepage = "h"
license = "unknown"
citation = "c"
priority = 60
archives = [{{ name = "x.zip" }}]
[annotations]
{annotations}
[categories]
names = {{ ship = "ship" }}
annotated = ["ship"]
{more}
"""


def manifest_of(
    folder: Path, annotations: str, more: str = "", stated: Sequence[str] = ()
) -> Manifest:
    """Write the manifest `names` into a folder of its own, and read it."""
    mine = folder / "mine"
    mine.mkdir(exist_ok=True)
    (mine / "names.toml").write_text(manifest_text(annotations, more), encoding="utf-8")
    return load_manifests(mine, stated)["names"]


def source_of(files: Mapping[str, bytes]) -> mini.Source:
    """A source `names` of these files."""
    return mini.Source("names", dict(files))


def pictures(paths: Sequence[str]) -> dict[str, bytes]:
    """Pictures that all differ."""
    return {
        path: mini.picture(number, (96, 80), "JPEG" if path.endswith(".jpg") else "PNG")
        for number, path in enumerate(paths)
    }


def voc_documents(paths: Sequence[str], filename: str | None = None) -> dict[str, bytes]:
    """VOC documents of one ship each, whose first corner tells them apart."""
    return {
        path: mini.voc_xml([("ship", 2 + n, 5, 40, 30)], filename=filename).encode()
        for n, path in enumerate(paths)
    }


def coco(names: Sequence[str]) -> bytes:
    """A COCO document of one ship in each image; the ships' first corners tell them apart."""
    numbered = list(enumerate(names, start=1))
    return json.dumps(
        {
            "images": [
                {"id": n, "file_name": name, "width": 96, "height": 80} for n, name in numbered
            ],
            "annotations": [
                {"id": n, "image_id": n, "category_id": 1, "bbox": [n, 5, 40, 30], "iscrowd": 0}
                for n, _ in numbered
            ],
            "categories": [{"id": 1, "name": "ship"}],
        }
    ).encode()


def settings_in(message: str) -> list[str]:
    """What a message says after --set, as a shell would hand it on."""
    found = re.findall(r"--set ('(?:[^']*)'|[^\s;,]+)", message)
    return [shlex.split(text)[0] for text in found]


def index_of(folder: Path, manifest: Manifest) -> SourceIndex:
    """Index the source under `folder`/raw."""
    return index_source(manifest, str(folder / "raw"))


def index_after_advice(folder: Path, annotations: str, more: str = "") -> tuple[str, SourceIndex]:
    """Index a source that stops, and once more as the message says; gives message and index."""
    try:
        index_of(folder, manifest_of(folder, annotations, more))
    except InputError as error:
        stated = settings_in(str(error))
        assert stated, error
        manifest = manifest_of(folder, annotations, more, stated)
        return str(error), index_of(folder, manifest)
    raise AssertionError("nothing stopped")
