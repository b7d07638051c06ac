"""Write finished files whole: to a temporary name first, then under the final one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sarchat_build.regular_files import MAX_RECORD_BYTES, open_regular, read_regular

WORK_FOLDER = ".sarchat"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: its path below the output folder, and what proves it."""

    path: str
    bytes: int
    sha256: str
    rows: int | None


def write_whole(out: str, path: str, write: Callable[[str], int | None]) -> WrittenFile:
    """Let `write` fill a temporary file, then give it its final name.

    Two attempts at one file may run at once: each has a temporary name of its own, and both end
    with the same bytes under the final one.

    Args:
        out: the output folder.
        path: where the file belongs, below `out`.
        write: fills the file it is given the name of, and returns its number of rows.
    """
    final = Path(out, path)
    temporary = Path(out, WORK_FOLDER, "tmp", f"{path.replace('/', '.')}.{os.getpid()}")
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        rows = write(str(temporary))
        digest, size = digest_file(str(temporary))
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)
    return WrittenFile(path, size, digest, rows)


def write_text(out: str, path: str, text: str) -> WrittenFile:
    """Write one text file whole."""

    def write(name: str) -> None:
        Path(name).write_text(text, encoding="utf-8", newline="\n")

    return write_whole(out, path, write)


def write_json(out: str, path: str, value: object) -> WrittenFile:
    """Write one JSON file whole, keys sorted."""
    return write_text(out, path, json_text(value))


def json_text(value: object) -> str:
    """Write a value as the JSON of a published file: keys sorted, a line break at the end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_json(out: str, path: str) -> object | None:
    """Read a JSON file below `out`; None if it is not there or not whole."""
    try:
        return json.loads(read_regular(Path(out, path), MAX_RECORD_BYTES))  # type: ignore[no-any-return]
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


def is_intact(out: str, file: WrittenFile) -> bool:
    """Tell whether a file is still there with the bytes that were written."""
    name = Path(out, file.path)
    return (
        name.is_file()
        and name.stat().st_size == file.bytes
        and digest_file(str(name))[0] == file.sha256
    )


def walk(out: str) -> Iterator[str]:
    """List every file below `out` by its path there, without the work folder."""
    for parent, folders, names in os.walk(out):
        folders[:] = sorted(f for f in folders if f != WORK_FOLDER)
        for name in sorted(names):
            yield Path(parent, name).relative_to(out).as_posix()
