"""Names and texts of others, made fit for what holds them: files, tables, a terminal, a log."""

from __future__ import annotations

import re
import unicodedata

# Longer names are no help to anybody; the longest that a file system takes has 255 bytes.
MAX_NAME_CHARS = 300
# A path may have 4,096 bytes; a word of more than this was made to flood a screen.
_MAX_WORD_CHARS = 600
# A message may list some hundred pictures by name.
_MAX_LINE_CHARS = 1 << 16
_LONG_WORD = re.compile(rf"\S{{{_MAX_WORD_CHARS + 1},}}")
# Names of query parameters and options whose value opens a door. What surrounds the word is bounded
# and begins where a word begins, so that the search is linear.
_DOOR = (
    r"(?:secret|passw(?:or)?d|passphrase|pwd|token|signature|credential|api[_-]?key|access[_-]?key"
    r"|account[_-]?key|private[_-]?key|authorization|connection[_-]?string|sas)"
)
_USER_INFO = re.compile(r"(://)([^\s/:@'\"]*)(:?)[^\s/'\"]*@")
_PARAMETER = re.compile(
    rf"(?<![\w-])((?:[\w-]{{0,60}}{_DOOR}[\w-]{{0,60}}|sig|key|awsaccesskeyid)[\"']?=)([\"']?)[^\s&;,\"'#]+",
    re.IGNORECASE,
)
_MEMBER = re.compile(
    rf"([\"'][\w-]{{0,60}}{_DOOR}[\w-]{{0,60}}[\"']\s{{0,8}}:\s{{0,8}}[\"'])[^\"']*", re.IGNORECASE
)
_ARGUMENT = re.compile(rf"(--[\w-]{{0,60}}{_DOOR}[\w-]{{0,60}}[\"',]{{0,2}} +)(?!-)\S+", re.I)
_BEARER = re.compile(r"\b(Bearer|Basic) +[\w.~+/=-]{8,}")


def printable(name: str) -> str:
    r"""Make a file name one that every format can hold: NFC, undecodable bytes as escapes.

    >>> printable("ba\udce9")
    'ba\\xe9'
    """
    if name.isascii():
        return name
    composed = unicodedata.normalize("NFC", name)
    return composed.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def display_name(text: str, max_chars: int = MAX_NAME_CHARS) -> str:
    r"""Make a name or title of somebody else's one short plain line for a person to read.

    Control characters and marks that turn the direction of writing become escapes, of what is long
    the middle is left out, credentials are blotted out. It is for the eye alone: columns by which
    rows are joined keep the name itself.

    >>> display_name("a\x1b[2J\u202egnp.exe\n")
    'a\\x1b[2J\\u202egnp.exe\\n'
    >>> display_name("x" * 1000, 20)
    'xxxxxxxxxx…(1,000 characters)…xxxxxxxxxx'
    """
    return _shorten(visible(redact(text)), max_chars)


def display_line(text: str) -> str:
    r"""Make a message that quotes others one plain line; as `display_name`, only words are cut.

    >>> display_line("gs://bucket/" + "x" * 1000 + ": no\nsuch file")[-17:]
    'xx: no\\nsuch file'
    """
    line = visible(redact(text))
    if len(line) > _MAX_WORD_CHARS:
        line = _LONG_WORD.sub(lambda word: _shorten(word[0], MAX_NAME_CHARS), line)
    return _shorten(line, _MAX_LINE_CHARS)


def visible(text: str) -> str:
    r"""Write control characters, and those that are seen only by what they do, as escapes.

    >>> visible("\u202dab\xa0c")
    '\\u202dab\xa0c'
    """
    if text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) else _escape(letter) for letter in text)


def redact(text: str) -> str:
    """Blot out passwords in URLs, signatures and tokens in queries, and secrets in options.

    >>> redact("http://user:pass@host/a.zip?sig=4Zk%2B&part=1")
    'http://user:***@host/a.zip?sig=***&part=1'
    >>> redact("https://ghp_abc@host, --s3_secret_access_key=abc, {'token': 'abc'}")
    "https://***@host, --s3_secret_access_key=***, {'token': '***'}"
    """
    text = _USER_INFO.sub(lambda m: f"{m[1]}{m[2] if m[3] else '***'}{m[3] and ':***'}@", text)
    for pattern, blot in (
        (_PARAMETER, r"\1\2***"),
        (_MEMBER, r"\1***"),
        (_ARGUMENT, r"\1***"),
        (_BEARER, r"\1 ***"),
    ):
        text = pattern.sub(blot, text)
    return text


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _shorten(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}…({len(text):,} characters)…{text[-half:]}"
