"""The ten parts of SARDet-100K: how many images of each, and how chips of each look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sarchat_build.synthetic.layouts import (
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
from sarchat_build.synthetic.pictures import scene
from sarchat_build.synthetic.pictures.apron import Traffic, airport_picture
from sarchat_build.synthetic.pictures.files import to_bmp, to_jpeg, to_png
from sarchat_build.synthetic.pictures.fleet import Fleet, ships_of
from sarchat_build.synthetic.pictures.keyed import geometric
from sarchat_build.synthetic.pictures.target import Picture

_CHIP_PX = 512
_CHIP_FLEET = Fleet(geometric(2.15, 12), air_sarship_1.FLEET.lengths_px)
_CHIP_TRAFFIC = Traffic(mean_extra=1.4, most=20, px_per_m=(1.2, 2.6))


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
class Part:
    """One of the ten sources: its images here, how they look, the type of their files."""

    images: int
    paint: Callable[[np.random.Generator], Picture]
    extension: str = "jpg"

    def encoded(self, picture: Picture) -> bytes:
        """Give the bytes of the file that this source's pictures are stored in."""
        if self.extension == "jpg":
            return to_jpeg(picture.pixels, picture.quality)
        return to_png(picture.pixels) if self.extension == "png" else to_bmp(picture.pixels)


# Images of each source after cropping (SARDet-100K, table of sources).
PARTS = (
    Part(501, _air_chip, "bmp"),
    Part(300, _air_scene, "bmp"),
    Part(5604, hrsid.paint),
    Part(30158, _msar_patch),
    Part(883, sadd.paint, "bmp"),
    Part(18888, _airport_chip),
    Part(39729, sar_ship_dataset.paint),
    Part(1160, ssdd.paint, "bmp"),
    Part(18331, ogsod.paint, "png"),
    Part(1044, _vehicles),
)
