"""Text of untrusted files as TOML: nothing in a name can end a string or a comment."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sarchat_build.names import display_line


def quoted(value: str) -> str:
    r"""Write a string of TOML.

    >>> quoted('a "b"\n'), quoted("船")
    ('"a \\"b\\"\\n"', '"船"')
    """
    # A lone half of a surrogate pair, which JSON can hold, is no character of TOML.
    sound = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007f")


def quoted_list(values: Iterable[str]) -> str:
    """Write an array of strings, one to a line when they do not fit into one.

    >>> quoted_list(["a", "b"])
    '["a", "b"]'
    """
    written = [quoted(value) for value in values]
    line = f"[{', '.join(written)}]"
    if len(line) <= 80:
        return line
    return "[\n" + "".join(f"  {value},\n" for value in written) + "]"


def one_line(text: str) -> str:
    r"""Make a text that can stand in a comment.

    >>> one_line("a\nid = 1\x00")
    'a\\nid = 1\\x00'
    """
    return display_line(text)
