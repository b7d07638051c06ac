"""Walk the headers of a rar from mark to mark: is it whole, in one part, and not encrypted?

libarchive takes a rar that is cut off between two members for a whole one, says little about parts
and passwords, and does not compare the CRC-32 of a member (version 3.6 at least). The layout of
both versions is in RARLAB's technical notes ("RAR 4.x archive format", "RAR 5.0 archive format").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from sarchat_build.archives.limits import MAX_MEMBERS
from sarchat_build.errors import InputError

_MARK_4, _MARK_5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"

_MAIN_4, _FILE_4, _END_4 = 0x73, 0x74, 0x7B
_VOLUME_4, _ENCRYPTED_HEADERS_4, _ENCRYPTED_FILE_4, _NEXT_VOLUME_4 = 0x1, 0x80, 0x4, 0x1
_HAS_DATA_4, _LARGE_4 = 0x8000, 0x100

_MAIN_5, _FILE_5, _ENCRYPTION_5, _END_5 = 1, 2, 4, 5
_HAS_EXTRA_5, _HAS_DATA_5, _VOLUME_5, _NEXT_VOLUME_5 = 0x1, 0x2, 0x1, 0x1

_HAS_TIME_5, _HAS_CRC_5 = 0x2, 0x4


class _Damaged(Exception):
    pass


@dataclass(frozen=True)
class _Block:
    next_at: int = 0
    crc32: int | None = None  # of a file's bytes
    is_file: bool = False
    is_end: bool = False
    trouble: str = ""


def read_blocks(stream: BinaryIO, location: str, size_bytes: int) -> list[int | None]:
    """Go from header to header.

    Returns:
        CRC-32 of every file and folder, in order; None where it has none.

    Raises:
        InputError: the archive is cut off, encrypted, one part of several, or has more members
            than are read.
    """
    crcs: list[int | None] = []
    mark = stream.read(len(_MARK_5))
    walk = _block_5 if mark == _MARK_5 else _block_4
    if walk is _block_4:
        stream.seek(len(_MARK_4))
    try:
        for _ in range(2 * MAX_MEMBERS):
            block = walk(stream)
            if block.trouble:
                raise InputError(f"{location}: {block.trouble}")
            if block.is_end:
                return crcs
            if block.next_at > size_bytes:
                break
            if block.is_file:
                crcs.append(block.crc32)
            stream.seek(block.next_at)
        else:
            raise InputError(f"{location}: more than {MAX_MEMBERS:,} members")
    except (struct.error, _Damaged):
        pass
    raise InputError(
        f"{location}: not a whole rar (its end mark is missing), cut off or damaged; fetch it "
        "again, and compare its size. If it is whole, unpack it ('unrar x') and give the folder"
    )


_PART = (
    "one part of an archive in several; unpack it with 'unrar x' on its first part, and give the "
    "folder"
)
_LOCKED = "encrypted; unpack it with its password ('unrar x') and give the folder"


def _block_4(stream: BinaryIO) -> _Block:
    start = stream.tell()
    _, kind, flags, size = struct.unpack("<HBHH", stream.read(7))
    if size < 7:
        raise _Damaged
    body = stream.read(size - 7)
    if len(body) < size - 7:
        raise _Damaged
    if kind == _MAIN_4 and flags & _ENCRYPTED_HEADERS_4:
        return _Block(trouble=_LOCKED)
    if kind == _FILE_4 and flags & _ENCRYPTED_FILE_4:
        return _Block(trouble=_LOCKED)
    if (kind == _MAIN_4 and flags & _VOLUME_4) or (kind == _END_4 and flags & _NEXT_VOLUME_4):
        return _Block(trouble=_PART)
    if kind == _END_4:
        return _Block(is_end=True)
    packed = struct.unpack_from("<I", body)[0] if flags & _HAS_DATA_4 or kind == _FILE_4 else 0
    if kind == _FILE_4 and flags & _LARGE_4:
        packed |= struct.unpack_from("<I", body, 25)[0] << 32
    crc32 = struct.unpack_from("<I", body, 9)[0] if kind == _FILE_4 else None
    return _Block(start + size + packed, crc32, kind == _FILE_4)


def _block_5(stream: BinaryIO) -> _Block:
    if len(stream.read(4)) < 4:  # its checksum; libarchive compares it
        raise _Damaged
    size = _number(stream)
    start = stream.tell()
    kind, flags = _number(stream), _number(stream)
    if flags & _HAS_EXTRA_5:
        _number(stream)
    packed = _number(stream) if flags & _HAS_DATA_5 else 0
    if kind == _ENCRYPTION_5:
        return _Block(trouble=_LOCKED)
    if kind in (_MAIN_5, _END_5) and _number(stream) & (_VOLUME_5 | _NEXT_VOLUME_5):
        return _Block(trouble=_PART)
    crc32 = _crc_5(stream) if kind == _FILE_5 else None
    return _Block(start + size + packed, crc32, kind == _FILE_5, kind == _END_5)


def _crc_5(stream: BinaryIO) -> int | None:
    flags = _number(stream)
    for _ in ("unpacked size", "attributes"):
        _number(stream)
    if flags & _HAS_TIME_5:
        stream.read(4)
    return int(struct.unpack("<I", stream.read(4))[0]) if flags & _HAS_CRC_5 else None


def _number(stream: BinaryIO) -> int:
    # Seven bits a byte, the lowest first; the highest bit says that another byte follows.
    value = 0
    for shift in range(0, 70, 7):
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise _Damaged
