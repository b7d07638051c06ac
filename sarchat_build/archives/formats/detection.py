"""Detect the format of a file by its first bytes, whatever its name."""

from __future__ import annotations

import re

from sarchat_build.archives.limits import is_archive_name
from sarchat_build.archives.location import Entry, join, open_binary, reaching
from sarchat_build.errors import InputError, NotAnArchiveError

ZIP, TAR, SEVEN_ZIP, RAR = "zip", "tar", "7z", "rar"
_MAGIC = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"PK\x07\x08": ZIP,
    b"7z\xbc\xaf\x27\x1c": SEVEN_ZIP,
    b"Rar!\x1a\x07\x00": RAR,
    b"Rar!\x1a\x07\x01\x00": RAR,
    b"\x1f\x8b": "tar.gz",
    b"BZh": "tar.bz2",
    b"\xfd7zXZ\x00": "tar.xz",
}
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_HEAD_BYTES = 512
_PARTS = {
    r"(.+)\.part\d+\.rar": "unpack it with 'unrar x' on its first part, and give the folder",
    r"(.+)\.r\d\d": "unpack it with 'unrar x' on its .rar file, and give the folder",
    r"(.+)\.z\d\d": "join it with 'zip -s 0 {stem}.zip --out joined.zip', and give joined.zip",
    r"(.+\.(?:zip|7z|rar|tar|tgz|gz|bz2|xz))\.(?:\d{2,3}|a[a-z])": (
        "join it with 'cat {stem}.* > joined', and give the joined file"
    ),
}
# What a source consists of when it lies there unpacked; any other file is looked into.
_LOOSE = re.compile(
    r".*\.(jpe?g|png|tiff?|bmp|gif|xml|json|txt|csv|md|pdf|html?|py|m|mat|docx?|xlsx?|pptx?|sha256)"
)


def is_archive(folder: str, entry: Entry) -> bool:
    """Tell whether something directly below a source's folder is an archive, whatever its name.

    Raises:
        InputError: it is one part of an archive in several.
    """
    if entry.is_folder:
        return False
    name = entry.name.lower()
    for pattern, advice in _PARTS.items():
        if found := re.fullmatch(pattern, entry.name, re.IGNORECASE | re.DOTALL):
            raise InputError(
                f"{join(folder, entry.name)}: one part of an archive in several; "
                + advice.format(stem=found[1])
            )
    if is_archive_name(name):
        return True
    if name.startswith(".") or _LOOSE.fullmatch(name) or not entry.size_bytes:
        return False
    try:
        return format_of(head_of(join(folder, entry.name))) is not None
    except FileNotFoundError:
        return False  # a link that leads nowhere


def format_of(head: bytes) -> str | None:
    """Tell the format from the first 512 bytes; None when it is no archive.

    >>> format_of(bytes([0x50, 0x4B, 3, 4]) + bytes(26)), format_of(b"<!DOCTYPE html>")
    ('zip', None)
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return TAR if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC) else None


def demand_format(location: str) -> str:
    """Tell the format of a file that should be an archive.

    Raises:
        NotAnArchiveError: says what it seems to be.
    """
    head = head_of(location)
    kind = format_of(head)
    if kind is None and location.lower().endswith(".tar") and len(head) == _HEAD_BYTES:
        return TAR  # tars of before 1988 have no magic; the reader checks their headers
    if kind is None:
        raise NotAnArchiveError(
            f"{location}: has an archive's name but is {_seems(head)}; fetch it again, and "
            "compare its size"
        )
    return kind


def head_of(location: str) -> bytes:
    """Give the first 512 bytes of a file."""
    with reaching(location), open_binary(location) as stream:
        return stream.read(_HEAD_BYTES)


def _seems(head: bytes) -> str:
    text = head.lstrip().lower()
    if not head:
        return "empty (0 bytes)"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"{")):
        return "a web page: the download failed"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: the content itself was not fetched ('git lfs pull')"
    return f"none that can be read (it begins with {head[:8]!r})"
