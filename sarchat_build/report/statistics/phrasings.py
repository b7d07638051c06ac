"""Which phrasings a build used, where, and which it never did."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sarchat_build.phrasing.engine import FRAMES, Phrasing
from sarchat_build.report.statistics.tallies import Tallies


def phrasing_figures(tallies: Tallies, phrasing: Phrasing) -> list[dict[str, Any]]:
    """Say for each side of each subtask, and for the frames, what was used and what was dead.

    `held_out_in_training` must be 0: those questions are for the test split only.
    """
    used: Counter[str] = Counter()
    trained: Counter[str] = Counter()
    rows: Counter[tuple[str, str]] = Counter()
    for group in tallies.groups():
        uses = tallies.get(group, "phrasings")
        used.update(uses)
        if group.split != "test":
            trained.update(uses)
        rows[group.task, group.subtask] += tallies.get(group, "rows")["rows"]
        rows[FRAMES, ""] += tallies.get(group, "rows")["rows"]
    figures = []
    for (task, subtask), asked in sorted(rows.items()):
        for side in ("question", "answer"):
            ids = (
                list(phrasing.frames if side == "question" else ())
                if task == FRAMES
                else phrasing.choices(task, subtask, side)
            )
            if not ids:
                continue
            out = [name for name in ids if phrasing.is_held_out(name)]
            uses_of = [used[name] for name in ids if name not in out] or [0]
            figures.append(
                {
                    "task": task,
                    "subtask": subtask or None,
                    "side": side,
                    "rows": asked,
                    "phrasings": len(ids),
                    "used": sum(1 for name in ids if used[name]),
                    "dead": [name for name in ids if not used[name]],
                    "least_used": min(uses_of),
                    "most_used": max(uses_of),
                    "held_out": len(out),
                    "held_out_in_test": sum(used[name] - trained[name] for name in out),
                    "held_out_in_training": sum(trained[name] for name in out),
                }
            )
    return figures
