"""MSAR-1.0: four classes, VOC in three encodings with Chinese or English names, and gaps."""

from __future__ import annotations

from sarchat_build.reasons import Reason
from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import in_three, jpeg_of
from sarchat_build.synthetic.formats import voc
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture, Style
from sarchat_build.synthetic.pictures.noise import (
    Numbers,
    between,
    geometric,
    keyed,
    weighted,
)
from sarchat_build.synthetic.pictures.scenes import (
    COUNTRY,
    Fleet,
    Traffic,
    add_ships,
    add_tanks,
    paint_airport,
    paint_bridges,
    paint_coast,
    paint_sea,
)
from sarchat_build.synthetic.planted import Expectation, Quirk, Schedule, lost
from sarchat_build.types import Category

_ROOT = "MSAR-1.0 dataset"
_SIDE_PX, _LARGE_PX = 256, 2048
STYLES = (
    Style(60, 1, (1.5, 1.3), (8, 30), (120, 280), (0.0, 4.0), 0.12),
    Style(40, 2, (2.0, 1.6), (25, 60), (170, 320), (0.0, 2.0), 0.10),
)
FLEET = Fleet(geometric(1.9, 14), (9, 12, 15, 24, 36, 55, 95, 130, 180))
_AIRPORTS = (Style(1, 1, (1.2, 1.7), (12.0, 24.0), (110, 220), quality=90),)
_STYLES_OF: dict[Category, tuple[Style, ...]] = {"ship": STYLES, "aircraft": _AIRPORTS}
_TRAFFIC = Traffic(mean_extra=1.3, most=14, px_per_m=(0.7, 1.3))
_BRIDGES, _TANKS = geometric(1.03, 3), geometric(6.8, 40)
# Pictures of each kind, so that the published objects come out: 39,858 ships, 6,368 aircraft,
# 12,319 tanks and 1,851 bridges in 28,449 slices.
_KINDS: tuple[tuple[Category, int], ...] = (
    ("ship", 21200),
    ("aircraft", 3050),
    ("tank", 2400),
    ("bridge", 1800),
)
# One bridge slice of four is large: about what SARDet-100K's 30,158 patches leave room for.
_LARGE_ONE_IN = 4
# One picture in so many holds several classes: ships and tanks on a coast or beside a bridge.
_MIXED_ONE_IN = 3
# Chinese and English names; a document keeps to one of the two languages.
_NAMES: dict[Category, tuple[str, str]] = {
    "ship": ("船只", "ship"),
    "aircraft": ("飞机", "airplane"),
    "tank": ("油罐", "oil-tank"),
    "bridge": ("桥梁", "bridge"),
}
_ENCODINGS = ("utf-8", "gbk", "utf-8-sig", "utf-8")
_QUIRKS = Schedule(
    100,
    {
        9: "zero_size",
        16: "no_document",
        22: "no_size",
        38: "no_object",
        47: "cut_document",
        59: "zero_size",
        64: "wrong_size",
        72: "no_size",
        81: "empty_file",
    },
)
# Objects of these are lost with their images, if they were read at all.
_LOSSES = {
    "no_document": ("inspect_images", Reason.NO_ANNOTATION),
    "no_object": ("inspect_images", Reason.NO_OBJECT),
    "empty_file": ("inspect_images", Reason.EMPTY_FILE),
    "cut_document": ("read_annotations", Reason.XML_PARSE),
}


def paint(numbers: Numbers, *, large_px: int = _LARGE_PX) -> Picture:
    """Paint one gray slice; some with bridges are `large_px` wide and high."""
    kind = _KINDS[weighted(numbers, [share for _, share in _KINDS])][0]
    large = kind == "bridge" and not numbers.integers(_LARGE_ONE_IN)
    side_px, mixed = large_px if large else _SIDE_PX, not numbers.integers(_MIXED_ONE_IN)
    canvas = Canvas(numbers, (side_px, side_px), _STYLES_OF.get(kind, COUNTRY))
    if kind == "aircraft":
        paint_airport(canvas, _TRAFFIC)
    elif kind == "ship":
        paint_sea(canvas, FLEET)
    elif kind == "tank":
        if mixed:
            paint_coast(canvas, canvas.level, canvas.level * between(numbers, 0.1, 0.3))
        add_tanks(canvas, 1 + weighted(numbers, _TANKS))
    else:
        paint_bridges(canvas, 1 + weighted(numbers, _BRIDGES))
    # Tanks stand where a ship's or a bridge's picture has land.
    if mixed and kind in ("ship", "bridge") and canvas.relief is not None:
        add_tanks(canvas, int(numbers.integers(1, 4)))
    if mixed and kind in ("tank", "bridge"):
        add_ships(canvas, int(numbers.integers(1, 4)), FLEET, (120, 280))
    return canvas.picture()


def sample(number: int) -> Sample:
    """Give slice `number` (from 1) and its document, if it has one."""
    stem = f"{number:02d}"
    kind = _QUIRKS.at(number)
    picture = paint(keyed("msar", "picture", number))
    objects = 0 if kind in ("no_object", "no_document") else len(picture.targets)
    jpeg = b"" if kind == "empty_file" else jpeg_of(in_three(picture))
    members = [Member(f"{_ROOT}/JPEGImages/{stem}.jpg", jpeg)]
    if kind != "no_document":
        document = _document(stem, number, picture, objects, kind)
        readable = len(document) // 2 if kind == "cut_document" else len(document)
        members.append(Member(f"{_ROOT}/Annotations/{stem}.xml", document[:readable]))
    if kind == "cut_document":
        objects = 0
    quirks = [] if kind is None else [_quirk(kind, stem, objects)]
    return Sample(tuple(members), objects, tuple(quirks))


LAYOUT = Layout(
    "msar",
    "MSAR-1.0 dataset.zip",
    28449,
    sample,
    traits=(
        "three_encodings",
        "chinese_and_english_names",
        "large_bridge_slices",
        "pixels_counted_from_1",
    ),
)


def _quirk(kind: str, stem: str, objects: int) -> Quirk:
    if kind in _LOSSES:
        return lost(kind, stem, *_LOSSES[kind], instances=objects)
    if kind == "wrong_size":
        return Quirk(kind, stem, expect=Expectation("warning", "normalize", Reason.SIZE_MISMATCH))
    return Quirk(kind, stem)


def _document(stem: str, number: int, picture: Picture, objects: int, kind: str | None) -> bytes:
    """Write Chinese names in one document of two, in an encoding that nothing declares."""
    language = choose(2, "msar", "names", number)
    listed = [
        voc.VocObject(_NAMES[target.category][language], target.box)
        for target in picture.targets[:objects]
    ]
    width_px, height_px = picture.size_px
    odd = {"no_size": None, "zero_size": (0, 0), "wrong_size": (width_px + 10, height_px)}
    elements = voc.annotation(
        listed,
        filename=f"{stem}.jpg",
        folder="JPEGImages",
        size_px=odd.get(kind or "", picture.size_px),
        depth=3,
        origin=1,
        max_edge_inclusive=True,
    )
    encoding = _ENCODINGS[choose(len(_ENCODINGS), "msar", "encoding", number)]
    return voc.document(elements, indent="\t", encoding=encoding)
