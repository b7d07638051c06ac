"""AIR-SARShip-2.0: 300 16-bit scenes of 1,000 px; FAIR1M documents that state no size."""

from __future__ import annotations

from sarchat_build.synthetic.archive import Layout, Member, Sample, nothing_closes
from sarchat_build.synthetic.formats import fair1m
from sarchat_build.synthetic.layouts.air_sarship_1 import paint_16_bit
from sarchat_build.synthetic.pictures.files import to_tiff
from sarchat_build.synthetic.pictures.fleet import Fleet
from sarchat_build.synthetic.pictures.keyed import geometric, keyed
from sarchat_build.synthetic.pictures.target import corners_of
from sarchat_build.synthetic.planted import Quirk

_ROOT = "AIR-SARShip-2.0"
_SIDE_PX = 1000
# 6.80 ships per scene on average.
FLEET = Fleet(geometric(6.6, 40), (14, 18, 24, 36, 55, 85, 140, 190, 250))


def sample(number: int) -> Sample:
    """Give scene `number` (from 1) and its document."""
    numbers = keyed("air_sarship_2", "picture", number)
    pixels, targets = paint_16_bit(numbers, _SIDE_PX, FLEET)
    things = [
        fair1m.Fair1mObject("ship", ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        for x0, y0, x1, y1 in (corners_of(target.box) for target in targets)
    ]
    document = fair1m.document(things, filename=f"{number}.tiff")
    members = (
        Member(f"{_ROOT}-data/{number}.tiff", to_tiff(pixels)),
        Member(f"{_ROOT}-xml/{number}.xml", document),
    )
    quirks = (Quirk("no_size", str(number)), Quirk("sixteen_bit", str(number)))
    return Sample(members, len(targets), quirks)


LAYOUT = Layout(
    "air_sarship_2",
    "AIR-SARShip-2.0.zip",
    300,
    sample,
    nothing_closes,
    4,
    traits=("names_are_plain_numbers",),
)
