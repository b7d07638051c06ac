"""Who goes to train, validation and test: lists, then whole scenes and whole sets of duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.duplicates import ImageFact
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import SPLITS, RejectedImage, Split

# A set of duplicates that is due on several sides goes to the most protected one.
_MOST_PROTECTED: tuple[Split, ...] = ("test", "validation", "train")

# Images per split, or any other numbers in their proportion.
Shares: TypeAlias = Mapping[Split, int]


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How one source is divided; `shares` are for scenes that no list assigns."""

    lists: Literal["official", "halved_test", "scene"]
    shares: Shares


@dataclass(frozen=True, slots=True)
class Division:
    """Splits by image id: `final`; `due` by the source's rule alone; `by_scene` with its scene.

    `due` also knows the lost images.
    """

    final: Mapping[str, Split]
    due: Mapping[str, Split]
    by_scene: Mapping[str, Split]


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
    lost: Sequence[RejectedImage],
    families: Iterable[Sequence[ImageFact]],
    rules: Mapping[str, SplitRule],
) -> Division:
    """Give every image a split so that no scene and no family of duplicates lies on two sides.

    1. Lists: the official split, or for "halved_test" validation and test by turns, by name, over
       the official test list. Rejected images keep their place in the row.
    2. Scenes: images that are listed alike take the others of their scene along. A scene without
       lists is placed by stable hash, to the source's shares. So is one that the lists cut apart,
       to the shares of the lists: HRSID's lists cut 136 of 137 scenes apart, so that the most
       protected side would get everything, and the side of most images would leave no test.
    3. Duplicates: a family goes to the most protected side on which a scene of it lies. No image
       that a whole scene holds in test is ever trained on.
    """
    images: list[ImageFact | RejectedImage] = [*facts, *lost]
    listed = _listed(images, rules)
    scene_splits = _scene_splits(images, listed, rules)
    by_scene = {fact.image_id: scene_splits[fact.scene_id] for fact in facts}
    final: dict[str, Split] = {}
    for bundle in _bundles(facts, families):
        there = {by_scene[fact.image_id] for fact in bundle}
        split = next(split for split in _MOST_PROTECTED if split in there)
        final.update((fact.image_id, split) for fact in bundle)
    due = {i.image_id: listed[i.image_id] or scene_splits[i.scene_id] for i in images}
    return Division(final, due, by_scene)


def _listed(
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
        for place, name in enumerate(sorted(names)):
            listed[name] = "test" if place % 2 else "validation"
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
    """Place a scene by stable hash, so that each split gets about its share of many scenes.

    >>> by_share("ssdd/000001", {"train": 1, "validation": 0, "test": 0})
    'train'
    """
    place = stable_hash("split", scene_id) % sum(shares.values())
    for split in _MOST_PROTECTED:
        if place < shares[split]:
            return split
        place -= shares[split]
    raise ValueError("shares must be counts")


def _bundles(
    facts: Sequence[ImageFact], families: Iterable[Sequence[ImageFact]]
) -> Iterable[list[ImageFact]]:
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for family in families:
        for member in family:
            parent[root(member.scene_id)] = root(family[0].scene_id)
    bundles: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        bundles[root(fact.scene_id)].append(fact)
    return bundles.values()
