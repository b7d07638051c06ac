"""What several layouts share: encoded pictures, YOLO objects, splits and twins by hash."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image

from sarchat_build.stable_hash import choose
from sarchat_build.synthetic.archive import LongMember, Note, Topic
from sarchat_build.synthetic.formats import coco
from sarchat_build.synthetic.formats.yolo import YoloObject, shares_of
from sarchat_build.synthetic.pictures.canvas import Gray, Picture
from sarchat_build.types import Category


def encoded(pixels: npt.NDArray[np.generic], file_format: str, **options: int) -> bytes:
    """Encode pixels with Pillow: JPEG, PNG or BMP of 8 bits, TIFF of 8 or 16.

    >>> encoded(np.zeros((2, 3), np.uint8), "BMP")[:2]
    b'BM'
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def jpeg_of(picture: Picture) -> bytes:
    """Encode a picture as JPEG of its own quality."""
    return encoded(picture.pixels, "JPEG", quality=picture.quality)


def png_of(pixels: Gray) -> bytes:
    """Encode pixels as PNG; level 1 is fast and finds that three channels repeat each other."""
    return encoded(pixels, "PNG", compress_level=1)


def in_three(picture: Picture) -> Picture:
    """Repeat gray (h, w) as three equal channels."""
    pixels = np.repeat(picture.pixels[:, :, None], 3, axis=2)
    return Picture(pixels, picture.targets, picture.quality)


def coco_notes(
    split: str, image: coco.CocoImage, entries: Iterable[coco.CocoAnnotation]
) -> tuple[Note, ...]:
    """Give what an image adds to the JSON of its split."""
    return (
        Note(f"{split}/images", coco.image_entry(image)),
        *(Note(f"{split}/annotations", coco.annotation_entry(entry)) for entry in entries),
    )


def coco_documents(
    folder: str, splits: tuple[tuple[str, int], ...], frame: tuple[bytes, bytes, bytes]
) -> tuple[LongMember, ...]:
    """Give the JSON of each split, made of what its images noted within a `coco.frame`."""
    before, between, after = frame
    return tuple(
        LongMember(
            f"{folder}/{split}.json",
            (before, Topic(f"{split}/images"), between, Topic(f"{split}/annotations"), after),
        )
        for split, _ in splits
    )


def yolo_objects(picture: Picture, classes: tuple[Category, ...]) -> list[YoloObject]:
    """Give a picture's targets as YOLO writes them, by their index in `classes`."""
    return [
        YoloObject(classes.index(target.category), shares_of(target.box, *picture.size_px))
        for target in picture.targets
    ]


def split_of(source_id: str, number: int, shares: tuple[tuple[str, int], ...]) -> str:
    """Put image `number` into a split by its hash; `shares` are names and parts.

    The first ones go round, so that no split of a small archive is empty.

    >>> split_of("ssdd", 7, (("train", 1),))
    'train'
    """
    if number <= len(shares):
        return shares[number - 1][0]
    rank = choose(sum(share for _, share in shares), source_id, "split", number)
    for name, share in shares:
        if rank < share:
            return name
        rank -= share
    raise AssertionError("a rank lies below the sum of the shares")


def twin_of(source_id: str, number: int, nearest: int = 1, reach: int = 6) -> int:
    """Name the earlier image that a duplicate repeats: `nearest` before it, or up to 5 more."""
    return number - nearest - choose(reach, source_id, "twin", number)
