"""The published format is what it was: written down in a file, and read from files as written."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from golden_format import GOLDEN, PUBLISHED, golden_document
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build import types
from sarchat_build.published import layout
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.schema import GROUND_TRUTH, NULLABLE, SCHEMAS
from sarchat_build.validation import vocabulary
from sarchat_build.validation.answers.check_dialogues import DialogueRow
from sarchat_build.validation.dataset.conservation import RejectRow
from sarchat_build.validation.dataset.duplicates import DuplicateRow
from sarchat_build.validation.pictures.image_row import ImageRow, Objects
from sarchat_build.validation.texts.phrases import Phrase


def test_the_format_is_the_golden_one():
    written = GOLDEN.read_text(encoding="utf-8")
    assert golden_document() == written, "read the changes, then run: make golden"


def test_every_column_that_may_be_null_exists():
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    columns = {path for table in golden["tables"].values() for path in table["columns"]}
    assert columns >= NULLABLE


def test_builder_and_validation_know_the_tasks_and_splits_that_are_published():
    assert tuple(GROUND_TRUTH) == layout.TASKS == types.TASKS == vocabulary.TASKS
    assert layout.SPLITS == vocabulary.SPLITS
    assert set(layout.SPLITS) == set(types.SPLITS)


def test_a_build_writes_the_golden_format(built):
    """The columns, types, metadata and paths of every finished file are those of the document."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))["tables"]
    files = DatasetFolder(str(built)).list()
    seen = set()
    for path in files:
        if not path.endswith(".parquet"):
            continue
        file = layout.parse_table_path(path)
        assert (file is None) == (path == layout.INDEX_FILE), path
        table = file.table if file else "index"
        seen.add(table)
        schema = pq.read_schema(built / path)
        assert schema.equals(PUBLISHED[table]), path
        written = {key.decode(): json.loads(value) for key, value in schema.metadata.items()}
        assert written == {
            "huggingface": {"info": {"features": golden[table]["features"]}},
            "sarchat": golden[table]["notes"],
        }, path
    assert seen == set(PUBLISHED)


@given(st.sampled_from(layout.SPLITS), st.integers(0, 99_998), st.integers(1, 99_999))
def test_names_of_shards_are_read_as_written(split, shard, count):
    name = layout.shard_name(split, shard, count)
    assert layout.parse_shard_name(name) == (split, shard, count)
    for table in ("images", *layout.TASKS):
        file = layout.parse_table_path(layout.table_path(table, name))
        assert file == (table, name, (split, shard, count))


@pytest.mark.parametrize(
    "path",
    [
        "images/train-3-of-64.parquet",
        "images/train-000003-of-00064.parquet",
        "images/dev-00003-of-00064.parquet",
        "images/train-00003-of-00064",
        "dialogues/images/train-00003-of-00064.parquet",
        "dialogues/captions/train-00003-of-00064.parquet",
        "dialogues/rejects/ssdd.parquet",
        "referring/train-00003-of-00064.parquet",
        "rejects/.parquet",
        "rejects/a/b.parquet",
        "train-00003-of-00064.parquet",
        "build.json",
    ],
)
def test_any_other_path_is_no_table(path):
    assert layout.parse_table_path(path) is None


def test_every_type_of_the_format_is_shown_in_full():
    """What the document cannot tell apart, it cannot freeze."""
    leaves = set()

    def collect(kind: pa.DataType) -> None:
        if pa.types.is_struct(kind):
            for field in kind:
                collect(field.type)
        elif pa.types.is_list(kind):
            collect(kind.value_type)
        else:
            leaves.add(str(kind))

    for schema in PUBLISHED.values():
        collect(pa.struct(list(schema)))
    golden = GOLDEN.read_text(encoding="utf-8")
    assert all(f'"{leaf}' in golden for leaf in leaves)


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        (ImageRow, SCHEMAS["images"].names),
        (Objects, [field.name for field in SCHEMAS["images"].field("objects").type]),
        *((DialogueRow, SCHEMAS[task].names) for task in layout.TASKS),
        (RejectRow, SCHEMAS["rejects"].names),
        (DuplicateRow, SCHEMAS["duplicates"].names),
        (Phrase, [field.name for field in GROUND_TRUTH["referring"]]),
    ],
)
def test_validation_names_the_columns_in_their_order(row, columns):
    """Rows are read by position: a column moved would be a value under another name."""
    assert list(row._fields) == list(columns)
