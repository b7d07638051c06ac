"""The files of a dataset, on disk or in a bucket, through Arrow's file systems."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

_BLOCK_BYTES = 1 << 20
# What 200,000 files take in build.json; more would only fill the memory.
MAX_DOCUMENT_BYTES = 32 << 20
# Digits and sign of any number of 64 bits.
_LONGEST_INT = 20
EMPTY_FOLDER, _FOLDER = "an empty folder", "a folder"
# Schemes that Arrow opens itself; any other is asked of fsspec.
_OWN_SCHEMES = ("file", "s3", "abfs", "hdfs")


class DatasetFolder:
    """The root of one dataset: a path, or a URL that Arrow or fsspec knows (file:///, gs://, …).

    Paths of files are relative to the root, with slashes. Nothing is opened before it is asked
    for.
    """

    def __init__(self, location: str) -> None:
        scheme, separator, _ = location.partition("://")
        if not separator:
            self._files: pafs.FileSystem = pafs.LocalFileSystem()
            self._root = Path(location).absolute().as_posix()
        else:
            own = scheme in _OWN_SCHEMES or scheme.startswith("fsspec+")
            url = location if own else f"fsspec+{location}"
            self._files, self._root = pafs.FileSystem.from_uri(url)

    def read(self, path: str) -> bytes:
        """Read a small file whole.

        Raises:
            OSError: it is not there, cannot be read, or has more than `MAX_DOCUMENT_BYTES`.
        """
        with self.open(path) as stream:
            if stream.size() > MAX_DOCUMENT_BYTES:
                size, most = f"{stream.size():,} bytes", f"{MAX_DOCUMENT_BYTES:,}"
                raise OSError(errno.EFBIG, f"{path} has {size}, more than the {most} that are read")
            return bytes(stream.read())

    def open(self, path: str) -> pa.NativeFile:
        """Open a file for reading at any offset.

        Raises:
            OSError: it is not there, leads out of the dataset, is a link or no regular file (and
                is then not opened), or cannot be read.
        """
        self._refuse(path)
        return self._files.open_input_file(f"{self._root.rstrip('/')}/{path}")

    @contextmanager
    def nearby(self, paths: Iterable[str]) -> Iterator[DatasetFolder]:
        """Give these files on this machine: the folder itself, or a temporary copy of a bucket's.

        A store would be asked for every part that is read, and again by every reader. A file that
        is not there is not there in the copy either.

        Raises:
            OSError: one cannot be fetched, or there is no room.
        """
        if isinstance(self._files, pafs.LocalFileSystem):
            yield self
            return
        with tempfile.TemporaryDirectory(prefix="sarchat-") as copy:
            for path in paths:
                Path(copy, path).parent.mkdir(parents=True, exist_ok=True)
                with (
                    suppress(FileNotFoundError),
                    self.open(path) as source,
                    open(Path(copy, path), "wb") as target,
                ):
                    while block := source.read(_BLOCK_BYTES):
                        target.write(block)
            yield DatasetFolder(copy)

    def list(self) -> dict[str, int]:
        """Give every file below the root with its size in bytes, by relative path.

        Raises:
            OSError: the root is not there, or cannot be listed.
        """
        if isinstance(self._files, pafs.LocalFileSystem):
            return {path: size for path, (kind, size) in self._walk() if kind == "file"}
        selector = pafs.FileSelector(self._root, recursive=True)
        return {
            PurePosixPath(info.path).relative_to(self._root).as_posix(): info.size
            for info in self._files.get_file_info(selector)
            if info.type == pafs.FileType.File
        }

    def irregular(self) -> dict[str, str]:
        """Give what a dataset cannot hold, by relative path: links, special files, empty folders.

        In a bucket there are none. The root itself may be a link. Nothing is followed or opened.

        Raises:
            OSError: a folder cannot be listed.
        """
        if not isinstance(self._files, pafs.LocalFileSystem):
            return {}
        return {path: kind for path, (kind, _) in self._walk() if kind != "file"}

    def _walk(self) -> Iterator[tuple[str, tuple[str, int]]]:
        """Yield (path, (kind, size)) of everything below the root but folders that hold something.

        Links are named and never followed.
        """
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            with os.scandir(f"{self._root}/{folder}") as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            if folder and not inside:
                yield folder, (EMPTY_FOLDER, 0)
            for entry in inside:
                path = f"{folder}/{entry.name}" if folder else entry.name
                kind, size = _kind(entry)
                if kind == _FOLDER:
                    waiting.append(path)
                else:
                    yield path, (kind, size)

    def _refuse(self, path: str) -> None:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts):
            raise OSError(f"{path!r} leads out of the dataset")
        if "\0" in path or not _is_text(path):
            raise OSError(f"{path!r} is no name of a file")
        if isinstance(self._files, pafs.LocalFileSystem):
            for end in range(1, len(parts) + 1):
                mode = os.lstat(f"{self._root}/{'/'.join(parts[:end])}").st_mode
                if stat.S_ISLNK(mode):
                    raise OSError(f"{'/'.join(parts[:end])} is a link")
            if not stat.S_ISREG(mode):
                raise OSError(f"{path} is no regular file")

    def sha256(self, path: str) -> tuple[int, str]:
        """Read a file once: its size in bytes and its hash.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        digest, size = hashlib.sha256(), 0
        with self.open(path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def json(self, path: str) -> Any:
        """Read a JSON document.

        Raises:
            OSError: it is not there, or cannot be read.
            ValueError: it is not UTF-8, or not JSON, or says a key twice, or holds numbers or is
                nested beyond all that a document of ours is.
        """
        text = self.read(path).decode("utf-8")
        try:
            return json.loads(
                text,
                object_pairs_hook=_object,
                parse_constant=_refuse_constant,
                parse_int=_int,
                parse_float=_float,
            )
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _is_text(path: str) -> bool:
    """Tell whether a path is whole text: a name from a disk, or in JSON, may hold half a letter."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = sorted(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"keys stand twice: {', '.join(twice)}")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _int(text: str) -> int:
    if len(text) > _LONGEST_INT or abs(number := int(text)) >= 1 << 63:
        raise ValueError(f"a number that begins with {text[:_LONGEST_INT]} is beyond 64 bits")
    return number


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"a number that begins with {text[:_LONGEST_INT]} is beyond 64 bits")
    return number


def _kind(entry: os.DirEntry[str]) -> tuple[str, int]:
    """Say what an entry of a folder is, without following a link, and its size in bytes."""
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        return f"a link to {os.readlink(entry.path)!r}", 0
    kinds = {
        stat.S_IFREG: "file",
        stat.S_IFDIR: _FOLDER,
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(status.st_mode), "a device"), status.st_size
