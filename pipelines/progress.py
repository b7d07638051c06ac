"""Progress across processes: one empty file per finished unit of work, in the output folder.

In a bucket a mark would be a request: there the receipts of finished shards are counted.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sarchat_build.archives.location import local_path
from sarchat_build.dataset.output import WORK_FOLDER, open_output
from sarchat_build.dataset.receipts import RECEIPTS
from sarchat_build.errors import InputError


def report_done(out: str, phase: str, unit: str) -> None:
    """Mark one unit of a phase as finished."""
    folder = _marks(out, phase)
    if folder is not None:
        with suppress(OSError):  # a full disk is told by what is written, not by what is shown
            folder.mkdir(parents=True, exist_ok=True)
            (folder / unit.replace(":", ".")).touch()


def count_done(out: str, phase: str) -> int:
    """Count the finished units of a phase."""
    folder = _marks(out, phase)
    if folder is not None:
        return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    with suppress(InputError):  # a store that does not answer is told by what is written
        return len(open_output(out).names(RECEIPTS)) if phase == "shards" else 0
    return 0


def _marks(out: str, phase: str) -> Path | None:
    folder = local_path(out)
    return None if folder is None else folder / WORK_FOLDER / "progress" / phase
