"""AIR-SARShip-1.0: thirty-one 16-bit scenes of 3,000 px; VOC under `<scene>-label.xml`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sarchat_build.synthetic.archive import Layout, Member, Sample, nothing_closes
from sarchat_build.synthetic.formats import voc
from sarchat_build.synthetic.formats.xml import Element
from sarchat_build.synthetic.pictures import scene
from sarchat_build.synthetic.pictures.files import to_tiff
from sarchat_build.synthetic.pictures.fleet import Fleet, ships_of
from sarchat_build.synthetic.pictures.keyed import between, geometric, keyed
from sarchat_build.synthetic.pictures.seascape import Style
from sarchat_build.synthetic.pictures.target import Target, corners_of
from sarchat_build.synthetic.planted import Quirk

_ROOT = "AIR-SARShip-1.0"
_SIDE_PX = 3000
STYLES = (
    Style(50, 1, (1.5, 1.3), (8, 20), (140, 300), (0.0, 5.0), 0.4, 85),
    Style(50, 1, (2.0, 1.7), (18, 40), (170, 320), (0.0, 4.0), 0.6, 85),
)
# 487 ships in 31 scenes by the authors' file list, each whole in some chip.
FLEET = Fleet(geometric(16.5, 70), (14, 20, 26, 38, 55, 85, 130, 160, 185))
_COUNTS_PER_GRAY = (20.0, 60.0)
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def paint_16_bit(
    numbers: np.random.Generator, side_px: int, fleet: Fleet
) -> tuple[npt.NDArray[np.uint16], tuple[Target, ...]]:
    """Paint a scene in the counts of a 16-bit product, and give its ships."""
    canvas, targets, _ = ships_of(numbers, side_px, side_px, STYLES, fleet)
    return scene.to_16_bit(canvas, between(numbers, *_COUNTS_PER_GRAY)), targets


def sample(number: int) -> Sample:
    """Give scene `number` (from 1) and its document, whose name has a suffix."""
    numbers = keyed("air_sarship_1", "picture", number)
    pixels, targets = paint_16_bit(numbers, _SIDE_PX, FLEET)
    members = (
        Member(f"{_ROOT}-data/{number}.tiff", to_tiff(pixels)),
        Member(f"{_ROOT}-xml/{number}-label.xml", _document(number, targets)),
    )
    quirks = (Quirk("label_suffix", str(number)), Quirk("sixteen_bit", str(number)))
    return Sample(members, len(targets), quirks)


LAYOUT = Layout(
    "air_sarship_1",
    "AIR-SARShip-1.0.zip",
    31,
    sample,
    nothing_closes,
    1,
    traits=("chinese_in_the_metadata",),
)


def _document(number: int, targets: tuple[Target, ...]) -> bytes:
    things = [voc.VocObject("ship", corners_of(target.box)) for target in targets]
    elements = voc.annotation(
        things, filename=f"{number}.tiff", size_px=(_SIDE_PX, _SIDE_PX), depth=1
    )
    # Chinese in the metadata, as published: sea state and the size of the scene.
    source: list[Element] = [("source", f"高分三号 海况{number % 5}级 {_SIDE_PX}×{_SIDE_PX}")]
    return voc.document(
        [*source, *elements], indent="\t", encoding="utf-8", declaration=_DECLARATION
    )
