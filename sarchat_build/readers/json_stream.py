"""JSON of any size as untrusted input: read item by item, faults located to the byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson

from sarchat_build.errors import RecordError

# Python writes NaN and Infinity, which no JSON has. An empty list of the same length takes their
# place: it is no number either, and every byte stays where it was.
NOT_A_NUMBER: list[object] = []
_WILD = re.compile(rb"([\[,:]\s*)(NaN|-?Infinity)(?=\s*[,\]}])")
_CHUNK_BYTES = 1 << 16
# Longer than a wild number with the marks beside it, which may be torn apart by two chunks.
_OVERLAP_BYTES = 32


class JsonStream:
    """A JSON document that is read as often as needed, and never held."""

    def __init__(self, document: BinaryIO, encoding: str) -> None:
        self._document = document
        self._encoding = encoding

    def items(self, prefix: str) -> Iterator[Any]:
        """Give the values at `prefix`, in ijson's notation; numbers are `int` or `Decimal`.

        Raises:
            RecordError: `json_parse` with the byte at which the document breaks.
        """
        source = _Chunks(self._chunks())
        try:
            yield from ijson.items(source, prefix, buf_size=_CHUNK_BYTES)
        except ijson.JSONError as error:
            raise self._located(str(error)) from error
        except (ValueError, ArithmeticError) as error:
            raise RecordError("json_parse", f"holds a number beyond reason: {error}") from error

    def _chunks(self) -> Iterator[bytes]:
        tail = b""
        for chunk in self._utf8():
            data = tail + chunk
            if b"NaN" in data or b"Infinity" in data:
                data = _WILD.sub(_replaced, data)
            tail = data[-_OVERLAP_BYTES:]
            yield data[:-_OVERLAP_BYTES]
        yield tail

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
            raise RecordError("encoding", f"not {self._encoding}: {error}") from error

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
                    return RecordError("json_parse", f"breaks at byte {offset:,}: {reason}")
                events.clear()
                offset += len(piece)
        return RecordError("json_parse", f"ends too early, at byte {offset:,}: {reason}")

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
