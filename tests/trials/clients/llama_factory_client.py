"""LLaMA-Factory: its parser of dataset_info.json, its converter, its check of pictures."""

from __future__ import annotations

import sys
from pathlib import Path

from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.mm_plugin import get_mm_plugin
from llamafactory.data.parser import get_dataset_list
from llamafactory.hparams import DataArguments, ModelArguments
from PIL import Image
from transformers import Seq2SeqTrainingArguments

folder = sys.argv[1]
data = DataArguments(dataset_dir=folder, media_dir=folder, dataset="sarchat_train,sarchat_test")
model = ModelArguments(model_name_or_path="none")
training = Seq2SeqTrainingArguments(output_dir=sys.argv[2], report_to=[])
plugin = get_mm_plugin("llava", image_token="<image>")
total = 0
for attributes in get_dataset_list(["sarchat_train", "sarchat_test"], folder):
    rows = _load_single_dataset(attributes, model, data, training)
    for row in rows:
        assert row["_prompt"][0]["role"] == "user"
        assert row["_response"][0]["role"] == "assistant"
        (path,) = row["_images"]
        assert Path(path).is_file()
        # What it says of a row whose marks and pictures differ in number ends the training.
        plugin._validate_messages(row["_prompt"] + row["_response"], row["_images"], [], [])
        total += 1
    with Image.open(path) as picture:
        picture.load()
print(f"{total} rows converted, pictures found")
