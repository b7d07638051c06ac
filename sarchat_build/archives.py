"""List and read the members of a folder or a zip, where they lie; nothing is ever unpacked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from sarchat_build.errors import InputError, RecordError

# A member this large is no annotation and no chip; reading it would fill the memory.
MAX_MEMBER_BYTES = 2 << 30
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside an archive; reading members by `offset` reads the archive in one go."""

    path: str
    size_bytes: int
    offset: int


class Archive(Protocol):
    """What the rest of the build needs of an archive."""

    @property
    def kind(self) -> str:
        """`zip` or `folder`."""

    def members(self) -> tuple[Member, ...]:
        """Every file, in reading order."""

    def read(self, path: str) -> bytes:
        """Give one member's bytes; raises `RecordError` when that member cannot be read."""

    def local_file(self, path: str) -> AbstractContextManager[Path]:
        """Give one member as a file on this machine while the context lasts."""

    def sha256(self) -> str:
        """Digest of the whole content."""


@lru_cache(maxsize=64)
def open_archive(path: str) -> Archive:
    """Open a zip file or a folder; one handle per process serves all its readers.

    Raises:
        InputError: it is missing, or no archive that can be read here.
    """
    if os.path.isdir(path):
        return Folder(Path(path))
    if not os.path.exists(path):
        raise InputError(f"{path}: no such archive; check the raw folder")
    return ZipArchive(path)


class Folder:
    """An unpacked archive. Links that lead out of it are listed, and refused when read."""

    kind = "folder"

    def __init__(self, root: Path) -> None:
        self._root = root

    def members(self) -> tuple[Member, ...]:
        """Every regular file below the folder, by path; archives are not files of the folder."""
        found = []
        for parent, folders, names in os.walk(self._root):
            folders.sort()
            for name in names:
                path = Path(parent, name)
                if not is_archive_name(name):
                    size = path.lstat().st_size
                    found.append((path.relative_to(self._root).as_posix(), size))
        return tuple(Member(path, size, i) for i, (path, size) in enumerate(sorted(found)))

    def read(self, path: str) -> bytes:
        """Give a file's bytes."""
        try:
            return self._inside(path).read_bytes()
        except OSError as error:
            raise RecordError("unreadable", f"{path}: {error.strerror}") from error

    @contextmanager
    def local_file(self, path: str) -> Iterator[Path]:
        """Give the file itself."""
        yield self._inside(path)

    def _inside(self, path: str) -> Path:
        target = (self._root / path).resolve()
        if not target.is_relative_to(self._root.resolve()):
            raise RecordError("path_escape", f"{path} leads out of {self._root}")
        return target

    def sha256(self) -> str:
        """Digest over the paths and contents of all files, in order of path."""
        digest = hashlib.sha256()
        for member in self.members():
            try:
                content = hashlib.sha256(self.read(member.path)).hexdigest()
            except RecordError as error:
                content = error.reason
            digest.update(f"{content}  {member.path}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


class ZipArchive:
    """A zip file, read member by member."""

    kind = "zip"

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise InputError(
                f"{path}: not a readable zip file ({error}); fetch it again, and compare its size"
            ) from error
        encrypted = [info.filename for info in self._zip.infolist() if info.flag_bits & 0x1]
        if encrypted:
            raise InputError(f"{path}: {encrypted[0]} is encrypted; unpack it and give the folder")

    def members(self) -> tuple[Member, ...]:
        """Every file of the central directory, in the order in which the bytes lie in the file."""
        files = [info for info in self._zip.infolist() if not info.is_dir()]
        files.sort(key=lambda info: info.header_offset)
        return tuple(Member(info.filename, info.file_size, info.header_offset) for info in files)

    def read(self, path: str) -> bytes:
        """Give a member's bytes, its CRC checked."""
        try:
            info = self._zip.getinfo(path)
            if info.file_size > MAX_MEMBER_BYTES:
                raise RecordError("too_large", f"{path} claims {info.file_size:,} bytes")
            with self._lock:
                return self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise RecordError("archive_member", f"{path}: {error}") from error

    @contextmanager
    def local_file(self, path: str) -> Iterator[Path]:
        """Copy a member, piece by piece, to a temporary file."""
        with tempfile.TemporaryDirectory(prefix="sarchat-") as folder:
            target = Path(folder, "member")
            try:
                with self._zip.open(path) as member, target.open("wb") as copy:
                    shutil.copyfileobj(member, copy, _CHUNK_BYTES)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
                raise RecordError("archive_member", f"{path}: {error}") from error
            yield target

    def sha256(self) -> str:
        """Digest of the zip file itself, as `sha256sum` prints it."""
        digest = hashlib.sha256()
        with open(self._path, "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()


def is_archive_name(name: str) -> bool:
    """Tell whether a file name is one of an archive that `open_archive` reads.

    >>> is_archive_name("Official-SSDD-OPEN.ZIP")
    True
    """
    return name.lower().endswith(".zip")
