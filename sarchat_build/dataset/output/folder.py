"""What an output folder is, wherever it lies: files that are there whole, or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sarchat_build.errors import InputError
from sarchat_build.published.layout import WORK_FOLDER
from sarchat_build.regular_files import MAX_RECORD_BYTES, open_regular

# A new dataset grows here, whatever lies in the output folder; `switch` puts it in its place.
STAGE = f"{WORK_FOLDER}/build"
# What the launcher knows of the members of archives lies here, for all workers.
INDEXES = f"{WORK_FOLDER}/index"
FULL = {errno.ENOSPC, errno.EDQUOT}
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: its path below the output folder, and what proves it.

    `md5` is what object stores say of their objects without a download; "" on a disk.
    """

    path: str
    bytes: int
    sha256: str
    rows: int | None
    md5: str = ""


class OutputFolder(ABC):
    """A folder to write a dataset to. Paths of files are relative to it, with slashes.

    Attributes:
        location: the path or URL it was opened from.
    """

    def __init__(self, location: str) -> None:
        self.location = location

    @abstractmethod
    def write(self, path: str, write: Callable[[str], int | None]) -> WrittenFile:
        """Let `write` fill a file of this machine, then put it whole under its final name.

        Two attempts at one file may run at once, also on two machines: each fills a file of its
        own, and both end with the same bytes under the final name.

        Args:
            path: where the file belongs.
            write: fills the file it is given the name of, and returns its number of rows.

        Raises:
            InputError: there is no room, or the store refuses it; nothing of the file is left.
        """

    def write_text(self, path: str, text: str) -> WrittenFile:
        """Write one text file whole."""
        return self.write_bytes(path, text.encode())

    def write_bytes(self, path: str, data: bytes) -> WrittenFile:
        """Write one small file whole."""

        def write(name: str) -> None:
            Path(name).write_bytes(data)

        return self.write(path, write)

    def write_json(self, path: str, value: object) -> WrittenFile:
        """Write one JSON file whole, keys sorted."""
        return self.write_text(path, json_text(value))

    @abstractmethod
    def create_once(self, path: str, content: bytes) -> None:
        """Write a small file that is not there yet; of many that try at once one does.

        Raises:
            FileExistsError: it is there, with another content.
        """

    @abstractmethod
    def read(self, path: str, max_bytes: int = MAX_RECORD_BYTES) -> bytes | None:
        """Read a small file whole; None if it is not there.

        Raises:
            OSError: it is no regular file, cannot be read, or has more than `max_bytes`.
        """

    def read_json(self, path: str) -> object | None:
        """Read a JSON file; None if it is not there or not whole."""
        try:
            content = self.read(path)
            return None if content is None else json.loads(content)
        except (OSError, ValueError, RecursionError):
            return None

    @abstractmethod
    def has(self, path: str) -> bool:
        """Tell whether anything has this name, file or not."""

    @abstractmethod
    def is_file(self, path: str) -> bool:
        """Tell whether a name is a file itself: no link, folder, pipe or device."""

    @abstractmethod
    def is_intact(self, path: str, file: WrittenFile) -> bool:
        """Tell whether what lies at `path` still has the bytes that were written as `file`."""

    @abstractmethod
    def is_same(self, path: str, other: str) -> bool:
        """Tell whether two names are files with the same bytes."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """List what lies directly below a folder, by name; nothing if it is not there."""

    @abstractmethod
    def lend(self, path: str, other: str) -> None:
        """Let a finished file lie under a second name too, without its bytes going anywhere."""

    @abstractmethod
    def move(self, path: str, other: str) -> None:
        """Give a file another name; one that is not there was moved before."""

    @abstractmethod
    def delete(self, path: str) -> None:
        """Delete a file, if it is there."""

    @abstractmethod
    def prune(self, path: str) -> None:
        """Delete a file and the folders that it leaves empty; one behind a link stays."""

    @abstractmethod
    def refuse_links(self, *folders: str) -> None:
        """Refuse folders that are links or files: nothing outside is written to.

        Raises:
            InputError: which one.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Make the stage ready, and remove what attempts that did not end left behind.

        Raises:
            OSError: it cannot be written to.
        """

    @abstractmethod
    def clean(self) -> None:
        """Remove what only a running build needs."""

    @abstractmethod
    def commit(self) -> None:
        """Declare the dataset in the stage proven, in one step of the storage.

        Raises:
            FileExistsError: another one was, and is not in its place yet.
        """

    @abstractmethod
    def proven(self) -> str | None:
        """Give the folder with a dataset that was proven and is not yet in its place."""

    @abstractmethod
    def settle(self) -> None:
        """Remove what is left of a proven dataset when its files are in their place."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """Keep others from looking at the lock while it changes hands, where that can be done."""

    @abstractmethod
    def made(self) -> AbstractContextManager[None]:
        """Make the folder; it goes again if it stays empty."""

    def each(self, act: Callable[[str], None], paths: Iterable[str]) -> None:
        """Do something with many files, in any order."""
        for path in paths:
            act(path)

    def publish(self, source: str, path: str) -> None:
        """Put the record of a dataset, of which everything else is there, to its place: once.

        Raises:
            FileExistsError: there is another one.
        """
        content = self.read(f"{source}/{path}")
        if content is not None:
            self.create_once(path, content)
            self.delete(f"{source}/{path}")


def json_text(value: object) -> str:
    """Write a value as the JSON of a published file: keys sorted, a line break at the end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest_file(name: str) -> tuple[str, int]:
    """Give a file's sha256 and size, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with open_regular(name) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


@contextmanager
def room_for(folder: str) -> Iterator[None]:
    """Turn the system's word for a full disk into one line that says what to do.

    Raises:
        InputError: the disk, or the user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(
            f"{folder}: the disk is full; nothing that was finished is lost. Make room, then run "
            "the same command again"
        ) from error
