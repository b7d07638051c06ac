"""SIVED: vehicles as rotated boxes, twice over: VOC with angles, DOTA text with corners."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import encoded, split_of
from sarchat_build.synthetic.formats import dota, voc
from sarchat_build.synthetic.formats.xml import Element
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture
from sarchat_build.synthetic.pictures.noise import Numbers, geometric, keyed, weighted
from sarchat_build.synthetic.pictures.scenes import COUNTRY, SAND, paint_chips, paint_parking
from sarchat_build.synthetic.pictures.shapes import Target
from sarchat_build.synthetic.planted import Quirk

_ROOT = "SIVED"
_SIDE_PX, _GRID_CHIP_PX = 512, 128
_SPLITS = (("train", 837), ("valid", 104), ("test", 103))
# Of 1,044 chips 323 are grids of sixteen targets; the other 721 hold 9.5 vehicles on average.
_ALL, _GRIDS = 1044, 323
_COUNTS = geometric(9.6, 60)
# 481 of 12,013 angles in the XML disagree with the corners in the text.
_ODD_ANGLES_OF_1000 = 40
_TURN_DEG = 15.0


def paint(numbers: Numbers, *, grid: bool) -> Picture:
    """Paint sixteen targets on their grid, or lots and roads with vehicles."""
    canvas = Canvas(numbers, (_SIDE_PX, _SIDE_PX), SAND if grid else COUNTRY)
    if grid:
        paint_chips(canvas, _GRID_CHIP_PX)
    else:
        paint_parking(canvas, 1 + weighted(numbers, _COUNTS))
    return canvas.picture()


def is_grid(*key: str | int) -> bool:
    """Say whether the chip with this key is a grid of sixteen targets."""
    return choose(_ALL, *key) < _GRIDS


def sample(number: int) -> Sample:
    """Give chip `number` (from 1): the image twice and once drawn on, XML and text."""
    grid = is_grid("sived", "grid", number)
    sensor = "MSTAR" if grid else ("FARAD", "MiniSAR")[choose(2, "sived", "sensor", number)]
    stem = f"{sensor}_{number}"
    split = split_of("sived", number, _SPLITS)
    picture = paint(keyed("sived", "picture", number), grid=grid)
    odd = frozenset(
        index
        for index in range(len(picture.targets))
        if choose(1000, "sived", "angle", number, index) < _ODD_ANGLES_OF_1000
    )
    jpeg = encoded(picture.pixels, "JPEG", quality=85)
    text = dota.document(dota.DotaObject(_corners(target), "Vehicle") for target in picture.targets)
    members = (
        Member(f"{_ROOT}/Annotations/{stem}.xml", _document(stem, sensor, picture, odd)),
        Member(f"{_ROOT}/JPEGImages/{stem}.jpg", jpeg),
        Member(f"{_ROOT}/VisualImages/{stem}.jpg", _drawn(picture)),
        Member(f"{_ROOT}/ImageSets/images/{split}/{stem}.jpg", jpeg),
        Member(f"{_ROOT}/ImageSets/labelTxt/{split}/{stem}.txt", text),
    )
    quirks = tuple(Quirk("angle_disagrees", stem, index) for index in sorted(odd))
    return Sample(members, len(picture.targets), quirks)


LAYOUT = Layout(
    "sived",
    "SIVED.zip",
    _ALL,
    sample,
    traits=("every_image_twice", "pictures_with_boxes_drawn_in", "filename_is_the_documents_own"),
)


def _corners(target: Target) -> tuple[float, float, float, float, float, float, float, float]:
    (a, b), (c, d), (e, f), (g, h) = target.corners_px
    return a, b, c, d, e, f, g, h


def _document(stem: str, sensor: str, picture: Picture, odd: frozenset[int]) -> bytes:
    head: list[Element] = [
        ("folder", "SIVED"),
        ("filename", f"{stem}.xml"),
        ("source", sensor),
        ("band", "X" if sensor == "MSTAR" else "Ka"),
        ("resolution", "0.3" if sensor == "MSTAR" else "0.1"),
        ("polarization", "HH"),
        ("size", [("width", _SIDE_PX), ("height", _SIDE_PX), ("depth", 1)]),
        ("segmented", 0),
    ]
    for index, target in enumerate(picture.targets):
        turn = _TURN_DEG if index in odd else 0.0
        angle: Element = ("angle", round(target.theta_deg + turn, 1))
        sides = [*zip(("cx", "cy", "w", "h"), target.cxcywh_px, strict=True), angle]
        fields: list[Element] = [("type", "rbndbox"), ("name", "Vehicle"), ("difficult", 0)]
        head.append(("object", [*fields, ("rbndbox", sides)]))
    return voc.document(head, indent="\t")


def _drawn(picture: Picture) -> bytes:
    """Draw the boxes into a copy: a picture that must never pass for data."""
    image = Image.fromarray(picture.pixels).convert("RGB")
    pen = ImageDraw.Draw(image)
    for target in picture.targets:
        pen.polygon([(x, y) for x, y in target.corners_px], outline=(255, 0, 0))
    return encoded(np.asarray(image), "JPEG", quality=75)
