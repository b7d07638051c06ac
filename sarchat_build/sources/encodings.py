"""Text encodings: byte order marks, declarations, and those that a manifest lists."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason

_DECLARED_ENCODING = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES = 1 << 20
# Whatever `str.splitlines` takes for the end of a line.
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# Tools declare the smaller set and write the larger one.
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030"}
# Encodings of names and of source code, some of which take quadratic time: no document is so.
_NO_TEXT = ("idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined")
_YES = ("1", "true", "yes", "y", "t")
_NO = ("", "0", "false", "no", "n", "f")
# For names that are not UTF-8: encodings of these archives, and for those of two bytes a letter
# (the first bytes of) the letters that everybody writes, and those that are known to the learned.
_OFFERED: dict[str, tuple[range, range]] = {
    "gbk": (range(0xB0, 0xD8), range(0xD8, 0xF8)),
    "cp932": (range(0x82, 0x99), range(0x99, 0xEB)),
    "big5": (range(0xA4, 0xC7), range(0xC9, 0xFA)),
    "euc_kr": (range(0xB0, 0xC9), range(0xCA, 0xFE)),
}
_SINGLE_BYTE = ("cp1251", "cp437")
# An XML declaration is the first thing in its document.
_HEAD_BYTES = 512
# No document about one image comes near this; one that does would only fill the memory.
MAX_TEXT_BYTES = 64 << 20
# No picture has so many objects, and no document about one so many XML elements (two marks each).
MAX_OBJECTS = 100_000
MAX_MARKS = 2_000_000


def read_all(document: BinaryIO) -> bytes:
    """Read a document about one image; raises `too_large` for what cannot be one."""
    data = document.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_TEXT_BYTES:,} bytes about one image")
    return data


def lines_of(text: str) -> list[str]:
    """Split a document about one image; raises `too_large` before millions of lines fill memory."""
    breaks = sum(map(text.count, _LINE_BREAKS)) - text.count("\r\n")
    if breaks > MAX_OBJECTS:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_OBJECTS:,} lines about one image")
    return text.splitlines()


def decode(document: bytes, encodings: Sequence[str]) -> str:
    """Turn a text document into characters.

    A byte order mark decides; else the first that fits of what an XML declaration says, which may
    be wrong, and of `encodings`. GB 2312 and GBK are read as the set that contains them, GB 18030,
    where they are declared.

    Raises:
        RecordError: `encoding`, naming what was tried.

    >>> decode("<name>船</name>".encode("gbk"), ["utf-8", "gbk"])
    '<name>船</name>'
    """
    tried = _candidates(document, encodings)
    for encoding in tried:
        try:
            return document.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    raise _unknown(tried)


def choose_encoding(document: BinaryIO, encodings: Sequence[str]) -> str:
    """Find the encoding of a document too large for memory, by the rule of `decode`.

    Reads it once for each encoding tried, unless there is only one to choose from, and leaves it
    at its start.
    """
    tried = _candidates(_head(document), encodings)
    if len(tried) == 1:
        return tried[0]
    for encoding in tried:
        if _fits(document, encoding):
            return encoding
    raise _unknown(tried)


def other_encoding(document: BinaryIO, encodings: Sequence[str]) -> str:
    """Name the encoding of a document that is not plain UTF-8, "" for one that is.

    Leaves the document at its start; raises `encoding` as `decode` does.

    >>> import io
    >>> other_encoding(io.BytesIO("船".encode("gbk")), ["utf-8", "gbk"])
    'gbk'
    """
    head = _head(document)
    # What can be UTF-8 only is not read for this: it may be a gigabyte.
    if _candidates(head, encodings) == ["utf-8"] or _fits(document, "ascii"):
        return ""
    chosen = choose_encoding(document, encodings)
    return "" if chosen == "utf-8" else chosen


def numbers(texts: Iterable[str], what: str) -> tuple[float, ...]:
    """Read numbers as a text document writes them.

    Raises:
        RecordError: `bad_value`.

    >>> numbers(["1", " 2.5"], "line")
    (1.0, 2.5)
    """
    values = []
    for text in texts:
        try:
            values.append(float(text))
        except ValueError:
            raise RecordError(Reason.BAD_VALUE, f"{what} has {text[:80]!r}, not a number") from None
    return tuple(values)


def flag(written: object) -> bool | None:
    """Read a mark as documents write it, as a number or a word; None for what says neither.

    A whole number above 0 is a yes: DOTA grades difficulty up to 2. What is not written is a no;
    Pascal VOC's word "Unspecified" says nothing of the kind.

    >>> [flag(word) for word in ("1", "Yes", "FALSE", 0, True, None, " Unspecified", "maybe", "2")]
    [True, True, False, False, True, False, None, None, True]
    """
    word = "" if written is None else str(written).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    return True if word.isdecimal() else None


def likely_encodings(names: Sequence[bytes]) -> list[str]:
    """Give the encodings in which all names are text, that of the most usual letters first.

    >>> likely_encodings(["舰船".encode("gbk")])[0], likely_encodings(["船舶".encode("cp932")])[0]
    ('gbk', 'cp932')
    """
    fitting = [e for e in (*_OFFERED, *_SINGLE_BYTE) if all(_reads(name, e) for name in names)]
    return sorted(fitting, key=lambda encoding: _strangeness(names, encoding))  # stable


def _reads(name: bytes, encoding: str) -> bool:
    try:
        return name.decode(encoding).isprintable()
    except UnicodeError:
        return False


def _strangeness(names: Sequence[bytes], encoding: str) -> float:
    if encoding not in _OFFERED:
        return 1 + _SINGLE_BYTE.index(encoding)  # anything can be read so
    usual, learned = _OFFERED[encoding]
    letters = [c for name in names for c in name.decode(encoding) if not c.isascii()]
    strange = 0.0
    for letter in letters:
        first, *second = letter.encode(encoding)
        # In GBK the second byte tells the letters that the smaller GB 2312 has as well.
        common = first in usual and not (encoding == "gbk" and second < [0xA1])
        known = second and (first in usual or first in learned)
        strange += 0 if second and common else 0.5 if known else 1
    return strange / max(1, len(letters))


def _head(document: BinaryIO) -> bytes:
    document.seek(0)
    head = document.read(_HEAD_BYTES)
    document.seek(0)
    return head


def _candidates(head: bytes, encodings: Sequence[str]) -> list[str]:
    marked = [name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)]
    return marked or list(dict.fromkeys((*_declared(head), *encodings)))


def _declared(head: bytes) -> list[str]:
    found = _DECLARED_ENCODING.match(head)
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
        # A declaration that can be read as ASCII is none of UTF-16.
        true = name and name not in _NO_TEXT and found and found[0].decode(name).isascii()
    except (LookupError, UnicodeError):
        return []
    return [_SUPERSETS.get(name, name)] if true else []


def _fits(document: BinaryIO, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        while chunk := document.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except (UnicodeError, LookupError):
        return False
    finally:
        document.seek(0)
    return True


def _unknown(tried: Sequence[str]) -> RecordError:
    return RecordError(
        Reason.ENCODING,
        f"not {' or '.join(tried)}; list the encoding in the manifest's annotations.encodings",
    )
