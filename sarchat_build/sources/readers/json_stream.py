"""JSON of any size as untrusted input: read item by item, faults located to the byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol

import ijson
import numpy as np

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason

# Python writes NaN and Infinity, which no JSON has. An empty list of the same length takes their
# place: it is no number either, and every byte stays where it was.
NOT_A_NUMBER: list[object] = []
_WILD = re.compile(rb"([\[,:]\s*)(NaN|-?Infinity)(?=\s*[,\]}])")
_CHUNK_BYTES = 1 << 16
# Annotations nest five deep; the parser's time grows with the square of the depth.
_MAX_DEPTH = 1000
# No coordinate has so many; the C parser crashes where Python refuses to make a number of them.
_MAX_DIGITS = 1000
_DIGITS = bytes(48 if chr(byte).isdecimal() and byte < 128 else 32 for byte in range(256))
_BRACKETS = np.zeros(256, np.int8)
_BRACKETS[list(b"[{")] = 1
_BRACKETS[list(b"]}")] = -1
# Longer than a wild number with the marks beside it, which may be torn apart by two chunks.
_OVERLAP_BYTES = 32


class Rewindable(Protocol):
    """What a document must be able to do."""

    def seek(self, position: int, /) -> object:
        """Go back to the start."""

    def read(self, size: int, /) -> bytes:
        """Give some bytes, or none at the end."""


class JsonStream:
    """A JSON document that is read as often as needed, and never in memory as a whole."""

    def __init__(self, document: Rewindable, encoding: str) -> None:
        self._document = document
        self._encoding = encoding
        self._sound = False
        self._exact = False

    def items(self, prefix: str) -> Iterator[Any]:
        """Give the values at `prefix`, in ijson's notation.

        Numbers are `int` and `float`; from the first one on that does not fit, for this pass and
        all later ones, they are `int` and `Decimal`, which are four times as slow.

        Raises:
            RecordError: `json_parse` with the byte at which the document breaks.
        """
        given = 0
        try:
            try:
                for item in self._parsed(prefix):
                    given += 1
                    yield item
            except ijson.JSONError as error:
                if self._exact or "overflow" not in str(error):
                    raise
                self._exact = True
                yield from islice(self._parsed(prefix), given, None)
        except ijson.JSONError as error:
            raise self._located(str(error)) from error
        except (ValueError, ArithmeticError) as error:
            raise RecordError(
                Reason.JSON_PARSE, f"holds a number beyond reason: {error}"
            ) from error

    def _parsed(self, prefix: str) -> Iterator[Any]:
        source = _Chunks(self._chunks())
        found: Iterator[Any] = ijson.items(
            source, prefix, buf_size=_CHUNK_BYTES, use_float=not self._exact
        )
        return found

    def _chunks(self) -> Iterator[bytes]:
        tail = b""
        for chunk in self._utf8() if self._sound else self._checked():
            data = tail + chunk
            if b"NaN" in data or b"Infinity" in data:
                data = _WILD.sub(_replaced, data)
            tail = data[-_OVERLAP_BYTES:]
            yield data[:-_OVERLAP_BYTES]
        yield tail

    def _checked(self) -> Iterator[bytes]:
        # Once is enough: every later pass reads the same bytes.
        depth, digits, offset = 0, b"", 0
        for chunk in self._utf8():
            depths = depth + np.cumsum(_BRACKETS[np.frombuffer(chunk, np.uint8)], dtype=np.int64)
            depth = int(depths[-1]) if len(depths) else depth
            digits += chunk.translate(_DIGITS)
            if len(depths) and depths.max() > _MAX_DEPTH:
                raise RecordError(Reason.JSON_PARSE, f"nested too deep near byte {offset:,}")
            if b"0" * _MAX_DIGITS in digits:
                raise RecordError(Reason.JSON_PARSE, f"endless number near byte {offset:,}")
            digits = digits[-_MAX_DIGITS:]
            offset += len(chunk)
            yield chunk
        self._sound = True

    def _utf8(self) -> Iterator[bytes]:
        self._document.seek(0)
        if self._encoding in ("utf-8", "utf-8-sig"):
            first = self._document.read(_CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)
            yield first
            while chunk := self._document.read(_CHUNK_BYTES):
                yield chunk
            return
        decoder = codecs.getincrementaldecoder(self._encoding)()
        try:
            while chunk := self._document.read(_CHUNK_BYTES):
                yield decoder.decode(chunk).encode()
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise RecordError(Reason.ENCODING, f"not {self._encoding}: {error}") from error

    def _located(self, message: str) -> RecordError:
        # Parse again up to the chunk that fails, and that chunk byte by byte.
        failing = self._first_failing_chunk()
        parser, events = _parser()
        offset = 0
        reason = message.splitlines()[0].strip()
        for number, chunk in enumerate(self._chunks()):
            pieces = [chunk] if number < failing else [chunk[i : i + 1] for i in range(len(chunk))]
            for piece in pieces:
                try:
                    parser.send(piece)
                except ijson.JSONError:
                    return RecordError(Reason.JSON_PARSE, f"breaks at byte {offset:,}: {reason}")
                events.clear()
                offset += len(piece)
        return RecordError(Reason.JSON_PARSE, f"ends too early, at byte {offset:,}: {reason}")

    def _first_failing_chunk(self) -> int:
        parser, events = _parser()
        number = -1
        for number, chunk in enumerate(self._chunks()):
            try:
                parser.send(chunk)
            except ijson.JSONError:
                return number
            events.clear()
        return number + 1


def to_float(value: object) -> float:
    """Give a parsed number as a float, NaN or infinity for what is none or too large.

    Raises:
        RecordError: `bad_value` for what is no number at all.
    """
    if value == NOT_A_NUMBER:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise RecordError(Reason.BAD_VALUE, f"{str(value)[:80]!r} is not a number")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def claimed_px(value: object) -> int | None:
    """Read a width or height; None for what cannot be one."""
    return value if type(value) is int and 0 < value < 10**9 else None


def _parser() -> tuple[Any, list[Any]]:
    events = ijson.sendable_list()
    return ijson.basic_parse_coro(events), events


def _replaced(found: re.Match[bytes]) -> bytes:
    return found[1] + b"[]".ljust(len(found[2]))


class _Chunks:
    """The file that ijson wants: `read(n)` gives the next chunk, whatever `n` is."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int) -> bytes:
        """Give at least one byte, or none at the end; a size of 0 asks for the type only."""
        if size == 0:
            return b""
        return next((chunk for chunk in self._chunks if chunk), b"")
