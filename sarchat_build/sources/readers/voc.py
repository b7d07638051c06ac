"""Pascal VOC XML, one document per image, with the rotated boxes and polygons that others added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

from sarchat_build.config.annotation_options import VocRule
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import numbers
from sarchat_build.sources.readers import xml
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_QUAD = tuple(f"{axis}{corner}" for corner in "1234" for axis in "xy")
_ROTATED = ("cx", "cy", "w", "h", "angle")


def read(document: BinaryIO, rule: VocRule) -> Iterator[RawImage]:
    """Read one VOC document; numbers keep the document's own origin and edge convention.

    Tags are matched without regard to case (`Difficult`), text without surrounding space. Boxes are
    `bndbox`; SSDD's `rotated_bndbox` and `segm` are read beside it, and `rbndbox` or `robndbox`
    (center, size, angle) beside it or instead.

    Raises:
        RecordError: as `xml.parse`.

    >>> import io
    >>> rule = VocRule(format="voc", images=("*.jpg",), files=({"path": "*.xml"},), pixel_origin=0,
    ...                max_edge="exclusive")
    >>> text = b"<annotation><size><width>9</width><height>8</height></size></annotation>"
    >>> [(image.width_px, image.height_px) for image in read(io.BytesIO(text), rule)]
    [(9, 8)]
    """
    root = xml.parse(document, rule.encodings)
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    for number, element in enumerate(xml.children(root, "object"), start=1):
        try:
            instances.append(_instance(element, f"object[{number}]"))
        except RecordError as error:
            faults.append(RawFault(f"object[{number}]", error.reason, error.detail))
    size = xml.child(root, "size")
    yield RawImage(
        filename=xml.text(root, "filename"),
        width_px=xml.claimed_px(size, "width"),
        height_px=xml.claimed_px(size, "height"),
        instances=tuple(instances),
        faults=tuple(faults),
    )


def _instance(element: Element, key: str) -> RawInstance:
    box = xml.child(element, "bndbox")
    angled = xml.child(element, "rbndbox", "robndbox")
    quad = xml.child(element, "rotated_bndbox")
    outline = xml.child(element, "segm")
    if box is None and angled is None:
        raise RecordError(Reason.BAD_VALUE, "has no bndbox")
    rotated = () if angled is None else xml.values(angled, _ROTATED)
    if quad is not None:
        rotated = xml.values(quad, _QUAD)
    return RawInstance(
        key=key,
        category=xml.text(element, "name"),
        bbox=rotated if box is None else xml.values(box, _CORNERS),
        bbox_format=BoxFormat.CXCYWHA_PX if box is None else BoxFormat.XYXY_PX,
        obb=() if box is None else rotated,
        polygon=() if outline is None else _points(outline),
        difficult=xml.flag(element, "difficult"),
        truncated=xml.flag(element, "truncated"),
    )


def _points(outline: Element) -> tuple[float, ...]:
    points = (point for point in outline if point.tag.lower().startswith("point"))
    return tuple(
        value for point in points for value in numbers((point.text or "").split(","), "segm")
    )
