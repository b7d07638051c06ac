"""No scene and no duplicate on two sides of a split, whatever the pictures."""

from __future__ import annotations

import pytest
from fact_strategies import (
    bits_apart,
    duplicate_rules,
    fact_lists,
    near_pairs,
    split_rule,
)
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.duplicates import resolve_duplicates
from sarchat_build.curation.facts import FactTable, ImageFact
from sarchat_build.curation.near_duplicates import band_keys, connect_band
from sarchat_build.curation.splits import SplitRule, assign_splits

quality = pytest.mark.quality


@quality(row=39)
@given(fact_lists(), duplicate_rules, split_rule, st.randoms(use_true_random=False))
def test_no_scene_and_no_duplicate_lies_on_two_sides(
    facts: list[ImageFact], duplicates: Duplicates, rule: SplitRule, random: object
) -> None:
    same = resolve_duplicates(facts, duplicates)
    splits = assign_splits(facts, [], same.connected, {"s": rule}).final
    assert splits.keys() == {fact.image_id for fact in facts}
    scenes: dict[str, set[str]] = {}
    for fact in facts:
        scenes.setdefault(fact.scene_id, set()).add(splits[fact.image_id])
    assert all(len(sides) == 1 for sides in scenes.values())
    # Kept or dropped, of one group or only of a chain of them.
    for first, second in near_pairs(facts, duplicates):
        assert splits[first.image_id] == splits[second.image_id]
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = resolve_duplicates(shuffled, duplicates)
    assert again.groups == same.groups
    assert assign_splits(shuffled, [], again.connected, {"s": rule}).final == splits


@given(fact_lists(), duplicate_rules)
def test_each_duplicate_group_keeps_its_best_member(
    facts: list[ImageFact], rule: Duplicates
) -> None:
    same = resolve_duplicates(facts, rule)
    seen: list[str] = []
    for group in same.groups:
        best, *others = group.members
        seen += [member.fact.image_id for member in group.members]
        assert others
        assert best.kept
        assert best.reason == "kept"
        assert group.group_id == best.fact.image_id
        assert best.fact == min(
            (m.fact for m in group.members), key=lambda f: (f.priority, f.image_id)
        )
        for member in others:
            equal = member.fact.pixel_sha256 == best.fact.pixel_sha256
            assert (member.reason == "near") == (not equal)
            # Near the kept one itself, never only near another that is dropped.
            if not equal:
                assert member.distance == bits_apart(member.fact, best.fact) <= rule.near_distance
            assert not member.kept or (rule.near == "report" and not equal)
            # All boxes here are the same or missing, so equal and near labels agree alike.
            assert member.label_conflict == (member.fact.objects != best.fact.objects)
    assert len(seen) == len(set(seen))
    # Nothing that stays shows the same as another that stays.
    kept = [fact for fact in facts if fact.image_id not in same.dropped]
    if rule.near != "report":
        assert near_pairs(kept, rule) == []
    else:
        assert len({fact.pixel_sha256 for fact in kept}) == len(kept)


@given(fact_lists(), duplicate_rules)
def test_pictures_are_connected_alike_by_one_and_by_many(
    facts: list[ImageFact], rule: Duplicates
) -> None:
    best: dict[bytes, tuple[int, str, bytes]] = {}
    for pixels, picture in FactTable.of(facts).pictures():
        best[pixels] = min(picture, best.get(pixels, picture))
    bands: dict[bytes, list[tuple[str, bytes]]] = {}
    for _, image_id, found in best.values():
        for key in band_keys(found, rule.near_distance):
            bands.setdefault(key, []).append((image_id, found))
    pairs = [
        pair
        for members in reversed(bands.values())
        for pair in connect_band(members, rule.near_distance)
    ]
    same = resolve_duplicates(facts, rule)
    assert resolve_duplicates(facts, rule, pairs if rule.near != "off" else None) == same
