"""A zip file, read member by member where it lies."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import IO

from sarchat_build.archives.archive import FileArchive, Member, MemberStream
from sarchat_build.archives.formats.detection import ZIP
from sarchat_build.archives.limits import MAX_MEMBERS, MemberJudge
from sarchat_build.archives.location import (
    PerProcess,
    local_path,
    open_binary,
    reaching,
    size_bytes,
)
from sarchat_build.archives.names import zip_name
from sarchat_build.archives.ranges import Range, RemoteFile
from sarchat_build.errors import InputError, RecordError
from sarchat_build.reasons import Reason

# Deflate cannot inflate faster than it is asked to; bzip2 and LZMA members can (one block of a
# few bytes is gigabytes), and Python's zip reader does not bound them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800

# The end record of a zip (APPNOTE.TXT, 4.3.16): disk numbers at 4 and 6, entries at 10, size of
# the directory at 12; a comment of up to 64 KiB follows it.
_END_MAGIC, _END_BYTES, _COMMENT_BYTES = b"PK\x05\x06", 22, 1 << 16
# A local header (4.3.7) has 30 bytes, a name and an extra field; a descriptor of 24 may follow.
_HEADER_BYTES = 30 + 2 * 0xFFFF + 24
# A directory is held in memory as a whole, a dozen times its size: 46 bytes and a name per file.
_DIRECTORY_BYTES_PER_MEMBER = 128


class ZipArchive(FileArchive):
    """A zip file; members are read at random, each with its CRC checked."""

    def __init__(
        self,
        location: str,
        kind: str = ZIP,
        encodings: Sequence[str] = (),
        *,
        as_written: bool = False,
    ) -> None:
        super().__init__(location)
        self.kind = kind
        with reaching(location):
            packed_bytes = size_bytes(location)
        _check_end_record(location, packed_bytes)
        self._zip = PerProcess(partial(_open_zip, location))
        opened = self._zip.get()
        judge = MemberJudge(location, packed_bytes, encodings, as_written=as_written)
        try:
            self._infos = _admitted_files(opened, judge, location)
        except InputError:
            opened.close()
            raise
        self.foreign_names = judge.foreign_names
        self._members = tuple(
            Member(path, info.file_size, info.header_offset)
            for path, info in sorted(self._infos.items(), key=lambda item: item[1].header_offset)
        )

    def members(self) -> tuple[Member, ...]:
        """Every file of the directory, in the order in which the bytes lie in the file."""
        return self._members

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """As `Archive` has it: a member is one range of the file."""
        file: object = self._zip.get().fp
        if not isinstance(file, RemoteFile):
            return nullcontext()
        infos = (self._infos[path] for path in paths if path in self._infos)
        return file.ahead(_span(info, file.edges) for info in infos)

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; its CRC is checked when its end is reached."""
        if path not in self._infos:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
        info = self._infos[path]
        try:
            stream = self._zip.get().open(info)
        except _FAULTS as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        return MemberStream(stream, path, info.file_size, _FAULTS)


def _span(info: zipfile.ZipInfo, edges: Sequence[int]) -> Range:
    """Give the bytes of a member with its header, which does not say how long it is itself."""
    start = info.header_offset
    after = bisect_right(edges, start)
    most = start + _HEADER_BYTES + info.compress_size
    return Range(start, min(edges[after], most) if after < len(edges) else most)


def _open_zip(location: str) -> zipfile.ZipFile:
    path = local_path(location)
    file: str | IO[bytes] = str(path) if path else open_binary(location)
    try:
        opened = zipfile.ZipFile(file)
        if isinstance(file, RemoteFile):
            offsets = {info.header_offset for info in opened.infolist()}
            file.edges = sorted({*offsets, opened.start_dir})
        return opened
    except _FAULTS as error:
        raise InputError(
            f"{location}: not a readable zip file ({error}), most likely cut off; fetch it again, "
            "and compare its size"
        ) from error


def _admitted_files(
    opened: zipfile.ZipFile, judge: MemberJudge, location: str
) -> dict[str, zipfile.ZipInfo]:
    files = {}
    for info in opened.infolist():
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise judge.refuse(info.filename, "is a link or a device")
        if info.flag_bits & _ENCRYPTED:
            raise InputError(
                f"{location}: {info.filename!r} is encrypted; unpack it with its password "
                f"('unzip' or '7z x') and give the folder"
            )
        if info.compress_type not in _METHODS:
            raise InputError(
                f"{location}: {info.filename!r} is packed by method {info.compress_type}; "
                "only 0 (store) and 8 (deflate) are read. Unpack it ('7z x') and give the folder"
            )
        written = zip_name(info.orig_filename, bool(info.flag_bits & _UTF8_NAME), info.extra)
        name = judge.read_name(written)
        if not name.text.endswith("/"):
            files[judge.admit(name, info.file_size)] = info
    return files


def _check_end_record(location: str, packed_bytes: int) -> None:
    # Before zipfile reads the directory into memory: is it here, whole, and of a sane size?
    with reaching(location), open_binary(location) as stream:
        stream.seek(max(0, packed_bytes - _END_BYTES - _COMMENT_BYTES))
        tail = stream.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise InputError(
            f"{location}: not a readable zip file (it has no end record), most likely cut off; "
            "fetch it again, and compare its size"
        )
    disk, first_disk, _, entries, directory_bytes = struct.unpack_from("<HHHHI", tail, at + 4)
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise InputError(
            f"{location}: the last of {disk + 1} parts; join them with "
            f"'zip -s 0 {location} --out joined.zip', and give joined.zip alone"
        )
    if directory_bytes == 0xFFFFFFFF:  # then the true size stands in the zip64 record
        zip64 = tail.rfind(b"PK\x06\x06", 0, at)
        if zip64 >= 0 and at - zip64 >= 56:
            entries, directory_bytes = struct.unpack_from("<QQ", tail, zip64 + 32)
    if max(entries, directory_bytes // _DIRECTORY_BYTES_PER_MEMBER) > MAX_MEMBERS:
        raise InputError(
            f"{location}: {entries:,} members in a directory of {directory_bytes:,} bytes; at most "
            f"{MAX_MEMBERS:,} are read. If you trust it, unpack it yourself and give the folder"
        )
