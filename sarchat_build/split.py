"""Who goes to train, validation and test: official lists, then whole scenes by stable hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sarchat_build.duplicates import DuplicateGroup, ImageFact
from sarchat_build.recipe import SplitShares
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import Split

# A group that an official list puts on several sides goes to the most protected one.
_MOST_PROTECTED: tuple[Split, ...] = ("test", "validation", "train")


def assign_splits(
    facts: Sequence[ImageFact], groups: Iterable[DuplicateGroup], shares: SplitShares
) -> dict[str, Split]:
    """Give every image a split so that no scene and no set of duplicates lies on two sides.

    Images are tied together by scene and by equal pixels. A bundle that an official test list
    touches is test, else validation, else train; one that no list knows is placed by the stable
    hash of its smallest image id.
    """
    bundles = _bundles(facts, groups)
    splits: dict[str, Split] = {}
    for bundle in bundles:
        official = {fact.official_split for fact in bundle}
        stated = next((split for split in _MOST_PROTECTED if split in official), None)
        split = stated or _by_share(min(fact.image_id for fact in bundle), shares)
        splits.update((fact.image_id, split) for fact in bundle)
    return splits


def _by_share(key: str, shares: SplitShares) -> Split:
    percent = stable_hash("split", key) % 100
    if percent < shares.test:
        return "test"
    return "validation" if percent < shares.test + shares.validation else "train"


def _bundles(
    facts: Sequence[ImageFact], groups: Iterable[DuplicateGroup]
) -> Iterable[list[ImageFact]]:
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for group in groups:
        for member in group.members:
            parent[root(member.scene_id)] = root(group.members[0].scene_id)
    bundles: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        bundles[root(fact.scene_id)].append(fact)
    return bundles.values()
