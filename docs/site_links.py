"""What the site does not have: links to files of the project become their names."""

from __future__ import annotations

import re
from typing import Any

_TO_THE_PROJECT = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leave the words of links that lead out of `docs/`.

    >>> on_page_markdown("See [`a.py`](../a.py) and [this](b.md).")
    'See `a.py` and [this](b.md).'
    """
    return _TO_THE_PROJECT.sub(r"\1", markdown)
