"""Parquet for `load_dataset` and for a hub: every dialogue with its picture, tasks as views.

The configurations of the card are the same files with other `filters`: `default` has all tasks,
the others one each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from sarchat_build.exports.chat.rows import messages_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Item, Picture
from sarchat_build.exports.tables.parquet import (
    PICTURE,
    PictureRows,
    card_header,
    write_picture_rows,
)

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
    return write_picture_rows(name, SCHEMA, rows)


def _units(export: Export) -> list[FileUnit]:
    return [
        FileUnit(f"data/{shard.name}.parquet", (shard,), export.tasks, _fill, content=True)
        for shard in export.shards
    ]


def card(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the card: configurations, what a row is, and how to load it."""
    # A configuration without a row, as one task of a few pictures may be, cannot be loaded.
    splits = [
        split for split in export.splits if any(rows[f"data/{s.name}.parquet"] for s in
                                                export.of_split(split))
    ]  # fmt: skip
    configs = [{"config_name": "default", "data_files": _files(splits)}]
    configs += [
        {
            "config_name": task,
            "data_files": _files([s for s in splits if export.dataset.count(s, task)]),
            "filters": [["task", "==", task]],
        }
        for task in export.tasks
    ]
    text = _TEXT.format(
        dialogues=sum(rows.values()),
        tasks=", ".join(f"`{task}`" for task in export.tasks),
        boxes=export.boxes,
        task=export.tasks[-1],
        split=splits[0] if splits else "train",
    )
    return {"README.md": card_header(configs, export.sources) + text}


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
