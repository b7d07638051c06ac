"""LLaMA-Factory: sharegpt rows, and the `dataset_info.json` that names their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sarchat_build.dataset.output import json_text
from sarchat_build.exports.chat.rows import PICTURES, dialogue_units, messages_of, split_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Picture

_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
}


def row(picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue: as many `<image>` as pictures, or the trainer refuses it."""
    del picture
    return {
        "id": dialogue.dialogue_id,
        "messages": messages_of(dialogue),
        "images": [path],
    }


def _units(export: Export) -> list[FileUnit]:
    return dialogue_units(export, row)


def dataset_info(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give `dataset_info.json`: one dataset per split, `sarchat_train` and so on."""
    del export
    columns = {"messages": "messages", "images": "images"}
    entries = {
        f"sarchat_{split_of(path)}": {
            "file_name": path,
            "formatting": "sharegpt",
            "columns": columns,
            "tags": _TAGS,
        }
        for path in rows
    }
    return {"dataset_info.json": json_text(entries)}


# What it counts of predictions by itself needs packages that it does not install.
FORMAT = Format(
    "llama-factory",
    _units,
    dataset_info,
    picture_folder=PICTURES,
    next_steps=(
        "llamafactory-cli train --stage sft --do_train --model_name_or_path MODEL --template "
        "TEMPLATE --dataset_dir {dir} --media_dir {dir} --dataset sarchat_train --cutoff_len 4096 "
        "--finetuning_type lora --output_dir CHECKPOINT",
        "pip install jieba nltk rouge-chinese && "
        "llamafactory-cli train --stage sft --do_predict --predict_with_generate "
        "--model_name_or_path MODEL --adapter_name_or_path CHECKPOINT --template TEMPLATE "
        "--dataset_dir {dir} --media_dir {dir} --eval_dataset sarchat_test --cutoff_len 4096 "
        "--max_new_tokens 2048 --output_dir PREDICTED",
    ),
)
