"""XML as untrusted input: parsed without entities, tags matched without regard to case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import MAX_MARKS, MAX_OBJECTS, decode, flag, numbers, read_all
from sarchat_build.types import RawFault

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse(document: BinaryIO, encodings: Sequence[str]) -> Element:
    """Parse a whole document; the names of its tags come in lower case.

    Raises:
        RecordError: `encoding`, `xml_parse` with line and column, or `xml_forbidden` for a document
            with a DTD or entities, which is refused before anything is expanded.
    """
    # The declaration is dropped: it is about bytes, and these are characters now.
    text = _DECLARATION.sub("", decode(read_all(document), encodings), count=1)
    if text.count("<") > MAX_MARKS:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_MARKS:,} tags about one image")
    try:
        root: Element = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    except UnicodeEncodeError as error:
        raise RecordError(Reason.ENCODING, f"holds half a character: {error}") from error
    except ParseError as error:
        line, column = error.position
        raise RecordError(
            Reason.XML_PARSE, f"line {line}:{column + 1}: {error.msg}", line
        ) from error
    except DefusedXmlException as error:
        raise RecordError(Reason.XML_FORBIDDEN, f"a DTD or entity is declared ({error})") from error
    for element in root.iter():
        element.tag = element.tag.lower()
    return root


def children(element: Element | None, name: str) -> list[Element]:
    """Give the children called `name`, which is in lower case."""
    return [] if element is None else element.findall(name)


def objects(element: Element | None) -> list[Element]:
    """Give the children called "object"; raises `too_large` for more than a picture can hold."""
    found = children(element, "object")
    if len(found) > MAX_OBJECTS:
        raise RecordError(Reason.TOO_LARGE, f"more than {MAX_OBJECTS:,} objects about one image")
    return found


def child(element: Element | None, *names: str) -> Element | None:
    """Give the first child that has one of the names."""
    if element is None:
        return None
    return next((found for name in names if (found := element.find(name)) is not None), None)


def text(element: Element | None, name: str) -> str:
    """Give a child's text without surrounding space, "" if there is none."""
    return "" if element is None else element.findtext(name, "").strip()


def values(element: Element, names: Sequence[str]) -> tuple[float, ...]:
    """Read children as numbers; raises `bad_value`."""
    return tuple(
        value for name in names for value in numbers([text(element, name)], f"{element.tag}/{name}")
    )


def mark(element: Element, name: str, key: str, notices: list[RawFault]) -> bool:
    """Whether a child says yes; what says neither yes nor no is noticed, and no yes."""
    said = flag(text(element, name))
    if said is None:
        detail = f"{name} is {text(element, name)[:80]!r}, neither yes nor no"
        notices.append(RawFault(key, Reason.UNKNOWN_FLAG, detail, instances=0))
    return bool(said)


def claimed_px(size: Element | None, name: str) -> int | None:
    """Read a width or height; None for what cannot be one."""
    written = text(size, name)
    # Nine digits are more than any picture has; a claim beyond that is none.
    sensible = written.isdecimal() and len(written) < 10 and int(written) > 0
    return int(written) if sensible else None
