"""SSDD: ships at sea and in harbors; box, rotated box and polygon per ship in one VOC document."""

from __future__ import annotations

from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import in_three, jpeg_of, twin_of
from sarchat_build.synthetic.formats import voc
from sarchat_build.synthetic.formats.xml import Element
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import Numbers, at_quantile, keyed
from sarchat_build.synthetic.pictures.scenes import Fleet, paint_sea
from sarchat_build.synthetic.pictures.shapes import Target
from sarchat_build.synthetic.planted import Quirk, Schedule, repeated

_ROOT = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"
# Inverse distributions of the published images at `noise.QUANTILES`.
_WIDTHS_PX = (214, 318, 365, 499, 500, 503, 509, 527, 668)
_HEIGHTS_PX = (190, 218, 253, 308, 333, 355, 403, 475, 526)
# One image in fifty has each oddity; the real archive is odd at about the same rates.
_QUIRKS = Schedule(
    50,
    {
        4: "rotated_corner_outside",
        7: "box_touches_edge",
        11: "duplicate",
        14: "channels_differ",
    },
)
STYLES = (
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
# How many of the 1,160 published images hold 1, 2, … ships, the tail thinned out above 13, and the
# lengths of the published labels.
FLEET = Fleet(
    (706, 188, 91, 36, 48, 20, 21, 4, 16, 8, 11, 4, 2, 4, 9), (8, 9, 12, 24, 39, 63, 137, 204, 330)
)


def paint(numbers: Numbers, quirk: str | None = None) -> Picture:
    """Paint one picture of the source's sizes, three channels; `quirk` is one of `_QUIRKS`."""
    width_px = round(at_quantile(numbers.random(), _WIDTHS_PX))
    height_px = round(at_quantile(numbers.random(), _HEIGHTS_PX))
    shaping = quirk if quirk in ("rotated_corner_outside", "box_touches_edge") else None
    canvas = Canvas(numbers, (width_px, height_px), STYLES, shaping)
    paint_sea(canvas, FLEET)
    picture = in_three(canvas.picture())
    if quirk == "channels_differ":
        # Two polarizations in one picture: red and green show one of them, blue the other.
        picture.pixels[:, :, 2] = canvas.picture().pixels
    return picture


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its document under the names SSDD uses."""
    stem = f"{number:06d}"
    quirk = _QUIRKS.at(number)
    # The earlier image is in train, the duplicate in test.
    original = twin_of("ssdd", number, nearest=3) if quirk == "duplicate" else number
    picture = paint(keyed("ssdd", "picture", original), _QUIRKS.at(original))
    split = "test" if number % 10 in (1, 9) else "train"
    members = (
        Member(f"{_ROOT}/JPEGImages_{split}/{stem}.jpg", jpeg_of(picture)),
        Member(f"{_ROOT}/Annotations_{split}/{stem}.xml", _document(stem, picture)),
    )
    quirks: list[Quirk] = []
    if original != number:
        quirks.append(repeated(stem, f"{original:06d}", len(picture.targets)))
    if _QUIRKS.at(original) == "channels_differ":
        quirks.append(Quirk("channels_differ", stem))
    for index, target in enumerate(picture.targets):
        quirks += _target_quirks(stem, index, target, picture)
    return Sample(members, len(picture.targets), tuple(quirks))


LAYOUT = Layout("ssdd", "Official-SSDD-OPEN.zip", 1160, sample, traits=("three_equal_channels",))


def _target_quirks(stem: str, index: int, target: Target, picture: Picture) -> list[Quirk]:
    last_x, last_y = (side_px - 1 for side_px in picture.size_px)
    quirks: list[Quirk] = []
    if any(not (0 <= x <= last_x and 0 <= y <= last_y) for x, y in target.corners_px):
        quirks.append(Quirk("rotated_corner_outside", stem, index))
    box = target.box
    touches_low = box.x_min_px == 0 or box.y_min_px == 0
    if touches_low or box.x_max_px == last_x or box.y_max_px == last_y:
        quirks.append(Quirk("box_touches_edge", stem, index))
    return quirks


def _document(stem: str, picture: Picture) -> bytes:
    width_px, height_px = picture.size_px
    size = [("width", width_px), ("height", height_px), ("depth", 3)]
    head: list[Element] = [
        ("folder", "JPEGImages"),
        ("filename", f"{stem}.jpg"),
        ("path", "JPEGImages"),
        ("size", size),
    ]
    objects: list[Element] = [("object", _object(target)) for target in picture.targets]
    return voc.document([*head, *objects], indent="\t")


def _object(target: Target) -> list[Element]:
    x_min, y_min, x_max, y_max = target.box
    sides = [("bbox_w", x_max - x_min), ("bbox_h", y_max - y_min)]
    rotated = (*target.cxcywh_px, target.theta_deg)
    names = ("cx", "cy", "w", "h", "theta")
    spread: list[Element] = [
        (f"rotated_bbox_{name}", value) for name, value in zip(names, rotated, strict=True)
    ]
    for number, (x, y) in enumerate(target.corners_px, start=1):
        spread += [(f"x{number}", x), (f"y{number}", y)]
    return [
        *voc.object_head("ship"),
        ("bndbox", [*voc.corners(x_min, y_min, x_max, y_max), *sides]),
        ("rotated_bndbox", spread),
        ("segm", [(f"point-{i}", f"{x},{y}") for i, (x, y) in enumerate(target.polygon, start=1)]),
    ]
