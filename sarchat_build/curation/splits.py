"""Splits: train, validation and test by lists, then by whole scenes and sets of duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.facts import ImageFact
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import SPLITS, RejectedImage, Split

# A set of duplicates with scenes on several sides goes to the most protected one.
_MOST_PROTECTED: tuple[Split, ...] = ("test", "validation", "train")

# Images per split, or any other numbers in their proportion.
Shares: TypeAlias = Mapping[Split, int]


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How one source is divided; `shares` are for scenes that no list assigns."""

    lists: Literal["official", "halved_test", "scene"]
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAssignment:
    """The split of each image, by image id, after each of the three steps of `assign_splits`.

    `by_rule` follows the source's rule alone and also holds the rejected images, `by_scene` keeps
    scenes whole, and `final` keeps duplicates together as well.
    """

    by_rule: Mapping[str, Split]
    by_scene: Mapping[str, Split]
    final: Mapping[str, Split]


def split_rules(manifests: Mapping[str, Manifest], recipe: Recipe) -> dict[str, SplitRule]:
    """Say how each source is divided under the recipe's `split`.

    "sardet" follows [sardet] of the manifest, and the authors' lists where it has none; "official"
    follows the lists, and "scene" none.
    """
    rules = {}
    for source_id, manifest in manifests.items():
        sardet = manifest.sardet
        shares = sardet.images if sardet else recipe.split_shares_percent
        lists: Literal["official", "halved_test", "scene"] = "official"
        if recipe.split == "scene":
            lists = "scene"
        elif recipe.split == "sardet" and sardet:
            lists = sardet.split
        rules[source_id] = SplitRule(lists, {split: getattr(shares, split) for split in SPLITS})
    return rules


def assign_splits(
    facts: Sequence[ImageFact],
    rejected_images: Sequence[RejectedImage],
    connected: Iterable[Sequence[ImageFact]],
    rules: Mapping[str, SplitRule],
) -> SplitAssignment:
    """Assign every image to a split so that no scene and no set of duplicates is on two sides.

    1. Lists: the official split, or for "halved_test" validation and test by turns, by name, over
       the official test list. Rejected images keep their rank in that list.
    2. Scenes: images that are listed alike take the others of their scene along. A scene without
       lists is assigned by stable hash, to the source's shares. So is one that the lists cut apart,
       to the shares of the lists: HRSID's lists cut 136 of 137 scenes apart, so that the most
       protected side would get everything, and the side of most images would leave no test.
    3. Duplicates: connected images go to the most protected side on which a scene of them lies. No
       image that a whole scene holds in test is ever trained on.

    Args:
        facts: the images that are left.
        rejected_images: the images that are not.
        connected: sets of images that must not be divided (`duplicates.Resolution`).
        rules: how each source is divided, by its id.
    """
    images: list[ImageFact | RejectedImage] = [*facts, *rejected_images]
    listed = _listed_splits(images, rules)
    scene_splits = _scene_splits(images, listed, rules)
    by_scene = {fact.image_id: scene_splits[fact.scene_id] for fact in facts}
    final: dict[str, Split] = {}
    for undivided in _connected_scenes(facts, connected):
        sides = {by_scene[fact.image_id] for fact in undivided}
        split = next(split for split in _MOST_PROTECTED if split in sides)
        final.update((fact.image_id, split) for fact in undivided)
    by_rule = {i.image_id: listed[i.image_id] or scene_splits[i.scene_id] for i in images}
    return SplitAssignment(by_rule=by_rule, by_scene=by_scene, final=final)


def _listed_splits(
    images: Sequence[ImageFact | RejectedImage], rules: Mapping[str, SplitRule]
) -> dict[str, Split | None]:
    listed: dict[str, Split | None] = {}
    halved: dict[str, list[str]] = defaultdict(list)
    for image in images:
        rule = rules[image.source_id].lists
        listed[image.image_id] = None if rule == "scene" else image.official_split
        if rule == "halved_test" and image.official_split == "test":
            halved[image.source_id].append(image.image_id)
    for names in halved.values():
        for rank, name in enumerate(sorted(names)):
            listed[name] = "test" if rank % 2 else "validation"
    return listed


def _scene_splits(
    images: Sequence[ImageFact | RejectedImage],
    listed: Mapping[str, Split | None],
    rules: Mapping[str, SplitRule],
) -> dict[str, Split]:
    stated: dict[str, set[Split]] = {}
    source_of: dict[str, str] = {}
    totals: dict[str, Counter[Split]] = defaultdict(Counter)
    for image in images:
        source_of[image.scene_id] = image.source_id
        sides = stated.setdefault(image.scene_id, set())
        split = listed[image.image_id]
        if split is not None:
            sides.add(split)
            totals[image.source_id][split] += 1
    return {
        scene: next(iter(sides))
        if len(sides) == 1
        else by_share(scene, totals[source_of[scene]] if sides else rules[source_of[scene]].shares)
        for scene, sides in stated.items()
    }


def by_share(scene_id: str, shares: Shares) -> Split:
    """Choose a scene's split by stable hash, so that each gets about its share of many scenes.

    >>> by_share("ssdd/000001", {"train": 1, "validation": 0, "test": 0})
    'train'
    """
    ticket = stable_hash("split", scene_id) % sum(shares.values())
    for split in _MOST_PROTECTED:
        if ticket < shares[split]:
            return split
        ticket -= shares[split]
    raise ValueError("shares must be counts")


def _connected_scenes(
    facts: Sequence[ImageFact], connected: Iterable[Sequence[ImageFact]]
) -> Iterable[list[ImageFact]]:
    """Group images by scenes, and scenes by connected images: a union-find over scene ids."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for members in connected:
        for member in members:
            parent[root(member.scene_id)] = root(members[0].scene_id)
    by_root: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        by_root[root(fact.scene_id)].append(fact)
    return by_root.values()
