"""Names of files and categories, made fit for every format that holds them."""

from __future__ import annotations

import unicodedata


def printable(name: str) -> str:
    r"""Make a file name one that every format can hold: NFC, undecodable bytes as escapes.

    >>> printable("ba\udce9")
    'ba\\xe9'
    """
    if name.isascii():
        return name
    composed = unicodedata.normalize("NFC", name)
    return composed.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
