"""FAIR1M and Gaofen competition XML: one document per image, objects as rings of points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

from sarchat_build.config.annotation_options import Fair1mRule
from sarchat_build.errors import RecordError
from sarchat_build.geometry.quads import bounds
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import numbers
from sarchat_build.sources.readers import xml
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance


def read(document: BinaryIO, rule: Fair1mRule) -> Iterator[RawImage]:
    """Read one document: `source/filename`, `objects/object/{possibleresult/name, points/point}`.

    A point is `x, y`; a ring's last point may repeat its first. Four points are a rotated box; of
    any other ring the outline and its upright box are kept.

    Raises:
        RecordError: as `xml.parse`.
    """
    root = xml.parse(document, rule.encodings)
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    for number, element in enumerate(xml.objects(xml.child(root, "objects")), start=1):
        try:
            instances.append(_instance(element, f"object[{number}]"))
        except RecordError as error:
            faults.append(RawFault(f"object[{number}]", error.reason, error.detail))
    size = xml.child(root, "size")
    yield RawImage(
        filename=xml.text(xml.child(root, "source"), "filename"),
        width_px=xml.claimed_px(size, "width"),
        height_px=xml.claimed_px(size, "height"),
        instances=tuple(instances),
        faults=tuple(faults),
    )


def _instance(element: Element, key: str) -> RawInstance:
    ring = [
        _point(point.text or "") for point in xml.children(xml.child(element, "points"), "point")
    ]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 2:
        raise RecordError(Reason.BAD_VALUE, f"has {len(ring)} points")
    flat = tuple(value for point in ring for value in point)
    quad = len(ring) == 4
    return RawInstance(
        key=key,
        category=xml.text(xml.child(element, "possibleresult"), "name"),
        bbox=flat if quad else bounds(flat),
        bbox_format=BoxFormat.QUAD_PX if quad else BoxFormat.XYXY_PX,
        polygon=() if quad else flat,
    )


def _point(written: str) -> tuple[float, float]:
    both = numbers(written.split(","), "point")
    if len(both) != 2:
        raise RecordError(Reason.BAD_VALUE, f"point is {written[:80]!r}, not 'x, y'")
    return both[0], both[1]
