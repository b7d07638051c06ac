"""What the tasks of lmms-eval call; it needs `datasets` and the files beside it only.

Pictures are looked up in the dataset itself; `settings.json` names its place and the form of box
text that the model writes.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any


def _beside(name: str) -> ModuleType:
    """Import a file beside this one, which no import of a harness finds."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"sarchat_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported; export the tasks anew")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=1)
def _settings() -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(__file__).with_name("settings.json").read_text("utf-8"))
    return found


@lru_cache(maxsize=3)
def _pictures(split: str) -> tuple[Any, dict[str, int]]:
    from datasets import load_dataset

    pictures = load_dataset(_settings()["dataset"], "images", split=split)
    return pictures, {image_id: row for row, image_id in enumerate(pictures["image_id"])}


def _picture(doc: dict[str, Any]) -> dict[str, Any]:
    pictures, rows = _pictures(doc["split"])
    found: dict[str, Any] = pictures[rows[doc["image_id"]]]
    return found


def _turns(doc: dict[str, Any]) -> list[tuple[str, str]]:
    """Give question and answer with their boxes in the form of the model."""
    turns = [(message["role"], message["content"]) for message in doc["messages"][:2]]
    if _settings()["boxes"] == "native":
        return turns
    box_text = _beside("box_text")
    objects = zip(doc["objects"]["ref"], doc["objects"]["bbox"])  # noqa: B905 (Python 3.9)
    picture = _picture(doc)
    form, size = box_text.form_of(_settings()["boxes"]), (picture["width"], picture["height"])
    reworded: list[tuple[str, str]] = box_text.in_form(form, turns, objects, size)
    return reworded


def doc_to_visual(doc: dict[str, Any]) -> list[Any]:
    """Give the picture of a dialogue."""
    return [_picture(doc)["image"].convert("RGB")]


def doc_to_text(doc: dict[str, Any], lmms_eval_specific_kwargs: Any = None) -> str:
    """Give the question without the mark of the picture, which the harness places."""
    del lmms_eval_specific_kwargs
    return _turns(doc)[0][1].removeprefix("<image>\n")


def doc_to_target(doc: dict[str, Any]) -> str:
    """Give the answer."""
    return _turns(doc)[1][1]


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, dict[str, Any]]:
    """Give the score of one answer, with the id by which `sarchat score` finds the dialogue."""
    score = _beside("text_match").score(results[0], doc_to_target(doc))
    return {"sarchat": {"dialogue_id": doc["dialogue_id"], "score": score}}


def mean(results: list[dict[str, Any]]) -> float:
    """Give the mean of the scores."""
    scores = [result["score"] for result in results]
    return float(sum(scores) / len(scores)) if scores else 0.0
