"""Outputs of harnesses are read unchanged; what cannot be told is refused in one line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness_outputs import OUTPUTS, Asked, write_xlsx

from sarchat_build.errors import InputError
from sarchat_build.scoring.answers import Prediction
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.predictions.files import read_records
from sarchat_build.scoring.predictions.join import Joined, join_predictions
from sarchat_build.scoring.truth import Dataset


@pytest.fixture(scope="module")
def dataset(built: Path) -> Dataset:
    return Dataset(str(built), "test")


@pytest.fixture(scope="module")
def asked(dataset: Dataset) -> list[Asked]:
    """Every dialogue of the test split; a model that answers with the number of the row."""
    found = []
    for task in dataset.tasks:
        for path in dataset.shards(task):
            texts = {own: (q, a) for own, q, a in dataset.texts(path)}
            for own, image_id, _ in dataset.keys(path):
                question = texts[own][0].removeprefix("<image>\n")
                found.append(Asked(own, image_id, task, question, texts[own][1], str(len(found))))
    assert len(found) > 100
    return found


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def check(joined: Joined, asked: list[Asked], by: str) -> None:
    assert {own: p.text for own, p in joined.predictions.items()} == {
        row.dialogue_id: row.answer for row in asked
    }
    assert joined.joined_by == {by: len(asked)}
    assert (joined.repeated, joined.unknown, joined.failed) == (0, 0, 0)


@pytest.mark.parametrize("form", OUTPUTS)
def test_each_harness_is_read_unchanged(
    form: str, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    content, by = OUTPUTS[form]
    joined = join_predictions([write(tmp_path / "answers", content(asked))], dataset)
    check(joined, asked, by)
    assert list(joined.forms) == [form.split(",")[0]]


def test_a_spreadsheet_is_read(asked: list[Asked], dataset: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    write_xlsx(asked, str(tmp_path / "a.xlsx"))
    (tmp_path / "a.xlsx").rename(tmp_path / "a.json")  # the name says nothing
    check(join_predictions([tmp_path / "a.json"], dataset), asked, "id")


def test_a_spreadsheet_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    path = write(tmp_path / "a.xlsx", b"PK\x03\x04....")
    with pytest.raises(InputError, match=r"pip install 'sarchat-build\[xlsx\]'.*PRED_FORMAT=tsv"):
        list(read_records(path))


def as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def test_parquet_gzip_csv_and_marks(asked: list[Asked], dataset: Dataset, tmp_path: Path) -> None:
    rows = [{"dialogue_id": row.dialogue_id, "prediction": row.answer} for row in asked]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    columns = {name: {str(i): row[name] for i, row in enumerate(rows)} for name in rows[0]}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "parquet")
    files = [
        tmp_path / "parquet",
        write(tmp_path / "gz", gzip.compress(lines.encode())),
        write(tmp_path / "bom", b"\xef\xbb\xbf" + lines.encode()),
        write(tmp_path / "array", b"\xef\xbb\xbf" + json.dumps(rows).encode()),
        write(tmp_path / "crlf", lines.replace("\n", "\r\n\r\n")),
        write(tmp_path / "csv", as_csv(rows)),
        write(tmp_path / "columns", json.dumps(columns)),
        write(tmp_path / "logs", json.dumps({"logs": rows}, indent=2)),
    ]  # fmt: skip
    for file in files:
        check(join_predictions([file], dataset), asked, "id")


def test_files_are_read_together(asked: list[Asked], dataset: Dataset, tmp_path: Path) -> None:
    content = OUTPUTS["plain"][0]
    halves = [asked[: len(asked) // 2], asked[len(asked) // 2 :]]
    paths = [write(tmp_path / str(i), content(half)) for i, half in enumerate(halves)]
    check(join_predictions(paths, dataset), asked, "id")


def test_one_task_in_its_order(asked: list[Asked], dataset: Dataset, tmp_path: Path) -> None:
    own = [row for row in asked if row.task == "referring"]
    joined = join_predictions([write(tmp_path / "a", OUTPUTS["LLaMA-Factory"][0](own))], dataset)
    check(joined, own, "order")


def test_repeated_unknown_and_failed_rows_are_counted(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = [*asked[:50], *asked[:7], asked[60]._replace(dialogue_id="nowhere/1")]
    text = OUTPUTS["OpenAI batch"][0](rows)
    error = {"custom_id": asked[70].dialogue_id, "response": None, "error": {"message": "x"}}
    joined = join_predictions([write(tmp_path / "a", text + json.dumps(error))], dataset)
    assert (joined.rows, joined.repeated, joined.unknown, joined.failed) == (59, 7, 1, 1)
    assert len(joined.predictions) == 51
    assert "nowhere/1" in joined.unknown_examples[0]


def refusal(text: str | bytes, dataset: Dataset, tmp_path: Path) -> str:
    with pytest.raises(InputError) as caught:
        join_predictions([write(tmp_path / "a.jsonl", text)], dataset)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_records_by_columns_and_tables_with_empty_lines_are_read(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    ids, answers = ([row[i] for row in asked] for i in (0, 5))
    columns = {"dialogue_id": ids, "prediction": answers, "model": "m", "times": [1]}
    check(join_predictions([write(tmp_path / "a", json.dumps(columns))], dataset), asked, "id")
    lines = "".join(f"{own}\t{answer}\n\n" for own, answer in zip(ids, answers, strict=True))
    table = write(tmp_path / "b", f"dialogue_id\tprediction\n{lines}")
    check(join_predictions([table], dataset), asked, "id")


def test_rows_without_a_key_beside_some_with_one_are_unknown(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    first, second = asked[:2]
    keyed = [{"dialogue_id": first.dialogue_id, "prediction": first.answer}]
    other = [{"response": second.answer, "labels": second.reference, "messages": []}]
    files = [write(tmp_path / str(n), json.dumps(rows[0])) for n, rows in enumerate((keyed, other))]
    joined = join_predictions(files, dataset)
    assert list(joined.predictions) == [first.dialogue_id]
    assert joined.unknown == 1
    assert "no key" in joined.unknown_examples[0]


def test_two_answers_to_one_dialogue_are_refused(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = [*asked[:5], asked[0]._replace(answer="another")]
    message = refusal(OUTPUTS["plain"][0](rows), dataset, tmp_path)
    assert "1 dialogues are answered twice" in message
    assert asked[0].dialogue_id in message


def shifted(rows: list[Asked]) -> list[Asked]:
    return [*rows[1:], rows[0]]


@pytest.mark.parametrize("form", ["LLaMA-Factory", "lmms-eval, no id", "EvalScope"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (shifted, "are those of the dialogue in their place"),
        (lambda rows: rows[:-1], "they are"),
        (lambda rows: [*rows, rows[0]], "they are"),
    ],
    ids=["shifted", "one less", "one more"],
)
def test_an_order_that_is_not_the_datasets_is_refused(
    form: str,
    change: Callable[[list[Asked]], list[Asked]],
    why: str,
    asked: list[Asked],
    dataset: Dataset,
    tmp_path: Path,
) -> None:
    message = refusal(OUTPUTS[form][0](change(asked)), dataset, tmp_path)
    assert why in message
    assert "to keep the key" in message


def test_labels_with_boxes_in_a_models_own_form_vouch_for_the_order(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """As decoded without special tokens: each box has its class before it."""
    box = re.compile(r"\{<(\d+)><(\d+)><(\d+)><(\d+)>\}")
    own = [
        row._replace(
            question=box.sub(r"ship(\1,\2),(\3,\4)", row.question),
            reference=box.sub(r"ship(\1,\2),(\3,\4)", row.reference),
        )
        for row in asked
    ]
    joined = join_predictions([write(tmp_path / "a", OUTPUTS["LLaMA-Factory"][0](own))], dataset)
    check(joined, asked, "order")


def test_questions_that_differ_in_rewritten_boxes_alone_are_told_apart(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """ms-swift without ids, of an export whose boxes are in thousandths."""
    box = re.compile(r"\{<(\d+)><(\d+)><(\d+)><(\d+)>\}")

    def rewritten(row: Asked) -> Asked:
        width, height = dataset.pictures[row.image_id][:2]

        def in_thousandths(found: re.Match[str]) -> str:
            sides = (width, height, width, height)
            values = [round(int(v) * 1000 / s) for v, s in zip(found.groups(), sides, strict=True)]
            return "<|box_start|>({},{}),({},{})<|box_end|>".format(*values)

        return row._replace(question=box.sub(in_thousandths, row.question))

    own = [rewritten(row) for row in asked]
    assert sum(a != b for a, b in zip(own, asked, strict=True)) > 30
    path = write(tmp_path / "a", OUTPUTS["ms-swift"][0](own[::-1]))
    joined = join_predictions([path], dataset, Frame.parse("norm1000"))
    check(joined, asked, "picture and question")


def test_a_refusal_of_the_service_is_an_answer(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I cannot help."}
    body = {"choices": [{"message": message, "finish_reason": "length"}]}
    row = {"custom_id": asked[0].dialogue_id, "response": {"body": body}}
    joined = join_predictions([write(tmp_path / "a", json.dumps(row))], dataset)
    (prediction,) = joined.predictions.values()
    assert prediction == Prediction("I cannot help.", stopped=True)


def test_an_answer_that_the_harness_did_not_get_is_missing(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    row = {"index": 0, "question": "?", "prediction": "Failed to obtain answer via API."}
    text = json.dumps({**row, "dialogue_id": asked[0].dialogue_id})
    joined = join_predictions([write(tmp_path / "a", text)], dataset)
    assert joined.failed == 1
    assert joined.predictions[asked[0].dialogue_id] == Prediction(None)


LONG = [
    {"response": "x", "finish_reason": "length"},
    {"response": "x", "messages": [], "finish_reason": "length"},
    {"outputs": [{"text": "x", "finish_reason": "length"}]},
    {"response": {"choices": [{"text": "x", "finish_reason": "length"}]}},
    {"response": {"output": [{"type": "message", "content": "x"}],
                  "incomplete_details": {"reason": "max_output_tokens"}}},
]  # fmt: skip


@pytest.mark.parametrize("fields", LONG, ids=range(len(LONG)))
def test_an_answer_that_became_too_long_is_known(
    fields: dict[str, object], asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    text = json.dumps({"id": asked[0].dialogue_id, **fields})
    joined = join_predictions([write(tmp_path / "a", text)], dataset)
    assert list(joined.predictions.values()) == [Prediction("x", stopped=True)]


def test_a_reference_is_never_taken_for_the_models_text(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    row = {"id": asked[0].dialogue_id, "question": "?", "answer": "a ship", "my_model": "a car"}
    message = refusal(json.dumps(row), dataset, tmp_path)
    assert "is the model's text in 'answer' or in 'my_model'? name it prediction" in message


def test_without_any_key_the_harness_is_told_how_to_keep_it(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = [{"response": row.answer, "messages": []} for row in asked]
    message = refusal("".join(json.dumps(row) + "\n" for row in rows), dataset, tmp_path)
    assert "neither a label nor a question" in message
    assert "--remove_unused_columns false" in message


GARBAGE: list[tuple[str | bytes, str]] = [
    (b"", "is empty"),
    (b"\x00\x01\x02\x03" * 20, "neither JSON nor a table"),
    (b"\xff\xfe{\x00", "not UTF-8"),
    ("hello world", "neither JSON nor a table"),
    ('{"dialogue_id": "a", "prediction": "b"}\n{"dialogue_id": ', ":2: is not JSON"),
    ('{"dialogue_id": \n{"dialogue_id": "a"}\n', ":1: is not JSON"),
    ('[{"dialogue_id": "a", "prediction": "b"}, {"dial', "item 2: is not JSON"),
    ('["a", "b"]', "not an object"),
    ('{"foo": 1, "bar": 2}', "fields of no known harness (foo, bar)"),
    ("a\tb\n1\t2\n", "fields of no known harness (a, b)"),
    ("dialogue_id\tprediction\nx\n", ":2: has 1 cells"),
    (b"PAR1" + b"x" * 40, "is not Parquet"),
    (b"\x1f\x8b" + b"x" * 40, "cannot be read"),
    ('{"dialogue_id": "nowhere", "prediction": "b"}', "none of 1 predictions is of a dialogue"),
    ('{\n"dialogue_id": "a",\n"pre', "is not JSON ("),
    (b"PK\x03\x04" + b"x" * 40, "is a zip file but no xlsx workbook"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "why"), GARBAGE, ids=[why[:24] for _, why in GARBAGE])
def test_garbage_is_refused_in_one_line(
    text: str | bytes, why: str, dataset: Dataset, tmp_path: Path
) -> None:
    assert why in refusal(text, dataset, tmp_path)


def test_a_file_that_is_not_there(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        join_predictions([tmp_path / "none.jsonl"], dataset)
