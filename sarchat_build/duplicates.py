"""Which images are the same picture, and which of them stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from sarchat_build.text import printable
from sarchat_build.types import CutImage, Split


@dataclass(frozen=True, slots=True)
class ImageFact:
    """The little that must be known of an image to judge it beside all others."""

    image_id: str
    source_id: str
    scene_id: str
    block: str
    file: str
    priority: int
    official_split: Split | None
    pixel_sha256: str
    file_sha256: str
    objects_digest: str
    instances: int
    chips: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Images with the same pixels, the kept one first."""

    group_id: str
    members: tuple[ImageFact, ...]

    @property
    def label_conflict(self) -> bool:
        """Whether the members' boxes differ."""
        return len({member.objects_digest for member in self.members}) > 1

    @property
    def reason(self) -> str:
        """`file` when the files are identical byte by byte, else `pixels`."""
        return "file" if len({member.file_sha256 for member in self.members}) == 1 else "pixels"


def image_fact(cut: CutImage, block: str, priority: int) -> ImageFact:
    """Boil an image down to what duplicates and splits are decided by."""
    image = cut.image
    objects = sorted((i.category, *i.bbox) for i in image.instances)
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
        objects_digest=blake2b(repr(objects).encode(), digest_size=8).hexdigest(),
        instances=cut.instances,
        chips=len(cut.chips),
    )


def find_duplicates(facts: Iterable[ImageFact]) -> tuple[DuplicateGroup, ...]:
    """Group images by their pixels.

    The member of the source with the lowest priority number is kept, then the smallest id: nothing
    here depends on the order in which the images were met.
    """
    by_pixels: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        by_pixels[fact.pixel_sha256].append(fact)
    groups = (
        DuplicateGroup(f"pixels/{digest[:16]}", tuple(sorted(members, key=_preference)))
        for digest, members in by_pixels.items()
        if len(members) > 1
    )
    return tuple(sorted(groups, key=lambda group: group.members[0].image_id))


def _preference(fact: ImageFact) -> tuple[int, str]:
    return fact.priority, fact.image_id
