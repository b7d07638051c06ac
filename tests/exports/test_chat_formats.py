"""JSON of trainers: every row is a dialogue of the dataset, its picture beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_exports import Exporter

from sarchat_build.exports.box_text import OUR_BOX
from sarchat_build.scoring import Reward


@pytest.fixture(scope="module")
def dialogues(built: Path) -> dict[str, dict[str, Any]]:
    """Every dialogue of the dataset by its id, read by other code."""
    columns = "dialogue_id, image_id, split, task, messages, objects"
    found = duckdb.sql(
        f"select {columns} from read_parquet('{built}/dialogues/*/*.parquet', union_by_name=true)"
    ).fetchall()
    return {row[0]: dict(zip(columns.split(", "), row, strict=True)) for row in found}


def lines(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def picture_of(folder: Path, path: str, dialogue: dict[str, Any]) -> None:
    assert Path(path).stem == dialogue["image_id"].split("/")[1]
    with Image.open(folder / path) as picture:
        picture.load()


@pytest.mark.parametrize("name", ["ms-swift", "llama-factory"])
def test_messages(name: str, exported: Exporter, dialogues: dict[str, dict[str, Any]]) -> None:
    folder = exported(name)
    seen = 0
    for path in folder.glob("*.jsonl"):
        for row in lines(path):
            dialogue = dialogues[row["id"]]
            assert dialogue["split"] == path.stem
            assert row["messages"] == dialogue["messages"]
            assert row["messages"][0]["content"].count("<image>") == len(row["images"]) == 1
            picture_of(folder, row["images"][0], dialogue)
            if name == "ms-swift":
                # `swift infer` of 4.6.0 hands these to `generate`, which refuses them.
                assert ("channel" in row) == (path.stem == "train")
                assert row.get("channel", dialogue["task"]) == dialogue["task"]
            seen += 1
    images = {d["image_id"] for d in dialogues.values()}
    assert seen > 20
    assert len(images) > 12


@pytest.mark.parametrize(
    ("name", "boxes", "frame"),
    [("ms-swift", "native", "native"), ("ms-swift", "objects", "norm1000"),
     ("ms-swift", "objects-json", "norm1000"), ("ms-swift", "qwen2.5-vl", "qwen2.5-vl"),
     ("trl", "internvl", "norm1000")],
)  # fmt: skip
def test_rows_of_train_have_what_a_reward_needs(
    name: str, boxes: str, frame: str, exported: Exporter
) -> None:
    """Their own solutions have the reward 1, as far as the numbers of small boxes allow."""
    folder = exported(name, boxes=boxes)
    if name == "ms-swift":
        rows = list(lines(folder / "train.jsonl"))
    else:
        files = sorted(folder.glob("data/train-*"))
        rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    assert len(rows) > 20
    solutions = [row["solution"] for row in rows]
    assert not any("<bbox>" in text for text in solutions)
    columns = {key: [row[key] for row in rows] for key in ("task", "subtask", "width", "height")}
    rewards = Reward(boxes=frame)(solutions, solution=solutions, **columns)
    assert sum(rewards) / len(rewards) > 0.98
    assert sum(Reward(boxes=frame)(solutions[::-1], solution=solutions, **columns)) < len(rows) / 2


def test_all_of_a_split(exported: Exporter, dialogues: dict[str, dict[str, Any]]) -> None:
    """Without a limit every dialogue comes once, and in the order of the pictures."""
    folder = exported("ms-swift", limit=None, splits=("test",))
    rows = list(lines(folder / "test.jsonl"))
    assert sorted(row["id"] for row in rows) == sorted(
        name for name, of in dialogues.items() if of["split"] == "test"
    )
    pictures = [row["images"][0] for row in rows]
    changes = sum(a != b for a, b in pairwise(pictures))
    assert changes + 1 == len(set(pictures))
    assert [path.name for path in folder.glob("pictures/*")] == ["test"]


def test_dataset_info_of_llama_factory(exported: Exporter) -> None:
    folder = exported("llama-factory")
    info = json.loads((folder / "dataset_info.json").read_text())
    assert {"sarchat_train", "sarchat_test"} <= info.keys()
    for entry in info.values():
        row = next(lines(folder / entry["file_name"]))
        assert set(entry["columns"].values()) <= row.keys()
        tags = entry["tags"]
        turn = row["messages"][0]
        assert turn[tags["role_tag"]] == tags["user_tag"]
        assert row["messages"][1][tags["role_tag"]] == tags["assistant_tag"]


@pytest.mark.parametrize(
    ("name", "boxes"), [("llava", "native"), ("qwen-vl", "qwen3-vl"), ("internvl", "internvl")]
)
def test_conversations(
    name: str, boxes: str, exported: Exporter, dialogues: dict[str, dict[str, Any]]
) -> None:
    folder = exported(name)
    record = json.loads((folder / "export.json").read_text())
    assert record["boxes"]["form"] == boxes
    path = folder / ("train.json" if name == "llava" else "train.jsonl")
    rows = json.loads(path.read_text()) if name == "llava" else list(lines(path))
    with_boxes = 0
    for row in rows:
        dialogue = dialogues[row["id"]]
        said = [(turn["from"], turn["value"]) for turn in row["conversations"]]
        assert [who for who, _ in said] == ["human", "gpt"]
        texts = [message["content"] for message in dialogue["messages"]]
        picture_of(folder / "pictures", row["image"], dialogue)
        for (_, told), ours in zip(said, texts, strict=True):
            boxes_here = OUR_BOX.findall(ours)
            with_boxes += bool(boxes_here)
            if name == "llava":
                assert told == ours
            else:
                # Between the boxes not a letter is changed.
                form = r'\{"bbox_2d": [^}]*\}' if name == "qwen-vl" else (
                    r"(?:<ref>\w+</ref>)?<box>\[\[\d+, \d+, \d+, \d+\]\]</box>")  # fmt: skip
                assert re.split(form, told) == [
                    ours[a:b] for a, b in _between(ours)
                ]  # fmt: skip
    assert with_boxes > 10


def _between(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in OUR_BOX.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def test_meta_of_internvl(exported: Exporter) -> None:
    folder = exported("internvl")
    meta = json.loads((folder / "meta_train.json").read_text())["sarchat_train"]
    rows = list(lines(Path(meta["annotation"])))
    assert meta["length"] == len(rows)
    assert (Path(meta["root"]) / rows[0]["image"]).is_file()


def test_registration_of_qwen_runs(exported: Exporter) -> None:
    folder = exported("qwen-vl")
    data_dict: dict[str, dict[str, str]] = {}
    exec((folder / "register.py").read_text(), {"data_dict": data_dict})
    entry = data_dict["sarchat_train"]
    row = next(lines(Path(entry["annotation_path"])))
    assert (Path(entry["data_path"]) / row["image"]).is_file()


@pytest.mark.parametrize("boxes", ["objects", "bbox", "objects-json"])
def test_placeholders_of_ms_swift(
    boxes: str, exported: Exporter, dialogues: dict[str, dict[str, Any]]
) -> None:
    folder = exported("ms-swift", boxes=boxes, tasks=("referring", "cross_modal_identification"))
    found = 0
    for row in lines(folder / "train.jsonl"):
        dialogue, objects = dialogues[row["id"]], row["objects"]
        text = "".join(message["content"] for message in row["messages"])
        ours = "".join(message["content"] for message in dialogue["messages"])
        assert text.count("<bbox>") == len(objects["bbox"]) == len(OUR_BOX.findall(ours))
        assert text.count("<ref-object>") == len(objects["ref"])
        assert "<ref-object>" not in row["messages"][0]["content"]
        exact = dialogue["objects"]["bbox"]
        assert all(box in exact for box in objects["bbox"])
        assert objects["bbox_type"] == "real"
        found += len(objects["ref"])
    assert (found > 0) == (boxes != "bbox")
    figures = json.loads((folder / "export.json").read_text())["boxes"]
    assert figures["frame"] == "norm1000"
    assert 0.5 < figures["iou_min"] <= figures["iou_mean"] < 1
