"""Progress across processes: one empty file per finished unit of work, in the output folder.

In a bucket a mark would be a request: there the receipts of finished shards are counted.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sarchat_build.errors import InputError
from sarchat_build.published.layout import WORK_FOLDER


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
    # The command line imports this module at its start, and what reads stores takes half a second.
    from sarchat_build.dataset.output import open_output
    from sarchat_build.dataset.receipts import RECEIPTS

    with suppress(InputError):  # a store that does not answer is told by what is written
        return len(open_output(out).names(RECEIPTS)) if phase == "shards" else 0
    return 0


def _marks(out: str, phase: str) -> Path | None:
    return None if is_url(out) else Path(out, WORK_FOLDER, "progress", phase)


def is_url(location: str) -> bool:
    """Tell whether a location is a URL."""
    return "://" in location
