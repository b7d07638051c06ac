"""The index of pictures: written by a build, made anew where there is none."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.errors import InputError
from sarchat_build.explorer.catalog import open_catalog, shard_names
from sarchat_build.explorer.index import ShardIndex, write_index
from sarchat_build.explorer.sample import sample_data
from sarchat_build.published.layout import INDEX_FILE, TASKS, table_path
from sarchat_build.published.schema import PICTURE_INDEX

WORDS = LabelThresholds()


def form_of(dialogue: dict[str, Any]) -> str:
    """Read the form of an answer off its text: what a person sees."""
    answer = dialogue["messages"][1]["content"]
    if re.search(r"\{<\d+><\d+><\d+><\d+>", answer):
        return "boxes"
    if re.match(r"(Yes|No)\b", answer):
        return "yes_no"
    return "number" if dialogue["task"] == "instance_counting" else "words"


def test_it_says_where_each_picture_and_each_dialogue_lies(built: Path) -> None:
    rows = pq.read_table(built / INDEX_FILE).to_pylist()
    build = json.loads((built / "build.json").read_text())
    seen = 0
    for name in shard_names(build):
        pictures = pq.read_table(built / table_path("images", name)).to_pylist()
        ours = [row for row in rows if row["shard"] == name]
        assert [row["image_id"] for row in ours] == [p["image_id"] for p in pictures]
        assert [row["row"] for row in ours] == list(range(len(pictures)))
        for task in TASKS:
            dialogues = pq.read_table(built / table_path(task, name)).to_pylist()
            ends = 0
            for row in ours:
                first, count = row["dialogues"][task]["first"], row["dialogues"][task]["count"]
                part = dialogues[first : first + count]
                assert first == ends
                assert {d["image_id"] for d in part} <= {row["image_id"]}
                kinds = {s for s in row["subtasks"] if s.startswith(f"{task}/")}
                assert kinds == {f"{task}/{d['subtask']}" for d in part}
                forms = {s for s in row["answer_forms"] if s.startswith(f"{task}/")}
                assert forms == {f"{task}/{d['subtask']}/{form_of(d)}" for d in part}
                ends += count
            assert ends == len(dialogues)
        seen += len(ours)
    assert seen == len(rows)


def test_without_the_file_the_same_rows_are_made(built: Path, tmp_path: Path) -> None:
    older = Path(shutil.copytree(built, tmp_path / "older"))
    (older / INDEX_FILE).unlink()
    told: list[int] = []

    class Bar:
        def __init__(self, title: str, total: int) -> None:
            self.total = total

        def __enter__(self):
            return told.append

        def __exit__(self, *_: object) -> None:
            assert told == list(range(1, self.total + 1))

    made, read = open_catalog(str(older), Bar), open_catalog(str(built))
    assert made.index.equals(read.index)
    assert told
    # One of another version is not believed.
    pq.write_table(pa.table({"image_id": ["x"]}), older / INDEX_FILE)
    assert open_catalog(str(older)).index.equals(read.index)


def test_shards_are_written_in_order_whatever_order_they_come_in(tmp_path: Path) -> None:
    image = {"source": "s", "split": "test", "width": 9, "height": 9}
    image["objects"] = {"category": [], "bbox": []}
    parts = []
    for name, ids in {"test-00001-of-00003": ["b"], "test-00002-of-00003": [],
                      "test-00000-of-00003": ["a", "c"]}.items():  # fmt: skip
        index = ShardIndex(name, WORDS)
        list(index.watch((image | {"image_id": i}, []) for i in ids))
        parts.append(index.pack())
    written = write_index(str(tmp_path), parts)
    assert written.rows == 3
    with pq.ParquetFile(tmp_path / INDEX_FILE) as parquet:
        assert parquet.read()["image_id"].to_pylist() == ["a", "c", "b"]
        assert [parquet.metadata.row_group(g).num_rows for g in range(2)] == [2, 1]
        assert parquet.num_row_groups == 2
    again = write_index(str(tmp_path), parts[::-1])
    assert again.sha256 == written.sha256


def test_a_shard_in_disorder_is_told(built: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(built, tmp_path / "broken"))
    (broken / INDEX_FILE).unlink()
    path = next((broken / "dialogues" / "referring").iterdir())
    table = pq.read_table(path)
    pq.write_table(table.take(list(range(table.num_rows))[::-1]), path)
    with pytest.raises(InputError, match="not in the order of the shard's pictures"):
        open_catalog(str(broken))


def test_a_dataset_without_pictures_is_a_page_too(built: Path) -> None:
    whole = open_catalog(str(built))
    empty = type(whole)(whole.location, whole.build, PICTURE_INDEX.empty_table())
    data = sample_data(empty)
    assert data["pictures"] == data["index"]["image_id"] == []
    assert data["index"]["categories"] == {"values": [], "codes": []}


@pytest.mark.parametrize("content", [None, "[]", "{", '{"files": 3}'])
def test_what_is_no_dataset_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "build.json").write_text(content)
    with pytest.raises(InputError, match=r"build\.json"):
        open_catalog(str(tmp_path))
