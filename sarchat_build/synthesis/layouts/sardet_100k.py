"""SARDet-100K: ten sources in one flat count of names, COCO JSON for train, val and test.

The pictures are of the same kinds as the ten archives', in the same proportions; they are not the
same pictures, so building both finds no picture twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sarchat_build.synthesis.archive import Layout, LongMember, Member, Note, Sample, Topic
from sarchat_build.synthesis.formats import coco
from sarchat_build.synthesis.layouts import (
    air_sarship_1,
    air_sarship_2,
    hrsid,
    msar,
    ogsod,
    sadd,
    sar_aircraft,
    sar_ship_dataset,
    sived,
    ssdd,
)
from sarchat_build.synthesis.layouts.shared import split_of
from sarchat_build.synthesis.pictures import scene
from sarchat_build.synthesis.pictures.apron import Traffic, airport_picture
from sarchat_build.synthesis.pictures.files import to_bmp, to_jpeg, to_png
from sarchat_build.synthesis.pictures.fleet import Fleet, ships_of
from sarchat_build.synthesis.pictures.keyed import geometric, keyed, weighted
from sarchat_build.synthesis.pictures.target import Picture
from sarchat_build.synthesis.planted import Quirk, Schedule, degenerate
from sarchat_build.types import CATEGORIES

_ROOT = "SARDet_100K"
_CHIP_PX = 512
_SPLITS = (("train", 94493), ("val", 10492), ("test", 11613))
_CHIP_FLEET = Fleet(geometric(2.15, 12), air_sarship_1.FLEET.lengths_px)
_CHIP_TRAFFIC = Traffic(mean_extra=1.4, most=20, px_per_m=(1.2, 2.6))
_QUIRKS = Schedule(60, {31: "degenerate_box"})
# Numbers of one block of this many images are permuted to ids, so that names do not tell them.
_BLOCK, _FACTOR, _SHIFT = 1024, 389, 7622
_MOST_OBJECTS = 100


def _air_chip(numbers: np.random.Generator) -> Picture:
    return _ships(numbers, _CHIP_PX, _CHIP_FLEET)


def _air_scene(numbers: np.random.Generator) -> Picture:
    return _ships(numbers, 1000, air_sarship_2.FLEET)


def _ships(numbers: np.random.Generator, side_px: int, fleet: Fleet) -> Picture:
    styles = air_sarship_1.STYLES
    canvas, targets, style = ships_of(numbers, side_px, side_px, styles, fleet)
    return Picture(scene.to_gray(canvas), targets, style.quality)


def _msar_patch(numbers: np.random.Generator) -> Picture:
    return msar.paint(numbers, large_px=_CHIP_PX)


def _airport_chip(numbers: np.random.Generator) -> Picture:
    return airport_picture(numbers, _CHIP_PX, sar_aircraft.PRODUCTS, _CHIP_TRAFFIC)


def _vehicles(numbers: np.random.Generator) -> Picture:
    return sived.paint(numbers, grid=bool(numbers.random() < 0.31))


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the ten sources: its images here, how they look, the type of their files."""

    images: int
    paint: Callable[[np.random.Generator], Picture]
    extension: str = "jpg"


# Images of each source after cropping (SARDet-100K, table of sources).
_PARTS = (
    _Part(501, _air_chip, "bmp"),
    _Part(300, _air_scene, "bmp"),
    _Part(5604, hrsid.paint),
    _Part(30158, _msar_patch),
    _Part(883, sadd.paint, "bmp"),
    _Part(18888, _airport_chip),
    _Part(39729, sar_ship_dataset.paint),
    _Part(1160, ssdd.paint),
    _Part(18331, ogsod.paint, "png"),
    _Part(1044, _vehicles),
)
_ENCODE = {"jpg": to_jpeg, "png": to_png, "bmp": to_bmp}


def sample(number: int) -> Sample:
    """Give image `number` (from 1) and its entries in the JSON of its split."""
    numbers = keyed("sardet_100k", "picture", number)
    part = _PARTS[weighted(numbers, [part.images for part in _PARTS])]
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
        flat = (picture.width_px - 33.0, 1.0, 33.0, 0.0)
        entries.append(_entry(number, len(entries), image_id, entries[0].category_id, flat))
    image = coco.CocoImage(
        image_id, f"{stem}.{part.extension}", picture.width_px, picture.height_px
    )
    return Sample(
        (Member(f"{_ROOT}/JPEGImages/{split}/{image.file_name}", _encoded(picture, part)),),
        len(entries),
        quirks,
        (
            Note(f"{split}/images", coco.image_entry(image)),
            *(Note(f"{split}/annotations", coco.annotation_entry(entry)) for entry in entries),
        ),
    )


def documents(images: int) -> tuple[LongMember, ...]:
    """Give the JSON of each split, made of what its images noted."""
    before, between, after = coco.frame(list(enumerate(CATEGORIES)))
    return tuple(
        LongMember(
            f"{_ROOT}/Annotations/{split}.json",
            (before, Topic(f"{split}/images"), between, Topic(f"{split}/annotations"), after),
        )
        for split, _ in _SPLITS
    )


LAYOUT = Layout("sardet_100k", "SARDet_100K.zip", 116598, sample, documents)


def _encoded(picture: Picture, part: _Part) -> bytes:
    if part.extension == "jpg":
        return to_jpeg(picture.pixels, picture.quality)
    return _ENCODE[part.extension](picture.pixels)


def _image_id(number: int) -> int:
    """Permute numbers within blocks; the factor is odd, so no two share an id."""
    block, place = divmod(number, _BLOCK)
    return block * _BLOCK + (place * _FACTOR + _SHIFT) % _BLOCK


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
