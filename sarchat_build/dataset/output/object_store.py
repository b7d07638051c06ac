"""An output folder in a bucket: finished bytes go up in one piece, and nothing is renamed."""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sarchat_build.archives.location import filesystem, join, md5_file, reaching, stored_md5
from sarchat_build.dataset.output.folder import (
    INDEXES,
    STAGE,
    OutputFolder,
    WrittenFile,
    digest_file,
    room_for,
)
from sarchat_build.errors import InputError
from sarchat_build.published.layout import BUILD_FILE, WORK_FOLDER
from sarchat_build.regular_files import MAX_RECORD_BYTES

_PROVEN = f"{WORK_FOLDER}/proven"
_CHUNK_BYTES = 1 << 20
_REQUESTS_AT_ONCE = 16
# Containers may share a folder for temporary files, and count processes alike.
_UNFINISHED = f"sarchat-unfinished.{socket.gethostname()[:64]}."


class ObjectStore(OutputFolder):
    """A folder behind a URL that fsspec can write to.

    Only what every store has is asked for: to put, get, list, copy and delete whole objects, and
    to create one that is not there yet. An object is there with all its bytes or not at all.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location)
        with reaching(location):
            self._system, root = filesystem(location)
        self._root = root.rstrip("/")

    def write(self, path: str, write: Callable[[str], int | None]) -> WrittenFile:
        """As `OutputFolder` has it: filled in a temporary folder of this machine.

        An exception inside `open(…, "wb")` of fsspec would still publish what was written before.
        """
        own = f"{_UNFINISHED}{os.getpid()}."
        with tempfile.TemporaryDirectory(prefix=own) as folder, room_for(folder):
            name = str(Path(folder, posixpath.basename(path)))
            rows = write(name)
            digest, size = digest_file(name)
            file = WrittenFile(path, size, digest, rows, md5_file(name))
            with self._writing():
                self._system.put_file(name, self._at(path))
                said = self._info(path) or {}
        if said.get("size") != size or stored_md5(said) not in ("", file.md5):
            raise InputError(
                f"{join(self.location, path)}: the store holds other bytes than were sent; run the "
                "same command again"
            )
        return file

    def create_once(self, path: str, content: bytes) -> None:
        """As `OutputFolder` has it: on GCS by `ifGenerationMatch=0`."""
        try:
            with self._writing():
                self._system.pipe_file(self._at(path), content, mode="create")
        except FileExistsError:
            # A request that was sent again, since its answer was lost, finds its own object.
            if self.read(path) != content:
                raise

    def read(self, path: str, max_bytes: int = MAX_RECORD_BYTES) -> bytes | None:
        """As `OutputFolder` has it."""
        info = self._info(path)
        if info is None:
            return None
        if info["size"] > max_bytes:
            raise OSError(f"{join(self.location, path)}: more than {max_bytes:,} bytes")
        with suppress(FileNotFoundError), reaching(self.location):
            return bytes(self._system.cat_file(self._at(path)))
        return None

    def has(self, path: str) -> bool:
        """As `OutputFolder` has it."""
        return self.is_file(path)

    def is_file(self, path: str) -> bool:
        """As `OutputFolder` has it."""
        return self._info(path) is not None

    def is_intact(self, path: str, file: WrittenFile) -> bool:
        """As `OutputFolder` has it: by size and the store's own checksum, where it has one."""
        info = self._info(path)
        if info is None or info["size"] != file.bytes:
            return False
        stored = stored_md5(info)
        if stored and file.md5:
            return stored == file.md5
        return self._sha256(path) == file.sha256

    def is_same(self, path: str, other: str) -> bool:
        """As `OutputFolder` has it."""
        one, two = self._info(path), self._info(other)
        if one is None or two is None or one["size"] != two["size"]:
            return False
        md5 = stored_md5(one)
        if md5 and stored_md5(two):
            return md5 == stored_md5(two)
        return self._sha256(path) == self._sha256(other)

    def names(self, folder: str) -> list[str]:
        """As `OutputFolder` has it."""
        at = self._at(folder)
        self._system.invalidate_cache()
        try:
            with reaching(self.location):
                found = self._system.ls(at, detail=False)
        except FileNotFoundError:
            return []
        # The folder itself is among them where a console made an empty object of its name.
        below = {str(name).rstrip("/") for name in found} - {at}
        return sorted(map(posixpath.basename, below))

    def lend(self, path: str, other: str) -> None:
        """As `OutputFolder` has it: the store copies."""
        with reaching(self.location):
            self._system.cp_file(self._at(path), self._at(other))

    def move(self, path: str, other: str) -> None:
        """As `OutputFolder` has it: the store copies, then the first is deleted."""
        with suppress(FileNotFoundError):
            if not self.is_same(path, other):
                self.lend(path, other)
            self.delete(path)

    def delete(self, path: str) -> None:
        """As `OutputFolder` has it."""
        with suppress(FileNotFoundError), reaching(self.location):
            self._system.rm_file(self._at(path))

    def prune(self, path: str) -> None:
        """As `OutputFolder` has it; a bucket has no empty folders."""
        self.delete(path)

    def refuse_links(self, *folders: str) -> None:
        """As `OutputFolder` has it; a bucket has none."""

    def prepare(self) -> None:
        """As `OutputFolder` has it; what attempts leave behind lies on their own machines."""
        self.clean()
        for folder in Path(tempfile.gettempdir()).glob(f"{glob.escape(_UNFINISHED)}*"):
            pid = folder.name.removeprefix(_UNFINISHED).partition(".")[0]
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
            except (ValueError, OSError):
                pass  # another's, or of somebody else

    def clean(self) -> None:
        """As `OutputFolder` has it."""
        self.each(self.delete, self._below(f"{WORK_FOLDER}/progress"))
        self.each(self.delete, self._below(INDEXES))

    def commit(self) -> None:
        """As `OutputFolder` has it: one object that says so is created."""
        record = self.read(f"{STAGE}/{BUILD_FILE}") or b""
        self.create_once(_PROVEN, hashlib.sha256(record).hexdigest().encode())

    def proven(self) -> str | None:
        """As `OutputFolder` has it: the stage itself."""
        return STAGE if self.is_file(_PROVEN) else None

    def settle(self) -> None:
        """As `OutputFolder` has it."""
        self.each(self.delete, self._below(STAGE))
        self.delete(_PROVEN)

    def each(self, act: Callable[[str], None], paths: Iterable[str]) -> None:
        """As `OutputFolder` has it: many at a time, since each waits for the store."""
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            for _ in pool.map(act, paths):
                pass

    def alone(self) -> AbstractContextManager[None]:
        """As `OutputFolder` has it: here it cannot be done."""
        return nullcontext()

    def made(self) -> AbstractContextManager[None]:
        """As `OutputFolder` has it: folders of a bucket are parts of names."""
        return nullcontext()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with reaching(self.location):
                yield
        except FileNotFoundError as error:
            raise InputError(
                f"{self.location}: no such bucket; make it first, or give another --output"
            ) from error

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _info(self, path: str) -> dict[str, Any] | None:
        """Ask the store, and no memory of what it said before, about an object."""
        self._system.invalidate_cache()
        try:
            with reaching(self.location):
                info: dict[str, Any] = self._system.info(self._at(path))
        except FileNotFoundError:
            return None
        return info if info["type"] == "file" else None

    def _below(self, folder: str) -> Iterator[str]:
        self._system.invalidate_cache()
        with reaching(self.location):
            found = self._system.find(self._at(folder))
        for name in sorted(found):
            yield name.removeprefix(f"{self._root}/")

    def _sha256(self, path: str) -> str:
        digest = hashlib.sha256()
        with reaching(self.location), self._system.open(self._at(path), "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()
