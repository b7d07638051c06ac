"""SAR-AIRcraft-1.0: airports with typed aircraft; bare VOC documents and three split lists."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, pi

import numpy as np

from sarchat_build.stable_hash import choose
from sarchat_build.synthesis.archive import Layout, Member, Quirk, Sample
from sarchat_build.synthesis.formats import voc
from sarchat_build.synthesis.formats.xml import Element
from sarchat_build.synthesis.pictures import airport, scene
from sarchat_build.synthesis.pictures.aircraft import (
    TYPES,
    Airframe,
    airframe,
    extent_px,
    paint_aircraft,
)
from sarchat_build.synthesis.pictures.keyed import between, keyed, weighted
from sarchat_build.synthesis.pictures.speckle import crop, relief_tile, speckle_tile
from sarchat_build.types import Box

_ROOT = "SAR-AIRcraft-1.0"
_TILE_PX = 1800
_MARGIN_PX = 3.0
_SIDES_PX = (800, 1000, 1200, 1500)
_SIDE_WEIGHTS = (1312, 1085, 1038, 933)
# Objects per image: 1 to 30, 3.77 on average; what is added to the first is exponential.
_MEAN_EXTRA = 3.3
_MOST_OBJECTS = 30
_SMALLEST_PX = 10
# In one image of ten the first aircraft is cut by an edge of the picture.
_EDGE_PERIOD, _EDGE_PLACE = 10, 7
_SPLITS = (("train", 70), ("val", 10), ("test", 20))


@dataclass(frozen=True, slots=True)
class _Product:
    """A rendering of the same radar: gray of the darkest ground, saturation, JPEG quality."""

    floor: float
    ceiling: int
    apron: tuple[float, float]
    target: tuple[float, float]
    quality: int


_PRODUCTS = (
    _Product(0.0, 255, (5.0, 17.0), (110, 240), 95),
    _Product(13.0, 144, (3.0, 8.0), (70, 130), 75),
)


@dataclass(frozen=True, slots=True)
class _Object:
    name: str
    box: Box


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its document under the names SAR-AIRcraft-1.0 uses."""
    stem = f"{number:07d}"
    numbers = keyed("sar_aircraft", "picture", number)
    side_px = _SIDES_PX[weighted(numbers, _SIDE_WEIGHTS)]
    jpeg, objects = _picture(numbers, side_px, cut=number % _EDGE_PERIOD == _EDGE_PLACE)
    members = (
        Member(f"{_ROOT}/JPEGImages/{stem}.jpg", jpeg),
        Member(f"{_ROOT}/Annotations/{stem}.xml", _document(side_px, objects)),
    )
    quirks = tuple(
        Quirk("box_touches_edge", stem, index)
        for index, thing in enumerate(objects)
        if min(thing.box) == 1 or max(thing.box) == side_px - 1
    )
    return Sample(members, len(objects), quirks)


def split_lists(images: int) -> tuple[Member, ...]:
    """Give the official lists: 70 / 10 / 20 by the hash of the image, one stem per line."""
    stems: dict[str, list[str]] = {name: [] for name, _ in _SPLITS}
    for number in range(1, images + 1):
        stems[_split(number)].append(f"{number:07d}\n")
    return tuple(
        Member(f"{_ROOT}/ImageSets/Main/{name}.txt", "".join(lines).encode("ascii"))
        for name, lines in stems.items()
    )


LAYOUT = Layout("sar_aircraft", "SAR-AIRcraft-1.0.zip", sample, split_lists)


def _split(number: int) -> str:
    place = choose(100, "sar_aircraft", "split", number)
    for name, share in _SPLITS:
        if place < share:
            return name
        place -= share
    raise AssertionError("the shares of the splits add up to 100")


def _picture(
    numbers: np.random.Generator, side_px: int, *, cut: bool
) -> tuple[bytes, list[_Object]]:
    product = _PRODUCTS[int(numbers.integers(len(_PRODUCTS)))]
    angle = between(numbers, -pi / 4, pi / 4)
    apron = between(numbers, *product.apron)
    level = between(numbers, *product.target)
    # Range and azimuth cells differ: point answers are upright or lying, the same in a picture.
    cell_px = (1.6, 2.8) if numbers.random() < 0.7 else (2.6, 1.6)
    canvas = airport.ground(numbers, side_px, angle)
    canvas *= np.float32(apron)
    canvas *= crop(numbers, speckle_tile(1, *cell_px, _TILE_PX), side_px, side_px)
    canvas *= crop(numbers, relief_tile(0.25, 300.0, _TILE_PX), side_px, side_px)
    built = airport.build(canvas, numbers, angle, level=level, cell_px=cell_px)
    room = scene.Room(side_px, side_px, _MARGIN_PX, built)
    objects: list[_Object] = []
    for name, frame, center in _parked(numbers, room, angle, cell_px, cut=cut):
        loud = level * between(numbers, 0.7, 1.3)
        paint_aircraft(canvas, frame, center, level=loud, cell_px=cell_px)
        objects.append(_Object(name, _clipped(extent_px(frame, cell_px), center, side_px)))
    canvas += np.float32(product.floor)
    jpeg = scene.to_jpeg(scene.to_gray(canvas, product.ceiling), product.quality)
    return jpeg, objects


def _parked(
    numbers: np.random.Generator,
    room: scene.Room,
    angle: float,
    cell_px: tuple[float, float],
    *,
    cut: bool,
) -> list[tuple[str, Airframe, tuple[float, float]]]:
    """Place aircraft, often side by side on a row of stands; the first always has a place."""
    wanted = min(_MOST_OBJECTS, 1 + int(numbers.exponential(_MEAN_EXTRA)))
    px_per_m = between(numbers, 1.2, 2.6) * (1 - 0.4 * min(1.0, wanted / 20))
    shared = angle + pi / 2 * int(numbers.integers(4))
    parked: list[tuple[str, Airframe, tuple[float, float]]] = []
    for index in range(wanted):
        kind = TYPES[weighted(numbers, [kind.published for kind in TYPES])]
        size = px_per_m * numbers.uniform(0.9, 1.1)
        length_px = min(170.0, max(16.0, between(numbers, *kind.length_m) * size))
        span_px = min(170.0, max(16.0, between(numbers, *kind.span_m) * size))
        heading = shared if numbers.random() < 0.6 else between(numbers, 0.0, 2 * pi)
        frame = airframe(numbers, length_px, span_px, heading)
        extent = extent_px(frame, cell_px)
        if index == 0:
            center = _first(numbers, extent, room, cut=cut)
        else:
            beside = _beside(numbers, extent, room, angle)
            found = beside or room.find(numbers, extent)
            if found is None:
                continue
            center = found
        room.taken.append(scene.moved(extent, *center))
        parked.append((kind.name, frame, center))
    return parked


def _first(
    numbers: np.random.Generator, extent: Box, room: scene.Room, *, cut: bool
) -> tuple[float, float]:
    """Place an image's first aircraft: over an edge if it is to be cut, else on free ground."""
    if cut:
        return _over_edge(numbers, extent, room.width_px)
    found = room.find(numbers, extent, tries=200)
    # Terminals everywhere: park in the middle of them, as at a pier.
    return found or (room.width_px / 2, room.height_px / 2)


def _beside(
    numbers: np.random.Generator, extent: Box, room: scene.Room, angle: float
) -> tuple[float, float] | None:
    """Take the stand next to the last aircraft, if it is free."""
    if numbers.random() < 0.35:
        return None
    last = room.taken[-1]
    pitch_px = 1.1 * max(*_sides(last), *_sides(extent)) + _MARGIN_PX
    step_x, step_y = airport.step_along(angle, pitch_px)
    x, y = last.center_px[0] + step_x, last.center_px[1] + step_y
    return (x, y) if room.fits(scene.moved(extent, x, y)) else None


def _over_edge(numbers: np.random.Generator, extent: Box, side_px: int) -> tuple[float, float]:
    """Let the box leave the picture over one of its four edges by at most half of itself."""
    width, height = _sides(extent)
    along = between(numbers, 0.3, 0.7) * side_px
    share = between(numbers, 0.1, 0.5)
    # The part that stays is never smaller than the smallest published box.
    lost_x = max(0.5, min(share * width, width - 1.5 * _SMALLEST_PX))
    lost_y = max(0.5, min(share * height, height - 1.5 * _SMALLEST_PX))
    edges = (
        (-lost_x - extent.x_min_px, along),
        (along, -lost_y - extent.y_min_px),
        (side_px + lost_x - extent.x_max_px, along),
        (along, side_px + lost_y - extent.y_max_px),
    )
    return edges[int(numbers.integers(4))]


def _sides(box: Box) -> tuple[float, float]:
    return box.width_px, box.height_px


def _clipped(extent: Box, center_px: tuple[float, float], side_px: int) -> Box:
    """Round outward to whole pixels and clip to 1 … side - 1, as the published boxes are."""
    box = scene.moved(extent, *center_px)
    return Box(
        max(1, floor(box.x_min_px)),
        max(1, floor(box.y_min_px)),
        min(side_px - 1, ceil(box.x_max_px)),
        min(side_px - 1, ceil(box.y_max_px)),
    )


def _document(side_px: int, objects: list[_Object]) -> bytes:
    elements: list[Element] = [("size", [("width", side_px), ("height", side_px)])]
    for thing in objects:
        x_min, y_min, x_max, y_max = (int(value) for value in thing.box)
        bndbox = voc.corners(x_min, y_min, x_max, y_max)
        elements.append(("object", [*voc.object_head(thing.name), ("bndbox", bndbox)]))
    return voc.document(elements, indent="")
