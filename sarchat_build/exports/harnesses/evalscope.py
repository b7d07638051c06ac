"""EvalScope: JSONL of its `general_vqa`, one file for each task, beside files of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sarchat_build.exports.chat.rows import PICTURES, json_line
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Item, without_mark


def chat(dialogue: Dialogue, url: str) -> list[dict[str, Any]]:
    """Give the turns before the last answer as OpenAI's messages, the picture first."""
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [
        {
            "role": role,
            "content": text
            if role == "assistant"
            else [*([] if number else [picture]), {"type": "text", "text": without_mark(text)}],
        }
        for number, (role, text) in enumerate(dialogue.turns[:-1])
    ]


def _units(export: Export) -> list[FileUnit]:
    def fill(name: str, items: Iterator[Item]) -> int:
        count = 0
        with open(name, "w", encoding="utf-8", newline="\n") as stream:
            for picture, dialogues in items:
                path = f"{PICTURES}/{export.picture_name(picture)}"
                for dialogue in dialogues:
                    row = {
                        "messages": chat(dialogue, path),
                        "answer": dialogue.turns[-1][1],
                        "dialogue_id": dialogue.dialogue_id,
                    }
                    stream.write(json_line(row) + "\n")
                    count += 1
        return count

    return [
        FileUnit(f"{task}_{split}.jsonl", export.of_split(split), (task,), fill)
        for split in export.splits
        for task in export.tasks
    ]


FORMAT = Format(
    "evalscope",
    _units,
    picture_folder=PICTURES,
    splits=("test",),
    next_steps=(
        "cd {dir} && evalscope eval --model MODEL --datasets general_vqa --dataset-args "
        '\'{{"general_vqa": {{"local_path": ".", "subset_list": ["referring_test"]}}}}\'',
    ),
)
