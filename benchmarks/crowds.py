"""Crowded pictures and endless documents: seconds and peak memory of each, as tables.

    python -m benchmarks.crowds [--boxes 1000 2000 5000 20000] [--formats voc coco …]
                                [--recipe sarchat_2m] [--tiled] [--documents]

Each line is measured in a process of its own: one picture of so many boxes is built and proven by
the real build, and each document of millions of records is read to its end. Time that doubles where
boxes double is what is to be seen; `--tiled` cuts the same picture into windows.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.errors import RecordError
from sarchat_build.sources.readers import FORMATS
from sarchat_build.stable_hash import stable_hash
from sarchat_build.synthetic.formats import coco, dota, fair1m, voc, yolo

BoxPx = tuple[int, int, int, int]

NAMES = ("ship", "harbor")
_SOURCE = "crowd"
# One box in each square of so many pixels.
_PITCH_PX = 24
_EXTENSIONS = {
    **{"voc": "xml", "fair1m": "xml", "coco": "json", "labelme": "json"},
    **{"yolo": "txt", "yolo_obb": "txt", "dota": "txt"},
}
# Stages of `benchmarks.stages` that grow with the boxes of a picture, under shorter names.
_COLUMNS = {
    "read": "parse annotations",
    "join": "join, other digests",
    "normalize": "boxes, categories",
    "cut": "cut into windows",
    "plan": "duplicates, splits, shards",
    "label, ask": "labels and questions",
    "words": "render text",
    "Arrow": "rows to Arrow",
    "figures": "quality figures",
    "prove": "prove shards",
}


def side_px(n: int) -> int:
    """Give the side of the square picture that holds `n` boxes."""
    return max(64, math.isqrt(max(n - 1, 0)) + 1) * _PITCH_PX


def boxes(n: int) -> list[BoxPx]:
    """Give `n` boxes of all sizes and places, one in each square of a grid; some reach over it."""
    columns = side_px(n) // _PITCH_PX
    found = []
    for index in range(n):
        mixed = stable_hash("crowd", index)
        x, y = index % columns * _PITCH_PX, index // columns * _PITCH_PX
        dx, dy, w, h = (mixed >> shift & 15 for shift in (0, 4, 8, 12))
        found.append((x + dx // 2, y + dy // 2, x + dx // 2 + 5 + w, y + dy // 2 + 5 + h))
    limit = columns * _PITCH_PX
    return [(x0, y0, min(x1, limit), min(y1, limit)) for x0, y0, x1, y1 in found]


def _name(index: int) -> str:
    return NAMES[index % 9 == 0]


def _corners(box: BoxPx) -> tuple[int, int, int, int, int, int, int, int]:
    x0, y0, x1, y1 = box
    return x0, y0, x1, y0, x1, y1, x0, y1


def _voc(found: Sequence[BoxPx], side: int) -> bytes:
    objects = [voc.VocObject(_name(i), box) for i, box in enumerate(found)]
    return voc.document(voc.annotation(objects, filename="1.png", size_px=(side, side), depth=1))


def _coco(found: Sequence[BoxPx], side: int) -> bytes:
    annotations = (
        coco.CocoAnnotation(
            i, 1, NAMES.index(_name(i)), (x0, y0, x1 - x0, y1 - y0), (x1 - x0) * (y1 - y0)
        )
        for i, (x0, y0, x1, y1) in enumerate(found)
    )
    return coco.document(
        [coco.CocoImage(1, "1.png", side, side)], annotations, list(enumerate(NAMES))
    )


def _yolo(found: Sequence[BoxPx], side: int) -> bytes:
    return yolo.document(
        yolo.YoloObject(NAMES.index(_name(i)), yolo.shares_of(box, side, side))
        for i, box in enumerate(found)
    )


def _yolo_obb(found: Sequence[BoxPx], side: int) -> bytes:
    lines = (
        f"{NAMES.index(_name(i))} {' '.join(str(value / side) for value in _corners(box))}\n"
        for i, box in enumerate(found)
    )
    return "".join(lines).encode()


def _dota(found: Sequence[BoxPx], side: int) -> bytes:
    return dota.document(dota.DotaObject(_corners(box), _name(i)) for i, box in enumerate(found))


def _fair1m(found: Sequence[BoxPx], side: int) -> bytes:
    objects = [
        fair1m.Fair1mObject(_name(i), tuple(zip(_corners(b)[::2], _corners(b)[1::2], strict=True)))
        for i, b in enumerate(found)
    ]
    return fair1m.document(objects, filename="1.png", size_px=(side, side))


def _labelme(found: Sequence[BoxPx], side: int) -> bytes:
    shapes = [
        {"label": _name(i), "points": [box[:2], box[2:]], "shape_type": "rectangle"}
        for i, box in enumerate(found)
    ]
    sides = {"imageWidth": side, "imageHeight": side}
    return json.dumps({"shapes": shapes, "imagePath": "1.png", **sides}).encode()


WRITERS: dict[str, Callable[[Sequence[BoxPx], int], bytes]] = {
    "voc": _voc,
    "coco": _coco,
    "yolo": _yolo,
    "yolo_obb": _yolo_obb,
    "dota": _dota,
    "fair1m": _fair1m,
    "labelme": _labelme,
}


def write_source(folder: Path, file_format: str, n: int, *, tiled: bool = False) -> Manifest:
    """Write `raw/` with one picture of `n` boxes and its document, and the manifest for it."""
    raw, side = folder / "raw" / _SOURCE, side_px(n)
    for part in ("images", "labels"):
        (raw / part).mkdir(parents=True)
    noise = np.arange(side * side, dtype=np.uint32) * np.uint32(2_654_435_761) >> np.uint32(24)
    Image.fromarray(noise.astype(np.uint8).reshape(side, side)).save(raw / "images" / "1.png")
    document = WRITERS[file_format](boxes(n), side)
    (raw / "labels" / f"1.{_EXTENSIONS[file_format]}").write_bytes(document)
    return _manifest(folder, file_format, tiled)


def _manifest(folder: Path, file_format: str, tiled: bool = False) -> Manifest:
    relative = FORMATS[file_format].relative
    options = (
        f"class_names = {json.dumps(NAMES)}"
        if relative
        else 'pixel_origin = 0\nmax_edge = "exclusive"'
        if file_format != "labelme"
        else ""
    )
    (folder / "manifests").mkdir()
    (folder / "manifests" / f"{_SOURCE}.toml").write_text(
        f"""schema_version = 1
id = "{_SOURCE}"
title = "crowd"
homepage = "https://example.org"
license = "unknown"
citation = "none"
priority = 60
[[archives]]
name = "crowd.zip"
[annotations]
format = "{file_format}"
images = ["**/images/*.png"]
{options}
[[annotations.files]]
path = "**/labels/*.{_EXTENSIONS[file_format]}"
[categories]
names = {{ ship = "ship", harbor = "harbor" }}
annotated = ["ship", "harbor"]
{"[tiling]" if tiled else ""}
""",
        encoding="utf-8",
    )
    return load_manifests(folder / "manifests")[_SOURCE]


def measure_build(file_format: str, n: int, recipe: str, tiled: bool) -> dict[str, Any]:
    """Build and prove one picture of `n` boxes in this process, with a clock around each stage."""
    from benchmarks.stages import Clock
    from pipelines import launch
    from pipelines.build_dataset import build_dataset
    from pipelines.runners import run
    from sarchat_build.publishing.publish import read_outcome
    from sarchat_build.sources.choose import choose_sources

    with tempfile.TemporaryDirectory(prefix="sarchat-crowd-") as name:
        folder = Path(name)
        write_source(folder, file_format, n, tiled=tiled)
        clock = Clock()
        clock.install()
        start = time.perf_counter()
        settings = launch.load_settings(recipe, folder / "manifests", None)
        raw, out = str(folder / "raw"), str(folder / "out")
        chosen, _ = choose_sources(settings.manifests, raw, [_SOURCE])
        context = launch.prepare(settings, chosen, raw=raw, out=out)
        run(lambda pipeline: build_dataset(pipeline, context), "local", 1)
        read_outcome(out)
        seconds = time.perf_counter() - start
    return {
        "document": f"{file_format}, {n:,} boxes",
        "seconds": {name: clock.own_s[stage] for name, stage in _COLUMNS.items()},
        "whole_s": seconds,
        "peak_mb": _peak_mb(),
    }


class Repeated(io.RawIOBase):
    """A document of a head, one record very often, and a tail, that is never in memory.

    >>> Repeated(b"[", b"{},", 3, b"0]").read(6)
    b'[{},{}'
    """

    def __init__(self, head: bytes, record: bytes, times: int, tail: bytes) -> None:
        self._head, self._record, self._times, self._tail = head, record, times, tail
        self._body_bytes = len(record) * times
        self.size_bytes = len(head) + self._body_bytes + len(tail)
        self._at = 0

    def seekable(self) -> bool:
        """It can be read again."""
        return True

    def tell(self) -> int:
        """Give the byte that is next."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a byte counted from the start."""
        self._at = offset
        return offset

    def readinto(self, buffer: Any, /) -> int:
        """Give the next bytes."""
        data = self._bytes(self._at, min(self._at + len(buffer), self.size_bytes))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def _bytes(self, start: int, end: int) -> bytes:
        head, body = len(self._head), len(self._head) + self._body_bytes
        first, last = max(start, head) - head, min(end, body) - head
        parts = [self._head[start:end]]
        if first < last:
            skipped = first // len(self._record)
            whole = self._record * (-(-last // len(self._record)) - skipped)
            offset = skipped * len(self._record)
            parts.append(whole[first - offset : last - offset])
        parts.append(self._tail[max(0, start - body) : max(0, end - body)])
        return b"".join(parts)


# A document of so many records about at most one picture, and what each record is.
_COCO = b'{"categories": [{"id": 1, "name": "ship"}], '
_SHAPE = b'{"label": "ship", "points": [[1, 1], [9, 9]], "shape_type": "rectangle"},'
DOCUMENTS: dict[str, tuple[str, bytes, bytes, int, bytes]] = {
    "COCO, annotations {}": ("coco", _COCO + b'"annotations": [', b"{},\n", 3_000_000, b"{}]}"),
    "COCO, images {}": ("coco", _COCO + b'"images": [', b"{},\n", 3_000_000, b"{}]}"),
    "COCO, categories {}": ("coco", b'{"categories": [', b"{},\n", 3_000_000, b"{}]}"),
    "XML, <object/>": ("voc", b"<annotation>", b"<object/>", 7_000_000, b"</annotation>"),
    "FAIR1M, <object/>": (
        "fair1m", b"<annotation><objects>", b"<object/>", 7_000_000, b"</objects></annotation>",
    ),
    "DOTA, lines": ("dota", b"", b"0 0 9 0 9 5 0 5 ship 0\n", 5_000_000, b""),
    "DOTA, lines by CR": ("dota", b"", b"1 2 x y z\r", 5_000_000, b""),
    "YOLO, lines": ("yolo", b"", b"0 .5 .5 .1 .1\n", 5_000_000, b""),
    "YOLO OBB, lines": ("yolo_obb", b"", b"0 0 0 1 0 1 1 0 1\n", 5_000_000, b""),
    "LabelMe, shapes": ("labelme", b'{"shapes": [', _SHAPE, 1_000_000, _SHAPE[:-1] + b"]}"),
}  # fmt: skip


def measure_document(name: str, part: float = 1.0) -> dict[str, Any]:
    """Read a document to its end, or a part of its records, holding nothing of what it gives."""
    file_format, head, record, times, tail = DOCUMENTS[name]
    document = Repeated(head, record, int(times * part), tail)
    with tempfile.TemporaryDirectory(prefix="sarchat-crowd-") as folder:
        rule = _manifest(Path(folder), file_format).annotations.rule_of(0)
    before, start, said, given = _peak_mb(), time.perf_counter(), "", 0
    try:
        for image in FORMATS[file_format].read(io.BufferedReader(document), rule):
            given += max(1, len(image.instances) + len(image.faults))
    except RecordError as error:
        said = f"{error.reason}: {error.detail}"
    return {
        "document": f"{name}, {int(times * part):,}",
        "megabytes": document.size_bytes / (1 << 20),
        "seconds": time.perf_counter() - start,
        "peak_mb": _peak_mb(),
        "peak_mb_before": before,
        "outcome": said or f"{given:,} given",
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(*arguments: str) -> dict[str, Any]:
    """Measure in a process of its own, whose peak is that of this alone."""
    command = [sys.executable, "-m", "benchmarks.crowds", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _show_builds(lines: Iterator[dict[str, Any]], title: str, console: Console) -> None:
    table = Table(title=f"{title}: seconds of each stage, one process")
    for column in ("picture", *_COLUMNS, "whole", "peak MB"):
        table.add_column(column, justify="left" if column == "picture" else "right")
    for line in lines:
        stages = [f"{line['seconds'][column]:.1f}" for column in _COLUMNS]
        whole = f"{line['whole_s']:.1f}", f"{line['peak_mb']:,.0f}"
        table.add_row(line["document"], *stages, *whole)
    console.print(table)


def _show_documents(lines: Iterator[dict[str, Any]], console: Console) -> None:
    table = Table(title="endless documents, read to their end")
    for column in ("document", "MB", "seconds", "peak MB", "at start", "outcome"):
        table.add_column(column, justify="left" if column in ("document", "outcome") else "right")
    for line in lines:
        table.add_row(
            line["document"],
            *(f"{line[name]:,.1f}" for name in ("megabytes", "seconds")),
            *(f"{line[name]:,.0f}" for name in ("peak_mb", "peak_mb_before")),
            line["outcome"],
        )
    console.print(table)


def main() -> None:
    """Measure every picture and every document, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boxes", type=int, nargs="+", default=[1_000, 2_000, 5_000, 20_000])
    parser.add_argument("--formats", choices=list(WRITERS), nargs="+", default=list(WRITERS))
    parser.add_argument("--recipe", default="sarchat_2m")
    parser.add_argument("--tiled", action="store_true")
    parser.add_argument("--documents", action="store_true", help="the endless documents only")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, *rest = options.measure
        if what == "document":
            figures = measure_document(rest[0], float(rest[1]))
        else:
            figures = measure_build(rest[0], int(rest[1]), options.recipe, options.tiled)
        print(json.dumps(figures, default=str))
        return
    console = Console(width=160)
    if not options.documents:
        more = ["--recipe", options.recipe, *(["--tiled"] if options.tiled else [])]
        lines = (
            _measured(*more, "--measure", "build", file_format, str(n))
            for file_format in options.formats
            for n in options.boxes
        )
        _show_builds(lines, "one crowded picture" + " in windows" * options.tiled, console)
    parts = (
        _measured("--measure", "document", name, str(part))
        for name in DOCUMENTS
        for part in (0.25, 1.0)
    )
    _show_documents(parts, console)


if __name__ == "__main__":
    main()
