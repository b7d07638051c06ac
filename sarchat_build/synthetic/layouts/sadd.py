"""SADD: 224-px slices of airports, most without aircraft; YOLO text with trailing blanks."""

from __future__ import annotations

from sarchat_build.reasons import Reason
from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import jpeg_of, yolo_objects
from sarchat_build.synthetic.formats import yolo
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import Numbers, keyed
from sarchat_build.synthetic.pictures.scenes import Traffic, paint_airport
from sarchat_build.synthetic.planted import Expectation, Quirk, clipped

_ROOT = "SADD"
_SIDE_PX = 224
_STYLES = (
    Style(2, 1, (1.0, 1.3), (8.0, 22.0), (130, 250), quality=90),
    Style(1, 1, (1.4, 1.0), (8.0, 22.0), (130, 250), quality=90),
)
# 8.87 aircraft in each of the 883 slices that have any (SARDet-100K, table of sources); not all
# that are wanted fit.
_TRAFFIC = Traffic(mean_extra=13.0, most=40, px_per_m=(0.6, 1.15))
_NO_TRAFFIC = Traffic(mean_extra=0.0, most=0, px_per_m=(1.0, 1.0))
# One slice in so many shows a single aircraft from close by.
_CLOSE, _CLOSE_ONE_IN = Traffic(mean_extra=0.0, most=1, px_per_m=(3.0, 4.5)), 40
# Of 2,966 slices 883 hold aircraft; in the files that were seen every third box leaves the slice.
_ALL, _WITH_AIRCRAFT = 2966, 883
_OVERFLOW_PERIOD = 2


def paint(numbers: Numbers, traffic: Traffic | None = None, quirk: str | None = None) -> Picture:
    """Paint a slice with aircraft; with the quirk `box_overflows` the first leaves it."""
    canvas = Canvas(numbers, (_SIDE_PX, _SIDE_PX), _STYLES, quirk)
    paint_airport(canvas, traffic or (_CLOSE if not numbers.integers(_CLOSE_ONE_IN) else _TRAFFIC))
    return canvas.picture()


def sample(number: int) -> Sample:
    """Give slice `number` (from 1), and its label file unless it is one that has none."""
    stem = f"{number:05d}"
    numbers = keyed("sadd", "picture", number)
    image, label = f"{_ROOT}/images/{stem}.jpg", f"{_ROOT}/labels/{stem}.txt"
    if choose(_ALL, "sadd", "aircraft", number) >= _WITH_AIRCRAFT:
        members = [Member(image, jpeg_of(paint(numbers, _NO_TRAFFIC)))]
        kind = "no_label_file" if choose(2, "sadd", "label", number) else "empty_label_file"
        if kind == "empty_label_file":
            members.append(Member(label, b""))
        loss = Expectation("reject", "inspect_images", Reason.NO_OBJECT, images=1)
        return Sample(tuple(members), 0, (Quirk(kind, stem, expect=loss),))
    quirk = None if number % _OVERFLOW_PERIOD else "box_overflows"
    picture = paint(numbers, quirk=quirk)
    text = yolo.document(yolo_objects(picture, ("aircraft",)), line_end=" \n")
    members = [Member(image, jpeg_of(picture)), Member(label, text)]
    quirks = (clipped(stem, 0),) if quirk else ()
    return Sample(tuple(members), len(picture.targets), quirks)


LAYOUT = Layout("sadd", "SADD.zip", _ALL, sample, traits=("trailing_blank_on_every_line",))
