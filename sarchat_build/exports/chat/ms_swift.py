"""ms-swift: `messages`, `images` and `id`; boxes as text, or as its own placeholders.

Rows of train also have `channel`, by which ms-swift tells losses apart, and what a reward needs.
Other splits are predicted: `swift infer` of ms-swift 4.6.0 hands `channel`, and every column that
it is told to keep, to the model's `generate`, which refuses what it does not know.

With placeholders ms-swift writes boxes in the form of the model it trains: `objects` puts the
category beside the box (Qwen-VL, Qwen2-VL, InternVL, DeepSeek-VL2), `bbox` does not (models without
a text for it), `objects-json` is for Qwen2.5-VL and Qwen3-VL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sarchat_build.exports.box_text import PLACEHOLDERS, form_of, in_form, rewrite
from sarchat_build.exports.chat.rows import PICTURES, dialogue_units, messages_of
from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Dialogue, Picture, reward_columns

# The text of a box in an answer; in a question the category is not told.
_ANSWERS = {
    "objects": "<ref-object><bbox>",
    "bbox": "<bbox>",
    "objects-json": '{"bbox_2d": <bbox>, "label": "<ref-object>"}',
}
_QUESTIONS = {"objects": "<bbox>", "bbox": "<bbox>", "objects-json": '{"bbox_2d": <bbox>}'}


def row(picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue with its boxes in its text."""
    found = {
        "id": dialogue.dialogue_id,
        "messages": messages_of(dialogue),
        "images": [path],
    }
    if picture.split == "train":
        found |= {"channel": dialogue.task, **reward_columns(picture, dialogue)}
    return found


def row_with_objects(name: str, picture: Picture, path: str, dialogue: Dialogue) -> dict[str, Any]:
    """Give the row of a dialogue with placeholders in its text, and `objects` to fill them."""
    refs: list[str] = []
    boxes: list[list[float]] = []

    def write(role: str, box: Sequence[float], label: str) -> str:
        boxes.append(list(box))
        if role != "assistant":
            return _QUESTIONS[name]
        if "<ref-object>" in _ANSWERS[name]:
            refs.append(label)
        return _ANSWERS[name]

    turns = rewrite(dialogue.turns, dialogue.objects, write)
    # Placeholders are filled in messages alone.
    form = form_of(PLACEHOLDERS[name])
    own = in_form(form, dialogue.turns, dialogue.objects, picture.size)
    found = row(picture, path, replace(dialogue, turns=own))
    found["messages"] = [{"role": role, "content": text} for role, text in turns]
    found["objects"] = {"ref": refs, "bbox": boxes, "bbox_type": "real"}
    return found


def _units(export: Export) -> list[FileUnit]:
    if export.rewrites:
        return dialogue_units(export, row)
    name = export.boxes
    return dialogue_units(export, lambda *of: row_with_objects(name, *of))


FORMAT = Format(
    "ms-swift",
    _units,
    own_boxes=PLACEHOLDERS,
    picture_folder=PICTURES,
    next_steps=(
        "ROOT_IMAGE_DIR={dir} swift sft --model MODEL --dataset {dir}/train.jsonl",
        "ROOT_IMAGE_DIR={dir} swift infer --adapters CHECKPOINT --val_dataset {dir}/test.jsonl "
        "--result_path predictions.jsonl",
    ),
)
