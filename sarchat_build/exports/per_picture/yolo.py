"""YOLO: a text file of relative boxes beside each picture, and the `data.yaml` of Ultralytics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from sarchat_build.archives.location import absolute
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Picture
from sarchat_build.types import CATEGORIES


def label_lines(picture: Picture) -> str:
    """Give one line per object: class from 0, center and size as shares of the picture."""
    lines = []
    for of in picture.objects:
        x0, y0, x1, y1 = of.bbox
        numbers = (
            (x0 + x1) / 2 / picture.width_px,
            (y0 + y1) / 2 / picture.height_px,
            (x1 - x0) / picture.width_px,
            (y1 - y0) / picture.height_px,
        )
        shares = " ".join(f"{number:.6f}" for number in numbers)
        lines.append(f"{CATEGORIES.index(of.category)} {shares}\n")
    return "".join(lines)


def _labels(export: Export, picture: Picture) -> Iterator[tuple[str, str]]:
    name = PurePosixPath(export.picture_name(picture))
    yield f"labels/{name.with_suffix('.txt')}", label_lines(picture)


def _no_units(export: Export) -> list[FileUnit]:
    del export
    return []


def data_yaml(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give `data.yaml`; where there is no validation split, what is there stands for it."""
    del rows
    splits = export.splits
    validation = next(s for s in ("validation", "test", *splits) if s in splits)
    lines = [
        f"path: {json.dumps(absolute(export.request.output))}",
        f"train: images/{splits[0]}",
        f"val: images/{validation}",
        *([f"test: images/{splits[-1]}"] if splits[-1] == "test" else []),
        "names:",
        *(f"  {number}: {category}" for number, category in enumerate(CATEGORIES)),
    ]
    return {"data.yaml": "\n".join(lines) + "\n"}


FORMAT = Format(
    "yolo",
    _no_units,
    data_yaml,
    boxes="",
    picture_folder="images",
    beside=_labels,
    next_steps=("yolo detect train data={dir}/data.yaml model=yolo11n.pt imgsz=512",),
)
