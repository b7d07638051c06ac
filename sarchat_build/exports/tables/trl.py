"""Parquet for TRL and Axolotl: structured messages, in which the picture has its own place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Item, Picture, reward_columns, without_mark
from sarchat_build.exports.tables.parquet import (
    PICTURE,
    PictureRows,
    card_header,
    write_picture_rows,
)

_CONTENT = pa.list_(pa.struct({"type": pa.string(), "text": pa.string()}))
SCHEMA = pa.schema(
    {
        "images": pa.list_(PICTURE),
        "messages": pa.list_(pa.struct({"role": pa.string(), "content": _CONTENT})),
        "id": pa.string(),
        "solution": pa.string(),
        "task": pa.string(),
        "subtask": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
    }
)


def row(picture: Picture, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue: no `<image>` in any text, which TRL would leave there."""
    messages = []
    for number, (role, text) in enumerate(dialogue.turns):
        words = {"type": "text", "text": without_mark(text)}
        before = [] if number else [{"type": "image", "text": None}]
        messages.append({"role": role, "content": [*before, words]})
    own = {"messages": messages, "id": dialogue.dialogue_id}
    return own | reward_columns(picture, dialogue)


def _fill(name: str, items: Iterator[Item]) -> int:
    rows = (PictureRows(p, [row(p, dialogue) for dialogue in of]) for p, of in items)
    return write_picture_rows(name, SCHEMA, rows)


def _units(export: Export) -> list[FileUnit]:
    return [
        FileUnit(f"data/{shard.name}.parquet", (shard,), export.tasks, _fill, content=True)
        for shard in export.shards
    ]


def card(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the card, by which `load_dataset` finds the splits."""
    del rows
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in export.splits]
    header = card_header([{"config_name": "default", "data_files": files}], export.sources)
    return {"README.md": f"{header}\n# SAR image-text dialogues for TRL and Axolotl\n"}


FORMAT = Format(
    "trl",
    _units,
    card,
    next_steps=(
        "SFTTrainer(train_dataset=load_dataset('{dir}', split='train', streaming=True), …); "
        "GRPO: docs/scoring.md",
    ),
)
