"""OGSOD-1.0: 256-px PNG of bridges, harbors and storage tanks; YOLO text beside each folder."""

from __future__ import annotations

from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import in_three, png_of, yolo_objects
from sarchat_build.synthetic.formats import yolo
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture
from sarchat_build.synthetic.pictures.noise import Numbers, geometric, keyed, weighted
from sarchat_build.synthetic.pictures.scenes import (
    COUNTRY,
    add_tanks,
    paint_bridges,
    paint_harbors,
)
from sarchat_build.synthetic.planted import Quirk, Schedule, clipped, degenerate
from sarchat_build.types import Category

_ROOT = "OGSOD-1.0/sar"
_SIDE_PX = 256
_CLASSES: tuple[Category, ...] = ("bridge", "harbor", "tank")
# Kinds of pictures and objects in each, so that the sum of the classes comes out as in
# SARDet-100K without MSAR: some 29,000 bridges, 4,000 harbors, 15,000 tanks in 18,331 images.
_KINDS = (12500, 3000, 2830)
_PAINTERS = (paint_bridges, paint_harbors, add_tanks)
_COUNTS = (geometric(2.45, 9), geometric(1.4, 3), geometric(6.2, 36))
# One bridge or harbor picture in so many has a few tanks on its land, too.
_TANKS_ONE_IN, _MOST_TANKS = (16, 4), 5
# The official split is 4 : 1; both folders number their images from 1.
_TEST_PERIOD = 5
_QUIRKS = Schedule(
    60, {7: "channels_differ", 18: "box_overflows", 33: "degenerate_box", 48: "box_overflows"}
)


def paint(numbers: Numbers, quirk: str | None = None) -> Picture:
    """Paint one picture of one of the three classes, in three channels."""
    canvas = paint_canvas(numbers, quirk)
    picture = in_three(canvas.picture())
    if quirk == "channels_differ":
        picture.pixels[:, :, 2] = canvas.picture().pixels
    return picture


def paint_canvas(numbers: Numbers, quirk: str | None = None) -> Canvas:
    """Paint bridges, harbors or tanks, some of the first two with tanks beside them."""
    kind = weighted(numbers, _KINDS)
    canvas = Canvas(numbers, (_SIDE_PX, _SIDE_PX), COUNTRY, quirk)
    _PAINTERS[kind](canvas, 1 + weighted(numbers, _COUNTS[kind]))
    if kind < len(_TANKS_ONE_IN) and not numbers.integers(_TANKS_ONE_IN[kind]):
        add_tanks(canvas, int(numbers.integers(1, _MOST_TANKS + 1)))
    return canvas


def sample(number: int) -> Sample:
    """Give picture `number` (from 1) and its label file."""
    passed = number // _TEST_PERIOD
    test = number % _TEST_PERIOD == 0
    split, name = ("test", f"{passed}") if test else ("train", f"{number - passed}")
    stem, quirk = f"{split}/{name}", _QUIRKS.at(number)
    picture = paint(keyed("ogsod", "picture", number), quirk)
    objects = yolo_objects(picture, _CLASSES)
    quirks: list[Quirk] = []
    if quirk == "box_overflows":
        quirks.append(clipped(stem, 0))
    elif quirk == "channels_differ":
        quirks.append(Quirk(quirk, stem))
    elif quirk == "degenerate_box":
        x, y, _, height = objects[-1].box
        objects.append(yolo.YoloObject(objects[-1].class_index, (x, y, 0.0, height)))
        quirks.append(degenerate(stem, len(objects) - 1))
    members = (
        Member(f"{_ROOT}/images/{stem}.png", png_of(picture.pixels)),
        Member(f"{_ROOT}/labels/{stem}.txt", yolo.document(objects, decimals=6)),
    )
    return Sample(members, len(objects), tuple(quirks))


LAYOUT = Layout(
    "ogsod",
    "OGSOD-1.0.zip",
    18331,
    sample,
    traits=("same_names_in_train_and_test",),
)
