"""Write finished files whole: to a temporary name first, then under the final one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sarchat_build.errors import InputError
from sarchat_build.regular_files import MAX_RECORD_BYTES, open_regular, read_regular

WORK_FOLDER = ".sarchat"
# A new dataset grows here, whatever lies in the output folder; `switch` puts it in its place.
_STAGE = f"{WORK_FOLDER}/build"
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: its path below the output folder, and what proves it."""

    path: str
    bytes: int
    sha256: str
    rows: int | None


def stage_of(out: str) -> str:
    """Give the folder in which the next dataset of an output folder is built."""
    return str(Path(out, _STAGE))


def write_whole(folder: str, path: str, write: Callable[[str], int | None]) -> WrittenFile:
    """Let `write` fill a temporary file, then give it its final name.

    Two attempts at one file may run at once, also on two machines: each has a temporary name of its
    own, and both end with the same bytes under the final one.

    Args:
        folder: what paths are relative to: a dataset, or the stage of one.
        path: where the file belongs, below `folder`.
        write: fills the file it is given the name of, and returns its number of rows.

    Raises:
        InputError: the disk is full; nothing of the file is left.
    """
    final = Path(folder, path)
    with room_for(folder):
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary_name(folder, path)
        try:
            rows = write(str(temporary))
            digest, size = digest_file(str(temporary))
            os.replace(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
    return WrittenFile(path, size, digest, rows)


def remove_temporary(folder: str) -> None:
    """Remove what attempts that did not end left behind; none may be under way."""
    shutil.rmtree(_temporary_folder(folder), ignore_errors=True)


def _temporary_name(folder: str, path: str) -> Path:
    """Make up a name that no other attempt has: machine, process, and chance."""
    temporary = _temporary_folder(folder)
    temporary.mkdir(parents=True, exist_ok=True)
    own = f"{socket.gethostname()[:64]}.{os.getpid()}.{secrets.token_hex(4)}"
    return temporary / f"{path.replace('/', '.')[-120:]}.{own}"


def _temporary_folder(folder: str) -> Path:
    return Path(folder, WORK_FOLDER, "tmp")


@contextmanager
def room_for(folder: str) -> Iterator[None]:
    """Turn the system's word for a full disk into one line that says what to do.

    Raises:
        InputError: the disk, or the user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            f"{folder}: the disk is full; nothing that was finished is lost. Make room, then run "
            "the same command again"
        ) from error


def write_text(folder: str, path: str, text: str) -> WrittenFile:
    """Write one text file whole."""

    def write(name: str) -> None:
        Path(name).write_text(text, encoding="utf-8", newline="\n")

    return write_whole(folder, path, write)


def write_json(folder: str, path: str, value: object) -> WrittenFile:
    """Write one JSON file whole, keys sorted."""
    return write_text(folder, path, json_text(value))


def json_text(value: object) -> str:
    """Write a value as the JSON of a published file: keys sorted, a line break at the end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_json(folder: str, path: str) -> object | None:
    """Read a JSON file below `folder`; None if it is not there or not whole."""
    try:
        return json.loads(read_regular(Path(folder, path), MAX_RECORD_BYTES))  # type: ignore[no-any-return]
    except (OSError, ValueError, RecursionError):
        return None


def digest_file(name: str) -> tuple[str, int]:
    """Give a file's sha256 and size, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with open_regular(name) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def is_regular(name: Path) -> bool:
    """Tell whether a name is a file itself: no link, folder, pipe or device."""
    try:
        return stat.S_ISREG(name.lstat().st_mode)
    except OSError:
        return False


def is_intact(folder: str, file: WrittenFile) -> bool:
    """Tell whether a file is still there with the bytes that were written."""
    name = Path(folder, file.path)
    return (
        is_regular(name)
        and name.stat().st_size == file.bytes
        and digest_file(str(name))[0] == file.sha256
    )


def lend(source: str, target: str, path: str) -> None:
    """Let a finished file lie in a second folder too, without a copy where the disk can do that."""
    original, final = Path(source, path), Path(target, path)
    with room_for(target):
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary_name(target, path)
        try:
            try:
                os.link(original, temporary)
            except OSError as error:
                if error.errno in _FULL:
                    raise
                shutil.copyfile(original, temporary)
            os.replace(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
