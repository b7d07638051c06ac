"""The switch from the earlier dataset of an output folder to the one that was proven beside it.

A dataset is built and proven in the stage, `OUT/.sarchat/build`. The switch begins when the stage
is renamed to `OUT/.sarchat/proven`, which is one step of the file system: before it the earlier
dataset is whole, after it the new one is. What follows are renames that may be cut off anywhere and
are finished by `finish_switch`, with which every build begins; build.json comes last.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sarchat_build.dataset.output import WORK_FOLDER, is_regular, room_for, stage_of
from sarchat_build.dataset.receipts import remove_receipts
from sarchat_build.dataset.record import BuildRecord, parse_record
from sarchat_build.errors import InputError
from sarchat_build.published.layout import (
    BUILD_FILE,
    CARD_FILE,
    QUALITY_FILE,
    TASKS,
    is_published_path,
    table_folder,
)
from sarchat_build.regular_files import MAX_RECORD_BYTES, read_regular

_PROVEN = f"{WORK_FOLDER}/proven"
_REPLACED = f"{WORK_FOLDER}/replaced.json"
_TABLES = ("images", *TASKS, "rejects", "duplicates")


def switch(out: str) -> None:
    """Put the finished dataset of the stage in the place of what lies in `out`."""
    with room_for(out):
        os.replace(stage_of(out), Path(out, _PROVEN))
    finish_switch(out)


def is_switching(out: str) -> bool:
    """Tell whether a switch began and was cut off."""
    return Path(out, _PROVEN).is_dir()


def finish_switch(out: str) -> None:
    """Finish a switch that began, if there is one.

    Files that a record of ours lists and the new dataset does not have are deleted; whatever else
    lies in the folder stays.

    Raises:
        InputError: the disk is full, or a folder of the dataset is a link.
    """
    proven, replaced = Path(out, _PROVEN), Path(out, _REPLACED)
    if not is_switching(out):
        return
    with room_for(out):
        text = proven / BUILD_FILE
        if text.exists():  # it goes last: without it everything is in its place
            record = parse_record(read_regular(text, MAX_RECORD_BYTES), str(text))
            if not _is_published(out, record):
                with suppress(FileNotFoundError):
                    os.replace(Path(out, BUILD_FILE), replaced)
                _remove(out, _earlier_files(out) - set(record.files))
                for path in record.files:
                    _put(proven, out, path)
                _put(proven, out, BUILD_FILE)
        replaced.unlink(missing_ok=True)
        shutil.rmtree(proven)
        record = parse_record(read_regular(Path(out, BUILD_FILE), MAX_RECORD_BYTES))
        remove_receipts(out, record.shards)


def published_names(out: str) -> set[str]:
    """List the files of `out` that have the names of a dataset's files, whoever wrote them."""
    found = {path for path in (CARD_FILE, QUALITY_FILE) if is_regular(Path(out, path))}
    for table in _TABLES:
        folder = table_folder(table)
        with suppress(FileNotFoundError, NotADirectoryError):
            found.update(f"{folder}/{name}" for name in os.listdir(Path(out, folder)))
    return {path for path in found if is_published_path(path)}


def refuse_links(out: str) -> None:
    """Refuse a folder in which a folder of a dataset is a link: nothing outside is written to.

    Raises:
        InputError: which one.
    """
    folders = {WORK_FOLDER, stage_of(""), _PROVEN, f"{WORK_FOLDER}/receipts"}
    folders |= {table_folder(table) for table in _TABLES} | {"dialogues", "report"}
    for folder in sorted(folders):
        _demand_folder(Path(out, folder))


def leave_rejects(out: str) -> str:
    """Put the rejects of a build that stopped where they are seen, and give their folder.

    Beside an earlier dataset they stay in the stage: its own rejects are part of it.
    """
    stage = Path(stage_of(out))
    others = {path for path in published_names(out) if not path.startswith("rejects/")}
    if others or Path(out, BUILD_FILE).exists():
        return str(stage / "rejects")
    with room_for(out):
        _remove(out, published_names(out))
        for path in published_names(str(stage)):
            if path.startswith("rejects/"):
                _put(stage, out, path)
    return str(Path(out, "rejects"))


def _is_published(out: str, record: BuildRecord) -> bool:
    """Tell whether the very same dataset lies in `out` already: then nothing is touched."""
    return all(
        is_regular(Path(out, path)) and _is_same(Path(out, _PROVEN, path), Path(out, path))
        for path in (BUILD_FILE, *record.files)
    )


def _is_same(staged: Path, final: Path) -> bool:
    return is_regular(staged) and (
        os.path.samefile(staged, final) or filecmp.cmp(staged, final, shallow=False)
    )


def _earlier_files(out: str) -> set[str]:
    try:
        return set(parse_record(read_regular(Path(out, _REPLACED), MAX_RECORD_BYTES)).files)
    except (OSError, InputError):  # no record, or none that can be read: then by their names
        return published_names(out)


def _put(source: Path, out: str, path: str) -> None:
    staged, final = source / path, Path(out, path)
    if not is_regular(staged):  # moved before the switch was cut off
        return
    for folder in reversed(Path(path).parents[:-1]):
        _demand_folder(Path(out, folder))
        Path(out, folder).mkdir(exist_ok=True)
    os.replace(staged, final)


def _remove(out: str, paths: Iterable[str]) -> None:
    for path in sorted(paths):
        folders = [Path(out, folder) for folder in Path(path).parents[:-1]]
        if not is_published_path(path) or any(folder.is_symlink() for folder in folders):
            continue
        Path(out, path).unlink(missing_ok=True)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()  # only an empty folder goes


def _demand_folder(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(
            f"{folder}: a link or a file where a dataset has a folder; remove it, or give another "
            "--output"
        )
