"""What each harness writes, field by field, of dialogues and answers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

CHAT = (
    "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>{}<|im_end|>\n"
    "<|im_start|>assistant\n"
)


class Asked(NamedTuple):
    """A dialogue with the answer of a model."""

    dialogue_id: str
    image_id: str
    task: str
    question: str
    reference: str
    answer: str


def _lines(write: Callable[[int, Asked], Mapping[str, Any]]) -> Callable[[Sequence[Asked]], str]:
    return lambda rows: "".join(json.dumps(write(i, row)) + "\n" for i, row in enumerate(rows))


def _swift(row: Asked) -> dict[str, Any]:
    return {
        "response": row.answer,
        "labels": row.reference,
        "logprobs": None,
        "messages": [
            {"role": "user", "content": f"<image>\n{row.question}"},
            {"role": "assistant", "content": row.answer},
        ],
        "images": [{"bytes": None, "path": f"/data/images/{row.image_id}.png"}],
        "channel": row.task,
        "dataset": "sarchat",
    }


def _lmms(i: int, row: Asked) -> dict[str, Any]:
    return {
        "doc_id": i,
        "target": row.reference,
        "filtered_resps": [row.answer],
        "token_counts": [{"output_tokens": 9}],
        "doc_hash": "0",
        "input": row.question,
    }


def _evalscope(i: int, row: Asked) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": row.answer}]}
    picture = {"type": "image", "image": "data:image/png;base64,iVBORw0KGgo="}
    return {
        "index": i,
        "model": "m",
        "model_output": {"choices": [{"message": message, "stop_reason": "stop"}], "usage": {}},
        "messages": [
            {"role": "user", "content": [picture, {"type": "text", "text": row.question}]}
        ],
        "metadata": {},
    }


def _batch(i: int, row: Asked) -> dict[str, Any]:
    message = {"role": "assistant", "content": row.answer}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return {
        "id": f"batch_{i}",
        "custom_id": row.dialogue_id,
        "response": {"status_code": 200, "body": body},
        "error": None,
    }


def _responses(row: Asked) -> dict[str, Any]:
    """The responses API, with its thinking before the answer."""
    parts = [{"type": "output_text", "text": row.answer, "annotations": []}]
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": parts}]
    body = {"object": "response", "status": "completed", "output": output}
    return {"custom_id": row.dialogue_id, "response": {"status_code": 200, "body": body}}


def _anthropic(row: Asked) -> dict[str, Any]:
    message = {"content": [{"type": "text", "text": row.answer}], "stop_reason": "end_turn"}
    return {"custom_id": row.dialogue_id, "result": {"type": "succeeded", "message": message}}


def _gemini(row: Asked) -> dict[str, Any]:
    content = {"parts": [{"text": row.answer}], "role": "model"}
    candidates = [{"content": content, "finishReason": "STOP"}]
    return {"key": row.dialogue_id, "response": {"candidates": candidates}}


def _chat(row: Asked) -> list[dict[str, str]]:
    """A conversation as pipelines of transformers give it back: the question is no answer."""
    question = {"role": "user", "content": row.question}
    return [question, {"role": "assistant", "content": row.answer}]


def _columns(i: int, row: Asked) -> dict[str, Any]:
    return {
        "index": i,
        "question": row.question,
        "answer": row.reference,
        "category": row.task,
        "dialogue_id": row.dialogue_id,
        "image_path": "/x.png",
        "prediction": row.answer,
    }


def _tsv(rows: Sequence[Asked]) -> str:
    return _table(rows, "\t")


def _table(rows: Sequence[Asked], delimiter: str) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(_columns(0, rows[0])), delimiter=delimiter)
    table.writeheader()
    table.writerows(_columns(i, row) for i, row in enumerate(rows))
    return text.getvalue()


# Harness → (file content, how the rows are joined).
OUTPUTS: dict[str, tuple[Callable[[Sequence[Asked]], str], str]] = {
    "plain": (
        _lines(lambda i, r: {"dialogue_id": r.dialogue_id, "prediction": r.answer}),
        "id",
    ),
    "ms-swift": (_lines(lambda i, r: _swift(r)), "picture and question"),
    "ms-swift, columns kept": (_lines(lambda i, r: {**_swift(r), "id": r.dialogue_id}), "id"),
    "LLaMA-Factory": (
        _lines(
            lambda i, r: {
                "prompt": CHAT.format(r.question),
                "predict": r.answer,
                "label": r.reference[:30],
            }
        ),
        "order",
    ),
    "lmms-eval": (
        _lines(lambda i, r: {**_lmms(i, r), "sarchat": {"dialogue_id": r.dialogue_id}}),
        "id",
    ),
    "lmms-eval, no id": (_lines(_lmms), "order"),
    "EvalScope": (_lines(_evalscope), "order"),
    "EvalScope, id": (
        _lines(lambda i, r: {**_evalscope(i, r), "metadata": {"dialogue_id": r.dialogue_id}}),
        "id",
    ),
    "OpenAI batch": (_lines(_batch), "id"),
    "LLaVA": (
        _lines(lambda i, r: {"question_id": r.dialogue_id, "prompt": r.question, "text": r.answer}),
        "id",
    ),
    "OpenAI batch, responses": (_lines(lambda i, r: _responses(r)), "id"),
    "Anthropic batch": (_lines(lambda i, r: _anthropic(r)), "id"),
    "Gemini batch": (_lines(lambda i, r: _gemini(r)), "id"),
    "plain, chat": (
        _lines(lambda i, r: {"dialogue_id": r.dialogue_id, "generated_text": _chat(r)}),
        "id",
    ),
    "plain, wrapped": (
        _lines(lambda i, r: {"id": r.dialogue_id, "outputs": [{"generated_text": r.answer}]}),
        "id",
    ),
    "plain, completion": (
        _lines(lambda i, r: {"id": r.dialogue_id, "response": _batch(i, r)["response"]["body"]}),
        "id",
    ),
    "plain, beside the reference": (
        _lines(lambda i, r: {"id": r.dialogue_id, "answer": r.reference, "model_answer": r.answer}),
        "id",
    ),
    "plain, by id": (lambda rows: json.dumps({r.dialogue_id: r.answer for r in rows}), "id"),
    "plain, split": (
        lambda rows: json.dumps(
            {"columns": ["id", "prediction"], "data": [[r.dialogue_id, r.answer] for r in rows]}
        ),
        "id",
    ),
    "plain, no id": (
        _lines(
            lambda i, r: {"image": f"{r.image_id}.png", "query": r.question, "output": r.answer}
        ),
        "picture and question",
    ),
    "VLMEvalKit, semicolons": (lambda rows: _table(rows, ";"), "id"),
    "VLMEvalKit, tsv": (_tsv, "id"),
    "VLMEvalKit, json": (
        lambda rows: json.dumps([_columns(i, row) for i, row in enumerate(rows)], indent=4),
        "id",
    ),
}


def write_xlsx(rows: Sequence[Asked], path: str) -> None:
    """Write VLMEvalKit's default form."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(_columns(0, rows[0])))
    for i, row in enumerate(rows):
        sheet.append(list(_columns(i, row).values()))
    book.save(path)
