"""The plain reader: rows as they were written, faults as data, any kind of location."""

from __future__ import annotations

import hashlib

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.reader import (
    ColumnFault,
    NullFault,
    Row,
    UnreadableFault,
    read_rows,
    read_sound_rows,
)
from sarchat_build.published.schema import SCHEMAS

TRAIN = "images/train-00000-of-00002.parquet"
COUNTS = "dialogues/instance_counting/train-00000-of-00002.parquet"


@pytest.fixture
def out(world, tmp_path):
    folder = tmp_path / "a b#1%20?c"  # none of it means anything in a path
    world.write(folder)
    return folder


def plain(value):
    """Give a row of pyarrow's as this reader gives it."""
    if isinstance(value, dict):
        return tuple(plain(each) for each in value.values())
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
@pytest.mark.parametrize(("table", "path"), [("images", TRAIN), ("instance_counting", COUNTS)])
def test_rows_are_those_of_pyarrow(out, table, path, batch_rows):
    expected = [plain(row) for row in pq.read_table(out / path).to_pylist()]
    folder = DatasetFolder(str(out))
    found = list(read_rows(folder, path, SCHEMAS[table], batch_rows=batch_rows))
    assert found == [Row(number, values) for number, values in enumerate(expected)]
    assert found
    sound = read_sound_rows(folder, path, SCHEMAS[table], batch_rows=batch_rows)
    assert list(sound) == expected


def test_some_columns_are_read_in_the_order_asked_for(out):
    table = pq.read_table(out / TRAIN)
    found = read_sound_rows(
        DatasetFolder(str(out)), TRAIN, SCHEMAS["images"], only=["width", "image_id"], batch_rows=9
    )
    assert list(found) == list(
        zip(table["width"].to_pylist(), table["image_id"].to_pylist(), strict=True)
    )


def test_a_damaged_page_is_noticed_where_it_is_read(out):
    """The picture's bytes are damaged: who does not read them is not told."""
    path = out / TRAIN
    pictures = pq.read_metadata(path).num_rows
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 100] ^= 1
    path.write_bytes(data)
    folder, schema = DatasetFolder(str(out)), SCHEMAS["images"]
    *_, last = read_rows(folder, TRAIN, schema, batch_rows=9)
    assert isinstance(last, UnreadableFault)
    with pytest.raises(ValueError, match=f"{TRAIN}.*UnreadableFault"):
        list(read_sound_rows(folder, TRAIN, schema, batch_rows=9))
    found = read_sound_rows(folder, TRAIN, schema, only=["image_id"], batch_rows=9)
    assert len(list(found)) == pictures


def test_a_null_is_named_and_its_row_left_out(world, tmp_path):
    rows = world.files[COUNTS]
    rows[1]["messages"][1]["content"] = None
    world.write(tmp_path)
    found = list(
        read_rows(
            DatasetFolder(str(tmp_path)), COUNTS, SCHEMAS["instance_counting"], batch_rows=1000
        )
    )
    assert found[0] == NullFault(1, "messages.content")
    assert [row.number for row in found[1:]] == [0, *range(2, len(rows))]


def test_columns_are_compared_and_an_extra_one_is_usable(out):
    table = pq.read_table(out / COUNTS)
    folder, schema = DatasetFolder(str(out)), SCHEMAS["instance_counting"]
    pq.write_table(table.append_column("note", pa.array(["x"] * len(table))), out / COUNTS)
    first, *rows = read_rows(folder, COUNTS, schema, batch_rows=1000)
    assert isinstance(first, ColumnFault)
    assert first.usable
    assert len(rows) == len(table)
    assert len(list(read_sound_rows(folder, COUNTS, schema, batch_rows=9))) == len(table)
    pq.write_table(table.drop_columns(["split"]), out / COUNTS)
    (fault,) = read_rows(folder, COUNTS, schema, batch_rows=1000)
    assert fault == ColumnFault("split", "string", "0 columns of this name")


@pytest.mark.parametrize("form", ["path", "path/", "file URL", "fsspec URL"])
def test_a_dataset_is_read_at_any_location(out, form):
    if form == "fsspec URL":
        location = "memory://reader-test/dataset"
        fsspec.filesystem("memory").put(str(out), "/reader-test/dataset", recursive=True)
    else:
        location = {"path": str(out), "path/": f"{out}/", "file URL": out.as_uri()}[form]
    folder = DatasetFolder(location)
    expected = {
        path.relative_to(out).as_posix(): path.stat().st_size
        for path in out.rglob("*")
        if path.is_file()
    }
    assert folder.list() == expected
    data = (out / TRAIN).read_bytes()
    assert folder.sha256(TRAIN) == (len(data), hashlib.sha256(data).hexdigest())
    assert set(folder.json("build.json")["files"]) == {*expected} - {"build.json"}
    rows = read_sound_rows(folder, TRAIN, SCHEMAS["images"], only=["image_id"], batch_rows=9)
    assert len(list(rows)) == pq.read_metadata(out / TRAIN).num_rows


def test_what_is_not_there_is_a_fault_or_an_error(tmp_path):
    folder = DatasetFolder(str(tmp_path))
    (fault,) = read_rows(folder, TRAIN, SCHEMAS["images"], batch_rows=9)
    assert isinstance(fault, UnreadableFault)
    with pytest.raises(OSError, match=r"build\.json"):
        folder.open("build.json")
    with pytest.raises(OSError, match="nowhere"):
        DatasetFolder(str(tmp_path / "nowhere")).list()
