"""The output folder: one type behind everything that a build writes, on a disk or in a bucket."""

from __future__ import annotations

from collections.abc import Callable

from sarchat_build.archives.location import join, local_path
from sarchat_build.dataset.output.folder import (
    INDEXES,
    STAGE,
    OutputFolder,
    WrittenFile,
    digest_file,
    json_text,
    room_for,
)
from sarchat_build.dataset.output.local import LocalFolder
from sarchat_build.dataset.output.object_store import ObjectStore

__all__ = [
    "INDEXES",
    "STAGE",
    "OutputFolder",
    "WrittenFile",
    "digest_file",
    "json_text",
    "open_output",
    "room_for",
    "stage_of",
    "write_whole",
]


def open_output(location: str) -> OutputFolder:
    """Give the folder at a path or a URL to write to; nothing is made or asked yet.

    Raises:
        InputError: the URL's protocol is unknown, or its package is missing.
    """
    return ObjectStore(location) if local_path(location) is None else LocalFolder(location)


def stage_of(out: str) -> str:
    """Give the folder in which the next dataset of an output folder is built.

    >>> stage_of("dataset"), stage_of("gs://bucket/dataset/")
    ('dataset/.sarchat/build', 'gs://bucket/dataset/.sarchat/build')
    """
    return join(out, STAGE)


def write_whole(folder: str, path: str, write: Callable[[str], int | None]) -> WrittenFile:
    """Let `write` fill a file below `folder`, as `OutputFolder.write` has it."""
    return open_output(folder).write(path, write)
