"""Picture files: bytes in memory, or a file on this machine when it is large."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.regular_files import open_regular

PictureSource: TypeAlias = bytes | Path
Kind: TypeAlias = Literal["tiff", "png16", "picture"]

_CHUNK_BYTES = 1 << 20
_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def open_bytes(source: PictureSource) -> BinaryIO:
    """Open a picture's bytes for reading; the caller closes."""
    return io.BytesIO(source) if isinstance(source, bytes) else open_regular(source)


def size_bytes(source: PictureSource) -> int:
    """Give the size of a picture's file."""
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def file_sha256(source: PictureSource) -> str:
    """Hash a picture's file, one on disk in pieces."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    with open_regular(source) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def head(source: PictureSource) -> bytes:
    """Give the first 32 bytes; raises `RecordError` `empty_file` when there are none."""
    with open_bytes(source) as stream:
        start = stream.read(32)
    if not start:
        raise RecordError(Reason.EMPTY_FILE, "the file has 0 bytes")
    return start


def sniff(start: bytes) -> Kind:
    r"""Choose the reader of a file by its first bytes; its name is never asked.

    Pillow turns some 16-bit files into 8 bits without a word (RGB PNG and TIFF lose their low
    bytes) and turns TIFFs as their orientation tag says, so those go another way.

    >>> sniff(b"II*\0"), sniff(b"\xff\xd8\xff\xe0")
    ('tiff', 'picture')
    """
    if start[:4] in _TIFF_HEADS:
        return "tiff"
    return "png16" if png_bits(start) == 16 else "picture"


def png_bits(start: bytes) -> int | None:
    """Give the bits per sample of a PNG by its first bytes, None for anything else."""
    is_png = start.startswith(_PNG_HEAD) and start[12:16] == b"IHDR" and len(start) > 24
    return start[24] if is_png else None
