"""The code of every format, by the name that `--format` has."""

from __future__ import annotations

from sarchat_build.exports.chat import conversations, llama_factory, ms_swift
from sarchat_build.exports.export import Format
from sarchat_build.exports.harnesses import evalscope, lmms_eval, openai_batch, vlmevalkit
from sarchat_build.exports.per_picture import coco, finevision, webdataset, yolo
from sarchat_build.exports.tables import hub, trl

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
