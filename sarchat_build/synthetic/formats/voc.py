"""Pascal VOC, with the rotated boxes and polygons that some sources add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sarchat_build.synthetic.formats.xml import Element, render

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class VocObject:
    """One object; a part that is None or empty is not written.

    `box` is xmin, ymin, xmax, ymax; `rotated_corners` the four of SSDD's `rotated_bndbox`;
    `outline` the points of its `segm`; `rbndbox` is SIVED's cx, cy, w, h, angle in degrees.
    """

    name: str
    box: tuple[float, float, float, float] | None
    difficult: int = 0
    truncated: int = 0
    rotated_corners: tuple[Point, ...] = ()
    outline: tuple[Point, ...] = ()
    rbndbox: tuple[float, float, float, float, float] | None = None


# Renders `<annotation>`; takes the elements and the options of `xml.render`.
document = partial(render, "annotation")


def annotation(
    objects: Sequence[VocObject],
    *,
    filename: str | None = None,
    folder: str | None = None,
    size_px: tuple[int, int] | None = None,
    depth: int | None = None,
    origin: int = 0,
    max_edge_inclusive: bool = False,
) -> list[Element]:
    """Give the elements of a whole document, for `document` to render.

    Args:
        objects: in 0-based pixels, maximum edges exclusive.
        filename: what the document calls its image; None leaves the element out, as for the rest.
        folder: name of the images' folder.
        size_px: width and height; `depth` goes with it.
        depth: number of channels.
        origin: the number that the document gives to the first pixel.
        max_edge_inclusive: whether xmax and ymax are to name the last pixel of the object.

    >>> annotation([VocObject("ship", (0, 0, 4, 2))], origin=1, max_edge_inclusive=True)[0][1][-1]
    ('bndbox', [('xmin', 1), ('ymin', 1), ('xmax', 4), ('ymax', 2)])
    """
    elements: list[Element] = []
    if folder is not None:
        elements.append(("folder", folder))
    if filename is not None:
        elements.append(("filename", filename))
    if size_px is not None:
        size: list[Element] = [("width", size_px[0]), ("height", size_px[1])]
        elements.append(("size", size if depth is None else [*size, ("depth", depth)]))
    cut = 1 if max_edge_inclusive else 0
    return elements + [("object", object_elements(item, origin, cut)) for item in objects]


def object_elements(item: VocObject, origin: int = 0, cut: int = 0) -> list[Element]:
    """Give the fields of one object, every coordinate moved by `origin`, maxima less `cut`."""
    fields = object_head(item.name, truncated=item.truncated, difficult=item.difficult)
    if item.box is not None:
        x_min, y_min, x_max, y_max = item.box
        top = origin - cut
        fields.append(("bndbox", corners(x_min + origin, y_min + origin, x_max + top, y_max + top)))
    if item.rotated_corners:
        spread: list[Element] = []
        for number, (x, y) in enumerate(item.rotated_corners, start=1):
            spread += [(f"x{number}", x + origin), (f"y{number}", y + origin)]
        fields.append(("rotated_bndbox", spread))
    if item.outline:
        points = enumerate(item.outline, start=1)
        fields.append(
            ("segm", [(f"point-{i}", f"{x + origin},{y + origin}") for i, (x, y) in points])
        )
    if item.rbndbox is not None:
        cx, cy, w, h, angle = item.rbndbox
        sides: list[Element] = [("w", w), ("h", h), ("angle", angle)]
        fields.append(("rbndbox", [("cx", cx + origin), ("cy", cy + origin), *sides]))
    return fields


def object_head(name: str, *, truncated: int = 0, difficult: int = 0) -> list[Element]:
    """Give the fields that every object starts with."""
    return [
        ("name", name),
        ("pose", "Unspecified"),
        ("truncated", truncated),
        ("difficult", difficult),
    ]


def corners(x_min: float, y_min: float, x_max: float, y_max: float) -> list[Element]:
    """Give the four fields of `bndbox` in the order VOC has them."""
    return [("xmin", x_min), ("ymin", y_min), ("xmax", x_max), ("ymax", y_max)]
