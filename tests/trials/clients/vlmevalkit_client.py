"""VLMEvalKit: its own reader of TSV files and our class, from the picture to the score."""

from __future__ import annotations

import os
import sys
from pathlib import Path

folder = Path(sys.argv[1])
os.environ["LMUData"] = str(folder)  # noqa: SIM112 (so it is called)
sys.path.insert(0, str(folder))

from PIL import Image  # noqa: E402 (reads the variable above)
from sarchat_vlmevalkit import SARChatDataset  # noqa: E402
from vlmeval.smp import dump  # noqa: E402

found = []
for task in ("referring", "instance_counting"):
    name = f"SARChat_{task}_test"
    assert name in SARChatDataset.supported_datasets()
    dataset = SARChatDataset(name)
    shown = set()
    for number in range(len(dataset)):
        line = dataset.data.iloc[number]
        picture, text = dataset.build_prompt(line)
        assert picture["type"] == "image"
        assert text["value"] == line["question"]
        with Image.open(picture["value"]) as opened:
            opened.load()
        shown.add(picture["value"])
    assert len(shown) == len(set(dataset.data["image_id"])) <= len(dataset)
    table = dataset.data.drop(columns=["image"])
    for kind, expected in (("answer", 100.0), (None, 0.0)):
        table["prediction"] = table["answer"] if kind else ""
        file = str(folder / f"predicted_{task}.xlsx")
        dump(table, file)
        score = dataset.evaluate(file)["overall"]
        assert score == expected or kind is None, score
    found.append(f"{task}: {len(dataset)} questions, {len(shown)} pictures, truth scores 100")
print("; ".join(found))
