"""Miniature sources in their official layouts: a test plants one fault and looks at it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from pipelines import launch
from pipelines.build_dataset import build_dataset
from pipelines.runners import run

SSDD_LAYOUT = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"
AIRCRAFT_LAYOUT = "SAR-AIRcraft-1.0"

# An object is (name, xmin, ymin, xmax, ymax), as its document writes it.
Object = tuple[str, Any, Any, Any, Any]
SHIP: Object = ("ship", 20, 30, 90, 80)
PLANE: Object = ("A220", 20, 30, 90, 80)


def picture(number: int, size: tuple[int, int] = (300, 240), form: str = "JPEG") -> bytes:
    """An image file whose pixels no other number gives."""
    ramp = np.arange(size[0] * size[1], dtype=np.uint32).reshape(size[1], size[0])
    stream = io.BytesIO()
    Image.fromarray((ramp * (number + 3) % 251).astype(np.uint8)).save(stream, form)
    return stream.getvalue()


def voc_xml(
    objects: Sequence[Object],
    *,
    filename: str | None = None,
    size: tuple[int, int] | None = None,
    difficult: str = "difficult",
    head: str = "",
) -> str:
    """A VOC document; `difficult` is the spelling of that tag, `head` stands before the root."""
    named = "" if filename is None else f"<filename>{filename}</filename>\n"
    sized = (
        "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height></size>\n"
    )
    listed = "".join(
        f"<object><name>{name}</name><{difficult}>1</{difficult}><bndbox><xmin>{a}</xmin>"
        f"<ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>\n"
        for name, a, b, c, d in objects
    )
    return f"{head}<annotation>\n{named}{sized}{listed}</annotation>"


@dataclass
class Source:
    """The files of one source, by their path in the archive."""

    source_id: str
    files: dict[str, bytes] = field(default_factory=dict)

    def write_folder(self, raw: Path) -> Path:
        """Put the source into `raw` unpacked."""
        for name, data in self.files.items():
            path = raw / self.source_id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return raw

    def write_zip(self, raw: Path) -> Path:
        """Put the source into `raw` as a zip with a name of its own."""
        path = raw / self.source_id / "a copy.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in sorted(self.files.items()):
                archive.writestr(name, data)
        return raw

    def image(self, stem: str, data: bytes, side: str = "train") -> None:
        """Add or replace one image."""
        self.files[self._path("JPEGImages", f"{stem}.jpg", side)] = data

    def document(self, stem: str, text: str | bytes, side: str = "train") -> None:
        """Add or replace one annotation document."""
        data = text if isinstance(text, bytes) else text.encode()
        self.files[self._path("Annotations", f"{stem}.xml", side)] = data

    def _path(self, folder: str, name: str, side: str) -> str:
        if self.source_id == "ssdd":
            return f"{SSDD_LAYOUT}/{folder}_{side}/{name}"
        return f"{AIRCRAFT_LAYOUT}/{folder}/{name}"


def ssdd(images: int = 10) -> Source:
    """An SSDD of good images, one ship each; every fifth is in the official test part."""
    source = Source("ssdd")
    for number in range(1, images + 1):
        side, stem = "train" if number % 5 else "test", f"{number:06d}"
        source.image(stem, picture(number), side)
        source.document(stem, voc_xml([SHIP], filename=f"{stem}.jpg", size=(300, 240)), side)
    return source


def sar_aircraft(scenes: int = 6) -> Source:
    """A SAR-AIRcraft of 800 px scenes with one aircraft each and documents without a filename."""
    source = Source("sar_aircraft")
    for number in range(1, scenes + 1):
        source.image(f"{number:07d}", picture(100 + number, (800, 800)))
        source.document(f"{number:07d}", voc_xml([PLANE], size=(800, 800)))
    return source


def build(
    raw: Path,
    out: Path,
    *,
    recipe: str = "sarchat_2m",
    sources: Sequence[str] = (),
    strict: bool = False,
    manifests: Path | None = None,
    templates: Path | None = None,
    workers: int = 1,
) -> dict[str, Any]:
    """Do what `sarchat build` does, in this process, and check that nothing got lost."""
    settings = launch.load_settings(recipe, manifests, templates)
    chosen, _ = launch.choose_sources(settings.manifests, str(raw), sources)
    context = launch.prepare(settings, chosen, str(raw), str(out), strict)
    run(lambda pipeline: build_dataset(pipeline, context), "local", workers)
    record = launch.finish(str(out))
    assert_conserved(record)
    return record


def assert_conserved(record: dict[str, Any]) -> None:
    """Every image and object read is kept, rejected or deduplicated."""
    for source_id, source in record["sources"].items():
        counts = source["counts"]
        for unit in ("images", "instances"):
            parts = {entry: counts[entry][unit] for entry in ("kept", "rejected", "deduplicated")}
            assert counts["read"][unit] == sum(parts.values()), (source_id, unit, counts)


def read_rejects(out: Path) -> list[dict[str, Any]]:
    """The rejects of all sources."""
    return _rows(out, "rejects/*.parquet")


def read_images(out: Path) -> dict[str, dict[str, Any]]:
    """The published pictures by id."""
    return {row["image_id"]: row for row in _rows(out, "images/*.parquet")}


def read_duplicates(out: Path) -> list[dict[str, Any]]:
    """The members of all groups of pictures that show the same."""
    return _rows(out, "duplicates/*.parquet")


def read_texts(out: Path) -> list[str]:
    """Every message of every dialogue."""
    return [str(row) for row in _rows(out, "dialogues/**/*.parquet")]


def copy_settings(
    folder: Path, target: Path, change: Callable[[str, str], str] = lambda name, text: text
) -> Path:
    """Copy settings (manifests, phrasings), each text passed through `change(name, text)`."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(change(name, path.read_text(encoding="utf-8")), encoding="utf-8")
    return target


def _rows(out: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob(pattern)) for row in pq.read_table(path).to_pylist()]
