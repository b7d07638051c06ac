"""Scores of predictions: boxes and words of any model's answers against a finished dataset.

Nothing is imported before it is asked for, so that a trainer that wants `reward` waits for nothing
else:

    from sarchat_build.scoring import parse_boxes, reward, score_files
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sarchat_build.scoring.box_text import parse_boxes
    from sarchat_build.scoring.evaluation.evaluate import score_files
    from sarchat_build.scoring.frames import Frame
    from sarchat_build.scoring.rewards import Reward, reward

__all__ = ["Frame", "Reward", "parse_boxes", "reward", "score_files"]

_HOMES = {
    "Frame": "frames",
    "Reward": "rewards",
    "parse_boxes": "box_text",
    "reward": "rewards",
    "score_files": "evaluation.evaluate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
