"""Folders read like archives, on this machine or behind a URL."""

from __future__ import annotations

import hashlib
import io
import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote_to_bytes

from sarchat_build.archives.archive import Archive, MemberStream, chunks
from sarchat_build.archives.formats.detection import is_archive
from sarchat_build.archives.limits import escapes, is_archive_name
from sarchat_build.archives.location import (
    Entry,
    filesystem,
    is_web,
    join,
    list_folder,
    local_path,
    open_binary,
    reaching,
    size_bytes,
)
from sarchat_build.archives.members import Member, Members
from sarchat_build.archives.names import MemberName, member_name, readable, without_escapes
from sarchat_build.archives.ranges import Range, Spool, fetch
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason
from sarchat_build.regular_files import MAX_FILES, is_regular, open_regular


def open_folder(
    location: str, encodings: Sequence[str] = (), members: Members | None = None
) -> Archive:
    """Open a folder; archives in it are not files of the folder."""
    path = local_path(location)
    if path is None:
        return RemoteFolder(location, encodings, members)
    return Folder(path, location, encodings, members)


class _Folder(Archive):
    kind = "folder"

    def __init__(self, location: str, encodings: Sequence[str], members: Members | None) -> None:
        self.location = location
        self._encodings = tuple(encodings)
        self._listed = members

    def members(self) -> Members:
        """Every regular file below the folder, by path.

        Raises:
            InputError: a link to a folder leads out of it; what lies there would be lost.
        """
        if self._listed is None:
            found = (item for item in self._sizes() if not is_archive_name(item[0]))
            self._listed = self._read_names(found)
        return self._listed

    def _read_names(self, stored: Iterable[tuple[str, int]]) -> Members:
        # Names and sizes of files become members.
        listed: list[tuple[str, int, str]] = []
        foreign = {}
        stored = list(stored)
        taken = {name for name, _ in stored}
        for name, bytes_ in stored:
            path, encoding = read = self._read_name(name)
            if path != name and path in taken:  # a back slash that is none of Windows
                path = readable(name)
            if read.is_foreign:
                foreign[path] = encoding
            listed.append((path, bytes_, name if path != name else ""))
        self.foreign_names = foreign
        return Members.of(
            Member(path, size, i, written) for i, (path, size, written) in enumerate(sorted(listed))
        )

    def _read_name(self, stored: str) -> MemberName:
        return member_name(stored, self._encodings)

    def _stored(self, path: str) -> str:
        """Give the name that the file system has for a path; the same for what is not listed."""
        member = self._listed.find(path) if self._listed is not None else None
        return (member.written if member else "") or path

    def _demand_few(self, files: int) -> None:
        if files > MAX_FILES:
            raise InputError(f"{self.location}: more than {MAX_FILES:,} files, as no source has")

    def digested_bytes(self) -> int:
        """Size of all files."""
        return sum(member.size_bytes for member in self.members())

    def sha256(self, progress: Callable[[int], None] | None = None) -> str:
        """Digest over the paths and contents of all files, in order of path."""
        digest, done = hashlib.sha256(), 0
        # Names as bytes: a digest does not change with the encodings that a manifest states.
        for written, _, member in sorted(
            (readable(m.written or m.path), n, m) for n, m in enumerate(self.members())
        ):
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

    def inner_archives(self) -> tuple[str, ...]:
        """Archives that lie deeper than the folder's top, where none is read."""
        return tuple(sorted(path for path in self._paths() if is_archive_name(path)))

    @abstractmethod
    def _sizes(self) -> list[tuple[str, int]]:
        """Names and sizes of files below the folder."""

    @abstractmethod
    def _paths(self) -> list[str]:
        """Every file below the folder but archives at its top."""

    def _loose(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if not is_archive(self.location, entry)]


class Folder(_Folder):
    """A folder on this machine. Links that lead out of it are listed, and refused when read."""

    def __init__(
        self,
        root: Path,
        location: str = "",
        encodings: Sequence[str] = (),
        members: Members | None = None,
    ) -> None:
        super().__init__(location or str(root), encodings, members)
        self._root = root

    def _sizes(self) -> list[tuple[str, int]]:
        paths = (path for path in self._paths() if not is_archive_name(path))
        return [(path, (self._root / path).lstat().st_size) for path in paths]

    def _paths(self) -> list[str]:
        found = []
        for entry in self._loose(list_folder(self.location)):
            path = self._root / entry.name
            found += list(self._walk(path)) if entry.is_folder else [path]
            self._demand_few(len(found))
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

    def _inside(self, path: str) -> Path:
        # `Path.resolve` raises on links that lead in a circle; this gives the link itself.
        target = Path(os.path.realpath(self._root / self._stored(path)))
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

    def __init__(
        self, location: str, encodings: Sequence[str] = (), members: Members | None = None
    ) -> None:
        super().__init__(location, encodings, members)
        self._is_web = is_web(location)
        self._held: list[tuple[Spool, Mapping[str, tuple[int, int]]]] = []  # of all threads

    @contextmanager
    def ahead(self, paths: Iterable[str]) -> Iterator[None]:
        """As `Archive` has it: many files at once, into a temporary one of this machine."""
        system, root = filesystem(self.location)
        known = () if self._is_web or self._listed is None else map(self._listed.find, paths)
        by_name = {f"{root.rstrip('/')}/{m.written or m.path}": m for m in known if m}
        wanted = ((name, Range(0, m.size_bytes)) for name, m in by_name.items())
        with Spool() as spool:
            places = {
                by_name[n].path: (spool.add(data), len(data))
                for (n, _), data in fetch(system, wanted)
            }
            held = (spool, places)
            self._held.append(held)
            try:
                yield
            finally:
                self._held.remove(held)

    def _read_name(self, stored: str) -> MemberName:
        return member_name(_unquoted(stored) if self._is_web else stored, self._encodings)

    def _paths(self) -> list[str]:
        return [path for path, _ in self._sizes()]

    def _sizes(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for entry in self._loose(list_folder(self.location)):
            if entry.is_folder:
                for item in self._below(entry.name):
                    found.append(item)
                    self._demand_few(len(found))
            else:
                found.append((entry.name, entry.size_bytes))
                self._demand_few(len(found))
        return found

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        # Folder by folder, so that endless ones are told before they fill the memory.
        with reaching(self.location):
            system, top = filesystem(join(self.location, folder))
            for _, _, files in system.walk(top, detail=True, on_error="raise"):
                for info in files.values():
                    path = info["name"].strip("/").removeprefix(top.strip("/") + "/")
                    yield f"{folder}/{path}", int(info["size"] or 0)

    def open_raw(self, path: str) -> MemberStream:
        """Open a file."""
        if escapes(without_escapes(path)):
            raise RecordError(Reason.PATH_ESCAPE, f"{path} leads out of the source's folder")
        for spool, places in tuple(self._held):
            content = spool.read(*places[path]) if path in places else b""
            if content:
                return MemberStream(
                    io.BytesIO(content), path, len(content), reason=Reason.UNREADABLE
                )
        location = join(self.location, self._stored(path))
        try:
            return MemberStream(
                open_binary(location), path, size_bytes(location), reason=Reason.UNREADABLE
            )
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise RecordError(Reason.UNREADABLE, f"{path}: {why}") from error


def _unquoted(name: str) -> str | bytes:
    # Web servers list names as they stand in URLs; some write bytes that are no text as Python's
    # marks for them.
    written = unquote_to_bytes(name)
    try:
        return written.decode("utf-8", "surrogatepass")
    except UnicodeError:
        return written
