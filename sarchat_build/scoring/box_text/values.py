"""A tolerant reader of values in brackets: JSON, Python, and what models make of them.

A group is read whole or not at all: words without a comma between them are prose, and prose is no
data. What the end of the text cut off is kept as far as it was finished.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from sarchat_build.scoring.box_text.cleaning import CLOSE, OPEN

MAX_DEPTH = 8
OPENING = f"[({{{OPEN}"
_CLOSING = f"])}}{CLOSE}"
_BLANKS = re.compile(r"\s*")
_NUMBER_TEXT = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_NUMBER = re.compile(
    rf"({_NUMBER_TEXT})(\s?%)?(?:\s?(?:px|pixels?)\b|\s?°)?(?=[\s,;|\])}}<>\"'\ue001]|$)"
)
_ANGLED = re.compile(rf"<\s*({_NUMBER_TEXT})\s*(%)?\s*>")
_CUT_ANGLED = re.compile(r"<\s*[-+]?[\d.]*\s*$")
_WORD = re.compile(rf"[^\s,;|()\[\]{{}}<>\"=:{OPEN}{CLOSE}]+")
_KEYED = re.compile(r"\s*(?::|=>?)\s*")
# A quote ends a string where something may follow a string: labels hold quotes of their own.
_STRING_END = {
    quote: re.compile(rf"(?<!\\){quote}(?=\s*(?:[,:\]}})\ue001]|$))") for quote in ('"', "'")
}


class Number(NamedTuple):
    """A number; `cut` if the text ends with it, so that more digits may have followed."""

    value: float
    percent: bool = False
    cut: bool = False


class Word(NamedTuple):
    """A bare word."""

    text: str


class Quoted(NamedTuple):
    """A string in quotes."""

    text: str


@dataclass(slots=True)
class Group:
    """What stands between two brackets.

    Attributes:
        bracket: the opening one.
        items: values without a key, each with the sign before it: a comma, semicolon, bar or "".
        pairs: values with a key.
        end: position after the closing bracket.
        closed: whether there is one.
    """

    bracket: str
    items: list[tuple[str, Value]] = field(default_factory=list)
    pairs: list[tuple[str, Value]] = field(default_factory=list)
    end: int = 0
    closed: bool = True

    @property
    def numbers(self) -> list[Number]:
        """Its items, if all are numbers; else nothing."""
        values = [value for _, value in self.items]
        return [v for v in values if isinstance(v, Number)] if self.is_numeric else []

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers and nothing else."""
        return (
            bool(self.items)
            and not self.pairs
            and all(isinstance(v, Number) for _, v in self.items)
        )


Value: TypeAlias = Number | Word | Quoted | Group


def read_group(text: str, position: int, depth: int = 0) -> Group | None:
    """Read the group whose bracket stands at `position`; None if it is prose, or nested too deep.

    >>> read_group("[12, 34.5", 0).numbers
    [Number(value=12.0, percent=False, cut=False), Number(value=34.5, percent=False, cut=True)]
    >>> read_group("(two ships)", 0)
    """
    group = Group(text[position])
    position += 1
    sign, loose = "", True
    while True:
        position = _skip(text, position)
        if position >= len(text):
            group.end, group.closed = position, False
            return group
        char = text[position]
        if char in _CLOSING:
            group.end = position + 1
            return group
        if char in ",;|":
            sign, loose, position = char, True, position + 1
            continue
        read = _read_value(text, position, depth)
        if read is None:
            return None
        value, position = read
        keyed = _KEYED.match(text, position) if isinstance(value, Word | Quoted | Number) else None
        if keyed:
            after = _read_value(text, keyed.end(), depth) if keyed.end() < len(text) else None
            name = f"{value.value:g}" if isinstance(value, Number) else _name(value)
            if after is None and keyed.end() < len(text) and text[keyed.end()] not in _CLOSING:
                return None
            if after is not None:
                group.pairs.append((name, after[0]))
            position = after[1] if after is not None else keyed.end()
        elif isinstance(value, Word) and not loose:
            return None
        else:
            group.items.append((sign, number_of(value)))
        # After a word a comma must come; numbers and groups may stand side by side.
        sign, loose = "", not isinstance(value, Word) or bool(keyed)
        if not loose and _skip(text, position) < len(text):
            follows = text[_skip(text, position)]
            if follows not in ",;|" and follows not in _CLOSING and follows not in OPENING:
                return None


def _read_value(text: str, position: int, depth: int) -> tuple[Value, int] | None:
    char = text[position]
    if char in OPENING:
        inner = read_group(text, position, depth + 1) if depth < MAX_DEPTH else None
        return (inner, inner.end) if inner is not None else None
    if char in "\"'":
        return _read_string(text, position)
    if char == "<":
        if found := _ANGLED.match(text, position):
            return Number(float(found[1]), bool(found[2])), found.end()
        found = _CUT_ANGLED.match(text, position)
        return (Number(0.0, cut=True), found.end()) if found else None
    if found := _NUMBER.match(text, position):
        cut = found.end() == len(text) and not found[2]
        return Number(float(found[1]), bool(found[2]), cut), found.end()
    found = _WORD.match(text, position)
    return (Word(found[0]), found.end()) if found else None


def _name(value: Value) -> str:
    return value.text if isinstance(value, Word | Quoted) else ""


def number_of(value: Value) -> Value:
    """Give the number that a string is, or the value itself."""
    if isinstance(value, Quoted) and (found := _NUMBER.fullmatch(value.text.strip())):
        return Number(float(found[1]), bool(found[2]))
    return value


def _read_string(text: str, position: int) -> tuple[Value, int]:
    found = _STRING_END[text[position]].search(text, position + 1)
    if found:
        return Quoted(text[position + 1 : found.start()]), found.end()
    # Not closed: it ends with its line, or with what it stands in.
    ends = [e for e in (text.find(c, position + 1) for c in "\n}") if e >= 0]
    end = min(ends, default=len(text))
    return Quoted(text[position + 1 : end]), end


def _skip(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


NUMBER_PATTERN = _NUMBER_TEXT
