"""Radar chips in, proven image-text dialogues out.

Four functions lead one picture from its archive to its dialogues (`sarchat_build.library`); nothing
is imported before one of them is asked for:

    from sarchat_build import ask, open_source, read_images, render
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sarchat_build.version import __version__

if TYPE_CHECKING:
    from sarchat_build.library import (
        Dialogue,
        Picture,
        Question,
        Source,
        ask,
        open_source,
        read_images,
        render,
    )

__all__ = [
    "Dialogue",
    "Picture",
    "Question",
    "Source",
    "__version__",
    "ask",
    "open_source",
    "read_images",
    "render",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sarchat_build import library

    return getattr(library, name)
