"""Which images show the same, and which of them stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.label_agreement import boxes_agree, pack_objects
from sarchat_build.curation.near_duplicates import find_families, find_stars, hamming, unpack_hashes
from sarchat_build.names import printable
from sarchat_build.types import CutImage, Split

Sameness: TypeAlias = Literal["kept", "file", "pixels", "near"]


@dataclass(frozen=True, slots=True)
class ImageFact:
    """The little that must be known of an image to judge it beside all others.

    `objects` are its boxes relative to the picture, packed by `likeness.pack_objects`.
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


@dataclass(frozen=True, slots=True)
class Member:
    """An image of a group, and how it is the same as the group's first.

    `file`: byte by byte; `pixels`: decoded; `near`: perceptual hashes differ in `distance` bits.
    `label_conflict`: its boxes are not those of the first.
    """

    fact: ImageFact
    reason: Sameness
    distance: int
    label_conflict: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Images that show the same, the best of them first; it is always kept."""

    members: tuple[Member, ...]

    @property
    def group_id(self) -> str:
        """The id of its first image: no other group has it."""
        return self.members[0].fact.image_id


@dataclass(frozen=True, slots=True)
class Resolution:
    """Groups by their first image, and `families`: images that one side of a split must hold.

    A family is a group, or several that hang together: a–b and b–c are near, a–c are not.
    """

    groups: tuple[DuplicateGroup, ...]
    families: tuple[tuple[ImageFact, ...], ...]

    @property
    def dropped(self) -> frozenset[str]:
        """Ids of the images that do not stay."""
        return frozenset(
            member.fact.image_id
            for group in self.groups
            for member in group.members
            if not member.kept
        )


def image_fact(cut: CutImage, block: str, priority: int) -> ImageFact:
    """Boil an image down to what duplicates and splits are decided by."""
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
    )


def resolve_duplicates(facts: Iterable[ImageFact], rule: Duplicates) -> Resolution:
    """Group images that show the same, within and across sources.

    Of equal pixels one image stays: that of the source with the lowest priority number, then the
    smallest id. Near-duplicates are sought among those that stay so; each image that a group drops
    is near the one it keeps, never only near another dropped one, and no two kept images are near.
    Nothing here depends on the order in which the images were met.
    """
    by_pixels: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        by_pixels[fact.pixel_sha256].append(fact)
    equal = [sorted(members, key=_preference) for members in by_pixels.values()]
    equal.sort(key=lambda members: _preference(members[0]))
    groups: list[DuplicateGroup] = []
    families: list[tuple[ImageFact, ...]] = []
    for family in _near_families(equal, rule):
        groups.extend(_group(star, rule) for star in family)
        families.append(tuple(fact for star in family for members, _ in star for fact in members))
    groups = [group for group in groups if len(group.members) > 1]
    return Resolution(
        tuple(sorted(groups, key=lambda group: group.group_id)),
        tuple(sorted(families, key=lambda family: family[0].image_id)),
    )


# Images with equal pixels, the best first, and the distance of their hash to the star's center.
_Equal: TypeAlias = Sequence[ImageFact]
_Star: TypeAlias = Sequence[tuple[_Equal, int]]


def _near_families(equal: Sequence[_Equal], rule: Duplicates) -> Iterator[Sequence[_Star]]:
    """Yield families of stars; what is near nothing is yielded if several images share it."""
    hashed = [m for m in equal if m[0].perceptual_hash] if rule.near != "off" else []
    hashes = unpack_hashes([members[0].perceptual_hash for members in hashed])
    alone = {members[0].image_id: members for members in equal if len(members) > 1}
    for family in find_families(hashes, rule.near_distance):
        stars = []
        for star in find_stars(hashes[family], rule.near_distance):
            places = family[star]
            distances = hamming(hashes[places], hashes[places[0]]).tolist()
            stars.append([(hashed[p], d) for p, d in zip(places, distances, strict=True)])
        for place in family:
            alone.pop(hashed[place][0].image_id, None)
        yield stars
    yield from ([[(members, 0)]] for members in alone.values())


def _group(star: _Star, rule: Duplicates) -> DuplicateGroup:
    center = star[0][0][0]
    members = []
    for equal, distance in star:
        for fact in equal:
            reason = _reason(fact, center)
            same_labels = (
                boxes_agree(fact.objects, center.objects)
                if reason == "near"
                else fact.objects == center.objects
            )
            # Of equal pixels one stays even where near-duplicates are only reported.
            kept = fact is center or (rule.near == "report" and fact is equal[0])
            members.append(Member(fact, reason, distance, not same_labels, kept))
    return DuplicateGroup(tuple(members))


def _reason(fact: ImageFact, center: ImageFact) -> Sameness:
    if fact is center:
        return "kept"
    if fact.pixel_sha256 != center.pixel_sha256:
        return "near"
    return "file" if fact.file_sha256 == center.file_sha256 else "pixels"


def _preference(fact: ImageFact) -> tuple[int, str]:
    return fact.priority, fact.image_id
