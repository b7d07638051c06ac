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
_CENTER = ("cx", "cy", "w", "h", "angle")
_RING = ("left_top", "right_top", "right_bottom", "left_bottom")
# The numbers of a box, by the names of the tags that hold them; those of a ring, once round.
_FORMS: tuple[tuple[BoxFormat, tuple[str, ...]], ...] = (
    (BoxFormat.XYXY_PX, _CORNERS),
    (BoxFormat.CXCYWHA_PX, _CENTER),
    (BoxFormat.QUAD_PX, tuple(f"{axis}{corner}" for corner in "1234" for axis in "xy")),
    (BoxFormat.QUAD_PX, tuple(f"{axis}{corner}" for corner in "0123" for axis in "xy")),
    (BoxFormat.QUAD_PX, tuple(f"{axis}_{corner}" for corner in _RING for axis in "xy")),
)
_PREFERRED = (BoxFormat.XYXY_PX, BoxFormat.CXCYWHA_PX, BoxFormat.QUAD_PX)
_ROTATED = ("rbndbox", "robndbox", "rotated_bndbox")


def read(document: BinaryIO, rule: VocRule) -> Iterator[RawImage]:
    """Read one VOC document; numbers keep the document's own origin and edge convention.

    Tags are matched without regard to case (`Difficult`), text without surrounding space. Boxes are
    `bndbox`; SSDD's `rotated_bndbox` and `segm` are read beside it, and `rbndbox` or `robndbox`
    beside it or instead. What the tags in a box are called says whether it is corners, center with
    size and angle, or a ring (`x1` … `y4`, `x_left_top` …). The parts of an object (`part`) are no
    objects.

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
    notices: list[RawFault] = []
    for number, element in enumerate(xml.objects(root), start=1):
        key = f"object[{number}]"
        try:
            instances.append(_instance(element, key, notices))
        except RecordError as error:
            faults.append(RawFault(key, error.reason, error.detail))
    size = xml.child(root, "size")
    yield RawImage(
        filename=xml.text(root, "filename"),
        width_px=xml.claimed_px(size, "width"),
        height_px=xml.claimed_px(size, "height"),
        instances=tuple(instances),
        faults=tuple(faults),
        notices=tuple(notices),
    )


def _instance(element: Element, key: str, notices: list[RawFault]) -> RawInstance:
    found = [_box(box) for name in ("bndbox", *_ROTATED) for box in xml.children(element, name)]
    if not found:
        raise RecordError(Reason.BAD_VALUE, "has no bndbox")
    by_form = dict(found)
    if len(by_form) < len(found):
        raise RecordError(Reason.CONTRADICTS_ITSELF, f"is one object with {len(found)} boxes")
    # Where a rotated box is written twice, its corners need no convention.
    forms = [form for form in _PREFERRED if form in by_form]
    upright, rotated = by_form.get(BoxFormat.XYXY_PX), by_form[forms[-1]]
    outline = xml.child(element, "segm")
    return RawInstance(
        key=key,
        category=xml.text(element, "name"),
        bbox=upright or rotated,
        bbox_format=forms[0] if upright else forms[-1],
        obb=rotated if upright and len(forms) > 1 else (),
        polygon=() if outline is None else _points(outline),
        difficult=xml.mark(element, "difficult", key, notices),
        truncated=xml.mark(element, "truncated", key, notices),
    )


def _box(box: Element) -> tuple[BoxFormat, tuple[float, ...]]:
    tags = {part.tag for part in box}
    default = 0 if box.tag == "bndbox" else 1
    # A box that lacks some of its numbers is one of the form of which it has the most.
    most = max(len(tags.intersection(names)) for _, names in _FORMS)
    likely = [form for form in _FORMS if len(tags.intersection(form[1])) == most]
    if tags and not most:
        raise RecordError(
            Reason.BAD_VALUE,
            f"{box.tag} holds {', '.join(sorted(tags))[:120]}, "
            f"not {', '.join(_FORMS[default][1])} or corners by name",
        )
    form, names = _FORMS[default] if _FORMS[default] in likely else likely[0]
    return form, xml.values(box, names)


def _points(outline: Element) -> tuple[float, ...]:
    points = (point for point in outline if point.tag.startswith("point"))
    return tuple(
        value for point in points for value in numbers((point.text or "").split(","), "segm")
    )
