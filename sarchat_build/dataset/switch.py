"""The switch from the earlier dataset of an output folder to the one that was proven beside it.

A dataset is built and proven in the stage, `OUT/.sarchat/build`. The switch begins when that is
declared proven (`OutputFolder.commit`), which is one step of the storage: before it the earlier
dataset is whole, after it the new one is. What follows are moves that may be cut off anywhere and
are finished by `finish_switch`, with which every build begins; build.json comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sarchat_build.archives.location import join
from sarchat_build.dataset.output import STAGE, OutputFolder, open_output, room_for
from sarchat_build.dataset.receipts import remove_receipts
from sarchat_build.dataset.record import BuildRecord, parse_record
from sarchat_build.errors import InputError
from sarchat_build.published.layout import (
    BUILD_FILE,
    CARD_FILE,
    QUALITY_FILE,
    TASKS,
    WORK_FOLDER,
    is_published_path,
    table_folder,
)

_REPLACED = f"{WORK_FOLDER}/replaced.json"
_TABLES = ("images", *TASKS, "rejects", "duplicates")


def switch(out: str) -> None:
    """Put the finished dataset of the stage in the place of what lies in `out`.

    Raises:
        InputError: as `finish_switch` has it.
    """
    with _alone(out):
        open_output(out).commit()
    finish_switch(out)


def finish_switch(out: str) -> None:
    """Finish a switch that began, if there is one.

    Files that a record of ours lists and the new dataset does not have are deleted; whatever else
    lies in the folder stays.

    Raises:
        InputError: the disk is full, a folder of the dataset is a link, or another build, which no
            lock kept away, was quicker.
    """
    folder = open_output(out)
    proven = folder.proven()
    if proven is None:
        return
    with room_for(out):
        # The record goes last: without it everything is in its place.
        record = _read_record(folder, f"{proven}/{BUILD_FILE}")
        if record is not None and not _is_published(folder, proven, record):
            folder.move(BUILD_FILE, _REPLACED)
            gone = _earlier_files(folder) - set(record.files)
            folder.each(folder.prune, filter(is_published_path, sorted(gone)))
            folder.each(lambda path: folder.move(f"{proven}/{path}", path), record.files)
            with _alone(out):
                folder.publish(proven, BUILD_FILE)
        folder.delete(_REPLACED)
        folder.settle()
        record = _read_record(folder, BUILD_FILE)
        if record is not None:
            remove_receipts(out, record.shards)


def published_names(out: str) -> set[str]:
    """List the files of `out` that have the names of a dataset's files, whoever wrote them."""
    folder = open_output(out)
    found = {path for path in (CARD_FILE, QUALITY_FILE) if folder.is_file(path)}
    for table in map(table_folder, _TABLES):
        found.update(f"{table}/{name}" for name in folder.names(table))
    return {path for path in found if is_published_path(path)}


def refuse_links(out: str) -> None:
    """Refuse a folder in which a folder of a dataset is a link: nothing outside is written to.

    Raises:
        InputError: which one.
    """
    work = (WORK_FOLDER, *(f"{WORK_FOLDER}/{name}" for name in ("build", "proven", "receipts")))
    tables = (table_folder(table) for table in _TABLES)
    open_output(out).refuse_links(*work, *tables, "dialogues", "report")


def leave_rejects(out: str) -> str:
    """Put the rejects of a build that stopped where they are seen, and give their folder.

    Beside an earlier dataset they stay in the stage: its own rejects are part of it.
    """
    folder = open_output(out)
    others = {path for path in published_names(out) if not path.startswith("rejects/")}
    if others or folder.has(BUILD_FILE):
        return join(out, STAGE, "rejects")
    with room_for(out):
        for path in published_names(out):
            folder.prune(path)
        for path in published_names(join(out, STAGE)):
            if path.startswith("rejects/"):
                folder.move(f"{STAGE}/{path}", path)
    return join(out, "rejects")


@contextmanager
def _alone(out: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise InputError(
            f"{out}: another build published here at the same moment; see that only one writes to "
            "it, then run the same command again"
        ) from error


def _read_record(folder: OutputFolder, path: str) -> BuildRecord | None:
    text = folder.read(path)
    return None if text is None else parse_record(text, join(folder.location, path))


def _is_published(folder: OutputFolder, proven: str, record: BuildRecord) -> bool:
    """Tell whether the very same dataset lies there already: then nothing is touched."""
    return all(folder.is_same(f"{proven}/{path}", path) for path in (BUILD_FILE, *record.files))


def _earlier_files(folder: OutputFolder) -> set[str]:
    try:
        record = _read_record(folder, _REPLACED)
    except (OSError, InputError):  # no record that can be read: then by their names
        record = None
    return published_names(folder.location) if record is None else set(record.files)
