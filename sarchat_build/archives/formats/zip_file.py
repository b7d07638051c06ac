"""A zip file, read member by member where it lies."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import IO, cast

from sarchat_build.archives.archive import FileArchive, MemberStream
from sarchat_build.archives.formats.detection import ZIP
from sarchat_build.archives.formats.shared_file import SharedFile, Slice
from sarchat_build.archives.limits import MAX_MEMBERS, MemberJudge
from sarchat_build.archives.location import (
    PerProcess,
    local_path,
    open_binary,
    reaching,
    size_bytes,
)
from sarchat_build.archives.members import Member, Members
from sarchat_build.archives.names import ZIP_CODE_PAGE, zip_name
from sarchat_build.archives.ranges import Range
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
_ENCRYPTED, _PATCHED, _STRONGLY_ENCRYPTED, _UTF8_NAME = 0x1, 0x20, 0x40, 0x800

# The end record of a zip (APPNOTE.TXT, 4.3.16): disk numbers at 4 and 6, entries at 10, size of
# the directory at 12; a comment of up to 64 KiB follows it.
_END_MAGIC, _END_BYTES, _COMMENT_BYTES = b"PK\x05\x06", 22, 1 << 16
# A local header (4.3.7) has 30 bytes, a name and an extra field; a descriptor of 24 may follow.
_LOCAL_MAGIC, _LOCAL_HEADER = b"PK\x03\x04", struct.Struct("<4s2xH18xHH")
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
        members: Members | None = None,
    ) -> None:
        super().__init__(location)
        self.kind = kind
        self._members = self._list(encodings, as_written) if members is None else members
        self._file = PerProcess(partial(SharedFile, location, lambda: self._members.edges))

    def members(self) -> Members:
        """Every file of the directory, in the order in which the bytes lie in the file."""
        return self._members

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """As `Archive` has it: a member is one range of the file."""
        return self._file.get().ahead(map(_span, filter(None, map(self._members.find, paths))))

    def open_raw(self, path: str) -> MemberStream:
        """Open a member; its CRC is checked when its end is reached."""
        member = self._members.find(path)
        if member is None:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: no such member")
        try:
            stream = _content(self._file.get(), member)
        except _FAULTS as error:
            raise RecordError(Reason.ARCHIVE_MEMBER, f"{path}: {error}") from error
        return MemberStream(stream, path, member.size_bytes, _FAULTS)

    def _list(self, encodings: Sequence[str], as_written: bool) -> Members:
        with reaching(self.location):
            packed_bytes = size_bytes(self.location)
        _check_end_record(self.location, packed_bytes)
        judge = MemberJudge(self.location, packed_bytes, encodings, as_written=as_written)
        with _open_zip(self.location) as opened:
            members = Members.of(_admitted_files(opened, judge, self.location))
        self.foreign_names = judge.foreign_names
        return members


def _span(member: Member) -> Range:
    """Give the bytes of a member with its header, which does not say how long it is itself."""
    most = member.offset + _HEADER_BYTES + member.packed_bytes
    return Range(member.offset, min(member.end, most))


def _content(file: SharedFile, member: Member) -> zipfile.ZipExtFile:
    """Go past a member's local header to its bytes, as `zipfile` does.

    `ZipFile.open` is not asked: it needs the whole directory in the memory of every process.
    """
    head = file.read_at(member.offset, _LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size:
        raise zipfile.BadZipFile("Truncated file header")
    magic, flags, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(head)
    if magic != _LOCAL_MAGIC:
        raise zipfile.BadZipFile("Bad magic number for file header")
    if member.flags & (_PATCHED | _STRONGLY_ENCRYPTED):
        raise NotImplementedError("patched data or strong encryption (flag bits 5 and 6)")
    written = member.written or member.path
    name = file.read_at(member.offset + len(head), name_bytes)
    if name.decode("utf-8" if flags & _UTF8_NAME else ZIP_CODE_PAGE) != written:
        raise zipfile.BadZipFile(f"File name in directory {written!r} and header {name!r} differ.")
    start = member.offset + len(head) + name_bytes + extra_bytes
    if start + member.packed_bytes > member.end:
        raise zipfile.BadZipFile(f"Overlapped entries: {written!r} (possible zip bomb)")
    info = zipfile.ZipInfo(written)
    info.compress_type, info.flag_bits, info.CRC = member.method, member.flags, member.crc
    info.compress_size, info.file_size = member.packed_bytes, member.size_bytes
    content = Slice(file.read_at, start, member.packed_bytes)
    return zipfile.ZipExtFile(cast(IO[bytes], content), "r", info, close_fileobj=True)


def _open_zip(location: str) -> zipfile.ZipFile:
    path = local_path(location)
    file: str | IO[bytes] = str(path) if path else open_binary(location)
    try:
        return zipfile.ZipFile(file)
    except _FAULTS as error:
        raise InputError(
            f"{location}: not a readable zip file ({error}), most likely cut off; fetch it again, "
            "and compare its size"
        ) from error


def _admitted_files(opened: zipfile.ZipFile, judge: MemberJudge, location: str) -> Iterator[Member]:
    admitted = []
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
            admitted.append((judge.admit(name, info.file_size), info))
    admitted.sort(key=lambda item: item[1].header_offset)
    edges = sorted(info.header_offset for info in opened.infolist())
    for path, info in admitted:
        after = bisect_right(edges, info.header_offset)
        yield Member(
            path=path,
            size_bytes=info.file_size,
            offset=info.header_offset,
            written=info.orig_filename if info.orig_filename != path else "",
            end=edges[after] if after < len(edges) else opened.start_dir,
            packed_bytes=info.compress_size,
            crc=info.CRC,
            method=info.compress_type,
            flags=info.flag_bits,
        )


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
