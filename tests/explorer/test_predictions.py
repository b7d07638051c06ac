"""Answers of a model, from the two forms of a scorer's file."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sarchat_build.errors import InputError
from sarchat_build.explorer.predictions import read_predictions

ROWS = [
    {"dialogue_id": "s/a/1/referring/single/ship", "outcome": "wrong", "boxes": [[1, 2, 3, 4]],
     "text": "here", "score": 0.5},
    {"dialogue_id": "s/b/counting/all/ship", "outcome": "no box", "boxes": [], "text": ""},
]  # fmt: skip


def written(folder: Path, form: str) -> Path:
    path = folder / f"details.{form}"
    if form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_both_forms_say_the_same(tmp_path: Path, form: str) -> None:
    found = read_predictions(written(tmp_path, form))
    outcomes = found.outcomes({"s/a/1": 7, "s/b": 2, "s/c": 3})
    assert outcomes == {2: {"counting/all": {"no box"}}, 7: {"referring/single": {"wrong"}}}
    dialogue = {"dialogue_id": ROWS[0]["dialogue_id"]}
    picture = found.add_to({"dialogues": [dialogue, {"dialogue_id": "another"}]})
    assert picture["dialogues"][0]["prediction"] == {
        "outcome": "wrong", "boxes": ((1.0, 2.0, 3.0, 4.0),), "text": "here",
    }  # fmt: skip
    assert "prediction" not in picture["dialogues"][1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: no JSON"),
        ("[]", "line 1: not a JSON object"),
        ('{"outcome": "right"}', "line 1: has no dialogue_id"),
        ('{"dialogue_id": "a", "outcome": 1}', "line 1: has no dialogue_id and outcome"),
        ('{"dialogue_id": "a", "outcome": "x", "boxes": [[1, 2]]}', "line 1: boxes are not lists"),
        ('{"dialogue_id": "a", "outcome": "x", "boxes": [[1, 2, 3, NaN]]}', "that is no number"),
        ("", "holds no prediction"),
        ("\n".join([json.dumps(ROWS[0])] * 2), "line 2: dialogue .* stands there twice"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_told_with_its_line(
    tmp_path: Path, line: str | bytes, message: str
) -> None:
    path = tmp_path / "details.jsonl"
    path.write_bytes(line if isinstance(line, bytes) else line.encode())
    with pytest.raises(InputError, match=message):
        read_predictions(path)


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "details.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_predictions(path)
