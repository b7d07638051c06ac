"""The code of every format, by the name that `--format` has."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.exports import FORMATS
from sarchat_build.exports.box_text import form_of
from sarchat_build.exports.chat import conversations, llama_factory, ms_swift
from sarchat_build.exports.export import Format
from sarchat_build.exports.harnesses import evalscope, lmms_eval, openai_batch, vlmevalkit
from sarchat_build.exports.per_picture import coco, finevision, webdataset, yolo
from sarchat_build.exports.tables import hub, trl
from sarchat_build.published.layout import SPLITS

_FORMATS = (
    hub.FORMAT,
    ms_swift.FORMAT,
    conversations.LLAVA,
    llama_factory.FORMAT,
    conversations.QWEN_VL,
    conversations.INTERNVL,
    trl.FORMAT,
    webdataset.FORMAT,
    finevision.FORMAT,
    coco.FORMAT,
    yolo.FORMAT,
    lmms_eval.FORMAT,
    vlmevalkit.FORMAT,
    evalscope.FORMAT,
    openai_batch.FORMAT,
)
BY_NAME: dict[str, Format] = {format_.name: format_ for format_ in _FORMATS}


def formats_page() -> str:
    """Write all formats as a page of Markdown: their box text, their splits, what reads them."""
    return "\n".join(_page_lines()) + "\n"


def _page_lines() -> Iterator[str]:
    yield "# Every format"
    yield ""
    yield "What `sarchat export` writes where neither `--boxes` nor `--split` is given, and the"
    yield "commands that read it: `D` is the folder of the export. This page is written by"
    yield "`make docs`; [Train and evaluate](training.md) says more."
    yield ""
    yield "| format | what it is | `--boxes` | frame | splits |"
    yield "|---|---|---|---|---|"
    for form in _FORMATS:
        boxes, frame = "none: boxes are no text", ""
        if form.boxes:
            boxes, frame = f"`{form.boxes}`", f"`{form_of(form.boxes).frame}`"
        if form.own_boxes:
            boxes += f"; of its own: {', '.join(f'`{name}`' for name in form.own_boxes)}"
        splits = "all" if form.splits == SPLITS else ", ".join(form.splits)
        yield f"| `{form.name}` | {FORMATS[form.name]} | {boxes} | {frame} | {splits} |"
    yield ""
    yield "The frame of the answers is that of the export that the model was trained on: `sarchat"
    yield "score --export D` reads it there, or `--boxes` says it; nothing guesses it. Models and"
    yield "their limits may also be named, `input:MODEL`: see [Box text](training.md#box-text)."
    for form in _FORMATS:
        if form.next_steps:
            yield from ("", f"## `{form.name}`", "")
            yield from (f"    {step.format(dir='D')}" for step in form.next_steps)


if __name__ == "__main__":
    print(formats_page(), end="")
