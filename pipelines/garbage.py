"""Python's search for garbage in cycles, made rare: builds make almost none of it.

The search goes through every object that lives, and Beam and this package are half a million of
them: with Python's own settings it takes 7 % of a worker's time.
"""

from __future__ import annotations

import gc

# New containers before a search among the new, and searches before one among the older ones.
_NEW, _YOUNG, _OLD = 50_000, 10, 20


def search_rarely() -> None:
    """Search for garbage rarely from here on, and never again among what lives now."""
    gc.freeze()
    gc.set_threshold(_NEW, _YOUNG, _OLD)
