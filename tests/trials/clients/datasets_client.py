"""`datasets`: the hub's views, rows of TRL and FineVision, tar files; as maps and as streams."""

from __future__ import annotations

import json
import logging
import sys

from datasets import load_dataset

hub, trl, fine, tars, dataset = sys.argv[1:]
told: list[str] = []
listener = logging.Handler(logging.WARNING)
listener.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
logging.getLogger("datasets").addHandler(listener)
everything = load_dataset(hub, split="train")
assert everything[0]["image"].size == (everything[0]["width"], everything[0]["height"])
task = "referring"
view = load_dataset(hub, task, split="train")
assert set(view["task"]) == {task}
assert view[0]["image"].size == (view[0]["width"], view[0]["height"])
streamed = list(load_dataset(hub, task, split="train", streaming=True))
assert [row["dialogue_id"] for row in streamed] == list(view["dialogue_id"])
assert streamed[-1]["image"].size == view[len(view) - 1]["image"].size

for row in load_dataset(trl, split="train", streaming=True):
    (picture,) = row["images"]
    assert picture.size[0] > 0
    assert [part["type"] for part in row["messages"][0]["content"]] == ["image", "text"]
    assert "<image>" not in json.dumps(row["messages"])
for row in load_dataset(fine, split="train"):
    assert row["images"][0].size[0] > 0
    assert len(row["texts"]) >= len(row["dialogue_ids"]) > 0
files = f"{tars}/data/train-*.tar"
samples = list(load_dataset("webdataset", data_files=files, split="train", streaming=True))
for sample in samples:
    assert sample["jpg"].size == (sample["json"]["width"], sample["json"]["height"])
of_samples = sum(len(sample["json"]["dialogues"]) for sample in samples)
assert of_samples == len(everything)

pictures = load_dataset(dataset, "images", split="train")
assert pictures[0]["image"].size[0] > 0
assert told == [], "no card is malformed"
print(f"{len(everything)} rows, {len(view)} of one view, {len(samples)} samples of tar files")
