"""SSDD: ships at sea and in harbors; box, rotated box and polygon per ship in one VOC document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sarchat_build.stable_hash import choose
from sarchat_build.synthesis.archive import Layout, Member, Quirk, QuirkKind, Sample
from sarchat_build.synthesis.formats import voc
from sarchat_build.synthesis.formats.xml import Element
from sarchat_build.synthesis.pictures import coast, scene
from sarchat_build.synthesis.pictures.fleet import Label, Style, sail
from sarchat_build.synthesis.pictures.keyed import at_quantile, between, keyed, weighted
from sarchat_build.synthesis.pictures.speckle import crop, relief_tile, speckle_tile

_ROOT = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"
_TILE_PX = 1024
_MARGIN_PX = 2.0
# Inverse distributions of the published images at `keyed.QUANTILES`.
_WIDTHS_PX = (214, 318, 365, 499, 500, 503, 509, 527, 668)
_HEIGHTS_PX = (190, 218, 253, 308, 333, 355, 403, 475, 526)
# One image in fifty has each oddity; the real archive is odd at about the same rates.
_QUIRK_PERIOD = 50
_QUIRK_PLACES: dict[int, QuirkKind] = {
    4: "rotated_corner_outside",
    7: "box_touches_edge",
    11: "duplicate",
    14: "channels_differ",
}


_STYLES = (
    # Medium resolution, multi-looked, dark sea.
    Style(40, 4, (1.3, 1.1), (16, 34), (150, 300), (0.0, 3.0), 0.16, 75),
    # High resolution, stretched for the ship: the sea is all but black.
    Style(22, 1, (1.2, 1.2), (1.6, 5), (90, 220), (0.0, 5.0), 0.10, 75),
    # Single look, oversampled, noisy sea.
    Style(16, 1, (2.2, 2.0), (35, 85), (190, 340), (0.0, 1.5), 0.12, 95),
    # Many looks, stretched toward gray; strong targets ring.
    Style(10, 9, (1.8, 1.8), (60, 105), (260, 420), (3.0, 9.0), 0.05, 75),
    # Harbor scenes, anisotropic cell.
    Style(12, 2, (2.4, 1.0), (12, 30), (170, 280), (0.0, 3.0), 0.60, 75),
)


@dataclass(frozen=True, slots=True)
class _Picture:
    jpeg: bytes
    width_px: int
    height_px: int
    labels: tuple[Label, ...]


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its document under the names SSDD uses."""
    stem = f"{number:06d}"
    quirk = _quirk(number)
    original = _twin(number) if quirk == "duplicate" else number
    picture = _picture(original)
    split = "test" if _is_test(number) else "train"
    members = (
        Member(f"{_ROOT}/JPEGImages_{split}/{stem}.jpg", picture.jpeg),
        Member(f"{_ROOT}/Annotations_{split}/{stem}.xml", _document(stem, picture)),
    )
    quirks = [Quirk("duplicate", stem, twin=f"{original:06d}")] if original != number else []
    if _quirk(original) == "channels_differ":
        quirks.append(Quirk("channels_differ", stem))
    for index, label in enumerate(picture.labels):
        quirks += _label_quirks(stem, index, label, picture)
    return Sample(members, len(picture.labels), tuple(quirks))


def _no_lists(images: int) -> tuple[Member, ...]:
    return ()


LAYOUT = Layout("ssdd", "Official-SSDD-OPEN.zip", sample, _no_lists)


def _is_test(number: int) -> bool:
    return number % 10 in (1, 9)


def _quirk(number: int) -> QuirkKind | None:
    return _QUIRK_PLACES.get(number % _QUIRK_PERIOD)


def _twin(number: int) -> int:
    """Name the earlier image that a duplicate repeats: it is in train, the duplicate in test."""
    return number - 3 - choose(6, "ssdd", "twin", number)


def _picture(number: int) -> _Picture:
    numbers = keyed("ssdd", "picture", number)
    quirk = _quirk(number)
    width_px = round(at_quantile(numbers.random(), _WIDTHS_PX))
    height_px = round(at_quantile(numbers.random(), _HEIGHTS_PX))
    style = _STYLES[weighted(numbers, [style.weight for style in _STYLES])]
    sea = between(numbers, *style.sea)
    tile = speckle_tile(style.looks, *style.cell_px, _TILE_PX)
    canvas = crop(numbers, tile, height_px, width_px) * np.float32(sea)
    swell = relief_tile(0.06, 160.0, _TILE_PX)
    canvas *= crop(numbers, swell, height_px, width_px)
    room = scene.Room(width_px, height_px, _MARGIN_PX)
    # A ship planted at an edge needs water there, so those pictures have no land.
    if numbers.random() < style.inshore and quirk not in (
        "rotated_corner_outside",
        "box_touches_edge",
    ):
        room.blocked = coast.land_mask(numbers, width_px, height_px)
        coast.raise_land(
            canvas,
            numbers,
            room.blocked,
            level=min(140.0, 20 + sea * between(numbers, 2.0, 5.0)),
            relief=crop(numbers, relief_tile(0.45, 90.0, _TILE_PX), height_px, width_px),
            speckle=crop(numbers, tile, height_px, width_px),
            cell_px=style.cell_px,
        )
    texture = crop(numbers, tile, height_px, width_px)
    labels = sail(canvas, numbers, room, style, texture, quirk)
    gray = scene.to_gray(canvas)
    # Two polarizations in one picture: red and green show one of them, blue the other.
    third = scene.to_gray(canvas * texture) if quirk == "channels_differ" else gray
    jpeg = scene.to_jpeg(np.stack([gray, gray, third], axis=2), style.quality)
    return _Picture(jpeg, width_px, height_px, tuple(labels))


def _label_quirks(stem: str, index: int, label: Label, picture: _Picture) -> list[Quirk]:
    last_x, last_y = picture.width_px - 1, picture.height_px - 1
    quirks: list[Quirk] = []
    if any(not (0 <= x <= last_x and 0 <= y <= last_y) for x, y in label.rotated.corners_px):
        quirks.append(Quirk("rotated_corner_outside", stem, index))
    box = label.box
    touches_low = box.x_min_px == 0 or box.y_min_px == 0
    if touches_low or box.x_max_px == last_x or box.y_max_px == last_y:
        quirks.append(Quirk("box_touches_edge", stem, index))
    return quirks


def _document(stem: str, picture: _Picture) -> bytes:
    size = [("width", picture.width_px), ("height", picture.height_px), ("depth", 3)]
    head: list[Element] = [
        ("folder", "JPEGImages"),
        ("filename", f"{stem}.jpg"),
        ("path", "JPEGImages"),
        ("size", size),
    ]
    objects: list[Element] = [("object", _object(label)) for label in picture.labels]
    return voc.document([*head, *objects], indent="\t")


def _object(label: Label) -> list[Element]:
    x_min, y_min, x_max, y_max = (int(value) for value in label.box)
    sides = [("bbox_w", x_max - x_min), ("bbox_h", y_max - y_min)]
    rotated = label.rotated
    spread: list[Element] = [
        ("rotated_bbox_cx", rotated.center_px[0]),
        ("rotated_bbox_cy", rotated.center_px[1]),
        ("rotated_bbox_w", rotated.width_px),
        ("rotated_bbox_h", rotated.height_px),
        ("rotated_bbox_theta", rotated.theta_deg),
    ]
    for place, (x, y) in enumerate(rotated.corners_px, start=1):
        spread += [(f"x{place}", x), (f"y{place}", y)]
    return [
        *voc.object_head("ship"),
        ("bndbox", [*voc.corners(x_min, y_min, x_max, y_max), *sides]),
        ("rotated_bndbox", spread),
        ("segm", [(f"point-{i}", f"{x},{y}") for i, (x, y) in enumerate(label.polygon, start=1)]),
    ]
