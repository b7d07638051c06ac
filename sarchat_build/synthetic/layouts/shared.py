"""What several layouts do alike."""

from __future__ import annotations

from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.formats.yolo import YoloObject, shares_of
from sarchat_build.synthetic.pictures.target import Picture
from sarchat_build.types import Category


def yolo_objects(picture: Picture, classes: tuple[Category, ...]) -> list[YoloObject]:
    """Give a picture's targets as YOLO writes them; the index is the place in `classes`."""
    width_px, height_px = picture.width_px, picture.height_px
    return [
        YoloObject(classes.index(target.category), shares_of(target.box, width_px, height_px))
        for target in picture.targets
    ]


def split_of(source_id: str, number: int, shares: tuple[tuple[str, int], ...]) -> str:
    """Put image `number` into a split by its hash; `shares` are names and parts.

    >>> split_of("ssdd", 7, (("train", 1),))
    'train'
    """
    place = choose(sum(share for _, share in shares), source_id, "split", number)
    for name, share in shares:
        if place < share:
            return name
        place -= share
    raise AssertionError("a place lies below the sum of the shares")


def twin_of(source_id: str, number: int, reach: int = 6) -> int:
    """Name the earlier image that a duplicate repeats: one of the `reach` before it."""
    return number - 1 - choose(reach, source_id, "twin", number)
