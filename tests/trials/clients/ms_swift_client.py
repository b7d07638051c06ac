"""ms-swift: its loader, its reader of pictures, and how its templates write placeholders."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

folder, placeholders, hub = map(Path, sys.argv[1:])
os.environ["ROOT_IMAGE_DIR"] = str(folder)

from PIL import Image  # noqa: E402
from swift.dataset import load_dataset  # noqa: E402 (reads the variable above)
from swift.template.base import Template  # noqa: E402
from swift.template.templates.qwen import Qwen2VLTemplate, QwenVLTemplate  # noqa: E402
from swift.template.vision_utils import load_image  # noqa: E402

rows, _ = load_dataset([str(folder / "train.jsonl")], remove_unused_columns=False)
rewarded = {"solution", "task", "subtask", "width", "height"}
assert {"id", "channel", "messages", "images", *rewarded} <= set(rows.column_names)
pictures = {row["images"][0]["path"] for row in rows}
assert all(min(load_image(path).size) > 0 for path in pictures)
dropped, _ = load_dataset([str(folder / "train.jsonl")])
assert "id" not in dropped.column_names
assert "channel" in dropped.column_names
# Its default engine hands all else to the model's `generate`, which refuses what it does not know.
predicted, _ = load_dataset([str(folder / "test.jsonl")])
assert set(predicted.column_names) == {"messages", "images", "dataset"}

with_objects, _ = load_dataset([str(placeholders / "train.jsonl")], remove_unused_columns=False)
assert len(with_objects) > 0
boxes = 0
for row in with_objects:
    objects = dict(row["objects"])
    image = load_image(str(placeholders / row["images"][0]["path"]))
    objects |= {"width": [image.width], "height": [image.height]}
    exact = [list(box) for box in objects["bbox"]]
    inputs = SimpleNamespace(objects=objects, images=[image])
    Template.normalize_bbox(SimpleNamespace(norm_bbox="norm1000"), inputs)
    template = SimpleNamespace(_get_bbox_str=Template._get_bbox_str, bbox_format="legacy")
    for box, numbers in zip(exact, objects["bbox"], strict=True):
        (old,) = QwenVLTemplate.replace_bbox(template, numbers, 0, inputs)
        (new,) = Qwen2VLTemplate.replace_bbox(template, numbers, 0, inputs)
        inner = re.fullmatch(r"<box>(.+)</box>", old)[1]
        assert new == f"<|box_start|>{inner}<|box_end|>"
        sizes = (image.width, image.height) * 2
        assert numbers == [round(v / s * 1000) for v, s in zip(box, sizes, strict=True)]
        boxes += 1

found, _ = load_dataset([f"{hub}:referring"])
stream, _ = load_dataset([f"{hub}:referring"], streaming=True)
first = next(iter(stream))
# A stream has decoded the picture and encoded it again.
sizes = [Image.open(io.BytesIO(row["images"][0]["bytes"])).size for row in (first, found[0])]
assert sizes[0] == sizes[1]
assert first["messages"] == found[0]["messages"]
print(
    f"{len(rows)} rows, {len(pictures)} pictures, {boxes} boxes in place of placeholders, "
    f"{len(found)} rows of the hub's view"
)
# Threads of a stream that was not read to its end abort the interpreter when it ends.
sys.stdout.flush()
os._exit(0)
