"""The rows of a dataset, its quality report, and what its box formats keep, recomputed."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sarchat_build.report.statistics.counting import count_pictures
from sarchat_build.types import CATEGORIES

Row = dict[str, Any]
Entries = dict[tuple[str | None, ...], dict[str, Any]]
KINDS = ("split", "task", "subtask", "source")


def quality(out: Path) -> dict[str, Any]:
    return json.loads((out / "report/quality.json").read_text(encoding="utf-8"))


def entries(out: Path, section: str = "dialogues", kinds: tuple[str, ...] = KINDS) -> Entries:
    return {tuple(entry[kind] for kind in kinds): entry for entry in quality(out)[section]}


def dialogues(out: Path) -> list[Row]:
    paths = sorted(out.glob("dialogues/*/*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def pictures(out: Path) -> list[Row]:
    """Rows of `images` without the pictures."""
    names = [n for n in pq.read_schema(next(out.glob("images/*.parquet"))).names if n != "image"]
    paths = sorted(out.glob("images/*.parquet"))
    return [row for path in paths for row in pq.read_table(path, columns=names).to_pylist()]


def area(box: tuple[float, ...]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def iou(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    shared = area(
        (
            max(one[0], other[0]),
            max(one[1], other[1]),
            min(one[2], other[2]),
            min(one[3], other[3]),
        )
    )
    return shared / (area(one) + area(other) - shared)


def rounded(name: str, box: tuple[float, ...], sides: tuple[int, ...]) -> tuple[float, ...]:
    """Write a box in a model's frame and read it back, one corner at a time."""
    if name.startswith("native"):
        return tuple(float(math.floor(v + 0.5)) for v in box)
    if name.startswith("1000 bins"):
        bins = (min(math.floor(1000 * v / s), 999) for v, s in zip(box, sides, strict=True))
        return tuple((b + 0.5) * s / 1000 for b, s in zip(bins, sides, strict=True))
    if name.startswith("32"):
        low = [min(math.floor(32 * v / s), 31) for v, s in zip(box[:2], sides, strict=False)]
        high = [max(math.ceil(32 * v / s) - 1, 0) for v, s in zip(box[2:], sides[2:], strict=False)]
        inset = 0.0 if low[0] == high[0] or low[1] == high[1] else 0.5
        cells = [*(v + inset for v in low), *(v + 1 - inset for v in high)]
        return tuple(c * s / 32 for c, s in zip(cells, sides, strict=True))
    lines = {"0-100 ": 100, "0-999 ": 999, "0-1000": 1000, "0-1 wi": 1000}[name[:6]]
    return tuple(
        math.floor(lines * v / s + 0.5) * s / lines for v, s in zip(box, sides, strict=True)
    )


def of_one_picture(out: Path, wanted: Callable[[Row], bool]) -> tuple[Row, list[Row]]:
    rows = dialogues(out)
    image_id = next(row["image_id"] for row in rows if wanted(row))
    (image,) = [image for image in pictures(out) if image["image_id"] == image_id]
    return image, [row for row in rows if row["image_id"] == image_id]


def all_counts(image: Row, rows: list[Row]) -> Counter[str]:
    tallies = count_pictures([(image, rows)], CATEGORIES)
    total: Counter[str] = Counter()
    for group in tallies.groups():
        for kind in ("rows", "images"):
            total.update(tallies.get(group, kind))
    return total


def counts_of(rows: list[Row], out: Path) -> Counter[str]:
    (image,) = [i for i in pictures(out) if i["image_id"] == rows[0]["image_id"]]
    return all_counts(image, rows)


def is_no(row: Row) -> bool:
    return row["subtask"] == "presence" and row["ground_truth"]["answer"] == "no"


def section_columns(section: str, line: str) -> int:
    """Count the bars of the head of the table that a line belongs to."""
    table = next(t for t in section.split("\n\n") if line in t.splitlines())
    return table.splitlines()[0].count("|")
