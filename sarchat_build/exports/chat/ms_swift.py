"""ms-swift: `messages`, `images`, `id` and `channel`; boxes as text, or as its own placeholders.

With placeholders ms-swift writes boxes in the form of the model it trains: `objects` puts the
category beside the box (Qwen-VL, Qwen2-VL, InternVL, DeepSeek-VL2), `bbox` does not (models without
a text for it), `objects-json` is for Qwen2.5-VL and Qwen3-VL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sarchat_build.exports.box_text import rewrite
from sarchat_build.exports.chat.rows import PICTURES, dialogue_units, messages_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Picture

# The text of a box in an answer; in a question the category is not told.
_ANSWERS = {
    "objects": "<ref-object><bbox>",
    "bbox": "<bbox>",
    "objects-json": '{"bbox_2d": <bbox>, "label": "<ref-object>"}',
}
_QUESTIONS = {"objects": "<bbox>", "bbox": "<bbox>", "objects-json": '{"bbox_2d": <bbox>}'}


def row(picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue with its boxes in its text."""
    del picture
    return {
        "id": dialogue.dialogue_id,
        "channel": dialogue.task,
        "messages": messages_of(dialogue),
        "images": [path],
    }


def row_with_objects(form: str, picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue with placeholders in its text, and `objects` to fill them."""
    refs: list[str] = []
    boxes: list[list[float]] = []

    def write(role: str, box: Sequence[float], label: str) -> str:
        boxes.append(list(box))
        if role != "assistant":
            return _QUESTIONS[form]
        if "<ref-object>" in _ANSWERS[form]:
            refs.append(label)
        return _ANSWERS[form]

    turns = rewrite(dialogue.turns, dialogue.objects, write)
    found = row(picture, path, dialogue)
    found["messages"] = [{"role": role, "content": text} for role, text in turns]
    found["objects"] = {"ref": refs, "bbox": boxes, "bbox_type": "real"}
    return found


def _units(export: Export) -> list[FileUnit]:
    if export.rewrites:
        return dialogue_units(export, row)
    form = export.boxes
    return dialogue_units(export, lambda *of: row_with_objects(form, *of))


FORMAT = Format(
    "ms-swift",
    _units,
    own_boxes=dict.fromkeys(_ANSWERS, "norm1000"),
    picture_folder=PICTURES,
    next_steps=(
        "ROOT_IMAGE_DIR={dir} swift sft --model MODEL --dataset {dir}/train.jsonl",
        "ROOT_IMAGE_DIR={dir} swift infer --adapters CHECKPOINT --val_dataset {dir}/test.jsonl "
        "--remove_unused_columns false --result_path predictions.jsonl",
    ),
)
