"""Duplicates: groups of images that show the same, and which image of each group is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.facts import FactTable, ImageFact, Rows
from sarchat_build.curation.label_agreement import boxes_agree
from sarchat_build.curation.near_duplicates import (
    components_of_pairs,
    connected_components,
    greedy_clusters,
    hamming,
)

_NONE = np.empty(0, np.int64)
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

    A set of `connected` scenes holds a group, or several groups linked by near pairs: a–b and b–c
    are near, a–c are not.
    """

    groups: tuple[DuplicateGroup, ...]
    connected: tuple[tuple[str, ...], ...]

    @property
    def dropped(self) -> frozenset[str]:
        """Ids of the images that do not stay."""
        return frozenset(
            member.fact.image_id
            for group in self.groups
            for member in group.members
            if not member.kept
        )


def resolve_duplicates(
    facts: Iterable[ImageFact],
    rule: Duplicates,
    near_pairs: Iterable[tuple[str, str]] | None = None,
) -> Resolution:
    """Group images that show the same, within and across sources.

    Of equal pixels one image stays: that of the source with the lowest priority number, then the
    smallest id. Near-duplicates are sought among those that stay; each image that a group drops
    is near the one it keeps, never only near another dropped one, and no two kept images are near.
    The result does not depend on the order of `facts`, nor on who searched.

    Args:
        facts: the images.
        rule: what is near, and what becomes of it.
        near_pairs: ids of pictures by which all are connected that are near one another, each the
            best of those with its pixels; None where they are still to be found.
    """
    table = FactTable.of(facts)
    equal = EqualPixels.of(table)
    sets = [*_connected_clusters(table, equal, rule, near_pairs)]
    rows = [row for clusters in sets for cluster in clusters for rows, _ in cluster for row in rows]
    found = iter(table.take(np.array(rows, np.int64)))
    groups: list[DuplicateGroup] = []
    connected: list[tuple[str, tuple[str, ...]]] = []
    for clusters in sets:
        # Only of images that have duplicates there is more than a row in memory.
        members = [
            [([next(found) for _ in rows], distance) for rows, distance in cluster]
            for cluster in clusters
        ]
        groups.extend(_group(cluster, rule) for cluster in members)
        everyone = [fact for cluster in members for same, _ in cluster for fact in same]
        scenes = tuple(dict.fromkeys(fact.scene_id for fact in everyone))
        connected.append((everyone[0].image_id, scenes))
    groups = [group for group in groups if len(group.members) > 1]
    return Resolution(
        tuple(sorted(groups, key=lambda group: group.group_id)),
        tuple(scenes for _, scenes in sorted(connected)),
    )


class EqualPixels(NamedTuple):
    """Images with equal pixels: sets of rows, the best image of each first, the best set first."""

    rows: Rows
    starts: Rows
    ends: Rows

    @classmethod
    def of(cls, table: FactTable) -> EqualPixels:
        """Put the rows of facts into sets."""
        preferred = table.order("priority", "image_id")
        pixels = table.codes("pixel_sha256")[0][preferred]
        order = np.argsort(pixels, kind="stable")
        edges = np.flatnonzero(np.diff(pixels[order], prepend=-1)).astype(np.int64)
        ends = np.append(edges[1:], len(order)) if len(edges) else edges
        by_best = np.argsort(order[edges], kind="stable")
        return cls(preferred[order], edges[by_best], ends[by_best])

    @property
    def best(self) -> Rows:
        """The best image of each set."""
        return self.rows[self.starts]

    def set_of(self, number: int) -> list[int]:
        """Give the rows of one set."""
        rows: list[int] = self.rows[self.starts[number] : self.ends[number]].tolist()
        return rows


# Rows of images with equal pixels, the best first. A cluster holds several of these, each with the
# distance of its hash to that of the cluster's center, the first one.
_RowCluster: TypeAlias = list[tuple[list[int], int]]
_Equal: TypeAlias = Sequence[ImageFact]
_Cluster: TypeAlias = Sequence[tuple[_Equal, int]]


def _connected_clusters(
    table: FactTable,
    equal: EqualPixels,
    rule: Duplicates,
    near_pairs: Iterable[tuple[str, str]] | None,
) -> Iterator[list[_RowCluster]]:
    """Yield the clusters of each connected component of near pairs.

    Images that are near no other form a cluster if several share their pixels.
    """
    alone = equal.ends - equal.starts > 1
    hashed = np.flatnonzero(table.hashed()[equal.best]) if rule.near != "off" else _NONE
    hashes = table.hashes(equal.best[hashed])
    components = (
        connected_components(hashes, rule.near_distance)
        if near_pairs is None
        else components_of_pairs(_places(table, equal.best[hashed], near_pairs))
    )
    for component in components:
        clusters = []
        for positions in greedy_clusters(hashes[component], rule.near_distance):
            places = component[positions]
            distances = hamming(hashes[places], hashes[places[0]]).tolist()
            sets = map(equal.set_of, hashed[places].tolist())
            clusters.append(list(zip(sets, distances, strict=True)))
        alone[hashed[component]] = False
        yield clusters
    for number in np.flatnonzero(alone).tolist():
        yield [[(equal.set_of(number), 0)]]


def _places(table: FactTable, rows: Rows, pairs: Iterable[tuple[str, str]]) -> NDArray[np.intp]:
    """Give the places of pictures in `rows`, by pairs of their ids."""
    ids = [image_id for pair in pairs for image_id in pair]
    place_of = np.full(len(table), -1, dtype=np.intp)
    place_of[rows] = np.arange(len(rows))
    named = np.flatnonzero(table.among(set(ids)))
    places = dict(zip(table.texts("image_id", named), place_of[named].tolist(), strict=True))
    return np.array([places[image_id] for image_id in ids], dtype=np.intp).reshape(-1, 2)


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
