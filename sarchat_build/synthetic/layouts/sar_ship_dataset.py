"""SAR-Ship-Dataset: one flat folder of 256-px chips and YOLO text, with repeats and loose ends."""

from __future__ import annotations

from sarchat_build.reasons import Reason
from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import in_three, jpeg_of, twin_of, yolo_objects
from sarchat_build.synthetic.formats import yolo
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import Numbers, keyed, weighted
from sarchat_build.synthetic.pictures.scenes import Fleet, paint_sea
from sarchat_build.synthetic.planted import Quirk, Schedule, clipped, lost, repeated

_ROOT = "ship_dataset_v0"
_SIDE_PX = 256
# Gaofen-3 and Sentinel-1 products: more looks and grayer seas for the second.
STYLES = (
    Style(30, 1, (1.4, 1.2), (10, 35), (120, 260), (0.0, 3.0), 0.08),
    Style(30, 4, (1.6, 1.6), (18, 45), (150, 280), (0.0, 2.0), 0.12),
    Style(25, 2, (2.0, 1.4), (30, 70), (180, 320), (0.0, 1.5), 0.06),
    Style(15, 4, (1.4, 1.4), (4, 14), (120, 280), (0.0, 5.0), 0.15),
)
# 1.28 ships per chip on average (SARDet-100K, table of sources).
FLEET = Fleet((81, 13, 4, 1.5, 0.7, 0.3), (8, 10, 13, 20, 29, 42, 75, 110, 240))
_POLARIZATIONS = ("hh", "hv", "vh", "vv")
_QUIRKS = Schedule(
    100,
    {
        13: "box_overflows",
        27: "duplicate",
        34: "one_channel",
        41: "blank_lines",
        58: "label_without_image",
        63: "box_overflows",
        77: "duplicate",
        84: "one_channel",
        90: "truncated_image",
    },
)


def paint(numbers: Numbers, quirk: str | None = None) -> Picture:
    """Paint one gray chip."""
    shaping = quirk if quirk == "box_overflows" else None
    canvas = Canvas(numbers, (_SIDE_PX, _SIDE_PX), STYLES, shaping)
    paint_sea(canvas, FLEET)
    return canvas.picture()


def sample(number: int) -> Sample:
    """Give chip `number` (from 1) and its label file."""
    kind = _QUIRKS.at(number)
    original = twin_of("sar_ship_dataset", number) if kind == "duplicate" else number
    content = _QUIRKS.at(original)
    picture = paint(keyed("sar_ship_dataset", "picture", original), content)
    stem = _stem(number, original)
    jpeg = jpeg_of(picture if content == "one_channel" else in_three(picture))
    label = _label(picture, blank=content == "blank_lines")
    members = [Member(f"{_ROOT}/{stem}.jpg", jpeg), Member(f"{_ROOT}/{stem}.txt", label)]
    count = len(picture.targets)
    instances = count
    quirks: list[Quirk] = []
    if content == "box_overflows":
        quirks.append(clipped(stem, 0))
    elif content in ("one_channel", "blank_lines"):
        quirks.append(Quirk(content, stem))
    if kind == "duplicate":
        quirks.append(repeated(stem, _stem(original, original), count))
    elif kind == "truncated_image":
        members[0] = Member(f"{_ROOT}/{stem}.jpg", jpeg[: len(jpeg) // 2])
        quirks.append(lost(kind, stem, "inspect_images", Reason.IMAGE_TRUNCATED, instances=count))
    elif kind == "label_without_image":
        orphan = f"{stem}_removed"
        members.append(Member(f"{_ROOT}/{orphan}.txt", label))
        instances += count
        quirks.append(lost(kind, orphan, "read_annotations", Reason.IMAGE_MISSING, instances=count))
    return Sample(tuple(members), instances, tuple(quirks))


LAYOUT = Layout(
    "sar_ship_dataset",
    "ship_dataset_v0.zip",
    39729,
    sample,
    traits=("flat_folder",),
)


def _stem(number: int, original: int) -> str:
    """Name a chip by sensor and polarization; a repeat has its original's kind of name."""
    polarization = _POLARIZATIONS[choose(4, "sar_ship_dataset", "polarization", original)]
    names = (
        f"Gao_ship_{polarization}_0201608254401{number:08d}",
        f"Sen_ship_{polarization}_0201710160{number:08d}",
        f"newship0{number:08d}",
        f"ship0{number:08d}",
    )
    return names[weighted(keyed("sar_ship_dataset", "name", original), (45, 35, 15, 5))]


def _label(picture: Picture, *, blank: bool) -> bytes:
    objects = yolo_objects(picture, ("ship",))
    if blank:
        after = frozenset(range(len(objects)))
        return yolo.document(objects, decimals=6, separator="  ", blank_lines_after=after)
    return yolo.document(objects, decimals=6)
