"""The page as one text: markup, style and script of `page/`, and where wanted the data inside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "page"
# In the order in which they build on each other; together they are one script.
_SCRIPTS = ("dom.js", "data.js", "filters.js", "chip.js", "dialogues.js", "tables.js", "main.js")


def to_json(value: object) -> str:
    r"""Write JSON that can stand in a page: no markup, no line separator ends a script.

    >>> to_json({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    # A name from a file system may hold half a character, which no page can.
    return text.encode("utf-8", "backslashreplace").decode()


def content_policy(*, served: bool) -> str:
    """Say what the page may load: nothing from anywhere, and where it is served its own data.

    Only our script runs, by its digest: no text of a dataset can become one.
    """
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    own = "'self' " if served else ""
    connect = "connect-src 'self'; " if served else ""
    return (
        f"default-src 'none'; {connect}img-src {own}data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def render_page(data: Mapping[str, Any] | None = None) -> str:
    """Give the page; with `data` it needs no server and holds everything that it shows.

    Args:
        data: what `sample.sample_data` gives, or None for a page that asks its server.
    """
    policy = content_policy(served=data is None)
    parts = {
        "POLICY": policy,
        "STYLE": _read("page.css"),
        "SCRIPT": _script(),
        "DATA": "null" if data is None else to_json(data),
    }
    # The template is cut at its marks once: what is put in is never looked through for marks.
    text = []
    for number, piece in enumerate(_read("page.html").split("%%")):
        text.append(parts[piece] if number % 2 else piece)
    return "".join(text)


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    code = "\n".join(_read(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{code}}})();\n'
