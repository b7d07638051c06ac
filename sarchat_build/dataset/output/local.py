"""An output folder on a disk: files are written under temporary names and renamed."""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from sarchat_build.archives.location import local_path
from sarchat_build.dataset.output.folder import (
    FULL,
    INDEXES,
    STAGE,
    OutputFolder,
    WrittenFile,
    digest_file,
    room_for,
)
from sarchat_build.errors import InputError
from sarchat_build.published.layout import WORK_FOLDER
from sarchat_build.regular_files import MAX_RECORD_BYTES, read_regular

_PROVEN = f"{WORK_FOLDER}/proven"
_UNFINISHED = f"{WORK_FOLDER}/tmp"  # noqa: S108 (not of the machine)


class LocalFolder(OutputFolder):
    """A folder of this machine, or of a disk that machines share."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self._root = local_path(location) or Path()

    def write(self, path: str, write: Callable[[str], int | None]) -> WrittenFile:
        """As `OutputFolder` has it."""
        with room_for(self.location), self._temporary(path) as temporary:
            rows = write(str(temporary))
            digest, size = digest_file(str(temporary))
            os.replace(temporary, self._root / path)
        return WrittenFile(path, size, digest, rows)

    def create_once(self, path: str, content: bytes) -> None:
        """As `OutputFolder` has it."""
        final = self._root / path
        with room_for(self.location):
            descriptor = os.open(final, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(content)
            except OSError:
                final.unlink(missing_ok=True)
                raise

    def read(self, path: str, max_bytes: int = MAX_RECORD_BYTES) -> bytes | None:
        """As `OutputFolder` has it."""
        name = self._root / path
        if not os.path.lexists(name):
            return None
        if not self.is_file(path):
            raise OSError(f"{name}: is no file")
        return read_regular(name, max_bytes)

    def has(self, path: str) -> bool:
        """As `OutputFolder` has it."""
        return os.path.lexists(self._root / path)

    def is_file(self, path: str) -> bool:
        """As `OutputFolder` has it."""
        try:
            return stat.S_ISREG((self._root / path).lstat().st_mode)
        except OSError:
            return False

    def is_intact(self, path: str, file: WrittenFile) -> bool:
        """As `OutputFolder` has it: by size and sha256."""
        name = self._root / path
        return (
            self.is_file(path)
            and name.stat().st_size == file.bytes
            and digest_file(str(name))[0] == file.sha256
        )

    def is_same(self, path: str, other: str) -> bool:
        """As `OutputFolder` has it."""
        names = (self._root / path, self._root / other)
        return (
            self.is_file(path)
            and self.is_file(other)
            and (os.path.samefile(*names) or filecmp.cmp(*names, shallow=False))
        )

    def names(self, folder: str) -> list[str]:
        """As `OutputFolder` has it."""
        try:
            return sorted(os.listdir(self._root / folder))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def lend(self, path: str, other: str) -> None:
        """As `OutputFolder` has it: a hard link where the disk can do that, else a copy."""
        with room_for(self.location), self._temporary(other) as temporary:
            try:
                os.link(self._root / path, temporary)
            except OSError as error:
                if error.errno in FULL:
                    raise
                shutil.copyfile(self._root / path, temporary)
            os.replace(temporary, self._root / other)

    def move(self, path: str, other: str) -> None:
        """As `OutputFolder` has it."""
        if self.is_file(path):
            for folder in reversed(PurePosixPath(other).parents[:-1]):
                self.refuse_links(str(folder))
                (self._root / folder).mkdir(exist_ok=True)
            os.replace(self._root / path, self._root / other)

    def publish(self, source: str, path: str) -> None:
        """As `OutputFolder` has it: the lock keeps others away, a rename is one step."""
        self.move(f"{source}/{path}", path)

    def delete(self, path: str) -> None:
        """As `OutputFolder` has it."""
        (self._root / path).unlink(missing_ok=True)

    def prune(self, path: str) -> None:
        """As `OutputFolder` has it."""
        folders = [self._root / folder for folder in PurePosixPath(path).parents[:-1]]
        if any(folder.is_symlink() for folder in folders):
            return
        self.delete(path)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()  # only an empty folder goes

    def refuse_links(self, *folders: str) -> None:
        """As `OutputFolder` has it."""
        for name in sorted(folders):
            folder = self._root / name
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise InputError(
                    f"{folder}: a link or a file where a dataset has a folder; remove it, or give "
                    "another --output"
                )

    def prepare(self) -> None:
        """As `OutputFolder` has it."""
        with room_for(self.location):
            (self._root / STAGE).mkdir(parents=True, exist_ok=True)
        self.clean()
        shutil.rmtree(self._root / STAGE / _UNFINISHED, ignore_errors=True)
        for torn in (self._root / WORK_FOLDER).glob("repacked/repacking-*"):
            shutil.rmtree(torn, ignore_errors=True)

    def clean(self) -> None:
        """As `OutputFolder` has it."""
        for folder in (f"{WORK_FOLDER}/progress", INDEXES, _UNFINISHED):
            shutil.rmtree(self._root / folder, ignore_errors=True)

    def commit(self) -> None:
        """As `OutputFolder` has it: a rename of the stage."""
        with room_for(self.location):
            os.replace(self._root / STAGE, self._root / _PROVEN)

    def proven(self) -> str | None:
        """As `OutputFolder` has it."""
        return _PROVEN if (self._root / _PROVEN).is_dir() else None

    def settle(self) -> None:
        """As `OutputFolder` has it."""
        shutil.rmtree(self._root / _PROVEN)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """As `OutputFolder` has it: among the processes of this machine."""
        try:
            import fcntl
        except ImportError:  # not on this system: O_EXCL alone must do
            yield
            return
        descriptor = os.open(self._root / WORK_FOLDER, os.O_RDONLY)
        try:
            with suppress(OSError):  # not on this file system
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def made(self) -> Iterator[None]:
        """As `OutputFolder` has it."""
        work = self._root / WORK_FOLDER
        made = [f for f in (work, *self._root.parents, self._root) if not f.exists()]
        with room_for(self.location):
            work.mkdir(parents=True, exist_ok=True)
        try:
            yield
        finally:
            for folder in sorted(made, key=lambda folder: len(folder.parts), reverse=True):
                with suppress(OSError):
                    folder.rmdir()

    @contextmanager
    def _temporary(self, path: str) -> Iterator[Path]:
        """Make up a name that no other attempt has: machine, process, and chance."""
        folder = self._root / _UNFINISHED
        folder.mkdir(parents=True, exist_ok=True)
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        own = f"{socket.gethostname()[:64]}.{os.getpid()}.{secrets.token_hex(4)}"
        temporary = folder / f"{path.replace('/', '.')[-120:]}.{own}"
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
