"""How long work tells that it goes on, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

# Opens a bar for some number of things to do, and gives the function that moves it.
ProgressBar: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def no_progress(title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Be the bar that shows nothing."""
    return nullcontext(lambda done: None)
