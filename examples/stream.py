"""Merge two streams, which have one order: python examples/stream.py dataset."""

import sys

from datasets import load_dataset

pictures = iter(load_dataset(sys.argv[1], "images", split="train", streaming=True))
picture = next(pictures)
for row in load_dataset(sys.argv[1], "referring", split="train", streaming=True):
    while picture["image_id"] != row["image_id"]:
        picture = next(pictures)
    print(row["dialogue_id"], picture["image"].size)
pictures.close()
