"""Names as UTF-8 from a C library that asks the locale, whatever the locale is."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

_LC_CTYPE_MASK = {"linux": 1, "darwin": 2}
_NAMES = (b"C.UTF-8", b"en_US.UTF-8", b"UTF-8")


@contextmanager
def utf8_names() -> Iterator[None]:
    """Let C code on this thread turn names into UTF-8; all other threads keep their locale.

    libarchive converts the names inside 7z and rar archives to the encoding of the locale: under
    `LC_ALL=C` every letter beyond ASCII would be lost, and with it the identity of an image.
    """
    library, locale = _locale()
    previous = library.uselocale(locale) if locale else None
    try:
        yield
    finally:
        if previous:
            library.uselocale(previous)


@lru_cache(maxsize=1)
def _locale() -> tuple[ctypes.CDLL, int | None]:
    library = ctypes.CDLL(None)
    library.newlocale.restype = library.uselocale.restype = ctypes.c_void_p
    library.newlocale.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    library.uselocale.argtypes = (ctypes.c_void_p,)
    mask = _LC_CTYPE_MASK.get(sys.platform, 1)
    for name in _NAMES:
        if found := library.newlocale(mask, name, None):
            return library, int(found)
    return library, None
