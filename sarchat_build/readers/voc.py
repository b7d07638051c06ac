"""Pascal VOC XML, one document per image, with the rotated boxes and polygons that SSDD adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from sarchat_build.errors import RecordError
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED_ENCODING = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read(document: bytes, encodings: Sequence[str] = ("utf-8",)) -> Iterator[RawImage]:
    """Read one VOC document; numbers keep the document's own origin and edge convention.

    Tags are matched without regard to case (`Difficult`), text without surrounding space. An object
    that cannot be read becomes a fault of its image, the others are kept.

    Args:
        document: the file's bytes.
        encodings: tried in turn when neither a byte order mark nor the XML declaration names one.

    Raises:
        RecordError: `encoding`, `xml_parse` with line and column, or `xml_forbidden` for a document
            with a DTD or entities, which is refused before anything is expanded.

    >>> text = b"<annotation><size><width>9</width><height>8</height></size></annotation>"
    >>> [(image.width_px, image.height_px) for image in read(text)]
    [(9, 8)]
    """
    try:
        root = defusedxml.ElementTree.fromstring(decode(document, encodings), forbid_dtd=True)
    except UnicodeEncodeError as error:
        raise RecordError("encoding", f"holds half a character: {error}") from error
    except ParseError as error:
        line, column = error.position
        raise RecordError("xml_parse", f"line {line}:{column + 1}: {error.msg}", line) from error
    except DefusedXmlException as error:
        raise RecordError("xml_forbidden", f"a DTD or entity is declared ({error})") from error
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    for number, element in enumerate(_children(root, "object"), start=1):
        try:
            instances.append(_instance(element, f"object[{number}]"))
        except RecordError as error:
            faults.append(RawFault(f"object[{number}]", error.reason, error.detail))
    size = _child(root, "size")
    yield RawImage(
        filename=_text(root, "filename"),
        width_px=_claimed_px(size, "width"),
        height_px=_claimed_px(size, "height"),
        instances=tuple(instances),
        faults=tuple(faults),
    )


def decode(document: bytes, encodings: Sequence[str]) -> str:
    """Turn a text document into characters.

    A byte order mark decides, then an XML declaration, then the first of `encodings` that fits.

    Raises:
        RecordError: `encoding`, naming what was tried.

    >>> decode("<name>船</name>".encode("gbk"), ["utf-8", "gbk"])
    '<name>船</name>'
    """
    marked = [name for mark, name in _BYTE_ORDER_MARKS if document.startswith(mark)]
    declared = _DECLARED_ENCODING.match(document)
    tried = marked or ([declared[1].decode("ascii")] if declared else list(encodings))
    for encoding in tried:
        try:
            # The declaration is dropped: it speaks of bytes, and these are characters now.
            return _DECLARATION.sub("", document.decode(encoding), count=1)
        except (UnicodeError, LookupError):
            continue
    raise RecordError(
        "encoding",
        f"not {' or '.join(tried)}; list the encoding in the manifest's annotations.encodings",
    )


def _instance(element: Element, key: str) -> RawInstance:
    box = _child(element, "bndbox")
    if box is None:
        raise RecordError("bad_value", "has no bndbox")
    rotated = _child(element, "rotated_bndbox")
    outline = _child(element, "segm")
    return RawInstance(
        key=key,
        category=_text(element, "name"),
        bbox=tuple(_number(box, name) for name in ("xmin", "ymin", "xmax", "ymax")),
        bbox_format=BoxFormat.XYXY_PX,
        obb=()
        if rotated is None
        else tuple(_number(rotated, f"{a}{i}") for i in "1234" for a in "xy"),
        polygon=() if outline is None else _points(outline),
        difficult=_text(element, "difficult") not in ("", "0"),
        truncated=_text(element, "truncated") not in ("", "0"),
    )


def _points(outline: Element) -> tuple[float, ...]:
    texts = [(point.text or "").split(",") for point in outline if point.tag.startswith("point")]
    try:
        return tuple(float(value) for pair in texts for value in pair)
    except ValueError as error:
        raise RecordError("bad_value", f"segm: {error}") from error


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if child.tag.lower() == name)


def _child(element: Element | None, name: str) -> Element | None:
    return None if element is None else next(_children(element, name), None)


def _text(element: Element | None, name: str) -> str:
    child = _child(element, name)
    return "" if child is None or child.text is None else child.text.strip()


def _number(element: Element, name: str) -> float:
    text = _text(element, name)
    try:
        return float(text)
    except ValueError:
        raise RecordError("bad_value", f"{element.tag}/{name} is {text!r}, not a number") from None


def _claimed_px(size: Element | None, name: str) -> int | None:
    text = _text(size, name)
    # Nine digits are more than any picture has; a claim beyond that is none.
    return int(text) if text.isdecimal() and len(text) < 10 and int(text) > 0 else None
