"""SAR-AIRcraft-1.0: airports with typed aircraft; bare VOC documents and three split lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import jpeg_of, split_of
from sarchat_build.synthetic.formats import voc
from sarchat_build.synthetic.formats.xml import Element
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import Numbers, keyed, weighted
from sarchat_build.synthetic.pictures.scenes import Traffic, paint_airport
from sarchat_build.synthetic.pictures.shapes import Target
from sarchat_build.synthetic.planted import Quirk, unnamed
from sarchat_build.types import Box

_ROOT = "SAR-AIRcraft-1.0"
_SIDES_PX = (800, 1000, 1200, 1500)
_SIDE_WEIGHTS = (1312, 1085, 1038, 933)
STYLES = (
    Style(1, 1, (1.6, 2.8), (5.0, 17.0), (110, 240), quality=95),
    Style(1, 1, (2.6, 1.6), (16.0, 21.0), (75, 140)),
)
# Objects per image: 1 to 30, 3.77 on average; what is added to the first is exponential.
_TRAFFIC = Traffic(mean_extra=3.3, most=30, px_per_m=(1.2, 2.6))
# In one image of ten the first aircraft is cut by an edge of the picture.
_EDGE_PERIOD, _EDGE_PLACE = 10, 7
_SPLITS = (("train", 70), ("val", 10), ("test", 20))


def paint(numbers: Numbers, *, cut: bool = False) -> Picture:
    """Paint one scene of the source's sizes; labels lie in 1 … side - 1, as published."""
    side_px = _SIDES_PX[weighted(numbers, _SIDE_WEIGHTS)]
    canvas = Canvas(numbers, (side_px, side_px), STYLES, "box_overflows" if cut else None)
    paint_airport(canvas, _TRAFFIC)
    picture = canvas.picture()
    inside = tuple(replace(t, box=_clipped(t.box, side_px)) for t in picture.targets)
    return replace(picture, targets=inside)


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its document under the names SAR-AIRcraft-1.0 uses."""
    stem = f"{number:07d}"
    cut = number % _EDGE_PERIOD == _EDGE_PLACE
    picture = paint(keyed("sar_aircraft", "picture", number), cut=cut)
    members = (
        Member(f"{_ROOT}/JPEGImages/{stem}.jpg", jpeg_of(picture)),
        Member(f"{_ROOT}/Annotations/{stem}.xml", _document(picture.size_px[0], picture.targets)),
    )
    touching = (
        Quirk("box_touches_edge", stem, index)
        for index, target in enumerate(picture.targets)
        if min(target.box) == 1 or max(target.box) == picture.size_px[0] - 1
    )
    return Sample(members, len(picture.targets), (unnamed(stem), *touching))


def split_lists(images: int) -> tuple[Member, ...]:
    """Give the official lists: 70 / 10 / 20 by the hash of the image, one stem per line.

    There are none for fewer images than lists: an empty list counts as a broken one.
    """
    if images < len(_SPLITS):
        return ()
    stems: dict[str, list[str]] = {name: [] for name, _ in _SPLITS}
    for number in range(1, images + 1):
        stems[split_of("sar_aircraft", number, _SPLITS)].append(f"{number:07d}\n")
    return tuple(
        Member(f"{_ROOT}/ImageSets/Main/{name}.txt", "".join(lines).encode("ascii"))
        for name, lines in stems.items()
    )


LAYOUT = Layout(
    "sar_aircraft",
    "SAR-AIRcraft-1.0.zip",
    4368,
    sample,
    split_lists,
    traits=("slash_in_a_category_name", "no_depth"),
)


def _clipped(box: Box, side_px: int) -> Box:
    low, high = (1, 1), (side_px - 1, side_px - 1)
    return Box(*np.maximum(box[:2], low).tolist(), *np.minimum(box[2:], high).tolist())


def _document(side_px: int, targets: Iterable[Target]) -> bytes:
    elements: list[Element] = [("size", [("width", side_px), ("height", side_px)])]
    for target in targets:
        bndbox = voc.corners(*target.box)
        elements.append(("object", [*voc.object_head(target.name), ("bndbox", bndbox)]))
    return voc.document(elements)
