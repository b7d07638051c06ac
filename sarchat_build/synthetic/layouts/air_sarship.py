"""AIR-SARShip-1.0 and 2.0: 16-bit scenes of 3,000 and 1,000 px; VOC, then FAIR1M documents."""

from __future__ import annotations

import numpy as np

from sarchat_build.synthetic.archive import Layout, Member, Sample
from sarchat_build.synthetic.common import encoded
from sarchat_build.synthetic.formats import fair1m, voc
from sarchat_build.synthetic.formats.xml import Element
from sarchat_build.synthetic.pictures.canvas import Canvas, Style
from sarchat_build.synthetic.pictures.noise import between, geometric, keyed
from sarchat_build.synthetic.pictures.scenes import Fleet, paint_sea
from sarchat_build.synthetic.pictures.shapes import Target
from sarchat_build.synthetic.planted import Quirk

_SIDE_1_PX, _SIDE_2_PX = 3000, 1000
STYLES = (
    Style(50, 1, (1.5, 1.3), (8, 20), (140, 300), (0.0, 5.0), 0.4, 85),
    Style(50, 1, (2.0, 1.7), (18, 40), (170, 320), (0.0, 4.0), 0.6, 85),
)
# 487 ships in 31 scenes by the authors' file list, each whole in some chip.
FLEET_1 = Fleet(geometric(16.5, 70), (14, 20, 26, 38, 55, 85, 130, 160, 185))
# 6.80 ships per scene on average.
FLEET_2 = Fleet(geometric(6.6, 40), (14, 18, 24, 36, 55, 85, 140, 190, 250))
_COUNTS_PER_GRAY = (20.0, 60.0)
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def sample_1(number: int) -> Sample:
    """Give scene `number` (from 1) of version 1.0 and its document, whose name has a suffix."""
    tiff, targets = _painted("air_sarship_1", number, _SIDE_1_PX, FLEET_1)
    objects = [voc.VocObject("ship", target.box) for target in targets]
    elements = voc.annotation(
        objects, filename=f"{number}.tiff", size_px=(_SIDE_1_PX, _SIDE_1_PX), depth=1
    )
    # Chinese in the metadata, as published: sea state and the size of the scene.
    source: Element = ("source", f"高分三号 海况{number % 5}级 {_SIDE_1_PX}×{_SIDE_1_PX}")
    document = voc.document(
        [source, *elements], indent="\t", encoding="utf-8", declaration=_DECLARATION
    )
    members = (
        Member(f"AIR-SARShip-1.0-data/{number}.tiff", tiff),
        Member(f"AIR-SARShip-1.0-xml/{number}-label.xml", document),
    )
    quirks = (Quirk("label_suffix", str(number)), Quirk("sixteen_bit", str(number)))
    return Sample(members, len(targets), quirks)


def sample_2(number: int) -> Sample:
    """Give scene `number` (from 1) of version 2.0 and its document, which states no size."""
    tiff, targets = _painted("air_sarship_2", number, _SIDE_2_PX, FLEET_2)
    objects = [
        fair1m.Fair1mObject("ship", ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        for x0, y0, x1, y1 in (target.box for target in targets)
    ]
    members = (
        Member(f"AIR-SARShip-2.0-data/{number}.tiff", tiff),
        Member(
            f"AIR-SARShip-2.0-xml/{number}.xml",
            fair1m.document(objects, filename=f"{number}.tiff"),
        ),
    )
    quirks = (Quirk("no_size", str(number)), Quirk("sixteen_bit", str(number)))
    return Sample(members, len(targets), quirks)


LAYOUT_1 = Layout(
    source_id="air_sarship_1",
    archive_name="AIR-SARShip-1.0.zip",
    published_images=31,
    sample=sample_1,
    chunk_images=1,
    traits=("chinese_in_the_metadata",),
)
LAYOUT_2 = Layout(
    source_id="air_sarship_2",
    archive_name="AIR-SARShip-2.0.zip",
    published_images=300,
    sample=sample_2,
    chunk_images=4,
    traits=("names_are_plain_numbers",),
)


def _painted(
    source_id: str, number: int, side_px: int, fleet: Fleet
) -> tuple[bytes, tuple[Target, ...]]:
    """Paint a scene in the counts of a 16-bit product, strong targets saturated."""
    numbers = keyed(source_id, "picture", number)
    canvas = Canvas(numbers, (side_px, side_px), STYLES)
    paint_sea(canvas, fleet)
    counts = canvas.amplitude() * np.float32(between(numbers, *_COUNTS_PER_GRAY))
    pixels = np.minimum(counts, np.float32(65535)).astype(np.uint16)
    return encoded(pixels, "TIFF"), tuple(canvas.targets)
