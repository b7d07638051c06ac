"""Checks of splits: where the rule of the recipe alone decides, an image lies where it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from sarchat_build.validation.dataset.duplicates import LocatedImage, Member
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.near_duplicates import near_duplicate_rule
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.stable_hash import stable_number
from sarchat_build.validation.vocabulary import SPLITS

# In this order shares are laid out along the numbers of scenes.
_LAID_OUT = ("test", "validation", "train")
SPLIT_RULES = ("sardet", "official", "scene")
_LISTS = ("official", "halved_test", "scene")


def check_splits(
    images: Sequence[LocatedImage],
    members: Iterable[Member],
    build: Mapping[str, Any],
    log: FindingLog,
) -> None:
    """Compare the split of every scene with what the recipe's rule makes of it.

    Left open is a scene that duplicates bind to others, be it through a dropped one; one that lists
    may cut apart; and one of a source with a pattern for scenes of which something is not
    published: what is missing may have been listed otherwise.
    """
    recipe = mapping_at(build, "recipe")
    if recipe.get("split") not in SPLIT_RULES:
        return
    members = list(members)
    likeness = Likeness.of(images, members, build)
    _check_groups(members, likeness, build, log)
    bound = {member.row.image_id for member in members}
    dropped = {member.row.source for member in members if not member.row.kept}
    scenes: dict[tuple[str, str], list[LocatedImage]] = defaultdict(list)
    for image in images:
        scenes[image.fact.source, image.fact.scene_id].append(image)
    for (source, scene), shown in scenes.items():
        entry = mapping_at(build, "sources", source)
        refused = mapping_at(entry, "counts", "rejected").get("images") != 0
        if mapping_at(entry, "scene") and (refused or source in dropped):
            continue
        if any(image.source_image_id in bound for image in shown):
            continue
        if len({image.split for image in shown}) > 1:
            continue  # which is a fault of its own
        listed = {image.source_image_id: image.fact.official_split for image in shown}
        expected = _splits_of(scene, list(listed.values()), entry, recipe)
        for image in shown:
            if image.split not in expected and not likeness.may_bind(listed, image.split):
                rule = f"recipe.split {recipe['split']!r}"
                if listed[image.source_image_id] and lists_of(entry, recipe) != "scene":
                    rule += f", official_split {listed[image.source_image_id]!r}"
                log.add(
                    "split_rule",
                    image.file,
                    Plain(f"{' or '.join(expected)} ({rule}; no row of duplicates moves it)"),
                    image.split,
                    row=image.fact.row,
                    key=image.fact.image_id,
                )


class Likeness(NamedTuple):
    """What is published of pictures that look alike, by which others may be bound to them.

    A picture of which the dataset drops none may still be near a dropped one. The best of that
    one's group is then at most three times the distance away: from one to the other, and from
    either to the best of its group.

    Attributes:
        hashes: 256 bits of the whole pictures of each split that lead a group of pictures that
            look alike.
        unmeasured: splits with such a group whose best is published as chips: the hash of the
            whole is not known.
        hash_of: 256 bits of each whole picture that has a hash; None for chips.
        distance: bits that two bound pictures may differ in.
    """

    hashes: Mapping[str, Sequence[int]]
    unmeasured: frozenset[str]
    hash_of: Mapping[str, int | None]
    distance: int

    @classmethod
    def of(
        cls, images: Iterable[LocatedImage], members: Iterable[Member], build: Mapping[str, Any]
    ) -> Likeness:
        """Collect it."""
        hash_of = {
            image.source_image_id: None
            if image.fact.is_chip
            else int(image.fact.perceptual_hash, 16)
            for image in images
            if image.fact.is_chip or image.fact.perceptual_hash
        }
        hashes: dict[str, list[int]] = defaultdict(list)
        unmeasured = set()
        leaders = {m.row.group_id: m.row.split for m in members if m.row.reason == "near"}
        for image_id, split in leaders.items():
            bits = hash_of.get(image_id)
            if bits is None:
                unmeasured.add(split)
            else:
                hashes[split].append(bits)
        distance = 3 * near_duplicate_rule(build).distance
        return cls(hashes, frozenset(unmeasured), hash_of, distance)

    def may_bind(self, image_ids: Iterable[str], split: str) -> bool:
        """Tell whether one of these images may be bound to a picture of the split."""
        for image_id in set(image_ids) & self.hash_of.keys():
            bits = self.hash_of[image_id]
            if split in self.unmeasured or (bits is None and self.hashes.get(split)):
                return True
            if bits is not None and any(
                (bits ^ other).bit_count() <= self.distance for other in self.hashes.get(split, ())
            ):
                return True
        return False


def _check_groups(
    members: Iterable[Member], likeness: Likeness, build: Mapping[str, Any], log: FindingLog
) -> None:
    """Compare the split of each group of equal pictures with the most protected side of its own.

    Left open are groups with pictures that only look alike, which may be like others too, and those
    with one of a scene of several.
    """
    recipe = mapping_at(build, "recipe")
    if mapping_at(recipe, "duplicates").get("near") == "report":
        return
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[member.row.group_id].append(member)
    for group in groups.values():
        entries = [mapping_at(build, "sources", member.row.source) for member in group]
        near = any(member.row.reason == "near" for member in group)
        if near or not all(entry and entry.get("scene") is None for entry in entries):
            continue
        sides = [
            _splits_of(member.row.image_id, [member.row.official_split], entry, recipe)
            for member, entry in zip(group, entries, strict=True)
        ]
        # The order in which shares are laid out is that of protection.
        possible = {min(each, key=_LAID_OUT.index) for each in product(*sides)}
        found = group[0].row.split
        if found not in possible and not likeness.may_bind(
            (member.row.image_id for member in group), found
        ):
            listed = ", ".join(str(member.row.official_split) for member in group)
            wanted = " or ".join(split for split in _LAID_OUT if split in possible)
            expected = Plain(f"{wanted} (the most protected by official_split: {listed})")
            group[0].report(log, "split_rule", expected, found)


def lists_of(entry: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Say which lists divide a source: "official", "halved_test", or none ("scene")."""
    sardet = mapping_at(entry, "sardet")
    if recipe.get("split") == "sardet" and sardet:
        return str(sardet.get("split"))
    return "scene" if recipe.get("split") == "scene" else "official"


def _splits_of(
    scene: str,
    official: Sequence[str | None],
    entry: Mapping[str, Any],
    recipe: Mapping[str, Any],
) -> tuple[str, ...]:
    """Give the splits that a scene may lie in, all where the rule leaves it open.

    `official` are the official splits of the scene's images. Two of a test list that is halved may
    fall into both halves, which cuts the scene apart.
    """
    sardet, lists = mapping_at(entry, "sardet"), lists_of(entry, recipe)
    listed = {split for split in official if split} if lists != "scene" else set[str]()
    if len(listed) > 1 or lists not in _LISTS:
        return SPLITS
    if listed:
        if lists == "halved_test" and listed == {"test"}:
            return SPLITS if len(official) > 1 else ("validation", "test")
        return tuple(listed)
    shares = mapping_at(sardet, "images") or mapping_at(recipe, "split_shares_percent")
    numbers = [shares.get(split) for split in _LAID_OUT]
    whole = [number for number in numbers if isinstance(number, int) and number >= 0]
    if len(whole) != len(numbers) or not sum(whole):
        return SPLITS
    ticket = stable_number("split", scene) % sum(whole)
    for split, share in zip(_LAID_OUT, whole, strict=True):
        if ticket < share:
            return (split,)
        ticket -= share
    return SPLITS
