"""Which phrasings the dialogues of a build use, how often, and which none uses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from sarchat_build.config.toml import Model
from sarchat_build.phrasing.engine import FRAMES, held_out, parse_id
from sarchat_build.report.statistics.tallies import Tallies


class PhrasingFigures(Model):
    """Use of the phrasings of one side of a subtask, or of the frames (which have no subtask).

    `dead` are those that no dialogue uses; `least_used` and `most_used` count those that are not
    held out for the test split. `held_out_in_training` must be 0.
    """

    task: str
    subtask: str | None
    side: str
    rows: int
    phrasings: int
    used: int
    dead: tuple[str, ...]
    least_used: int
    most_used: int
    held_out: int
    held_out_in_test: int
    held_out_in_training: int


def phrasing_figures(
    tallies: Tallies, template_ids: Iterable[str], held_out_percent: int
) -> Iterator[PhrasingFigures]:
    """Give the figures of every side of every subtask that was asked, and of the frames.

    Args:
        tallies: the counts of dialogues.
        template_ids: every phrasing that was there to be used.
        held_out_percent: share of question phrasings that only the test split uses.
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
    choices: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name in sorted(template_ids):
        choices[parse_id(name)[:3]].append(name)
    for (task, subtask), asked in sorted(rows.items()):
        for side in ("question", "answer"):
            ids = choices.get((task, subtask, side))
            if not ids:
                continue
            is_divided = side == "question" and task != FRAMES
            out = sorted(held_out(ids, held_out_percent)) if is_divided else []
            uses_of = [used[name] for name in ids if name not in out] or [0]
            yield PhrasingFigures(
                task=task,
                subtask=subtask or None,
                side=side,
                rows=asked,
                phrasings=len(ids),
                used=sum(1 for name in ids if used[name]),
                dead=tuple(name for name in ids if not used[name]),
                least_used=min(uses_of),
                most_used=max(uses_of),
                held_out=len(out),
                held_out_in_test=sum(used[name] - trained[name] for name in out),
                held_out_in_training=sum(trained[name] for name in out),
            )
