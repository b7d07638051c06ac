"""Locations, paths or any fsspec URL: listed, opened, read and digested in one way."""

from __future__ import annotations

import base64
import hashlib
import os
import posixpath
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from sarchat_build.archives.ranges import RemoteFile
from sarchat_build.errors import InputError
from sarchat_build.regular_files import MAX_RECORD_BYTES, open_regular, read_bounded

CHUNK_BYTES = 1 << 20
_CHAIN = re.compile(r"((?:[\w+.-]+::)*)([\w+.-]+://.*?)((?:::.*)?)", re.DOTALL)
_WEB = re.compile(r"https?://")  # elsewhere a question mark is a letter
_OURS = __name__.partition(".")[0]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder directly below another; a folder's size is 0."""

    name: str
    is_folder: bool
    size_bytes: int


def join(location: str, *parts: str) -> str:
    """Put names below a path or URL; `.` is the location itself.

    >>> join("gs://bucket/raw/", "ssdd", "a b.zip"), join("/data/raw", "."), join("/", "raw")
    ('gs://bucket/raw/ssdd/a b.zip', '/data/raw', '/raw')
    >>> join("zip://raw::gs://bucket/all.zip", "ssdd"), join("simplecache::gs://bucket", "raw")
    ('zip://raw/ssdd::gs://bucket/all.zip', 'simplecache::gs://bucket/raw')
    >>> join("https://host/raw?sig=4Zk", "ssdd.zip")
    'https://host/raw/ssdd.zip?sig=4Zk'
    """
    if parts == (".",):
        return location
    before, own, after = _links(location)
    return before + posixpath.join(own, *parts).rstrip("/") + after


def name_of(location: str) -> str:
    """Give the last part of a path or URL, which for a folder is its own name.

    What a URL asks for beside the path is none of it: it is often a key to the storage.

    >>> name_of("gs://bucket/raw/ssdd/"), name_of("raw/../SSDD.zip")
    ('ssdd', 'SSDD.zip')
    >>> name_of("https://host/SSDD.zip?X-Amz-Signature=4Zk")
    'SSDD.zip'
    """
    path = local_path(location)
    if path is not None:
        return os.path.basename(os.path.abspath(path))
    return posixpath.basename(_links(location)[1].rstrip("/"))


def local_path(location: str) -> Path | None:
    """Give the path of what lies on this machine; None for what does not.

    >>> local_path("file:///data/raw"), local_path("gs://bucket/raw")
    (PosixPath('/data/raw'), None)
    """
    protocol, separator, path = location.partition("://")
    if not separator:
        return Path(location)
    return Path(path) if protocol in ("file", "local") else None


def is_web(location: str) -> bool:
    """Whether names below a location are parts of URLs of the web, with escapes.

    >>> is_web("https://host/raw"), is_web("gs://bucket/raw"), is_web("/data/raw")
    (True, False, False)
    """
    return local_path(location) is None and _WEB.match(location) is not None


def is_chained(location: str) -> bool:
    """Tell whether a URL leads through another one, as `zip://a::gs://b/c.zip` does."""
    return local_path(location) is None and "::" in location


def absolute(location: str) -> str:
    """Give a location that means the same in every process: a path from the root, or a URL.

    >>> absolute("file:///data/raw"), absolute("gs://bucket/raw")
    ('/data/raw', 'gs://bucket/raw')
    """
    path = local_path(location)
    return location if path is None else os.path.abspath(path)


def filesystem(location: str) -> tuple[Any, str]:
    """Give fsspec's file system for a location, and the path in it.

    Raises:
        InputError: the protocol is unknown, or its package is missing.
    """
    path = local_path(location)
    if path is not None:
        # Not by fsspec's parser of URLs: to it, "~" and "::" in a name are more than letters.
        return LocalFileSystem(), os.path.join(os.getcwd(), path)
    try:
        system, root = fsspec.url_to_fs(location)
    except ImportError as error:
        raise InputError(f"{location}: {error}; install that package") from error
    except ValueError as error:
        raise InputError(f"{location}: {error}") from error
    return system, str(root)


def list_folder(location: str) -> list[Entry]:
    """List a folder, by name.

    Raises:
        InputError: there is no such folder, or it cannot be reached.
    """
    if not is_folder(location):
        raise InputError(f"{location}: no such folder")
    with reaching(location):
        system, root = filesystem(location)
        found = {
            posixpath.basename(item["name"].rstrip("/")): item
            for item in system.ls(root, detail=True)
            if item["name"].strip("/") != root.strip("/")
        }
        return [_entry(system, name, item) for name, item in sorted(found.items())]


def stamp(location: str) -> str:
    """Tell one state of a file from another, by all that the storage says of it.

    Raises:
        InputError: it is not there, or cannot be reached.
    """
    try:
        with reaching(location):
            system, root = filesystem(location)
            return str(system.info(root))
    except FileNotFoundError:
        raise InputError(f"{location}: no such archive or folder") from None


def is_folder(location: str) -> bool:
    """Tell whether a folder lies there.

    Raises:
        InputError: it cannot be reached.
    """
    try:
        with reaching(location):
            system, root = filesystem(location)
            return bool(system.isdir(root))
    except FileNotFoundError:  # of what holds it, such as a zip
        return False


def size_bytes(location: str) -> int:
    """Give the size of a file."""
    system, root = filesystem(location)
    return int(system.size(root))


def open_binary(location: str) -> BinaryIO:
    """Open a file for reading at any position.

    Raises:
        OSError: it is not there, cannot be read, or is no regular file.
    """
    path = local_path(location)
    if path is not None:
        return open_regular(path)
    system, root = filesystem(location)
    stream = system.open(root, "rb", cache_type="none")
    if isinstance(stream, AbstractBufferedFile) and stream.size is not None:
        return cast(BinaryIO, RemoteFile(stream, location))
    if not system.cachable:  # such as zip://: it closes its files when nobody holds it
        stream.filesystem = system
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


@contextmanager
def file_here(location: str) -> Iterator[str]:
    """Give the name of a file of this machine: the file itself, or a temporary copy.

    Raises:
        InputError: it is not there or cannot be reached, or there is no room for the copy.
    """
    path = local_path(location)
    if path is not None:
        yield str(path)
        return
    with tempfile.NamedTemporaryFile(prefix="sarchat-") as copy:
        with reaching(location), open_binary(location) as stream:
            shutil.copyfileobj(stream, copy, CHUNK_BYTES)
            copy.flush()
        yield copy.name


def md5_file(name: str) -> str:
    """Give the MD5 of a file of this machine: what stores say of their objects."""
    found = hashlib.md5(usedforsecurity=False)
    with open_regular(name) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def stored_md5(info: Mapping[str, Any]) -> str:
    """Read the MD5 that a store says of an object; "" where it says none (GCS does).

    >>> stored_md5({"md5Hash": "XUFAKrxLKna5cZ2REBfFkg=="}), stored_md5({"size": 5})
    ('5d41402abc4b2a76b9719d911017c592', '')
    """
    return base64.b64decode(info.get("md5Hash") or "").hex()


def write_bytes(location: str, content: bytes) -> None:
    """Write a small file whole.

    Raises:
        InputError: it cannot be written.
    """
    with reaching(location):
        system, root = filesystem(location)
        system.pipe_file(root, content)


def read_bytes(location: str, max_bytes: int = MAX_RECORD_BYTES) -> bytes | None:
    """Read a small file; None if it is not there.

    Raises:
        InputError: it cannot be read, is no regular file, or has more than `max_bytes`.
    """
    try:
        with reaching(location), open_binary(location) as stream:
            return read_bounded(stream, location, max_bytes)
    except FileNotFoundError:
        return None


@contextmanager
def reaching(location: str) -> Iterator[None]:
    """Name the location in what the system says of it.

    `FileNotFoundError` and `FileExistsError` are answers, and go on as they are.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError, InputError):
        raise
    except OSError as error:
        raise InputError(f"{location}: {error.strerror or error}{_advice(location)}") from error
    except Exception as error:
        # Every store has errors of its own: no credentials, no such bucket, no connection.
        package = type(error).__module__.partition(".")[0]
        if package == _OURS or package in sys.stdlib_module_names:
            raise
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InputError(f"{location}: {why}{_advice(location)}") from error


def _advice(location: str) -> str:
    if local_path(location):
        return ""
    return "; see that the URL is right, the network is there, and your credentials may use it"


class PerProcess(Generic[T]):
    """Something that each process makes for itself, since forked ones share a file's position."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """Give this process's own."""
        found = self._made.get(os.getpid())
        return self._made.setdefault(os.getpid(), self._make()) if found is None else found


def _links(location: str) -> tuple[str, str, str]:
    # Of a chain of URLs ("zip://a::gs://b/c.zip"), the link that holds the path, and its neighbors.
    found = None if local_path(location) else _CHAIN.fullmatch(location)
    if not found:
        return ("", location, "")
    path, mark, query = found[2].partition("?") if _WEB.match(found[2]) else (found[2], "", "")
    return found[1], path, mark + query + found[3]


def _entry(system: Any, name: str, item: dict[str, Any]) -> Entry:
    # What a link leads to counts; one that leads nowhere is a file that cannot be read.
    is_link_to_folder = item.get("islink") and system.isdir(item["name"])
    is_folder = bool(item["type"] == "directory" or is_link_to_folder)
    if is_folder:
        return Entry(name, True, 0)
    size = item["size"]
    if size is None:  # listings of web servers do not say it
        size = system.size(item["name"])
    return Entry(name, False, int(size or 0))
