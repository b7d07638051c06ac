"""Facts about images: the small records by which duplicates, splits and shards are decided."""

from __future__ import annotations

from dataclasses import dataclass

from sarchat_build.curation.label_agreement import pack_objects
from sarchat_build.names import printable
from sarchat_build.types import NO_EXTENT, BoxExtent, CutImage, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFact:
    """What must be known of an image to judge it beside all others: about 500 bytes.

    `block` is the key of the block of images that holds it. `objects` are its boxes relative to the
    picture, packed by `label_agreement.pack_objects`.
    """

    image_id: str
    source_id: str
    scene_id: str
    block: str
    file: str
    priority: int
    official_split: Split | None
    pixel_sha256: str
    file_sha256: str
    perceptual_hash: str
    objects: bytes
    instances: int
    chips: int
    chip_instances: int
    size_px: tuple[int, int] = (0, 0)
    extent: BoxExtent = NO_EXTENT


def image_fact(cut: CutImage, block: str, priority: int) -> ImageFact:
    """Reduce an image and its chips to its facts."""
    image = cut.image
    return ImageFact(
        image_id=image.image_id,
        source_id=image.source_id,
        scene_id=image.scene_id,
        block=block,
        file=printable(image.member if image.archive == "." else f"{image.archive}/{image.member}"),
        priority=priority,
        official_split=image.official_split,
        pixel_sha256=image.pixels.pixel_sha256,
        file_sha256=image.pixels.file_sha256,
        perceptual_hash=image.pixels.perceptual_hash,
        objects=pack_objects(image),
        instances=cut.instances,
        chips=len(cut.chips),
        chip_instances=sum(len(chip.instances) for chip in cut.chips),
        size_px=(image.pixels.width_px, image.pixels.height_px),
        extent=image.extent,
    )
