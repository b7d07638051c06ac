"""LabelMe JSON without its pixels: what a document holds in base64 is never held in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import MAX_TEXT_BYTES

# The picture itself, and the pixels of a mask: text in base64, of any length.
_PIXELS = re.compile(rb'"(?:imageData|mask)"\s*:\s*"')
# Longer than what `_PIXELS` matches, unless somebody writes it with pages of white space.
_OVERLAP_BYTES = 64
_CHUNK_BYTES = 1 << 16


class WithoutPixels:
    """The document with blanks where it holds pixels: every other byte stays where it was."""

    def __init__(self, document: BinaryIO) -> None:
        self._document = document
        self._chunks = self._blanked()

    def seek(self, position: int) -> None:
        """Go back to the start, the only position that anybody asks for."""
        self._document.seek(position)
        self._chunks = self._blanked()

    def read(self, size: int) -> bytes:
        """Give some bytes, or none at the end, whatever `size` is; raises `too_large`."""
        return next(self._chunks, b"")

    def _blanked(self) -> Iterator[bytes]:
        data, within, kept_bytes = b"", False, 0
        while chunk := self._document.read(_CHUNK_BYTES):
            data += chunk
            if len(data) < 2 * _OVERLAP_BYTES:
                continue
            blanked, within = _blank(data, within)
            kept_bytes += len(blanked) - blanked.count(b" ")
            if kept_bytes > MAX_TEXT_BYTES:
                detail = f"more than {MAX_TEXT_BYTES:,} bytes about one image, without its pixels"
                raise RecordError(Reason.TOO_LARGE, detail)
            # A key may be torn apart by two chunks; blanks that stand for pixels are final.
            data = b"" if within else blanked[-_OVERLAP_BYTES:]
            yield blanked if within else blanked[:-_OVERLAP_BYTES]
        yield _blank(data, within)[0]


def _blank(data: bytes, within: bool) -> tuple[bytes, bool]:
    """Write 0 and blanks for pixels; `within` says whether the data begins, and ends, in some.

    >>> _blank(b'{"mask": "iVBO", "label": "a"}', False)
    (b'{"mask": 0     , "label": "a"}', False)
    """
    done: list[bytes] = []
    position = 0
    while True:
        if within:
            end = data.find(b'"', position)
            if end < 0:
                return b"".join((*done, b" " * (len(data) - position))), True
            done.append(b" " * (end + 1 - position))
            position = end + 1
        found = _PIXELS.search(data, position)
        if found is None:
            return b"".join((*done, data[position:])), False
        done += [data[position : found.end() - 1], b"0"]
        position, within = found.end(), True
