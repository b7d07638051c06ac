"""7z and rar, through libarchive (extra `archives`): from the first member to the last."""

from __future__ import annotations

import ctypes
import logging
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import ModuleType
from typing import Any

from sarchat_build.archives.formats.detection import RAR, SEVEN_ZIP
from sarchat_build.archives.formats.packed import PackedArchive, PackedMember
from sarchat_build.archives.formats.rar_blocks import read_blocks
from sarchat_build.archives.formats.utf8_locale import utf8_names
from sarchat_build.archives.limits import MemberJudge
from sarchat_build.archives.location import (
    CHUNK_BYTES,
    file_here,
    reaching,
    size_bytes,
)
from sarchat_build.archives.members import Members
from sarchat_build.errors import InputError
from sarchat_build.regular_files import open_regular

# Only these parsers are switched on: others of libarchive open files by a name that they read.
_PARSERS = {SEVEN_ZIP: ("7zip",), RAR: ("rar", "rar5")}
_EOF, _OK = 1, 0


class LibarchiveArchive(PackedArchive):
    """A 7z or rar archive."""

    def __init__(
        self,
        location: str,
        kind: str,
        encodings: Sequence[str] = (),
        members: Members | None = None,
    ) -> None:
        super().__init__(location, kind, encodings, members)
        self._libarchive = _load(location, kind)

    def unpack(self) -> Generator[PackedMember, None, None]:
        """Go through the archive once."""
        with reaching(self.location):
            size = size_bytes(self.location)
        judge = self.judge(size)
        ffi, exception = self._libarchive.ffi, self._libarchive.exception.ArchiveError
        with file_here(self.location) as path, _handle(ffi, self.kind) as handle:
            crcs: list[int | None] = []
            if self.kind == RAR:
                with open_regular(path) as stream:
                    crcs = read_blocks(stream, self.location, size)
            try:
                ffi.read_open_filename_w(handle, path, CHUNK_BYTES)
                yield from self._unpack(handle, judge, crcs)
            except exception as error:
                raise self._explain(error) from error

    def _unpack(
        self, handle: Any, judge: MemberJudge, crcs: list[int | None]
    ) -> Iterator[PackedMember]:
        ffi = self._libarchive.ffi
        buffer = ctypes.create_string_buffer(CHUNK_BYTES)
        is_encrypted = ffi.ffi("entry_is_encrypted", [ffi.c_archive_entry_p], ctypes.c_int)
        for number in count():
            entry = self._libarchive.entry.ArchiveEntry(handle)
            with utf8_names():
                state = ffi.read_next_header2(handle, entry._entry_p)
                name = entry.pathname
            if state == _EOF:
                return
            if is_encrypted(entry._entry_p):
                raise self._encrypted()
            if name is None or state != _OK:
                raise InputError(
                    f"{self.location}: the header of member {name!r} is damaged; fetch it again, "
                    "and compare its size"
                )
            if entry.issym or entry.islnk or not (entry.isreg or entry.isdir):
                raise judge.refuse(name, "is a link or a device")
            if entry.isreg:
                size = entry.size or 0
                path = judge.admit(name, size)
                crc = crcs[number] if number < len(crcs) else None
                yield PackedMember(path, size, _Piece(self, handle, path, buffer, crc))

    def _explain(self, error: Exception) -> InputError:
        why = str(getattr(error, "msg", error))
        if "ncrypt" in why or "assphrase" in why:
            return self._encrypted()
        return InputError(
            f"{self.location}: cut off, damaged or one part of several ({why}); fetch "
            "it again, and compare its size. If it is whole, unpack it ('7z x' or 'unrar x') and "
            "give the folder"
        )

    def _encrypted(self) -> InputError:
        return InputError(
            f"{self.location}: encrypted; unpack it with its password ('7z x' or 'unrar x') and "
            "give the folder"
        )


class _Piece:
    # The bytes of the member that libarchive stands at.
    def __init__(
        self, archive: LibarchiveArchive, handle: Any, path: str, buffer: Any, crc: int | None
    ) -> None:
        self._archive = archive
        self._handle = handle
        self._path = path
        self._buffer = buffer
        self._expected_crc = crc
        self._crc = 0

    def read(self, wanted: int, /) -> bytes:
        ffi = self._archive._libarchive.ffi
        exception = self._archive._libarchive.exception.ArchiveError
        try:
            size = ffi.read_data(self._handle, self._buffer, min(wanted, CHUNK_BYTES))
        except exception as error:
            raise self._archive._explain(error) from error
        chunk = ctypes.string_at(self._buffer, max(size, 0))
        self._crc = zlib.crc32(chunk, self._crc)
        at_end_wrong = not chunk and self._expected_crc not in (None, self._crc)
        if size < 0 or at_end_wrong:  # below 0: to libarchive this is but a warning
            raise InputError(
                f"{self._archive.location}: the checksum of {self._path!r} is wrong; fetch it "
                "again, and compare its size"
            )
        return chunk

    def close(self) -> None:
        pass


def _load(location: str, kind: str) -> ModuleType:
    # A missing system library shows as any of these, by the way in which it is missing.
    try:
        import libarchive
        import libarchive.exception
        import libarchive.ffi
    except (ImportError, OSError, AttributeError, TypeError) as error:
        raise InputError(
            f"{location}: reading {kind} needs libarchive ({error}); install both:",
            "  python -m pip install 'sarchat-build[archives]'",
            "  apt-get install libarchive13    (Debian, Ubuntu; macOS: brew install libarchive)",
            "or unpack it ('7z x' or 'unrar x') and give the folder",
        ) from error
    # It tells warnings to the log; here they are errors.
    logging.getLogger("libarchive").setLevel(logging.CRITICAL)
    module: ModuleType = libarchive
    return module


@contextmanager
def _handle(ffi: Any, kind: str) -> Iterator[Any]:
    handle = ffi.read_new()
    try:
        for parser in _PARSERS[kind]:
            ffi.get_read_format_function(parser)(handle)
        yield handle
    finally:
        ffi.read_free(handle)
