"""Duplicates: groups of images that show the same, and which image of each group is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.label_agreement import boxes_agree
from sarchat_build.curation.near_duplicates import (
    connected_components,
    greedy_clusters,
    hamming,
    unpack_hashes,
)

Sameness: TypeAlias = Literal["kept", "file", "pixels", "near"]


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
    """Groups of duplicates, by their first image, and the sets that one side of a split must hold.

    A set of `connected` images is a group, or several groups linked by near pairs: a–b and b–c are
    near, a–c are not.
    """

    groups: tuple[DuplicateGroup, ...]
    connected: tuple[tuple[ImageFact, ...], ...]

    @property
    def dropped(self) -> frozenset[str]:
        """Ids of the images that do not stay."""
        return frozenset(
            member.fact.image_id
            for group in self.groups
            for member in group.members
            if not member.kept
        )


def resolve_duplicates(facts: Iterable[ImageFact], rule: Duplicates) -> Resolution:
    """Group images that show the same, within and across sources.

    Of equal pixels one image stays: that of the source with the lowest priority number, then the
    smallest id. Near-duplicates are sought among those that stay; each image that a group drops
    is near the one it keeps, never only near another dropped one, and no two kept images are near.
    The result does not depend on the order of `facts`.
    """
    by_pixels: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        by_pixels[fact.pixel_sha256].append(fact)
    equal = [sorted(members, key=_preference) for members in by_pixels.values()]
    equal.sort(key=lambda members: _preference(members[0]))
    groups: list[DuplicateGroup] = []
    connected: list[tuple[ImageFact, ...]] = []
    for clusters in _connected_clusters(equal, rule):
        groups.extend(_group(cluster, rule) for cluster in clusters)
        connected.append(
            tuple(fact for cluster in clusters for members, _ in cluster for fact in members)
        )
    groups = [group for group in groups if len(group.members) > 1]
    return Resolution(
        tuple(sorted(groups, key=lambda group: group.group_id)),
        tuple(sorted(connected, key=lambda facts: facts[0].image_id)),
    )


# Images with equal pixels, the best first. A cluster holds several of these, each with the distance
# of its hash to that of the cluster's center, the first one.
_Equal: TypeAlias = Sequence[ImageFact]
_Cluster: TypeAlias = Sequence[tuple[_Equal, int]]


def _connected_clusters(equal: Sequence[_Equal], rule: Duplicates) -> Iterator[Sequence[_Cluster]]:
    """Yield the clusters of each connected component of near pairs.

    Images that are near no other form a cluster if several share their pixels.
    """
    hashed = [m for m in equal if m[0].perceptual_hash] if rule.near != "off" else []
    hashes = unpack_hashes([members[0].perceptual_hash for members in hashed])
    single = {members[0].image_id: members for members in equal if len(members) > 1}
    for component in connected_components(hashes, rule.near_distance):
        clusters = []
        for positions in greedy_clusters(hashes[component], rule.near_distance):
            rows = component[positions]
            distances = hamming(hashes[rows], hashes[rows[0]]).tolist()
            clusters.append([(hashed[row], d) for row, d in zip(rows, distances, strict=True)])
        for row in component:
            single.pop(hashed[row][0].image_id, None)
        yield clusters
    yield from ([[(members, 0)]] for members in single.values())


def _group(cluster: _Cluster, rule: Duplicates) -> DuplicateGroup:
    center = cluster[0][0][0]
    members = []
    for equal, distance in cluster:
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
