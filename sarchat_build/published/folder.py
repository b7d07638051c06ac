"""The files of a dataset, on disk or in a bucket, through Arrow's file systems."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

_BLOCK_BYTES = 1 << 20
# Schemes that Arrow opens itself; any other is asked of fsspec.
_OWN_SCHEMES = ("file", "gs", "gcs", "s3", "abfs", "hdfs")


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

    def open(self, path: str) -> pa.NativeFile:
        """Open a file for reading at any offset.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        return self._files.open_input_file(f"{self._root.rstrip('/')}/{path}")

    def list(self) -> dict[str, int]:
        """Give every file below the root with its size in bytes, by relative path.

        Raises:
            OSError: the root is not there, or cannot be listed.
        """
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
        found: dict[str, str] = {}
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            with os.scandir(f"{self._root}/{folder}") as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            if folder and not inside:
                found[folder] = "an empty folder"
            for entry in inside:
                path = f"{folder}/{entry.name}" if folder else entry.name
                kind = _kind(entry)
                if kind == "folder":
                    waiting.append(path)
                elif kind != "file":
                    found[path] = kind
        return found

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
            ValueError: it is not UTF-8, or not JSON.
        """
        with self.open(path) as stream:
            return json.loads(stream.read())


def _kind(entry: os.DirEntry[str]) -> str:
    """Say what an entry of a folder is, without following a link."""
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return f"a link to {os.readlink(entry.path)!r}"
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder"}
    special = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    return (kinds | special).get(stat.S_IFMT(mode), "a device")
