"""Parquet in the form of FineVision: one row per picture, its dialogues as turns.

A picture with more words than a row may have takes several rows, since trainers cut or drop rows
that are too long; it is stored once all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Item, Picture, without_mark
from sarchat_build.exports.tables.parquet import (
    PICTURE,
    PictureRows,
    card_header,
    write_picture_rows,
)

_TURN = pa.struct({"user": pa.string(), "assistant": pa.string()})
SCHEMA = pa.schema(
    {
        "images": pa.list_(PICTURE),
        "texts": pa.list_(_TURN),
        "source": pa.string(),
        "image_id": pa.string(),
        "dialogue_ids": pa.list_(pa.string()),
    }
)


def rows_of(picture: Picture, dialogues: list[Dialogue], max_words: int) -> list[dict[str, Any]]:
    """Give the rows of a picture; a dialogue is never cut, even one beyond the budget."""
    rows: list[dict[str, Any]] = []
    words = 0
    for dialogue in dialogues:
        texts = [without_mark(text) for _, text in dialogue.turns]
        length = sum(len(text.split()) for text in texts)
        if not rows or words + length > max_words:
            empty: dict[str, Any] = {"texts": [], "dialogue_ids": []}
            rows.append({**empty, "source": picture.source, "image_id": picture.image_id})
            words = 0
        words += length
        pairs = zip(texts[::2], texts[1::2], strict=True)
        rows[-1]["texts"] += [{"user": asked, "assistant": told} for asked, told in pairs]
        rows[-1]["dialogue_ids"].append(dialogue.dialogue_id)
    return rows


def _units(export: Export) -> list[FileUnit]:
    budget = export.request.max_words

    def fill(name: str, items: Iterator[Item]) -> int:
        rows = (PictureRows(picture, rows_of(picture, of, budget)) for picture, of in items)
        return write_picture_rows(name, SCHEMA, rows)

    return [
        FileUnit(f"data/{shard.name}.parquet", (shard,), export.tasks, fill, content=True)
        for shard in export.shards
    ]


def card(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the card, by which `load_dataset` finds the splits."""
    del rows
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in export.splits]
    header = card_header([{"config_name": "default", "data_files": files}], export.sources)
    return {"README.md": f"{header}\n# SAR image-text dialogues, one row per picture\n"}


FORMAT = Format(
    "finevision",
    _units,
    card,
    next_steps=("load_dataset('{dir}', split='train', streaming=True)",),
)
