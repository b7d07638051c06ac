"""How far a build is, told across processes and machines by small files in the output folder.

Milestones lie in `.sarchat/log`, one file each, and stay when the build has ended: `sarchat status`
reads them. Marks of finished units of work lie in `.sarchat/progress` while a build runs. In a
bucket, where each is a request, there are marks of shards alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sarchat_build.errors import InputError
from sarchat_build.published.layout import WORK_FOLDER

MARKS = f"{WORK_FOLDER}/progress"
LOG = f"{WORK_FOLDER}/log"
_IN_BUCKETS = ("shards",)
# What a build has come to, in order; with each but the first, a stage has ended.
MILESTONES = ("begun", "prepared", "planned", "written", "finished")
STAGES = ("prepare", "read and inspect", "write and prove shards", "publish")
SUBMITTED = "submitted"
# Steps that set something aside.
_REJECTING = ("read_annotations", "inspect_images", "normalize_images", "cut_chips")


@dataclass(frozen=True, slots=True)
class Progress:
    """What of a build is done, at least: nobody sees everything at once."""

    blocks_read: int = 0
    shards_planned: int = 0
    shards: int = 0
    shards_reused: int = 0
    shards_read: int = 0
    pictures: int = 0
    dialogues: int = 0
    rejected_images: int = 0
    rejected_objects: int = 0

    def __or__(self, other: Progress) -> Progress:
        """Join what two have seen of the same build."""
        return Progress(*(max(pair) for pair in zip(_values(self), _values(other), strict=True)))


def _values(progress: Progress) -> Iterable[int]:
    return (getattr(progress, field.name) for field in fields(progress))


def progress_of_counters(counters: Mapping[str, int]) -> Progress:
    """Read from the counters of an engine how far the build is that it runs.

    >>> progress_of_counters({"build_shards/shards_out": 2}).shards
    2
    """
    return Progress(
        blocks_read=counters.get("inspect_images/blocks_in", 0),
        shards_planned=counters.get("plan_dataset/shards_out", 0),
        shards=counters.get("build_shards/shards_out", 0),
        shards_reused=counters.get("build_shards/reused", 0),
        shards_read=counters.get("read_shards/shards_out", 0),
        pictures=counters.get("build_shards/pictures_out", 0),
        dialogues=counters.get("build_shards/dialogues_out", 0),
        rejected_images=sum(counters.get(f"{step}/images_rejected", 0) for step in _REJECTING),
        rejected_objects=sum(counters.get(f"{step}/objects_rejected", 0) for step in _REJECTING),
    )


class MarkedProgress:
    """Reads marks and milestones of one output folder; what a mark says is read once."""

    def __init__(self, out: str, run: str) -> None:
        self._out, self._run = out, run
        self._said: dict[str, Mapping[str, int]] = {}

    def read(self) -> Progress:
        """Give what is done now."""
        for name in set(_names(self._out, f"{MARKS}/shards")) - set(self._said):
            said = _read(self._out, f"{MARKS}/shards/{name}")
            if said is not None:
                self._said[name] = said
        planned = read_milestones(self._out, self._run).get("planned", {})

        def total(key: str) -> int:
            return sum(said.get(key, 0) for said in self._said.values())

        return Progress(
            blocks_read=count_done(self._out, "inspect"),
            shards_planned=planned.get("shards", 0),
            shards=len(self._said),
            shards_reused=total("reused"),
            shards_read=count_done(self._out, "readings"),
            pictures=total("pictures"),
            dialogues=total("dialogues"),
            rejected_images=planned.get("rejected_images", 0),
            rejected_objects=planned.get("rejected_objects", 0),
        )


def report_done(out: str, phase: str, unit: str, **figures: int) -> None:
    """Mark one unit of a phase as finished, and say what came of it."""
    path, text = f"{MARKS}/{phase}/{unit.replace(':', '.')}", json.dumps(figures)
    if not is_url(out):
        with suppress(OSError):  # a full disk is told by what is written, not by what is shown
            mark = Path(out, path)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(text)
    elif phase in _IN_BUCKETS:
        _write(out, path, text)


def count_done(out: str, phase: str) -> int:
    """Count the finished units of a phase."""
    return len(_names(out, f"{MARKS}/{phase}")) if not is_url(out) or phase in _IN_BUCKETS else 0


def now() -> str:
    """Give the time as milestones have it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def note(out: str, run: str, milestone: str, *, at: str = "", **facts: int | str) -> None:
    """Write down that a build has come to a milestone, and when; one without a lock has none.

    Args:
        out: the output folder.
        run: what the lock of the output folder says of the build.
        milestone: one of `MILESTONES`, or `SUBMITTED`.
        at: when, as `now` gives it; "": now.
        facts: what is known from now on.
    """
    if run:
        said = {"run": run, "at": at or now(), **facts}
        _write(out, f"{LOG}/{milestone}.json", json.dumps(said))


def note_finished(out: str, run: str) -> None:
    """Write down that a dataset was published; nothing else of the build is left."""
    note(out, run, "finished")
    _quietly(out, lambda folder: folder.clean())


def read_milestones(out: str, run: str = "") -> dict[str, dict[str, Any]]:
    """Read what milestones a build has come to, by name.

    Args:
        out: the output folder.
        run: which build; "": the last that began.
    """
    found = {}
    for name in (*MILESTONES, SUBMITTED):
        said = _read(out, f"{LOG}/{name}.json")
        if said is not None and isinstance(said.get("at"), str):
            found[name] = said
            run = run or str(said.get("run"))
    return {name: said for name, said in found.items() if said.get("run") == run}


def stage_seconds(milestones: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Give how long each stage took that has ended.

    >>> at = "2026-01-01T00:00:{}+00:00"
    >>> stage_seconds({"begun": {"at": at.format("01")}, "prepared": {"at": at.format("05")}})
    {'prepare': 4.0}
    """
    times = {name: datetime.fromisoformat(said["at"]) for name, said in milestones.items()}
    return {
        stage: round(max((times[after] - times[before]).total_seconds(), 0), 1)
        for stage, before, after in zip(STAGES, MILESTONES, MILESTONES[1:], strict=False)
        if before in times and after in times
    }


def is_url(location: str) -> bool:
    """Tell whether a location is a URL."""
    return "://" in location


def _write(out: str, path: str, text: str) -> None:
    from sarchat_build.dataset.output import open_output

    with suppress(OSError, InputError):  # as a full disk
        open_output(out).write_text(path, f"{text}\n")


def _read(out: str, path: str) -> dict[str, Any] | None:
    found = _quietly(out, lambda folder: folder.read_json(path))
    return found if isinstance(found, dict) else None


def _names(out: str, folder: str) -> list[str]:
    return _quietly(out, lambda output: output.names(folder)) or []


def _quietly(out: str, ask: Callable[[Any], Any]) -> Any:
    # The command line imports this module at its start, and what reads stores takes half a second.
    from sarchat_build.dataset.output import open_output

    with suppress(OSError, InputError):  # a store that does not answer is told by what is written
        return ask(open_output(out))
    return None
