"""Miniature sources in their official layouts: a test plants one fault and looks at it."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from sarchat_build.synthetic.formats import coco, dota, fair1m, yolo

Change = Callable[[dict[str, Any]], object]

SSDD_LAYOUT = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"
AIRCRAFT_LAYOUT = "SAR-AIRcraft-1.0"
# Where a source's images and documents lie; documents of many images have their name for a stem.
LAYOUTS = {
    "ssdd": (
        f"{SSDD_LAYOUT}/JPEGImages_{{side}}/{{stem}}.jpg",
        f"{SSDD_LAYOUT}/Annotations_{{side}}/{{stem}}.xml",
    ),
    "sar_aircraft": (
        f"{AIRCRAFT_LAYOUT}/JPEGImages/{{stem}}.jpg",
        f"{AIRCRAFT_LAYOUT}/Annotations/{{stem}}.xml",
    ),
    "air_sarship_1": (
        "AIR-SARShip-1.0/AIR-SARShip-1.0-data/{stem}.tiff",
        "AIR-SARShip-1.0/AIR-SARShip-1.0-xml/{stem}-label.xml",
    ),
    "air_sarship_2": ("AIR-SARShip-2.0-data/{stem}.tiff", "AIR-SARShip-2.0-xml/{stem}.xml"),
    "hrsid": ("HRSID_JPG/JPEGImages/{stem}.jpg", "HRSID_JPG/annotations/{stem}"),
    "msar": ("MSAR-1.0 dataset/JPEGImages/{stem}.jpg", "MSAR-1.0 dataset/Annotations/{stem}.xml"),
    "sadd": ("SADD/images/{stem}.jpg", "SADD/labels/{stem}.txt"),
    "sar_ship_dataset": ("ship_dataset_v0/{stem}.jpg", "ship_dataset_v0/{stem}.txt"),
    "ogsod": (
        "OGSOD-1.0/sar/images/{side}/{stem}.png",
        "OGSOD-1.0/sar/labels/{side}/{stem}.txt",
    ),
    "sived": (
        "SIVED/ImageSets/images/{side}/{stem}.jpg",
        "SIVED/ImageSets/labelTxt/{side}/{stem}.txt",
    ),
    "sardet_100k": ("SARDet_100K/JPEGImages/{side}/{stem}", "SARDet_100K/Annotations/{stem}"),
}

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
        self.files[LAYOUTS[self.source_id][0].format(side=side, stem=stem)] = data

    def document(self, stem: str, text: str | bytes, side: str = "train") -> None:
        """Add or replace one annotation document."""
        data = text if isinstance(text, bytes) else text.encode()
        self.files[self.path_of(stem, side)] = data

    def path_of(self, stem: str, side: str = "train") -> str:
        """Where the document of an image, or of this name, lies."""
        return LAYOUTS[self.source_id][1].format(side=side, stem=stem)

    def change_json(self, name: str, change: Change) -> None:
        """Change the content of a JSON document."""
        content = json.loads(self.files[self.path_of(name)])
        change(content)
        self.document(name, json.dumps(content))


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


def air_sarship_1(scenes: int = 2) -> Source:
    """An AIR-SARShip-1.0 of 1000 px scenes; documents are called after their image, `-label`."""
    source = Source("air_sarship_1")
    for number in range(1, scenes + 1):
        source.image(str(number), picture(200 + number, (1000, 1000), "TIFF"))
        source.document(str(number), voc_xml([SHIP], filename=f"{number}.tiff", size=(1000, 1000)))
    return source


RING = ((20, 30), (90, 30), (90, 80), (20, 80))
QUAD = (20, 30, 90, 30, 90, 80, 20, 80)


def air_sarship_2(images: int = 6) -> Source:
    """An AIR-SARShip-2.0: FAIR1M documents without a size."""
    source = Source("air_sarship_2")
    for number in range(1, images + 1):
        source.image(str(number), picture(300 + number, form="TIFF"))
        ship = fair1m.Fair1mObject("ship", RING)
        source.document(str(number), fair1m.document([ship], filename=f"{number}.tiff"))
    return source


def coco_document(stems: Sequence[str], first_id: int = 1, category: int = 1) -> bytes:
    """A COCO document of images that hold one ship each; box ends lie one behind the outline."""
    return coco.document(
        [coco.CocoImage(i, stem, 300, 240) for i, stem in enumerate(stems, start=first_id)],
        [
            coco.CocoAnnotation(
                i, i, category, (20, 30, 70, 50), 3500, ((20, 30, 89, 30, 89, 79, 20, 79),)
            )
            for i in range(first_id, first_id + len(stems))
        ],
        [(category, "ship")],
    )


def hrsid(images: int = 10) -> Source:
    """An HRSID; every fifth tile is in the official test part, of a panorama of its own."""
    source = Source("hrsid")
    stems: dict[str, list[str]] = {"train2017.json": [], "test2017.json": []}
    for number in range(1, images + 1):
        part, panorama = ("train2017.json", 1) if number % 5 else ("test2017.json", 2)
        stems[part].append(f"P{panorama:04d}_{len(stems[part]) + 1:04d}.jpg")
        source.image(stems[part][-1].removesuffix(".jpg"), picture(400 + number))
    for name, listed in stems.items():
        source.document(name, coco_document(listed))
    return source


def msar(images: int = 6) -> Source:
    """An MSAR: Chinese names in several encodings, first pixel 1, and one slice of 600 px."""
    source = Source("msar")
    names = ("桥梁", "油罐", "ship", "飞机", "airplane", "oil-tank")
    encodings = ("utf-8", "gbk", "utf-8-sig")
    for number in range(1, images + 1):
        size = (600, 600) if number == 1 else (256, 256)
        source.image(f"{number:02d}", picture(500 + number, size))
        thing: Object = (names[number % 6], 21, 31, 90, 80)
        text = voc_xml([thing], filename=f"{number:02d}.jpg", size=size)
        source.document(f"{number:02d}", text.encode(encodings[number % 3]))
    return source


def _yolo(size: tuple[int, int], index: int = 0, box: Sequence[float] = (20, 30, 90, 80)) -> bytes:
    shares = yolo.shares_of(tuple(box), *size)  # type: ignore[arg-type]
    return yolo.document([yolo.YoloObject(index, shares)], line_end=" \n")


def sadd(images: int = 6) -> Source:
    """A SADD: 224 px slices, label files with a blank at the end of each line."""
    source = Source("sadd")
    for number in range(1, images + 1):
        source.image(f"{number:05d}", picture(600 + number, (224, 224)))
        source.document(f"{number:05d}", _yolo((224, 224)))
    return source


def sar_ship_dataset(images: int = 6) -> Source:
    """A SAR-Ship-Dataset: pictures and label files in one folder."""
    source = Source("sar_ship_dataset")
    for number in range(1, images + 1):
        stem = f"Gao_ship_hh_02016{number:04d}" if number % 2 else f"newship{number:06d}"
        source.image(stem, picture(700 + number, (256, 256)))
        source.document(stem, _yolo((256, 256)))
    return source


def ogsod(images: int = 8) -> Source:
    """An OGSOD whose train and test parts number their pictures alike."""
    source = Source("ogsod")
    for number in range(1, images + 1):
        side, stem = ("test", str(number // 4)) if number % 4 == 0 else ("train", str(number))
        if side == "train":
            stem = str(number - number // 4)
        source.image(stem, picture(800 + number, (256, 256), "PNG"), side)
        source.document(stem, _yolo((256, 256), number % 3), side)
        optical = LAYOUTS["ogsod"][0].format(side=side, stem=stem).replace("/sar/", "/rgb/")
        source.files[optical] = picture(900 + number, (256, 256), "PNG")
    return source


def sived_side(number: int) -> str:
    """The folder of a SIVED miniature's image."""
    return {8: "valid", 9: "test"}.get(number % 10, "train")


def sived(images: int = 10) -> Source:
    """A SIVED: DOTA text, each picture twice, and once more with boxes drawn into it."""
    source = Source("sived")
    for number in range(1, images + 1):
        side = sived_side(number)
        stem, data = f"FARAD_{number:04d}", picture(1000 + number, (512, 512))
        source.image(stem, data, side)
        source.document(stem, dota.document([dota.DotaObject(QUAD, "Vehicle")]), side)
        source.files[f"SIVED/JPEGImages/{stem}.jpg"] = data
        source.files[f"SIVED/VisualImages/{stem}.jpg"] = picture(1100 + number, (512, 512))
        source.files[f"SIVED/Annotations/{stem}.xml"] = b"<annotation/>"
    return source


def sardet_100k(images: int = 12) -> Source:
    """A SARDet-100K: three splits, three file types, ids of their own, no categories for test."""
    source = Source("sardet_100k")
    forms = (("jpg", "JPEG"), ("png", "PNG"), ("bmp", "BMP"))
    listed: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for number in range(1, images + 1):
        side = {0: "val", 1: "test"}.get(number % 6, "train")
        extension, form = forms[number % 3]
        listed[side].append(f"{number * 7:07d}.{extension}")
        source.image(listed[side][-1], picture(1200 + number, form=form), side)
    for side, names in listed.items():
        source.document(f"{side}.json", coco_document(names, first_id=7000, category=0))
    source.change_json("test.json", lambda content: content.pop("categories"))
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
    prove: bool = True,
    stated: Sequence[str] = (),
    replace: bool = False,
    workers: int = 0,
    one_step_images: int | None = None,
) -> dict[str, Any]:
    """Do what `sarchat build` does, without its tables, and check that nothing got lost.

    It is done by plain functions, or with `workers` on the local engine, as by the command.
    """
    # Here, since most miniatures are read and never built.
    import plain_build

    from pipelines import launch
    from sarchat_build.publishing.publish import read_outcome
    from sarchat_build.sources.choose import choose_sources

    settings = launch.load_settings(recipe, manifests, templates, stated)
    chosen, _ = choose_sources(settings.manifests, str(raw), sources)
    context = launch.prepare(
        settings, chosen, raw=str(raw), out=str(out), strict=strict, prove=prove, replace=replace
    )
    if one_step_images is not None:
        context = dataclasses.replace(context, one_step_images=one_step_images)
    if workers:
        from pipelines.build_dataset import build_dataset
        from pipelines.runners import run

        run(lambda pipeline: build_dataset(pipeline, context), "local", workers)
    else:
        plain_build.build_plainly(context)
    record = read_outcome(str(out)).model_dump(mode="json")
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
