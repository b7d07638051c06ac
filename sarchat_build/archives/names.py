"""Names of members as their packers wrote them: UTF-8, or in an encoding that somebody stated."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

# Archives say of a name that it is UTF-8, or nothing; this is what nothing means by the standard
# (APPNOTE.TXT, appendix D), and what Python's zip reader turns such bytes into.
ZIP_CODE_PAGE = "cp437"
_UNICODE_PATH = 0x7075
_PROBE = "a/0_Z-9.jpg"
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4})")


class MemberName(NamedTuple):
    """A name as it is printed and stored, and the encoding that its bytes were read in.

    `encoding` is "" for bytes that no encoding fits: they are spelled as escapes.
    """

    text: str
    encoding: str = "utf-8"

    @property
    def is_foreign(self) -> bool:
        """Whether it is not UTF-8."""
        return self.encoding != "utf-8"


def read_name(name: str | bytes, encodings: Sequence[str] = ()) -> MemberName:
    r"""Read a name as UTF-8, else in the first stated encoding that fits.

    >>> read_name("船.png".encode("gbk"), ["utf-8", "gbk"])
    MemberName(text='船.png', encoding='gbk')
    >>> read_name(b"\xd0\xd0 1.jpg"), read_name("\u822a 1.jpg").text
    (MemberName(text='\\xd0\\xd0 1.jpg', encoding=''), '航 1.jpg')
    """
    if isinstance(name, str):
        if not _from_bytes(name):
            spelled = name.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
            return MemberName(spelled)
        name = name.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", *filter(_spells_ascii, encodings)):
        try:
            return MemberName(name.decode(encoding), encoding)
        except UnicodeError:
            continue
    return MemberName(name.decode("utf-8", "backslashreplace"), "")


def member_name(name: str | bytes, encodings: Sequence[str] = ()) -> MemberName:
    r"""Read a name as `read_name` does, back slashes as the folders that they mean on Windows.

    Programs of Windows write them into archives, against the standards, and some unpackers of other
    systems into names of files. Where no encoding fits, nobody knows what is one: in some it is
    half of a letter.

    >>> member_name("images\\1.png"), member_name("表/1.png".encode("cp932"), ["cp932"]).text
    (MemberName(text='images/1.png', encoding='utf-8'), '表/1.png')
    """
    found = read_name(name, encodings)
    if not found.encoding or (isinstance(name, str) and _has_surrogates(name)):
        return found
    return found._replace(text=found.text.replace("\\", "/"))


def without_escapes(name: str) -> str:
    r"""Put a mark in place of the bytes and halves of letters that `readable` spells.

    >>> without_escapes(r"\xd0\xd0/1.png")
    '??/1.png'
    """
    return _ESCAPE.sub("?", name)


def readable(name: str | bytes) -> str:
    r"""Spell a name that is not UTF-8 so that it can be printed and stored; others stay.

    >>> readable(b"\xd0\xd0 1.jpg"), readable("\u822a 1.jpg")
    ('\\xd0\\xd0 1.jpg', '航 1.jpg')
    """
    return read_name(name).text


def zip_name(name: str, is_utf8: bool, extra: bytes) -> str | bytes:
    """Give a name of a zip's directory as it was written: text, or bytes of unstated encoding.

    Args:
        name: as Python's zip reader gives it.
        is_utf8: whether the member's flags say so.
        extra: the member's extra fields; Info-ZIP, 7-Zip and WinRAR put the UTF-8 name there.
    """
    if is_utf8 or name.isascii():
        return name
    written = name.encode(ZIP_CODE_PAGE)
    return _unicode_path(extra, written) or written


def _unicode_path(extra: bytes, written: bytes) -> str:
    # Info-ZIP Unicode Path (APPNOTE.TXT, 4.6.9): version, CRC of the other name, UTF-8.
    at = 0
    try:
        while at + 4 <= len(extra):
            kind, size = unpack_from("<HH", extra, at)
            field = extra[at + 4 : at + 4 + size]
            if kind == _UNICODE_PATH and 5 < len(field) == size:
                version, crc = unpack_from("<BI", field)
                if version == 1 and crc == zlib.crc32(written):
                    return field[5:].decode("utf-8")
            at += 4 + size
    except (StructError, UnicodeError):
        pass
    return ""


@lru_cache(maxsize=64)
def _spells_ascii(encoding: str) -> bool:
    # UTF-16 would read any name of even length.
    try:
        return encoding.casefold() != "utf-8" and _PROBE.encode().decode(encoding) == _PROBE
    except (UnicodeError, LookupError):
        return False


def _has_surrogates(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


def _from_bytes(name: str) -> bool:
    # Python marks undecodable bytes with these; any other lone surrogate came from UTF-16.
    return any("\udc80" <= letter <= "\udcff" for letter in name)
