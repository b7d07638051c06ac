"""Requests for batch services and vLLM's `run-batch`: one line each, with the picture in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from sarchat_build.exports.chat.rows import json_line
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.harnesses.evalscope import chat
from sarchat_build.exports.reading import Item

_MAX_TOKENS = 2048


def _units(export: Export) -> list[FileUnit]:
    model = export.request.model

    def fill(name: str, items: Iterator[Item]) -> int:
        count = 0
        with open(name, "w", encoding="utf-8", newline="\n") as stream:
            for picture, dialogues in items:
                kind = "jpeg" if picture.suffix in (".jpg", ".jpeg") else picture.suffix[1:]
                shown = base64.b64encode(picture.content).decode() if dialogues else ""
                for dialogue in dialogues:
                    body = {
                        "model": model,
                        "messages": chat(dialogue, f"data:image/{kind};base64,{shown}"),
                        "max_tokens": _MAX_TOKENS,
                        "temperature": 0,
                    }
                    request = {
                        "custom_id": dialogue.dialogue_id,
                        "method": "POST",
                        "url": "/v1/chat/completions",
                        "body": body,
                    }
                    stream.write(json_line(request) + "\n")
                    count += 1
        return count

    return [
        FileUnit(f"{task}_{shard.name}.jsonl", (shard,), (task,), fill, content=True)
        for shard in export.shards
        for task in export.tasks
    ]


FORMAT = Format(
    "openai-batch",
    _units,
    splits=("test",),
    next_steps=("vllm run-batch -i {dir}/FILE.jsonl -o predictions.jsonl --model MODEL",),
)
