"""Progress across processes: one empty file per finished unit of work, in the output folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sarchat_build.dataset.output import WORK_FOLDER


def report_done(out: str, phase: str, unit: str) -> None:
    """Mark one unit of a phase as finished."""
    marker = Path(out, WORK_FOLDER, "progress", phase, unit.replace(":", "."))
    with suppress(OSError):  # a full disk is told by what is written, not by what is shown
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def count_done(out: str, phase: str) -> int:
    """Count the finished units of a phase."""
    folder = Path(out, WORK_FOLDER, "progress", phase)
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
