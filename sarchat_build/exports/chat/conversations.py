"""LLaVA, Qwen-VL and InternVL: rows of `image` and `conversations` from "human" and "gpt"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sarchat_build.archives.location import absolute, join
from sarchat_build.dataset.output import json_text
from sarchat_build.exports.chat.rows import PICTURES, dialogue_units, split_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Picture

_SPEAKERS = {"user": "human", "assistant": "gpt"}


def row(picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue; sizes are in pixels."""
    return {
        "id": dialogue.dialogue_id,
        "image": path,
        "width": picture.width_px,
        "height": picture.height_px,
        "conversations": [
            {"from": _SPEAKERS[role], "value": text} for role, text in dialogue.turns
        ],
    }


def _arrays(export: Export) -> list[FileUnit]:
    return dialogue_units(export, row, extension="json", root="")


def _lines(export: Export) -> list[FileUnit]:
    return dialogue_units(export, row, root="")


def _place(export: Export, path: str) -> str:
    """Give the absolute place of a file: these trainers start in folders of their own."""
    return join(absolute(export.request.output), path)


def internvl_meta(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give InternVL's meta file, one for training and one for each other split."""
    return {
        f"meta_{split_of(path)}.json": json_text(
            {
                f"sarchat_{split_of(path)}": {
                    "root": _place(export, PICTURES),
                    "annotation": _place(export, path),
                    "data_augment": False,
                    "repeat_time": 1,
                    "length": count,
                }
            }
        )
        for path, count in rows.items()
    }


def qwen_registration(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the lines to paste into `qwenvl/data/__init__.py`."""
    lines = ["# Paste into qwenvl/data/__init__.py, then: --dataset_use sarchat_train"]
    for path in rows:
        entry = {"annotation_path": _place(export, path), "data_path": _place(export, PICTURES)}
        lines.append(f'data_dict["sarchat_{split_of(path)}"] = {entry!r}')
    return {"register.py": "\n".join(lines) + "\n"}


LLAVA = Format(
    "llava",
    _arrays,
    picture_folder=PICTURES,
    next_steps=(
        "llava/train/train_mem.py --data_path {dir}/train.json --image_folder {dir}/pictures …",
    ),
)
QWEN_VL = Format(
    "qwen-vl",
    _lines,
    qwen_registration,
    boxes="qwen3-vl",
    picture_folder=PICTURES,
    next_steps=(
        "paste {dir}/register.py into qwenvl/data/__init__.py, then "
        "qwenvl/train/train_qwen.py --dataset_use sarchat_train …",
    ),
)
INTERNVL = Format(
    "internvl",
    _lines,
    internvl_meta,
    boxes="internvl",
    picture_folder=PICTURES,
    next_steps=("internvl/train/internvl_chat_finetune.py --meta_path {dir}/meta_train.json …",),
)
