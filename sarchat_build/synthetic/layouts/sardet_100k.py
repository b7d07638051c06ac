"""SARDet-100K: ten sources in one flat count of names, COCO JSON for train, val and test.

The pictures are of the same kinds as the ten archives', in the same proportions; they are not the
same pictures, so building both finds no picture twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sarchat_build.synthetic.archive import Layout, LongMember, Member, Sample
from sarchat_build.synthetic.common import (
    coco_documents,
    coco_notes,
    encoded,
    jpeg_of,
    png_of,
    split_of,
)
from sarchat_build.synthetic.formats import coco
from sarchat_build.synthetic.layouts import (
    air_sarship,
    hrsid,
    msar,
    ogsod,
    sadd,
    sar_aircraft,
    sar_ship_dataset,
    sived,
    ssdd,
)
from sarchat_build.synthetic.pictures.canvas import Canvas, Picture
from sarchat_build.synthetic.pictures.noise import Numbers, geometric, keyed, weighted
from sarchat_build.synthetic.pictures.scenes import (
    Fleet,
    Traffic,
    add_ships,
    paint_airport,
    paint_sea,
)
from sarchat_build.synthetic.planted import Quirk, Schedule, degenerate
from sarchat_build.types import CATEGORIES

_ROOT = "SARDet_100K"
_SPLITS = (("train", 94493), ("val", 10492), ("test", 11613))
_QUIRKS = Schedule(60, {31: "degenerate_box"})
# Numbers of one block of this many images are permuted to ids, so that names do not tell them.
_BLOCK, _FACTOR, _SHIFT = 1024, 389, 7622
_MOST_OBJECTS = 100
_CHIP_PX = 512
_CHIP_FLEET = Fleet(geometric(2.15, 12), air_sarship.FLEET_1.lengths_px)
_CHIP_TRAFFIC = Traffic(mean_extra=1.4, most=20, px_per_m=(1.2, 2.6))


def _ships(numbers: Numbers, side_px: int, fleet: Fleet) -> Picture:
    canvas = Canvas(numbers, (side_px, side_px), air_sarship.STYLES)
    paint_sea(canvas, fleet)
    return canvas.picture()


def _airport(numbers: Numbers) -> Picture:
    canvas = Canvas(numbers, (_CHIP_PX, _CHIP_PX), sar_aircraft.STYLES)
    paint_airport(canvas, _CHIP_TRAFFIC)
    return canvas.picture()


def _structures(numbers: Numbers) -> Picture:
    """Paint what OGSOD shows; here one harbor in three has ships before it."""
    canvas = ogsod.paint_canvas(numbers)
    if canvas.targets[0].category == "harbor" and not numbers.integers(3):
        add_ships(canvas, 2, sar_ship_dataset.FLEET, (180, 180))
    return canvas.picture()


@dataclass(frozen=True, slots=True)
class Part:
    """One of the ten sources: its images here, their painter, the type of their files."""

    images: int
    paint: Callable[[Numbers], Picture]
    extension: str = "jpg"

    def encoded(self, picture: Picture) -> bytes:
        """Give the bytes of the file that this source's pictures are stored in."""
        if self.extension == "jpg":
            return jpeg_of(picture)
        return png_of(picture.pixels) if self.extension == "png" else encoded(picture.pixels, "BMP")


# Images of each source after cropping (SARDet-100K, table of sources).
PARTS = (
    Part(501, lambda numbers: _ships(numbers, _CHIP_PX, _CHIP_FLEET), "bmp"),
    Part(300, lambda numbers: _ships(numbers, 1000, air_sarship.FLEET_2), "bmp"),
    Part(5604, hrsid.paint),
    Part(30158, lambda numbers: msar.paint(numbers, large_px=_CHIP_PX)),
    Part(883, sadd.paint, "bmp"),
    Part(18888, _airport),
    Part(39729, sar_ship_dataset.paint),
    Part(1160, ssdd.paint, "bmp"),
    Part(18331, _structures, "png"),
    Part(1044, lambda numbers: sived.paint(numbers, grid=numbers.random() < 0.31)),
)


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its entries in the JSON of its split."""
    numbers = keyed("sardet_100k", "picture", number)
    part = PARTS[weighted(numbers, [part.images for part in PARTS])]
    picture = part.paint(numbers)
    split = split_of("sardet_100k", number, _SPLITS)
    stem = f"{number:07d}"
    image_id = _image_id(number)
    entries: list[coco.CocoAnnotation] = []
    for target in picture.targets:
        x0, y0, x1, y1 = target.box
        bbox = (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
        category_id = CATEGORIES.index(target.category)
        entries.append(_entry(number, len(entries), image_id, category_id, bbox))
    quirks: tuple[Quirk, ...] = ()
    if _QUIRKS.at(number) == "degenerate_box":
        quirks = (degenerate(stem, len(entries)),)
        flat = (picture.size_px[0] - 33.0, 1.0, 33.0, 0.0)
        entries.append(_entry(number, len(entries), image_id, entries[0].category_id, flat))
    image = coco.CocoImage(image_id, f"{stem}.{part.extension}", *picture.size_px)
    return Sample(
        (Member(f"{_ROOT}/JPEGImages/{split}/{image.file_name}", part.encoded(picture)),),
        len(entries),
        quirks,
        coco_notes(split, image, entries),
    )


def documents(images: int) -> tuple[LongMember, ...]:
    """Give the JSON of each split, made of what its images noted."""
    return coco_documents(f"{_ROOT}/Annotations", _SPLITS, coco.frame(list(enumerate(CATEGORIES))))


LAYOUT = Layout(
    "sardet_100k",
    "SARDet_100K.zip",
    116598,
    sample,
    documents,
    traits=(
        "flat_names",
        "three_types_of_files",
        "ids_unrelated_to_names",
        "not_the_pixels_of_the_ten_archives",
    ),
)


def _image_id(number: int) -> int:
    """Permute numbers within blocks; the factor is odd, so no two share an id."""
    block, offset = divmod(number, _BLOCK)
    return block * _BLOCK + (offset * _FACTOR + _SHIFT) % _BLOCK


def _entry(
    number: int,
    index: int,
    image_id: int,
    category_id: int,
    bbox: tuple[float, float, float, float],
) -> coco.CocoAnnotation:
    # Ids of annotations run in the same range as ids of images, which has led loaders astray.
    key = (number - 1) * _MOST_OBJECTS + index
    return coco.CocoAnnotation(
        key, image_id, category_id, bbox, bbox[2] * bbox[3], extra=(("ignore", 0),)
    )
