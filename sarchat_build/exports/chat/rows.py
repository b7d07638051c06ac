"""What the formats of trainers share: files of one JSON row per dialogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from sarchat_build.exports.export import Export, FileUnit
from sarchat_build.exports.reading import Dialogue, Item, Picture

PICTURES = "pictures"
# A row of JSON from a picture, the path of its file, and a dialogue about it.
MakeRow = Callable[[Picture, str, Dialogue], dict[str, Any]]


def json_line(row: object) -> str:
    """Write a row as one line of JSON, in the order of its keys.

    >>> json_line({"b": "é", "a": 1})
    '{"b": "é", "a": 1}'
    """
    return json.dumps(row, ensure_ascii=False)


def dialogue_units(
    export: Export, make: MakeRow, *, extension: str = "jsonl", root: str = f"{PICTURES}/"
) -> list[FileUnit]:
    """Give one file for each split: lines, or with the extension "json" an array.

    Args:
        export: the export.
        make: gives the row of a dialogue.
        extension: "jsonl" or "json".
        root: what stands before the name of a picture.
    """
    before, between, after = ("[\n", ",\n", "\n]\n") if extension == "json" else ("", "\n", "\n")

    def rows(items: Iterator[Item]) -> Iterator[str]:
        for picture, dialogues in items:
            path = f"{root}{export.picture_name(picture)}"
            for dialogue in dialogues:
                yield json_line(make(picture, path, dialogue))

    def fill(name: str, items: Iterator[Item]) -> int:
        count = 0
        with open(name, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(before)
            for count, row in enumerate(rows(items), 1):
                stream.write((between if count > 1 else "") + row)
            stream.write(after if count or before else "")
        return count

    return [
        FileUnit(f"{split}.{extension}", export.of_split(split), export.tasks, fill)
        for split in export.splits
    ]


def split_of(path: str) -> str:
    """Give the split of a file that is named for it.

    >>> split_of("train.jsonl")
    'train'
    """
    return PurePosixPath(path).stem


def messages_of(dialogue: Dialogue) -> list[dict[str, str]]:
    """Give the turns of a dialogue as messages of role and content."""
    return [{"role": role, "content": text} for role, text in dialogue.turns]
