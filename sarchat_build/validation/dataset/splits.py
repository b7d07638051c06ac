"""Checks of splits: where the rule of the recipe alone decides, an image lies where it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from sarchat_build.validation.dataset.duplicates import LocatedImage, Member
from sarchat_build.validation.findings import FindingLog, Plain
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

    Left open is a scene that duplicates bind to others, one that lists may cut apart, and one of a
    source with a pattern for scenes of which something is not published: what is missing may have
    been listed otherwise.
    """
    recipe = mapping_at(build, "recipe")
    if recipe.get("split") not in SPLIT_RULES:
        return
    members = list(members)
    _check_groups(members, build, log)
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
            if image.split not in expected:
                rule = f"recipe.split {recipe['split']!r}"
                if listed[image.source_image_id] and lists_of(entry, recipe) != "scene":
                    rule += f", official_split {listed[image.source_image_id]!r}"
                log.add(
                    "split_rule",
                    image.file,
                    Plain(f"{' or '.join(expected)} ({rule})"),
                    image.split,
                    row=image.fact.row,
                    key=image.fact.image_id,
                )


def _check_groups(members: Iterable[Member], build: Mapping[str, Any], log: FindingLog) -> None:
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
        if group[0].row.split not in possible:
            listed = ", ".join(str(member.row.official_split) for member in group)
            wanted = " or ".join(split for split in _LAID_OUT if split in possible)
            expected = Plain(f"{wanted} (the most protected by official_split: {listed})")
            group[0].report(log, "split_rule", expected, group[0].row.split)


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
