"""Parquet, tar and boxes, read back by the programs that people read them with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_exports import Exporter

SCRIPT = """
import datasets, json
hub, trl, fine, tars = {folders!r}
rows = datasets.load_dataset(hub, split="train")
assert rows[0]["image"].size == (rows[0]["width"], rows[0]["height"])
assert set(rows["task"]) > {{"referring", "classification"}}
view = datasets.load_dataset(hub, "referring", split="train")
for name, found in (("default", rows), ("referring", view)):
    said = datasets.load_dataset_builder(hub, name).info.splits["train"]
    counted = found.info.splits["train"].num_bytes
    assert said.num_examples == len(found)
    assert abs(said.num_bytes - counted) < 0.02 * counted, (name, said.num_bytes, counted)
assert set(view["task"]) == {{"referring"}} and view[0]["image"].size[0] > 0
stream = datasets.load_dataset(hub, "referring", split="train", streaming=True)
streamed = list(stream)
assert [row["dialogue_id"] for row in streamed] == view["dialogue_id"][:]
assert streamed[-1]["image"].size == view[-1]["image"].size
row = next(iter(datasets.load_dataset(trl, split="train", streaming=True)))
assert len(row["images"]) == 1 and row["images"][0].size[0] > 0
assert [part["type"] for part in row["messages"][0]["content"]] == ["image", "text"]
assert "<image>" not in json.dumps(row["messages"])
for row in datasets.load_dataset(fine, split="train"):
    assert row["images"][0].size[0] > 0 and len(row["texts"]) == len(row["dialogue_ids"])
samples = list(datasets.load_dataset("webdataset", data_files=tars + "/data/train-*.tar",
                                     split="train", streaming=True))
for sample in samples:
    assert sample["jpg"].size == (sample["json"]["width"], sample["json"]["height"])
print("loaded", len(rows), sum(len(sample["json"]["dialogues"]) for sample in samples))
"""


def test_datasets_reads_them(exported: Exporter, tmp_path: Path) -> None:
    names = ("hub", "trl", "finevision", "webdataset")
    folders = [str(exported(name, limit=12)) for name in names]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(folders=folders)],
        env=os.environ
        | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
        | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout.startswith("loaded"), done.stderr
    assert done.stderr == "", "datasets warns of a card"
    _, rows, of_samples = done.stdout.split()
    assert rows == of_samples


def test_a_picture_is_stored_once(exported: Exporter) -> None:
    folder = exported("hub", limit=12)
    for path in folder.glob("data/*.parquet"):
        rows = duckdb.sql(
            f"select image.bytes as bytes, dialogue_id, ground_truth from '{path}'"
        ).fetchall()
        different = {row[0] for row in rows}
        assert path.stat().st_size < sum(map(len, different)) + 400 * len(rows)
        assert all(json.loads(row[2]) for row in rows)
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            assert parquet.read().num_rows == len(rows)
            assert parquet.metadata.row_group(0).column(0).has_dictionary_page


def test_rows_of_a_picture_stay_in_one_row_group(tmp_path: Path) -> None:
    from sarchat_build.exports.reading import Picture
    from sarchat_build.exports.tables import parquet, trl

    content = io.BytesIO()
    Image.new("L", (8, 8)).save(content, "PNG")
    picture = Picture("a/b", "train", 8, 8, "a", "a/b", "MIT", (), ".png", content.getvalue())
    rows = [{"messages": [], "id": str(number), "task": "referring"} for number in range(700)]
    some = [parquet.PictureRows(picture, rows), parquet.PictureRows(picture, []),
            parquet.PictureRows(picture, rows), parquet.PictureRows(picture, rows[:5])]  # fmt: skip
    assert parquet.write_picture_rows(str(tmp_path / "a"), trl.SCHEMA, some) == 1405
    footer = pq.ParquetFile(tmp_path / "a").metadata
    assert [footer.row_group(i).num_rows for i in range(footer.num_row_groups)] == [1400, 5]


def test_finevision_keeps_to_its_budget(exported: Exporter) -> None:
    folder = exported("finevision", max_words=120)
    rows = pq.read_table(folder / "data").to_pylist()
    lengths = [
        [len(f"{turn['user']} {turn['assistant']}".split()) for turn in row["texts"]]
        for row in rows
    ]
    assert max(map(sum, lengths)) <= 120 or any(len(row) == 1 for row in lengths)
    assert all(sum(row) <= 120 or len(row) == 1 for row in lengths)
    assert len(rows) > len({row["image_id"] for row in rows})
    whole = exported("finevision", max_words=10_000)
    entire = pq.read_table(whole / "data", columns=["dialogue_ids"]).to_pylist()
    assert sorted(i for row in rows for i in row["dialogue_ids"]) == sorted(
        i for row in entire for i in row["dialogue_ids"]
    )


def test_pycocotools_scores_the_truth_as_perfect(exported: Exporter) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    folder = exported("coco", limit=None)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "annotations/instances_train.json"))
        found = [
            {"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"],
             "score": 1.0}
            for a in truth.dataset["annotations"]
        ]  # fmt: skip
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)
    for image in truth.dataset["images"][:5]:
        with Image.open(folder / "pictures/train" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])


def test_yolo_says_the_same_boxes_as_coco(exported: Exporter) -> None:
    coco = json.loads(
        (exported("coco", limit=None) / "annotations/instances_train.json").read_text()
    )
    folder = exported("yolo", limit=None)
    assert "val: images/" in (folder / "data.yaml").read_text()
    for image in coco["images"]:
        labels = folder / "labels/train" / Path(image["file_name"]).with_suffix(".txt")
        assert (folder / "images/train" / image["file_name"]).is_file()
        size = (image["width"], image["height"]) * 2
        boxes = [a for a in coco["annotations"] if a["image_id"] == image["id"]]
        for line, box in zip(labels.read_text().splitlines(), boxes, strict=True):
            number, *shares = line.split()
            cx, cy, w, h = (float(s) * n for s, n in zip(shares, size, strict=True))
            assert int(number) + 1 == box["category_id"]
            assert [cx - w / 2, cy - h / 2, w, h] == pytest.approx(box["bbox"], abs=0.01)
