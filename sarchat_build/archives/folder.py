"""Folders read like archives, on this machine or behind a URL."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sarchat_build.archives.archive import Archive, Member, MemberStream, chunks
from sarchat_build.archives.formats.detection import is_archive
from sarchat_build.archives.limits import escapes, is_archive_name
from sarchat_build.archives.location import (
    Entry,
    filesystem,
    join,
    list_folder,
    local_path,
    open_binary,
    reaching,
    size_bytes,
)
from sarchat_build.archives.names import read_name, readable
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason
from sarchat_build.regular_files import MAX_FILES, is_regular, open_regular


def open_folder(location: str, encodings: Sequence[str] = ()) -> Archive:
    """Open a folder; archives in it are not files of the folder."""
    path = local_path(location)
    return RemoteFolder(location) if path is None else Folder(path, location, encodings)


class _Folder(Archive):
    kind = "folder"

    def digested_bytes(self) -> int:
        """Size of all files."""
        return sum(member.size_bytes for member in self.members())

    def sha256(self, progress: Callable[[int], None] | None = None) -> str:
        """Digest over the paths and contents of all files, in order of path."""
        digest, done = hashlib.sha256(), 0
        # Names as bytes: a digest does not change with the encodings that a manifest states.
        for written, member in sorted((self._written(m.path), m) for m in self.members()):
            content = hashlib.sha256()
            try:
                with self.open_raw(member.path) as stream:
                    for chunk in chunks(stream):
                        content.update(chunk)
                found = content.hexdigest()
            except RecordError as error:
                found = error.reason
            digest.update(f"{found}  {written}\n".encode())
            done += member.size_bytes
            if progress is not None:
                progress(done)
        return digest.hexdigest()

    def _written(self, path: str) -> str:
        return path

    def inner_archives(self) -> tuple[str, ...]:
        """Archives that lie deeper than the folder's top, where none is read."""
        return tuple(sorted(path for path in self._paths() if is_archive_name(path)))

    @abstractmethod
    def _paths(self) -> list[str]:
        """Every file below the folder but archives at its top."""

    def _loose(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if not is_archive(self.location, entry)]


class Folder(_Folder):
    """A folder on this machine. Links that lead out of it are listed, and refused when read."""

    def __init__(self, root: Path, location: str = "", encodings: Sequence[str] = ()) -> None:
        self.location = location or str(root)
        self._root = root
        self._encodings = tuple(encodings)
        self._spelled: dict[str, str] = {}

    def members(self) -> tuple[Member, ...]:
        """Every regular file below the folder, by path.

        Raises:
            InputError: a link to a folder leads out of it; what lies there would be lost.
        """
        listed, foreign = [], {}
        for name in self._paths():
            if is_archive_name(name):
                continue
            spelled, encoding = read = read_name(name, self._encodings)
            if spelled != name:
                self._spelled[spelled] = name
            if read.is_foreign:
                foreign[spelled] = encoding
            listed.append((spelled, (self._root / name).lstat().st_size))
        self.foreign_names = foreign
        return tuple(Member(path, size, i) for i, (path, size) in enumerate(sorted(listed)))

    def _paths(self) -> list[str]:
        found = []
        for entry in self._loose(list_folder(self.location)):
            path = self._root / entry.name
            found += list(self._walk(path)) if entry.is_folder else [path]
            if len(found) > MAX_FILES:
                raise InputError(
                    f"{self.location}: more than {MAX_FILES:,} files, as no source has"
                )
        return [path.relative_to(self._root).as_posix() for path in found]

    def open_raw(self, path: str) -> MemberStream:
        """Open a file."""
        target = self._inside(path)
        try:
            stream = open_regular(target, buffering=0)
        except OSError as error:
            raise RecordError(Reason.UNREADABLE, f"{path}: {error.strerror}") from error
        size = os.fstat(stream.fileno()).st_size
        return MemberStream(stream, path, size, reason=Reason.UNREADABLE)

    @contextmanager
    def local_file(self, path: str) -> Iterator[Path]:
        """Give the file itself."""
        target = self._inside(path)
        if not is_regular(target):
            raise RecordError(Reason.UNREADABLE, f"{path}: not a regular file")
        yield target

    def _written(self, path: str) -> str:
        return readable(self._spelled.get(path, path))

    def _inside(self, path: str) -> Path:
        # `Path.resolve` raises on links that lead in a circle; this gives the link itself.
        target = Path(os.path.realpath(self._root / self._spelled.get(path, path)))
        if not target.is_relative_to(os.path.realpath(self._root)):
            raise RecordError(Reason.PATH_ESCAPE, f"{path}: a link out of the source's folder")
        return target

    def _walk(self, top: Path) -> Iterator[Path]:
        self._refuse_outward(top)
        for parent, folders, names in os.walk(top):
            folders.sort()
            for folder in folders:
                self._refuse_outward(Path(parent, folder))
            yield from (Path(parent, name) for name in names)

    def _refuse_outward(self, folder: Path) -> None:
        if folder.is_symlink() and not Path(os.path.realpath(folder)).is_relative_to(
            os.path.realpath(self._root)
        ):
            raise InputError(
                f"{folder}: a link to a folder outside of {self._root}; copy that folder to here, "
                f"or make {self._root} itself the link"
            )


class RemoteFolder(_Folder):
    """A folder behind an fsspec URL."""

    def __init__(self, location: str) -> None:
        self.location = location

    def members(self) -> tuple[Member, ...]:
        """Every file below the folder, by path."""
        found = [item for item in self._sizes() if not is_archive_name(item[0])]
        return tuple(Member(path, size, i) for i, (path, size) in enumerate(sorted(found)))

    def _paths(self) -> list[str]:
        return [path for path, _ in self._sizes()]

    def _sizes(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for entry in self._loose(list_folder(self.location)):
            if not entry.is_folder:
                found.append((entry.name, entry.size_bytes))
                continue
            with reaching(self.location):
                system, top = filesystem(join(self.location, entry.name))
                below: dict[str, Any] = system.find(top, detail=True)
            for path, info in below.items():
                name = f"{entry.name}/{path.strip('/').removeprefix(top.strip('/') + '/')}"
                found.append((name, int(info["size"] or 0)))
        return found

    def open_raw(self, path: str) -> MemberStream:
        """Open a file."""
        if escapes(path):
            raise RecordError(Reason.PATH_ESCAPE, f"{path} leads out of the source's folder")
        location = join(self.location, path)
        try:
            return MemberStream(
                open_binary(location), path, size_bytes(location), reason=Reason.UNREADABLE
            )
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise RecordError(Reason.UNREADABLE, f"{path}: {why}") from error
