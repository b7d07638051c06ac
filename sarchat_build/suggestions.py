"""Advice about a name that nobody knows: the nearest known one, or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# More names than this are no help in one line.
_MAX_LISTED = 16


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that is most like `name`, whatever its capitals; None if none is.

    >>> nearest("SDD", ["hrsid", "ssdd"]), nearest("quebec", ["hrsid", "ssdd"])
    ('ssdd', None)
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def advice(name: str, known: Iterable[str]) -> str:
    """Say which known name was meant, or which there are; "" where they are too many.

    The text continues a message: it begins with a semicolon.

    >>> advice("sdd", ["hrsid", "ssdd"]), advice("quebec", ["hrsid", "ssdd"])
    ("; did you mean 'ssdd'?", '; known: hrsid, ssdd')
    """
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= _MAX_LISTED else ""
