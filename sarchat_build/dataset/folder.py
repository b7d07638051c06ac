"""The output folder: refused before anything is read, prepared before anything is written."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sarchat_build.dataset.output import WORK_FOLDER
from sarchat_build.dataset.receipts import forget_record
from sarchat_build.errors import InputError

# Why a build stopped before publishing: a list of sentences.
STOPPED = f"{WORK_FOLDER}/stopped.json"
# Path("gs://x") is "gs:/x".
_URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


def refuse_folder(out: str) -> None:
    """Refuse what cannot become a dataset's folder; creates nothing.

    Raises:
        InputError: a URL, a folder that cannot be written to, or one that is neither empty nor an
            earlier build.
    """
    if _URL.match(out):
        raise InputError(
            f"{out}: a dataset is written to a folder of this machine; give one as --output, and "
            "copy the finished dataset from there"
        )
    folder = Path(out)
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            raise InputError(f"{out}: {nearest} cannot be written to; give another --output")
        ours = (folder / "build.json").exists() or (folder / WORK_FOLDER).exists()
        if nearest == folder and any(folder.iterdir()) and not ours:
            raise InputError(f"{out}: not empty and not an earlier build; give another --output")
    except OSError as error:
        raise _unwritable(out, error) from error


def prepare_folder(out: str) -> None:
    """Create the folder, and remove the record and the marks of an earlier run from it.

    Raises:
        InputError: it cannot be written to.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = folder / WORK_FOLDER
        work.mkdir(exist_ok=True)
        forget_record(out)
        (folder / STOPPED).unlink(missing_ok=True)
        shutil.rmtree(work / "progress", ignore_errors=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def clean_folder(out: str) -> None:
    """Remove what only a running build needs."""
    for name in ("progress", "tmp"):
        shutil.rmtree(Path(out, WORK_FOLDER, name), ignore_errors=True)


def _unwritable(out: str, error: OSError) -> InputError:
    return InputError(f"{out}: cannot be written ({error.strerror}); give another --output")
