"""Patterns that a manifest states, matched in time linear in the text, whatever they are.

Python's `re` goes back and tries again: `(a+)+$` takes longer than anybody lives on a name of 60
letters. RE2 never does. It knows neither what looks ahead or behind, nor back references.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2
from fsspec.utils import glob_translate

from sarchat_build.names import display_name

# Real ones have less than a hundred characters; what they compile to is bounded by the engine.
_MAX_PATTERN_CHARS = 4096
_MAX_COMPILED_BYTES = 1 << 20
_PYTHON_ONLY = {
    "(?=": "it looks ahead",
    "(?!": "it looks ahead",
    "(?<=": "it looks behind",
    "(?<!": "it looks behind",
    "(?>": "an atomic group",
    "(?(": "a condition",
}


class Match(Protocol):
    """Where a pattern was found."""

    def __getitem__(self, group: str | int, /) -> str | None:
        """Give the text of a group; None for one that takes no part."""


class Pattern(Protocol):
    """A compiled pattern."""

    @property
    def groupindex(self) -> dict[str, int]:
        """Numbers of the named groups."""

    def search(self, text: str, /) -> Match | None:
        """Find the first place in a text that matches."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    r"""Compile a regular expression in the syntax of RE2; `\d`, `\w` and `\s` mean ASCII.

    >>> compile_pattern(r"^(?P<scene_id>P\d+)_").search("P0012_300")["scene_id"]
    'P0012'
    >>> compile_pattern(r"(a)\1")
    Traceback (most recent call last):
    ValueError: not a regular expression of RE2: '\1' is not known (a back reference)

    Raises:
        ValueError: it is none, too large, or of a kind that cannot be matched in linear time.
    """
    _demand_short(pattern)
    return _compile(pattern, ignore_case=False)


@lru_cache(maxsize=256)
def compile_glob(pattern: str) -> Pattern:
    """Compile a glob of paths: `*` stays in its folder, `**` does not, case is not regarded.

    >>> bool(compile_glob("**/images/*.jpg").search("SSDD/Images/000001.JPG"))
    True

    Raises:
        ValueError: it is none.
    """
    _demand_short(pattern)
    expression = glob_translate(pattern).removesuffix(r"\Z")
    return _compile(rf"\A{expression}\z", ignore_case=True)


def _compile(pattern: str, *, ignore_case: bool) -> Pattern:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_COMPILED_BYTES
    options.case_sensitive = not ignore_case
    try:
        compiled: Pattern = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(f"not a regular expression of RE2: {_explain(error)}") from None
    return compiled


def _demand_short(pattern: str) -> None:
    if len(pattern) > _MAX_PATTERN_CHARS:
        raise ValueError(f"has {len(pattern):,} characters, more than {_MAX_PATTERN_CHARS:,}")


def _explain(error: Exception) -> str:
    found = error.args[0] if error.args else ""
    text = found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else str(error)
    what, _, where = text.partition(": ")
    for mark, meaning in _PYTHON_ONLY.items():
        if where.startswith(mark):
            return (
                f"{mark!r} is not known ({meaning}); only what is matched in linear time is: say "
                "what stands there, not what does not"
            )
    if what == "invalid escape sequence" and where[1:].isdecimal():
        return f"'{where}' is not known (a back reference)"
    return display_name(text)
