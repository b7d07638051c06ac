"""WebDataset: tar files with one sample per picture, its file and a JSON of all its dialogues."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from sarchat_build.exports.chat.rows import messages_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.folder import SafeNames
from sarchat_build.exports.reading import Item


def sample(item: Item) -> dict[str, Any]:
    """Give the JSON of one sample."""
    picture, dialogues = item
    return {
        "image_id": picture.image_id,
        "width": picture.width_px,
        "height": picture.height_px,
        "source": picture.source,
        "license": picture.license,
        "split": picture.split,
        "objects": [
            {"category": object_.category, "bbox": object_.bbox} for object_ in picture.objects
        ],
        "dialogues": [
            {
                "id": dialogue.dialogue_id,
                "task": dialogue.task,
                "subtask": dialogue.subtask,
                "messages": messages_of(dialogue),
            }
            for dialogue in dialogues
        ],
    }


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # of time 0 and nobody
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _units(export: Export) -> list[FileUnit]:
    # All samples have fields of the same names, or `datasets` refuses them. Readers look at the
    # bytes of a picture to know its kind.
    mixed = export.dataset.suffixes(export.shards) != {".png"}
    extension = "jpg" if mixed else "png"

    def fill(name: str, items: Iterator[Item]) -> int:
        names, count = SafeNames(dots=False), 0
        with tarfile.open(name, "w", format=tarfile.GNU_FORMAT) as tar:
            for item in items:
                key = names.of(item.picture.image_id)
                _add(tar, f"{key}.{extension}", item.picture.content)
                _add(tar, f"{key}.json", json.dumps(sample(item), ensure_ascii=False).encode())
                count += 1
        return count

    return [
        FileUnit(f"data/{shard.name}.tar", (shard,), export.tasks, fill, content=True)
        for shard in export.shards
    ]


FORMAT = Format(
    "webdataset",
    _units,
    next_steps=(
        "energon prepare --non-interactive --split-parts 'train:data/train-.*tar' "
        "--sample-type CrudeWebdataset {dir}",
    ),
)
