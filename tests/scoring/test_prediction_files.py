"""Outputs of harnesses are read unchanged; what cannot be told is refused in one line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness_outputs import CHAT, OUTPUTS, Asked, write_xlsx
from small_exports import Exporter

from sarchat_build.errors import InputError
from sarchat_build.scoring import score_files
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
            for row in dataset.rows(task, path):
                own = (row.dialogue_id, row.image_id, task, row.question, row.answer)
                found.append(Asked(*own, str(len(found))))
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


@pytest.mark.parametrize("answered_first", [False, True])
def test_a_request_that_failed_may_be_asked_again(
    answered_first: bool, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """As batch services give it: the failed requests in a file of their own."""
    failed = json.dumps({"custom_id": asked[0].dialogue_id, "response": None, "error": "x"})
    files = [write(tmp_path / "errors", failed),
             write(tmp_path / "again", OUTPUTS["OpenAI batch"][0](asked[:2]))]  # fmt: skip
    joined = join_predictions(files[::-1] if answered_first else files, dataset)
    assert {own: p.text for own, p in joined.predictions.items()} == {
        row.dialogue_id: row.answer for row in asked[:2]
    }
    assert (joined.failed, joined.repeated, joined.joined_by) == (0, 1, {"id": 2})


def test_vlmevalkit_without_ids_is_placed_by_the_picture_of_its_table(
    dataset: Dataset, exported: Exporter, tmp_path: Path
) -> None:
    """Where a class of somebody else leaves out the columns that it does not know."""
    csv.field_size_limit(1 << 24)
    table = exported("vlmevalkit", limit=None) / "SARChat_referring_test.tsv"
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    kept = ("index", "image_path", "question", "answer")
    own = [{name: row[name] for name in kept} | {"prediction": row["dialogue_id"]} for row in rows]
    joined = join_predictions([write(tmp_path / "a", as_csv(own[::-1]))], dataset)
    assert joined.joined_by == {"picture and question": len(rows)}
    assert all(own == p.text for own, p in joined.predictions.items())


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
    assert "1 dialogue is answered twice" in message
    assert f"{asked[0].dialogue_id} at {tmp_path}/a.jsonl:1 and {tmp_path}/a.jsonl:6;" in message


def whole_labels(rows: Sequence[Asked]) -> str:
    """What LLaMA-Factory writes where no label is cut."""
    lines = ({"prompt": CHAT.format(row.question), "predict": row.answer,
              "label": f"{row.reference}\n"} for row in rows)  # fmt: skip
    return "".join(json.dumps(line) + "\n" for line in lines)


def swapped(rows: list[Asked]) -> list[Asked]:
    first, last = rows[3], rows[-2]
    return [*rows[:3], last, *rows[4:-2], first, rows[-1]]


def two_devices(rows: list[Asked]) -> list[Asked]:
    """As each of two writes what it predicted; the last one is repeated to fill the batch."""
    return [*rows[::2], *rows[1::2], rows[0]]


MOVES = {
    "shifted": lambda rows: [*rows[1:], rows[0]],
    "swapped": swapped,
    "two devices": two_devices,
    "some left out": lambda rows: [row for n, row in enumerate(rows) if n % 5],
    "the middle": lambda rows: rows[40:90],
}


@pytest.mark.parametrize("label_chars", [None, 30], ids=["whole labels", "cut labels"])
@pytest.mark.parametrize("move", MOVES)
def test_rows_out_of_order_are_placed_by_question_and_label(
    move: str, label_chars: int | None, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = MOVES[move](asked)
    cut = [row._replace(reference=row.reference[:label_chars]) for row in rows]
    joined = join_predictions([write(tmp_path / "a", whole_labels(cut))], dataset)
    assert joined.joined_by == {"question and label": len({row.dialogue_id for row in rows})}
    assert joined.unknown == 0
    assert joined.repeated == (move == "two devices")
    assert_right(joined, asked)


def assert_right(joined: Joined, asked: list[Asked]) -> None:
    """Every answer is that of its dialogue, or of one that is asked and answered alike."""
    texts = {row.answer: (row.question, row.reference) for row in asked}
    own = {row.dialogue_id: row for row in asked}
    moved = 0
    for dialogue_id, prediction in joined.predictions.items():
        row = own[dialogue_id]
        assert texts[str(prediction.text)] == (row.question, row.reference)
        moved += prediction.text != row.answer
    assert moved <= joined.shared


@pytest.mark.parametrize("form", ["LLaMA-Factory", "lmms-eval, no id", "EvalScope"])
def test_the_first_rows_of_a_run_are_placed_by_order(
    form: str, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    joined = join_predictions([write(tmp_path / "a", OUTPUTS[form][0](asked[:20]))], dataset)
    check(joined, asked[:20], "order")


def exported_rows(export: Path, split: str = "test") -> list[dict[str, Any]]:
    lines = (export / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def in_export_order(rows: Sequence[Asked], dataset: Dataset) -> list[Asked]:
    place = {d.dialogue_id: n for n, d in enumerate(
        d for item in dataset.items() for d in item.dialogues)}  # fmt: skip
    return sorted(rows, key=lambda row: place[row.dialogue_id])


def test_a_run_over_a_whole_export_is_joined_by_order(
    asked: list[Asked], dataset: Dataset, exported: Exporter, tmp_path: Path
) -> None:
    """Picture by picture, with all tasks of each: as an export for LLaMA-Factory has it."""
    export = exported("llama-factory", limit=None)
    ids = [row["id"] for row in exported_rows(export)]
    assert ids != [row.dialogue_id for row in asked]
    rows = in_export_order(asked, dataset)
    assert [row.dialogue_id for row in rows] == ids
    joined = join_predictions([write(tmp_path / "a", OUTPUTS["LLaMA-Factory"][0](rows))], dataset)
    check(joined, asked, "order")


def test_a_run_in_several_files_goes_on(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = in_export_order(asked, dataset)
    unlabeled = [row._replace(reference="") for row in rows]
    parts = (unlabeled[:50], unlabeled[50:90], unlabeled[90:])
    content = OUTPUTS["LLaMA-Factory"][0]
    paths = [write(tmp_path / str(n), content(part)) for n, part in enumerate(parts)]
    check(join_predictions(paths, dataset), asked, "order")


@pytest.mark.parametrize("move", ["shifted", "swapped", "two devices", "the middle"])
def test_rows_out_of_order_without_labels_are_never_misplaced(
    move: str, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = [row._replace(reference="") for row in MOVES[move](asked)]
    path = write(tmp_path / "a", whole_labels(rows))
    try:
        joined = join_predictions([path], dataset)
    except InputError as error:
        assert "a question of several dialogues with other answers" in str(error)
        assert "to keep the key" in str(error)
    else:
        assert_right(joined, asked)
        assert joined.unknown <= len(rows) / 100


def test_labels_of_other_rows_are_refused(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    wrong = [row._replace(reference=asked[n - 7].reference) for n, row in enumerate(asked)]
    message = refusal(whole_labels(wrong), dataset, tmp_path)
    assert "have a label that no dialogue with their question has" in message
    assert "to keep the key" in message


def test_evalscope_is_placed_by_its_number_whatever_order_it_writes(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """Rows come as they are completed; pictures within the messages have no name."""
    own = [row for row in asked if row.task == "referring"]
    lines = OUTPUTS["EvalScope"][0](own).splitlines()[::-1]
    kept = [line for n, line in enumerate(lines) if n != 5]  # one request failed
    joined = join_predictions([write(tmp_path / "a", "\n".join(kept))], dataset)
    check(joined, [row for n, row in enumerate(own[::-1]) if n != 5], "order")


def test_evalscope_is_placed_by_the_picture_in_its_messages(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """As EvalScope 1.14.1 writes it: the path that the export gave, and no metadata."""
    rows = [json.loads(line) for line in OUTPUTS["EvalScope"][0](asked[::-1]).splitlines()]
    for row, own in zip(rows, asked[::-1], strict=True):
        row["messages"][0]["content"][0]["image"] = f"pictures/test/{own.image_id}.png"
    text = "\n".join(json.dumps(row) for row in rows)
    check(join_predictions([write(tmp_path / "a", text)], dataset), asked, "picture and question")


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


def predicted(rows: list[dict[str, Any]], *, with_labels: bool) -> str:
    """What ms-swift writes of exported rows without their ids."""
    lines = []
    for number, row in enumerate(rows):
        question, answer = (message["content"] for message in row["messages"])
        lines.append({"response": str(number), "labels": answer if with_labels else None,
                      "messages": [{"role": "user", "content": question}],
                      "images": [{"bytes": None, "path": row["images"][0]}]})  # fmt: skip
    return "\n".join(json.dumps(line) for line in lines)


@pytest.mark.parametrize("form", ["norm100", "shikra", "kosmos-2"])
def test_the_exact_text_of_an_export_is_found_in_every_form(
    form: str, dataset: Dataset, exported: Exporter, tmp_path: Path
) -> None:
    """Even where the boxes of two questions are one in the form, or no frame reads them."""
    rows = exported_rows(exported("ms-swift", limit=None, boxes=form, splits=("test",)))[::-1]
    ids = {str(number): row["id"] for number, row in enumerate(rows)}
    joined = join_predictions([write(tmp_path / "a", predicted(rows, with_labels=True))], dataset)
    assert joined.joined_by == {"picture and question": len(rows)}
    assert {ids[str(p.text)]: own for own, p in joined.predictions.items()} == {
        own: own for own in ids.values()
    }
    unlabeled = write(tmp_path / "b", predicted(rows, with_labels=False))
    again = join_predictions([unlabeled], dataset)
    assert all(ids[str(p.text)] == own for own, p in again.predictions.items())
    assert again.unknown <= (len(rows) / 20 if form == "kosmos-2" else 0)


def test_what_was_exported_is_scored_and_nothing_else(
    built: Path, exported: Exporter, tmp_path: Path
) -> None:
    """A part by source, number of pictures and task, as LLaMA-Factory predicts it: by order."""
    tasks = ("instance_counting", "referring")
    chosen: dict[str, Any] = {"sources": ("ssdd",), "tasks": tasks, "accepted": ()}
    export = exported("llama-factory", limit=9, boxes="norm1000", **chosen)
    rows = exported_rows(export)
    assert {row["images"][0].split("/")[2] for row in rows} == {"ssdd"}
    lines = [{"prompt": CHAT.format(row["messages"][0]["content"]), "predict": row["id"],
              "label": row["messages"][1]["content"]} for row in rows]  # fmt: skip
    path = write(tmp_path / "a", "\n".join(json.dumps(line) for line in lines))
    part = Dataset(str(built), "test", export=str(export))
    joined = join_predictions([path], part)
    assert joined.joined_by == {"order": len(rows)}
    assert {own: p.text for own, p in joined.predictions.items()} == {
        row["id"]: row["id"] for row in rows
    }
    figures = score_files(str(built), [path], export=str(export))
    assert (figures.coverage.dialogues, figures.coverage.missing) == (len(rows), 0)
    assert figures.not_predicted == ()
    assert score_files(str(built), [path]).coverage.missing > 0


def test_an_export_of_something_else_is_refused(
    built: Path, exported: Exporter, tmp_path: Path
) -> None:
    export = exported("evalscope", limit=2, tasks=("referring",))
    with pytest.raises(InputError, match=r"export of test, not of train; give --split test"):
        Dataset(str(built), "train", export=str(export))
    with pytest.raises(InputError, match=r"not of classification; give --task referring"):
        Dataset(str(built), "test", ["classification"], str(export))
    with pytest.raises(InputError, match=r"finished export \(No such file or directory\);"):
        Dataset(str(built), "test", export=str(tmp_path))
    record = json.loads((export / "export.json").read_text(encoding="utf-8"))
    write(tmp_path / "export.json", json.dumps({**record, "dataset_sha256": "0"}))
    with pytest.raises(InputError, match=r"is an export of another dataset, or of an earlier"):
        Dataset(str(built), "test", export=str(tmp_path))


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


SEVERAL: list[dict[str, Any]] = [
    {"response": {"choices": [{"text": "x"}, {"text": "y"}]}},
    {"outputs": [{"text": "x"}, {"text": "y"}]},
    {"outputs": ["x", "y"]},
    {"doc_id": 0, "resps": [["x", "y"]], "filtered_resps": [["x", "y"]]},
    {"index": 0, "model_output": {"choices": [{"message": {"content": "x"}}] * 2}},
]


@pytest.mark.parametrize("fields", SEVERAL, ids=range(len(SEVERAL)))
def test_of_several_answers_the_first_counts_and_it_is_said(
    fields: dict[str, Any], asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    text = json.dumps({"id": asked[0].dialogue_id, **fields})
    joined = join_predictions([write(tmp_path / "a", text)], dataset)
    assert list(joined.predictions.values()) == [Prediction("x")]
    assert joined.several == 1


def test_parts_of_one_answer_are_not_several(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    parts = [{"type": "text", "text": "a "}, {"type": "text", "text": "ship"}]
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": parts}]
    rows = [{"id": asked[0].dialogue_id, "output": turns}, {"id": asked[1].dialogue_id,
            "response": {"choices": [{"message": {"content": parts}}]}}]  # fmt: skip
    text = "\n".join(json.dumps(row) for row in rows)
    joined = join_predictions([write(tmp_path / "a", text)], dataset)
    assert set(joined.predictions.values()) == {Prediction("a ship")}
    assert joined.several == 0


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
    assert f"{len(asked):,} of {len(asked):,} have no key, as there is no question" in message
    assert "run swift infer with --result_path on an export" in message


def test_rows_of_another_split_are_told_from_rows_in_disorder(
    built: Path, asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    other, questions = Dataset(str(built), "train"), {row.question: row for row in asked}
    train = [
        questions[row.question]._replace(reference=row.answer)
        for task in other.tasks
        for path in other.shards(task)
        for row in other.rows(task, path)
        if row.question in questions
    ]
    message = refusal(whole_labels(train), dataset, tmp_path)
    assert "are they of another split than test? Then say which by --split" in message


def test_wrong_labels_in_the_order_of_the_export_are_told_from_rows_in_disorder(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    """One in fifty: whoever predicted in order is not told to predict in order."""
    rows = [
        row._replace(reference="A zebra grazes.") if n % 50 == 0 else row
        for n, row in enumerate(asked)
    ]
    message = refusal(whole_labels(rows), dataset, tmp_path)
    assert "their questions come in the order of the export" in message
    assert "one GPU" not in message


def test_several_answers_of_one_row_are_no_columns(
    asked: list[Asked], dataset: Dataset, tmp_path: Path
) -> None:
    rows = [{"dialogue_id": row.dialogue_id, "prediction": ["a ship", "a car"]} for row in asked]
    text = "\n".join(json.dumps(row) for row in rows)
    joined = join_predictions([write(tmp_path / "a", text)], dataset)
    assert joined.several == len(joined.predictions) == len(asked)
    assert set(joined.predictions.values()) == {Prediction("a ship")}
    columns = {"model": "m", "dialogue_id": [r.dialogue_id for r in asked],
               "prediction": [r.answer for r in asked]}  # fmt: skip
    check(join_predictions([write(tmp_path / "b", json.dumps(columns))], dataset), asked, "id")


@pytest.mark.parametrize("who", ["assistant", "gpt"])
def test_a_conversation_may_be_the_datasets_own(
    who: str, exported: Exporter, dataset: Dataset, tmp_path: Path
) -> None:
    """The rows of an export look so, whose answers are the reference."""
    name, key = ("llama-factory", "jsonl") if who == "assistant" else ("llava", "json")
    text = (exported(name) / f"test.{key}").read_text(encoding="utf-8")
    message = refusal(text, dataset, tmp_path)
    assert "is the last turn of its messages the model's text or the dataset's?" in message


def test_rows_of_other_tasks_are_said_to_be_of_none_that_is_scored(
    built: Path, asked: list[Asked], tmp_path: Path
) -> None:
    path = write(tmp_path / "a", OUTPUTS["LLaMA-Factory"][0](asked))
    joined = join_predictions([path], Dataset(str(built), "test", ["referring"]))
    assert 0 < joined.unknown < len(asked)
    assert "(a question of no dialogue that is scored)" in joined.unknown_examples[0]


GARBAGE: list[tuple[str | bytes, str]] = [
    (b"", "is empty"),
    (b"\x00\x01\x02\x03" * 20, "neither JSON nor a table"),
    (b"\xff\xfe{\x00", "not UTF-8"),
    (b"\xef\xbb\xbf\r\n  \r\n", "holds no rows"),
    ("[]", "holds no rows"),
    (gzip.compress(b""), "holds no rows"),
    ("dialogue_id\tprediction\r\n", "holds no rows"),
    ('{"predictions": []}', "holds no rows"),
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
