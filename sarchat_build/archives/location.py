"""Where things lie: a path or any fsspec URL, looked at, opened and digested in one way."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, cast

import fsspec

from sarchat_build.errors import InputError

CHUNK_BYTES = 1 << 20
# Members are read in the order of the file: a large block read ahead serves many of them.
_REMOTE_BLOCK_BYTES = 8 << 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder directly below another; a folder's size is 0."""

    name: str
    is_folder: bool
    size_bytes: int


def join(location: str, *parts: str) -> str:
    """Put names below a path or URL; `.` is the place itself.

    >>> join("gs://bucket/raw/", "ssdd", "a b.zip"), join("/data/raw", "."), join("/", "raw")
    ('gs://bucket/raw/ssdd/a b.zip', '/data/raw', '/raw')
    """
    return posixpath.join(location, *parts).rstrip("/") if parts != (".",) else location


def name_of(location: str) -> str:
    """Give the last part of a path or URL, which for a folder is its own name.

    >>> name_of("gs://bucket/raw/ssdd/"), name_of("raw/../SSDD.zip")
    ('ssdd', 'SSDD.zip')
    """
    path = local_path(location)
    if path is not None:
        return os.path.basename(os.path.abspath(path))
    return posixpath.basename(location.rstrip("/"))


def local_path(location: str) -> Path | None:
    """Give the path of what lies on this machine; None for what does not.

    >>> local_path("file:///data/raw"), local_path("gs://bucket/raw")
    (PosixPath('/data/raw'), None)
    """
    protocol, separator, path = location.partition("://")
    if not separator:
        return Path(location)
    return Path(path) if protocol in ("file", "local") else None


def list_folder(location: str) -> list[Entry]:
    """List a folder, by name.

    Raises:
        InputError: there is no such folder, or it cannot be reached.
    """
    path = local_path(location)
    with reaching(location):
        if path is not None:
            if not path.is_dir():
                raise InputError(f"{location}: no such folder")
            return [_local_entry(found) for found in sorted(path.iterdir())]
        system, root = filesystem(location)
        if not system.isdir(root):
            raise InputError(f"{location}: no such folder")
        found = {
            posixpath.basename(item["name"].rstrip("/")): item
            for item in system.ls(root, detail=True)
            if item["name"].strip("/") != root.strip("/")
        }
        return [
            Entry(name, item["type"] == "directory", int(item["size"] or 0))
            for name, item in sorted(found.items())
        ]


def stamp(location: str) -> tuple[str, ...]:
    """Tell one state of a file from another: size and what the storage knows of its change.

    Raises:
        InputError: it is not there, or cannot be reached.
    """
    path = local_path(location)
    try:
        with reaching(location):
            if path is not None:
                state = path.stat()
                return str(state.st_size), str(state.st_mtime_ns), str(state.st_ino)
            system, root = filesystem(location)
            info = system.info(root)
            marks = (info.get(key) for key in ("size", "mtime", "created", "etag", "generation"))
            return tuple(str(mark) for mark in marks)
    except FileNotFoundError:
        raise InputError(f"{location}: no such archive or folder") from None


def is_folder(location: str) -> bool:
    """Tell whether a folder lies there."""
    path = local_path(location)
    if path is not None:
        return path.is_dir()
    with reaching(location):
        system, root = filesystem(location)
        return bool(system.isdir(root))


def size_bytes(location: str) -> int:
    """Give the size of a file."""
    path = local_path(location)
    if path is not None:
        return path.stat().st_size
    system, root = filesystem(location)
    return int(system.size(root))


def open_binary(location: str) -> BinaryIO:
    """Open a file for reading at any place."""
    path = local_path(location)
    if path is not None:
        return path.open("rb")
    system, root = filesystem(location)
    stream = system.open(root, "rb", block_size=_REMOTE_BLOCK_BYTES, cache_type="readahead")
    return cast(BinaryIO, stream)


def digest(location: str, progress: Callable[[int], None] | None = None) -> str:
    """Give the sha256 of a file, read in pieces; `progress` hears how many bytes are done."""
    found, done = hashlib.sha256(), 0
    with reaching(location), open_binary(location) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            found.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    return found.hexdigest()


def write_bytes(location: str, content: bytes) -> None:
    """Write a small file whole.

    Raises:
        InputError: it cannot be written.
    """
    path = local_path(location)
    with reaching(location):
        if path is not None:
            path.write_bytes(content)
        else:
            system, root = filesystem(location)
            system.pipe_file(root, content)


def read_bytes(location: str) -> bytes | None:
    """Read a small file; None if it is not there."""
    try:
        with reaching(location), open_binary(location) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def filesystem(location: str) -> tuple[Any, str]:
    """Give fsspec's file system for a URL, and the path in it.

    Raises:
        InputError: the protocol is unknown, or its package is missing.
    """
    try:
        system, root = fsspec.url_to_fs(location)
    except ImportError as error:
        raise InputError(f"{location}: {error}; install that package") from error
    except ValueError as error:
        raise InputError(f"{location}: {error}") from error
    return system, str(root)


@contextmanager
def reaching(location: str) -> Iterator[None]:
    """Name the place in what the system says of it; `FileNotFoundError` goes on as it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{location}: {error.strerror or error}") from error


class PerProcess(Generic[T]):
    """Something that each process makes for itself, since forked ones share a file's place."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """Give this process's own."""
        found = self._made.get(os.getpid())
        return self._made.setdefault(os.getpid(), self._make()) if found is None else found


def _local_entry(path: Path) -> Entry:
    # A link that leads nowhere is a file that cannot be read.
    is_dir = path.is_dir()
    size = 0 if is_dir else (path.stat() if path.exists() else path.lstat()).st_size
    return Entry(path.name, is_dir, size)
