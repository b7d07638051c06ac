"""Join pictures to dialogues when a row is read: python examples/train_one_row.py dataset."""

import sys
from typing import Any

from datasets import load_dataset

pictures = load_dataset(sys.argv[1], "images", split="train")
position = {image_id: i for i, image_id in enumerate(pictures["image_id"])}


def join(rows: dict[str, Any]) -> dict[str, Any]:
    """Put beside each row the picture it is about."""
    return rows | {"image": [pictures[position[i]]["image"] for i in rows["image_id"]]}


row = load_dataset(sys.argv[1], "referring", split="train").with_transform(join)[0]
print(row["image"].size, row["messages"])
