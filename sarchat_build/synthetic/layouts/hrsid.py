"""HRSID: 800-px tiles of panoramas with ships, and COCO JSON with polygons for train and test."""

from __future__ import annotations

from sarchat_build.synthetic.archive import Layout, LongMember, Member, Sample
from sarchat_build.synthetic.common import coco_documents, coco_notes, in_three, jpeg_of, split_of
from sarchat_build.synthetic.formats import coco
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import Numbers, geometric, keyed
from sarchat_build.synthetic.pictures.scenes import Fleet, paint_sea
from sarchat_build.synthetic.pictures.shapes import Target
from sarchat_build.synthetic.planted import Quirk, Schedule, degenerate

_ROOT = "HRSID_JPG"
_SIDE_PX = 800
STYLES = (
    Style(45, 1, (1.3, 1.2), (2, 9), (110, 240), (0.0, 5.0), 0.15),
    Style(35, 2, (1.6, 1.4), (9, 28), (130, 280), (0.0, 3.0), 0.20),
    Style(20, 1, (2.0, 1.6), (20, 50), (160, 300), (0.0, 2.0), 0.20),
)
# 3.03 ships per tile on average, half of them below 45 px.
FLEET = Fleet(geometric(3.1, 40), (7, 10, 14, 26, 43, 76, 160, 240, 380))
# A panorama of 5,000 × 2,600 px or so gives eight tiles by five, the last of a row shifted back.
_COLUMNS = (0, 600, 1200, 1800, 2400, 3000, 3600, 4163)
_ROWS = (0, 600, 1200, 1800, 2263)
_TILES = len(_COLUMNS) * len(_ROWS)
_SPLITS = (("train2017", 3642), ("test2017", 1962))
_QUIRKS = Schedule(60, {23: "degenerate_box"})
_NO_AREA = (0.0, 0.0, 0.0, 0.0)


def paint(numbers: Numbers) -> Picture:
    """Paint one gray tile."""
    canvas = Canvas(numbers, (_SIDE_PX, _SIDE_PX), STYLES)
    paint_sea(canvas, FLEET)
    return canvas.picture()


def sample(number: int) -> Sample:
    """Give tile `number` (from 1) and its entries in the JSON of its split."""
    stem = _stem(number)
    picture = paint(keyed("hrsid", "picture", number))
    split = split_of("hrsid", number, _SPLITS)
    entries = [_annotation(number, index, target) for index, target in enumerate(picture.targets)]
    quirks: tuple[Quirk, ...] = ()
    if _QUIRKS.at(number) == "degenerate_box":
        # As the published one: a box of zeros and a polygon without height.
        flat = ((0.0, 0.0, 9.0, 0.0, 21.0, 0.0),)
        index = len(entries)
        entries.append(coco.CocoAnnotation(_id(number, index), number, 1, _NO_AREA, 0.0, flat))
        quirks = (degenerate(stem, index),)
    extra = (("license", 1), ("url", ""), ("date_captured", "2019-07-25"))
    image = coco.CocoImage(number, f"{stem}.jpg", _SIDE_PX, _SIDE_PX, extra)
    return Sample(
        (Member(f"{_ROOT}/JPEGImages/{stem}.jpg", jpeg_of(in_three(picture))),),
        len(entries),
        quirks,
        coco_notes(split, image, entries),
    )


def documents(images: int) -> tuple[LongMember, ...]:
    """Give the JSON of each split, made of what its tiles noted."""
    head = {"info": {"description": "HRSID", "year": 2019}, "licenses": [], "type": "instances"}
    return coco_documents(f"{_ROOT}/annotations", _SPLITS, coco.frame([(1, "ship")], head))


LAYOUT = Layout(
    "hrsid",
    "HRSID_JPG.zip",
    5604,
    sample,
    documents,
    traits=("panoramas_in_train_and_test", "box_ends_one_past_the_polygon", "three_equal_channels"),
)


def _stem(number: int) -> str:
    panorama, tile = divmod(number - 1, _TILES)
    y_px, x_px = _ROWS[tile // len(_COLUMNS)], _COLUMNS[tile % len(_COLUMNS)]
    return f"P{panorama + 1:04d}_{y_px}_{y_px + _SIDE_PX}_{x_px}_{x_px + _SIDE_PX}"


def _id(number: int, index: int) -> int:
    return number * 100 + index


def _annotation(number: int, index: int, target: Target) -> coco.CocoAnnotation:
    """Take the box from the polygon's mask, as HRSID does: its end is the polygon's maximum + 1."""
    columns, rows = zip(*target.polygon, strict=True)
    x_px, y_px = min(columns), min(rows)
    bbox = (x_px, y_px, max(columns) - x_px + 1, max(rows) - y_px + 1)
    ring = tuple(float(value) for point in target.polygon for value in point)
    following = [*target.polygon[1:], target.polygon[0]]
    twice = sum(a * d - b * c for (a, b), (c, d) in zip(target.polygon, following, strict=True))
    return coco.CocoAnnotation(_id(number, index), number, 1, bbox, abs(twice) / 2, (ring,))
