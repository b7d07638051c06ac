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
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES = 1 << 20
# Codecs that need time by the square of the length: a document of 64 MiB would never end.
_ENDLESS = frozenset(("idna", "punycode"))
# An XML declaration is the first thing in its document.
_HEAD_BYTES = 512
# No document about one image comes near this; one that does would only fill the memory.
MAX_TEXT_BYTES = 64 << 20


def read_all(document: BinaryIO) -> bytes:
    """Read a document about one image; raises `too_large` for what cannot be one."""
    data = document.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_TEXT_BYTES:,} bytes about one image")
    return data


def decode(document: bytes, encodings: Sequence[str]) -> str:
    """Turn a text document into characters.

    A byte order mark decides, then an XML declaration, then the first of `encodings` that fits.

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
    marked = any(head.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS)
    # What can be UTF-8 only is not read for this: it may be a gigabyte.
    if not marked and (_candidates(head, encodings) == ["utf-8"] or _fits(document, "utf-8")):
        return ""
    return choose_encoding(document, encodings)


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


def _head(document: BinaryIO) -> bytes:
    document.seek(0)
    head = document.read(_HEAD_BYTES)
    document.seek(0)
    return head


def _candidates(head: bytes, encodings: Sequence[str]) -> list[str]:
    marked = [name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)]
    declared = _DECLARED_ENCODING.match(head)
    tried = marked or ([declared[1].decode("ascii")] if declared else list(encodings))
    return [name for name in tried if _codec_name(name) not in _ENDLESS]


def _codec_name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return encoding


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
