"""SARDet-100K: ten sources in one flat count of names, COCO JSON for train, val and test.

The pictures are of the same kinds as the ten archives', in the same proportions; they are not the
same pictures, so building both finds no picture twice.
"""

from __future__ import annotations

from sarchat_build.synthetic.archive import Layout, LongMember, Member, Note, Sample, Topic
from sarchat_build.synthetic.formats import coco
from sarchat_build.synthetic.layouts.sardet_parts import PARTS
from sarchat_build.synthetic.layouts.shared import split_of
from sarchat_build.synthetic.pictures.keyed import keyed, weighted
from sarchat_build.synthetic.planted import Quirk, Schedule, degenerate
from sarchat_build.types import CATEGORIES

_ROOT = "SARDet_100K"
_SPLITS = (("train", 94493), ("val", 10492), ("test", 11613))
_QUIRKS = Schedule(60, {31: "degenerate_box"})
# Numbers of one block of this many images are permuted to ids, so that names do not tell them.
_BLOCK, _FACTOR, _SHIFT = 1024, 389, 7622
_MOST_OBJECTS = 100


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
        flat = (picture.width_px - 33.0, 1.0, 33.0, 0.0)
        entries.append(_entry(number, len(entries), image_id, entries[0].category_id, flat))
    image = coco.CocoImage(
        image_id, f"{stem}.{part.extension}", picture.width_px, picture.height_px
    )
    return Sample(
        (Member(f"{_ROOT}/JPEGImages/{split}/{image.file_name}", part.encoded(picture)),),
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
