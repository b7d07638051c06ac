"""The truth of a dataset that is damaged, or not the one that was meant: one line says what."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sarchat_build.errors import InputError
from sarchat_build.scoring.truth import Dataset, Picture, expect

TASK = "classification"


@pytest.fixture
def small(built: Path, tmp_path: Path) -> Path:
    """The pictures and one task of the test split."""
    for folder in ("images", f"dialogues/{TASK}"):
        (tmp_path / folder).mkdir(parents=True)
        for path in (built / folder).glob("test-*.parquet"):
            shutil.copy(path, tmp_path / folder)
    return tmp_path


def read(folder: Path) -> int:
    dataset = Dataset(str(folder), "test")
    return sum(1 for path in dataset.shards(TASK) for _ in dataset.rows(TASK, path))


def test_the_rest_of_a_dataset_is_read_and_files_of_other_names_are_not(small: Path) -> None:
    rows = read(small)
    (small / "images" / "notes.parquet").write_bytes(b"no shard")
    assert read(small) == rows > 5


def test_what_is_no_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Dataset(str(tmp_path / "nowhere"), "test")
    with pytest.raises(InputError, match="--split may be nothing: the dataset has none"):
        Dataset(str(tmp_path), "test")


def test_splits_that_are_there_are_named(small: Path) -> None:
    with pytest.raises(InputError, match=r"of split train; --split may be test"):
        Dataset(str(small), "train")
    with pytest.raises(InputError, match=r"of split test of referring; --split may be test"):
        Dataset(str(small), "test", ["referring"])


def shard(small: Path) -> Path:
    (path,) = (small / "images").glob("test-*.parquet")
    return path


def test_a_file_that_is_cut_off_is_named(small: Path) -> None:
    path = shard(small)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=f"{path.name}: cannot be read: .*; run sarchat validate"):
        read(small)


def test_a_dialogue_without_its_picture_is_named(small: Path) -> None:
    path = shard(small)
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(InputError, match="has no picture 's"):
        read(small)


def test_objects_without_boxes_are_named(small: Path) -> None:
    path = shard(small)
    table = pq.read_table(path)
    at = table.schema.get_field_index("objects")
    column = table.column(at).combine_chunks()
    other = pa.StructArray.from_arrays(
        [column.field("bbox"), column.field("bbox")], ["bbox", "area"]
    )
    pq.write_table(table.set_column(at, "objects", other), path)
    with pytest.raises(InputError, match="objects have not all of bbox, category, inst"):
        read(small)


def test_where_nothing_is_counted_no_box_is_right() -> None:
    truth = {"count": 0, "listed": 0, "category": "ship"}
    picture = Picture(512, 512, "s", (), (), {})
    expected = expect("instance_counting", "all", truth, [], "There are no ships.", picture)
    assert expected.boxes == ()
    some = expect(
        "instance_counting", "all", truth | {"count": 2}, [], "There are 2 ships.", picture
    )
    assert some.boxes is None
