"""The forms in which harnesses write their rows, recognized by their fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sarchat_build.errors import InputError
from sarchat_build.scoring.predictions.files import Record

_IDS = ("dialogue_id", "id", "custom_id", "question_id", "sample_id")
_TEXTS = (
    "prediction",
    "response",
    "predict",
    "completion",
    "output",
    "outputs",
    "generated_text",
    "generated",
    "generation",
    "pred",
    *("model_answer", "model_response", "model_output", "model_prediction"),
    "answer",
    "text",
)
# Of these it cannot be told whether they are the model's or the dataset's, beside other texts.
_EITHER = ("answer", "text")
_NO_TEXTS = {
    *(*_IDS, "image_id", "images", "image", "image_path", "question", "prompt", "query", "input"),
    *("messages", "conversations", "task", "subtask", "category", "channel", "split", "source"),
    *("model", "model_id", "model_name", "dataset", "finish_reason", "stop_reason", "metadata"),
}
# Where harnesses put the model's text.
_SAID = (
    *("filtered_resps", "resps", "response", "result", "model_output"),
    *("predict", "prediction", "text"),
)
_TOO_LONG = ("length", "max_tokens", "max_output_tokens")
# What VLMEvalKit writes for an answer that it did not get.
_VLMEVALKIT_FAILED = "Failed to obtain answer via API."
FORMS = (
    "ms-swift (response, messages), LLaMA-Factory (prompt, predict), lmms-eval (doc_id, "
    "filtered_resps), VLMEvalKit (index, question, prediction), EvalScope (index, model_output), "
    "OpenAI batch (custom_id, response), Anthropic batch (custom_id, result), Gemini batch (key, "
    "response), LLaVA (question_id, text), or dialogue_id and prediction"
)


class Answered(NamedTuple):
    """What one row says.

    Attributes:
        where: file and line.
        form: the harness.
        ids: what may be the dialogue's id, the likeliest first.
        picture: a path or an id of the picture, if the row has one.
        question: the user's text, perhaps within a chat template.
        label: the reference answer, perhaps cut.
        text: the model's answer; None if it failed.
        stopped: whether the answer ended because it became too long.
        number: its number in the file that the harness read, if the harness says it.
        several: whether there were more answers, of which this is the first.
    """

    where: str
    form: str
    ids: tuple[str, ...]
    picture: str | None
    question: str | None
    label: str | None
    text: str | None
    stopped: bool = False
    number: int | None = None
    several: bool = False


def recognize(record: Record) -> Answered:
    """Read a row of any harness.

    >>> recognize(Record("a:1", {"dialogue_id": "x/1", "prediction": "a ship"}))[1:3]
    ('plain', ('x/1',))

    Raises:
        InputError: its fields are those of none.
    """
    fields = record.fields
    for form, needs, read in _READERS:
        if all(name in fields for name in needs):
            ids = tuple(str(fields[n]) for n in _IDS if _is_id(fields.get(n)))
            said = next(fields[name] for name in needs if name in _SAID)
            several = _is_several(said)
            return read(record.where, form, ids, fields)._replace(several=several)
    text = next((name for name in _TEXTS if name in fields), None)
    ids = tuple(str(fields[n]) for n in _IDS if _is_id(fields.get(n)))
    if text is not None and (ids or (_picture(fields) and _question(fields))):
        return _plain(record, ids, text)._replace(several=_is_several(fields[text]))
    turns = fields.get("messages", fields.get("conversations"))
    if ids and isinstance(turns, Sequence) and _is_said(turns[-1:]):
        raise InputError(
            f"{record.where}: is the last turn of its messages the model's text or the dataset's? "
            "As no field says it, name the model's text prediction, beside the id"
        )
    names = ", ".join(map(str, list(fields)[:12])) or "none"
    raise InputError(f"{record.where}: fields of no known harness ({names}); known are {FORMS}")


def _is_said(turns: Sequence[Any]) -> bool:
    """Tell whether turns are the assistant's."""
    roles = [t.get("role", t.get("from")) for t in turns if isinstance(t, Mapping)]
    return bool(roles) and all(role in ("assistant", "gpt", "model") for role in roles)


def _plain(record: Record, ids: tuple[str, ...], name: str) -> Answered:
    fields = record.fields
    if name in _EITHER:
        unknown = [n for n, v in fields.items() if isinstance(v, str) and n not in _NO_TEXTS]
        others = [repr(n) for n in unknown if n != name]
        if others:
            raise InputError(
                f"{record.where}: is the model's text in {name!r} or in {' or '.join(others[:3])}? "
                "name it prediction"
            )
    text, stopped = _choice(fields[name])
    return Answered(
        record.where,
        "plain",
        ids,
        _picture(fields),
        _question(fields),
        None,
        text,
        stopped or _is_too_long(fields),
    )


def _is_too_long(fields: Mapping[str, Any]) -> bool:
    """Tell whether a harness says that an answer's length ended it."""
    names = ("finish_reason", "stop_reason", "finishReason")
    details = fields.get("incomplete_details")
    reasons = [fields.get(name) for name in names]
    reasons.append(details.get("reason") if isinstance(details, Mapping) else None)
    return any(isinstance(reason, str) and reason.lower() in _TOO_LONG for reason in reasons)


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _is_several(said: Any) -> bool:
    """Tell whether a harness gives more than one answer; parts and turns of one are no answers."""
    if isinstance(said, Mapping):
        body = said.get("body") or said
        choices = body.get("choices", body.get("candidates")) if isinstance(body, Mapping) else None
        return isinstance(choices, Sequence) and len(choices) > 1
    if not isinstance(said, Sequence) or isinstance(said, str) or not said:
        return False
    if any(isinstance(part, Mapping) and ("role" in part or "type" in part) for part in said):
        return False
    return len(said) > 1 or _is_several(said[0])


def _text(value: Any) -> str | None:
    """Give the text of an answer, whatever it is wrapped in."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        keys = ("content", "text", "generated_text", "parts")
        return next((_text(value[key]) for key in keys if key in value), None)
    if isinstance(value, Sequence) and value:
        if all(isinstance(part, Mapping) for part in value):
            return _text_of_parts(value)
        return _text(value[0])
    if isinstance(value, int | float) and value == value:
        return f"{value:g}"
    return None


def _text_of_parts(parts: Sequence[Mapping[str, Any]]) -> str | None:
    """Give the text of messages, of which the last that is no user's counts, or of parts of one."""
    if all("role" in part for part in parts):
        said = [part for part in parts if part["role"] not in ("user", "system", "human")]
        return _text(said[-1]) if said else None
    if all("type" in part for part in parts):
        texts = [p.get("text") for p in parts if p["type"] in ("text", "output_text")]
        return "".join(text for text in texts if isinstance(text, str))
    return _text(parts[0])


def _choice(body: Any) -> tuple[str | None, bool]:
    """Give the first answer of a service's response, and whether its length ended it."""
    if not isinstance(body, Mapping):
        parts = body if isinstance(body, Sequence) and not isinstance(body, str) else ()
        first = parts[0] if parts and isinstance(parts[0], Mapping) else {}
        return _text(body), _is_too_long(first)
    if isinstance(body.get("output"), Sequence):  # of the responses API
        said = [o for o in body["output"] if isinstance(o, Mapping) and o.get("type") == "message"]
        return (_text(said[-1]) if said else None), _is_too_long(body)
    choices = body.get("choices", body.get("candidates"))
    if choices is None:
        return _text(body), _is_too_long(body)
    if not isinstance(choices, Sequence) or not choices or not isinstance(choices[0], Mapping):
        return None, False
    first = choices[0]
    stopped = _is_too_long(first)
    message = first.get("message", first.get("text", first.get("content")))
    if isinstance(message, Mapping) and isinstance(message.get("refusal"), str):
        return message["refusal"], stopped
    return _text(message), stopped


def _user_text(messages: Any) -> str | None:
    if not isinstance(messages, Sequence):
        return messages if isinstance(messages, str) else None
    for message in messages:
        if isinstance(message, Mapping) and message.get("role", message.get("from")) in (
            "user",
            "human",
        ):
            content = message.get("content", message.get("value"))
            if isinstance(content, Sequence) and not isinstance(content, str):
                texts = [p.get("text") for p in content if isinstance(p, Mapping)]
                return "".join(text for text in texts if isinstance(text, str))
            return content if isinstance(content, str) else None
    return None


def _picture(fields: Mapping[str, Any]) -> str | None:
    for name in ("image_id", "images", "image", "image_path"):
        value = fields.get(name)
        while isinstance(value, Sequence) and not isinstance(value, str) and value:
            value = value[0]
        if isinstance(value, Mapping):
            value = value.get("path")
        if _is_name(value):
            return str(value)
    return None


def _is_name(value: Any) -> bool:
    """Tell whether a value names a picture: what is longer, or begins so, is the picture itself."""
    return isinstance(value, str) and 0 < len(value) < 1024 and not value.startswith("data:")


def _user_picture(messages: Any) -> str | None:
    """Give the path of the picture that is in a message."""
    contents = [m.get("content") for m in messages or () if isinstance(m, Mapping)]
    for part in (p for c in contents if isinstance(c, list) for p in c if isinstance(p, Mapping)):
        value = part.get("image", part.get("image_url"))
        value = value.get("url") if isinstance(value, Mapping) else value
        if _is_name(value):
            return str(value)
    return None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _question(fields: Mapping[str, Any]) -> str | None:
    for name in ("question", "prompt", "query", "input"):
        if isinstance(fields.get(name), str):
            return str(fields[name])
    return _user_text(fields.get("messages"))


def _batch(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    response = fields["response"]
    body = response.get("body") if isinstance(response, Mapping) else None
    text, stopped = _choice(body)
    # Its own `id` is that of the request.
    return Answered(where, form, (str(fields["custom_id"]),), None, None, None, text, stopped)


def _anthropic(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    result = fields["result"]
    text, stopped = _choice(result.get("message") if isinstance(result, Mapping) else None)
    return Answered(where, form, (str(fields["custom_id"]),), None, None, None, text, stopped)


def _gemini(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    text, stopped = _choice(fields["response"])
    return Answered(where, form, (str(fields["key"]),), None, None, None, text, stopped)


def _evalscope(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    text, stopped = _choice(fields["model_output"])
    metadata = fields.get("metadata")
    inner = metadata if isinstance(metadata, Mapping) else {}
    ids += tuple(str(inner[name]) for name in _IDS if _is_id(inner.get(name)))
    messages = fields.get("messages")
    picture, question = _picture(inner) or _user_picture(messages), _user_text(messages)
    number = _number(fields["index"])
    return Answered(where, form, ids, picture, question, None, text, stopped, number)


def _lmms(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    nested = [value for value in fields.values() if isinstance(value, Mapping)]
    ids += tuple(str(v["dialogue_id"]) for v in nested if _is_id(v.get("dialogue_id")))
    picture = next((p for p in map(_picture, nested) if p), None)
    said = fields.get("filtered_resps") or fields.get("resps")
    target = fields.get("target")
    label = target if isinstance(target, str) else None
    return Answered(
        where,
        form,
        ids,
        picture,
        _question(fields),
        label,
        _text(said),
        number=_number(fields["doc_id"]),
    )


def _swift(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    label = fields.get("labels")
    question = _user_text(fields["messages"])
    label = label if isinstance(label, str) else None
    text, stopped = _choice(fields["response"])
    stopped |= _is_too_long(fields)
    return Answered(where, form, ids, _picture(fields), question, label, text, stopped)


def _factory(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    label = fields.get("label")
    label = label if isinstance(label, str) else None
    text = _text(fields["predict"])
    return Answered(where, form, ids, _picture(fields), _question(fields), label, text)


def _llava(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    text = _text(fields["text"])
    return Answered(where, form, ids, _picture(fields), _question(fields), None, text)


def _vlmevalkit(where: str, form: str, ids: tuple[str, ...], fields: Mapping[str, Any]) -> Answered:
    answer = fields.get("answer")
    label = answer if isinstance(answer, str) else None
    text = _text(fields["prediction"])
    text = None if text == _VLMEVALKIT_FAILED else text
    return Answered(where, form, ids, _picture(fields), _question(fields), label, text)


_READERS = (
    ("OpenAI batch", ("custom_id", "response"), _batch),
    ("Anthropic batch", ("custom_id", "result"), _anthropic),
    ("Gemini batch", ("key", "response"), _gemini),
    ("EvalScope", ("index", "model_output"), _evalscope),
    ("lmms-eval", ("doc_id", "filtered_resps"), _lmms),
    ("lmms-eval", ("doc_id", "resps"), _lmms),
    ("ms-swift", ("response", "messages"), _swift),
    ("LLaMA-Factory", ("prompt", "predict"), _factory),
    ("LLaVA", ("question_id", "text"), _llava),
    ("VLMEvalKit", ("index", "question", "prediction"), _vlmevalkit),
)

_MARK = re.compile(r"<image(?: \d+)?>|<\|[^<>|]*\|>|</?s>|\[/?INST\]")


def plain_question(text: str) -> str:
    r"""Give a user's text without the picture's mark and chat tokens, with single blanks.

    >>> plain_question("<image>\n[refer] Where is  it?")
    '[refer] where is it?'
    """
    return " ".join(_MARK.sub(" ", text).lower().split())
