"""Parquet for `load_dataset` and for a hub: every dialogue with its picture, tasks as views.

The configurations of the card are the same files with other `filters`: `default` has all tasks,
the others one each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from sarchat_build.exports.chat.rows import messages_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Item, Picture
from sarchat_build.exports.tables.parquet import (
    PICTURE,
    PictureRows,
    TaskSize,
    card_header,
    sizes_by_task,
    write_picture_rows,
)
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.hf_features import card_features
from sarchat_build.published.layout import parse_shard_name

_STRINGS = pa.list_(pa.string())
SCHEMA = pa.schema(
    {
        "image": PICTURE,
        "image_id": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "dialogue_id": pa.string(),
        "task": pa.string(),
        "subtask": pa.string(),
        "messages": pa.list_(pa.struct({"role": pa.string(), "content": pa.string()})),
        "objects": pa.struct({"ref": _STRINGS, "bbox": pa.list_(pa.list_(pa.float64()))}),
        "instance_ids": _STRINGS,
        "template_ids": _STRINGS,
        "ground_truth": pa.string(),
        "source": pa.string(),
        "license": pa.string(),
        "split": pa.string(),
    }
)


def row(picture: Picture, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue; what its answer states is JSON, of each task its own."""
    return {
        "image_id": picture.image_id,
        "width": picture.width_px,
        "height": picture.height_px,
        "dialogue_id": dialogue.dialogue_id,
        "task": dialogue.task,
        "subtask": dialogue.subtask,
        "messages": messages_of(dialogue),
        "objects": {
            "ref": [ref for ref, _ in dialogue.objects],
            "bbox": [box for _, box in dialogue.objects],
        },
        "instance_ids": dialogue.instance_ids,
        "template_ids": dialogue.template_ids,
        "ground_truth": json.dumps(dialogue.ground_truth, sort_keys=True),
        "source": picture.source,
        "license": picture.license,
        "split": picture.split,
    }


def _fill(name: str, items: Iterator[Item]) -> int:
    rows = (PictureRows(p, [row(p, dialogue) for dialogue in of]) for p, of in items)
    return write_picture_rows(name, SCHEMA, rows, by_task=True)


def _units(export: Export) -> list[FileUnit]:
    return [
        FileUnit(f"data/{shard.name}.parquet", (shard,), export.tasks, _fill, content=True)
        for shard in export.shards
    ]


def card(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the card: configurations, what a row is, and how to load it."""
    sizes, stored = _sizes(export, rows)
    # A configuration without a row, as one task of a few pictures may be, cannot be loaded.
    views = {name: of for name, of in sizes.items() if of}
    splits = list(sizes["default"])
    configs = [
        {
            "config_name": name,
            "data_files": _files(list(of)),
            **({} if name == "default" else {"filters": [["task", "==", name]]}),
        }
        for name, of in views.items()
    ]
    infos = [
        {
            "config_name": name,
            "features": card_features(SCHEMA),
            "splits": [
                {"name": split, "num_bytes": size.arrow_bytes, "num_examples": size.rows}
                for split, size in of.items()
            ],
            "download_size": stored,
            "dataset_size": sum(size.arrow_bytes for size in of.values()),
        }
        for name, of in views.items()
    ]
    text = _TEXT.format(
        dialogues=sum(rows.values()),
        tasks=", ".join(f"`{task}`" for task in export.tasks),
        boxes=export.boxes,
        task=export.tasks[-1],
        split=splits[0] if splits else "train",
    )
    return {"README.md": card_header(configs, export.sources, infos) + text}


def _sizes(export: Export, paths: Iterable[str]) -> tuple[dict[str, dict[str, TaskSize]], int]:
    """Read how large each view is by split, and the bytes of all files; no row is read."""
    folder, stored = DatasetFolder(export.request.output), 0
    views: dict[str, dict[str, TaskSize]] = {name: {} for name in ("default", *export.tasks)}
    for path in paths:
        split = parse_shard_name(PurePosixPath(path).stem)[0]
        with folder.open(path) as stream:
            stored += stream.size()
            found = sizes_by_task(stream)
        for task, (rows, arrow_bytes) in found.items():
            for of in (views["default"], views[task]):
                known = of.get(split, TaskSize(0, 0))
                of[split] = TaskSize(known.rows + rows, known.arrow_bytes + arrow_bytes)
    ordered = {n: {s: of[s] for s in export.splits if s in of} for n, of in views.items()}
    return ordered, stored


def _files(splits: list[str]) -> list[dict[str, str]]:
    return [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]


_TEXT = """
# SAR image-text dialogues

{dialogues:,} dialogues, each with its picture: {tasks}. Box text is of the form `{boxes}`;
`objects` has the exact boxes, x_min, y_min, x_max, y_max in pixels of the picture. `ground_truth`
is JSON.
Licenses of the pictures: [LICENSES.md](LICENSES.md).

```python
from datasets import load_dataset

rows = load_dataset(PATH, "{task}", split="{split}", streaming=True)
```

Every picture is stored once and shared by its rows. `streaming=True` keeps it so; without it
`datasets` writes a copy per row into its cache, about twenty times the size for all tasks.
"""
FORMAT = Format(
    "hub",
    _units,
    card,
    next_steps=("load_dataset('{dir}', 'referring', streaming=True)",),
)
