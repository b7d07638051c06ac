"""In which form a dialogue is answered: what people filter by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sarchat_build.published.layout import TASKS
from sarchat_build.published.schema import SCHEMAS

_STYLE = "answer_style"
# Where rows say their form themselves, no text is read for it.
FORM_COLUMNS = (
    (_STYLE,)
    if all(_STYLE in SCHEMAS[task].names for task in TASKS)
    else ("messages", "ground_truth")
)


def answer_form(row: Mapping[str, Any]) -> str:
    """Name the form of an answer: the row's own `answer_style`, else what the answer gives.

    >>> asked = {"content": "Where is it?"}
    >>> answer = {"content": "At {<1><2><3><4>}."}
    >>> answer_form({"messages": [asked, answer], "ground_truth": {}})
    'boxes'
    >>> answer_form({"messages": [asked, {"content": "No."}], "ground_truth": {"answer": "no"}})
    'yes_no'
    >>> answer_form({"answer_style": "word"})
    'word'
    """
    style = row.get(_STYLE)
    if style is not None:
        return str(style)
    truth = row["ground_truth"]
    if truth.get("answer") is not None:
        return "yes_no"
    if "{<" in row["messages"][1]["content"]:
        return "boxes"
    return "words" if truth.get("count") is None else "number"
