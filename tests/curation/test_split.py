"""Splits: train, validation and test under each rule, and the table that explains them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from fact_strategies import duplicate_rules, fact_lists, split_rule
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.build_tables import comparison_lines
from sarchat_build.card.tables import comparison_section
from sarchat_build.config.manifest import Manifest, Sardet, SplitTotals, load_manifests
from sarchat_build.config.recipe import Duplicates, Recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.curation.duplicates import resolve_duplicates
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.split_changes import count_split_changes
from sarchat_build.curation.splits import SplitRule, assign_splits, by_share, split_rules
from sarchat_build.dataset.record import ComparisonRow
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.errors import ConfigurationError
from sarchat_build.report.comparison import compare
from sarchat_build.sources.choose import refuse_mixed_releases
from sarchat_build.types import SPLITS, RejectedImage, Split

quality = pytest.mark.quality


HALVED = SplitRule("halved_test", {"train": 928, "validation": 116, "test": 116})
OFFICIAL = SplitRule("official", HALVED.shares)
SCENE = SplitRule("scene", HALVED.shares)


def fact(name: str, split: Split | None, scene: str = "", pixels: str = "") -> ImageFact:
    return ImageFact(
        image_id=f"s/{name}",
        source_id="s",
        scene_id=f"s/{scene or name}",
        block="s:00000",
        file=name,
        priority=1,
        official_split=split,
        pixel_sha256=pixels or name,
        file_sha256=name,
        perceptual_hash="",
        objects=b"",
        instances=1,
        chips=1,
        chip_instances=1,
    )


def divide(
    facts: list[ImageFact], rule: SplitRule, rejected_images: list[RejectedImage] | None = None
) -> dict[str, Split]:
    same = resolve_duplicates(facts, Duplicates())
    return dict(assign_splits(facts, rejected_images or [], same.connected, {"s": rule}).final)


def ssdd() -> list[ImageFact]:
    """Names and official lists as SSDD has them."""
    return [fact(f"{n:06d}", "test" if n % 10 in (1, 9) else "train") for n in range(1, 1161)]


def test_halved_test_is_the_last_digit_in_ssdd() -> None:
    splits = divide(ssdd(), HALVED)
    assert Counter(splits.values()) == {"train": 928, "validation": 116, "test": 116}
    for image_id, split in splits.items():
        expected = {"1": "validation", "9": "test"}.get(image_id[-1], "train")
        assert split == expected, image_id


def test_a_rejected_image_keeps_its_place_in_the_halved_list() -> None:
    facts = ssdd()
    rejected = facts.pop(500)  # 000501, of the test list
    rejected_image = RejectedImage(rejected.image_id, "s", rejected.scene_id, "test", 1)
    whole = divide(ssdd(), HALVED)
    assert divide(facts, HALVED, [rejected_image]) == {f.image_id: whole[f.image_id] for f in facts}
    assert divide(facts, HALVED) != {f.image_id: whole[f.image_id] for f in facts}


def test_official_lists_are_kept_as_they_are() -> None:
    splits = divide(ssdd(), OFFICIAL)
    assert splits == {f.image_id: f.official_split for f in ssdd()}


def test_scene_ignores_lists_and_meets_the_shares() -> None:
    facts = [replace(f, scene_id=f"s/scene{i // 4}") for i, f in enumerate(ssdd())]
    splits = divide(facts, SCENE)
    assert splits == divide([replace(f, official_split=None) for f in facts], SCENE)
    share = Counter(splits.values())
    assert 0.75 < share["train"] / 1160 < 0.85
    assert share["validation"] > 60
    assert share["test"] > 60


def test_an_image_added_moves_no_scene() -> None:
    facts = [fact(f"{n:04d}", None) for n in range(200)]
    fewer = divide(facts[:-1], SCENE)
    assert fewer == {k: v for k, v in divide(facts, SCENE).items() if k in fewer}


def test_duplicates_go_to_the_most_protected_side() -> None:
    facts = [
        fact("a", "train", pixels="x"),
        fact("b", "test", pixels="x"),
        fact("c", "train"),
        fact("d", "validation", pixels="y"),
        fact("e", "train", pixels="y"),
    ]
    assert divide(facts, OFFICIAL) == {
        "s/a": "test", "s/b": "test", "s/c": "train", "s/d": "validation", "s/e": "validation",
    }  # fmt: skip


def hrsid(scenes: int = 137, per_scene: int = 40) -> list[ImageFact]:
    """Panoramas whose tiles the lists put 65 to 35 into train and test, each tile by itself."""
    return [
        fact(f"P{s:04d}_{i}", "train" if by_share(f"{s}.{i}", _LISTS) == "train" else "test",
             scene=f"P{s:04d}")
        for s in range(scenes)
        for i in range(per_scene)
    ]  # fmt: skip


_LISTS: dict[Split, int] = {"train": 65, "validation": 0, "test": 35}


@quality(row=39)
def test_scenes_that_lists_cut_apart_move_whole_in_the_lists_proportion() -> None:
    """HRSID: with the most protected side for each scene, all 137 would be test."""
    facts = hrsid()
    splits = divide(facts, HALVED)
    sides = {f.scene_id: {splits[g.image_id] for g in facts if g.scene_id == f.scene_id}
             for f in facts[::40]}  # fmt: skip
    assert all(len(side) == 1 for side in sides.values())
    share = Counter(splits.values())
    assert 0.55 < share["train"] / len(facts) < 0.75
    assert 0.10 < share["validation"] / len(facts) < 0.26
    assert 0.10 < share["test"] / len(facts) < 0.26
    # Under the official lists there is no validation, and none is made.
    assert set(divide(facts, OFFICIAL).values()) == {"train", "test"}


def test_an_unlisted_image_follows_its_scene() -> None:
    facts = [fact("a", "test", "p"), fact("b", None, "p"), fact("c", "train", "q")]
    assert divide(facts, OFFICIAL) == {"s/a": "test", "s/b": "test", "s/c": "train"}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=50), split_rule)
def test_no_scene_is_hashed_to_a_split_without_share(scenes: list[str], rule: SplitRule) -> None:
    assert all(rule.shares[by_share(scene, rule.shares)] for scene in scenes)


def builtin() -> dict[str, Manifest]:
    return load_manifests(resource_folder("source_manifests"))


def test_rules_come_from_the_manifest_and_the_recipe() -> None:
    manifests = builtin()
    manifests["plain"] = manifests["ssdd"].model_copy(update={"sardet": None})

    def rules(split: str) -> dict[str, tuple[str, tuple[int, ...]]]:
        recipe = Recipe(schema_version=1, name="n", title="t", split=split)  # type: ignore[arg-type]
        return {
            s: (r.lists, tuple(r.shares[x] for x in SPLITS))
            for s, r in split_rules(manifests, recipe).items()
            if s in ("ssdd", "plain")
        }

    counts = (928, 116, 116)
    assert rules("sardet") == {"ssdd": ("halved_test", counts), "plain": ("official", (90, 0, 10))}
    assert rules("official") == {"ssdd": ("official", counts), "plain": ("official", (90, 0, 10))}
    assert rules("scene") == {"ssdd": ("scene", counts), "plain": ("scene", (90, 0, 10))}


def mixed(**duplicates: str) -> Recipe:
    return Recipe.model_validate(
        {"schema_version": 1, "name": "n", "title": "t", "duplicates": duplicates}
    )


def test_a_release_beside_its_sources_is_refused() -> None:
    manifests = builtin()
    ssdd, tiled = manifests["ssdd"], manifests["sar_aircraft"]
    release = ssdd.model_copy(
        update={"id": "sardet_100k", "contains": ("ssdd", "sar_aircraft", "sadd")}
    )
    both = {"sardet_100k": release, "ssdd": ssdd}
    with pytest.raises(ConfigurationError, match=r"ssdd again.*resolve"):
        refuse_mixed_releases(both, mixed())
    refuse_mixed_releases({"sardet_100k": release}, mixed())
    refuse_mixed_releases({"ssdd": ssdd, "sar_aircraft": tiled}, mixed())
    refuse_mixed_releases(both, mixed(mixed_releases="resolve"))
    with pytest.raises(ConfigurationError, match="only near ones"):
        refuse_mixed_releases(both, mixed(mixed_releases="resolve", near="report"))
    with pytest.raises(ConfigurationError, match="chips cut from the scenes of sar_aircraft"):
        refuse_mixed_releases(both | {"sar_aircraft": tiled}, mixed(mixed_releases="resolve"))


def table_of(
    facts: list[ImageFact],
    rejected_images: list[RejectedImage],
    duplicates: Duplicates,
    rule: SplitRule,
) -> tuple[list[ComparisonRow], Counter[Split]]:
    """The table of one source, and the pictures that a build would write."""
    same = resolve_duplicates(facts, duplicates)
    splits = assign_splits(facts, rejected_images, same.connected, {"s": rule})
    written = Counter(splits.final[f.image_id] for f in facts if f.image_id not in same.dropped)
    receipts = [
        ShardReceipt(f"{split}-00000-of-00001", "", (), {"s": {"images": n, "objects": n}}, {})
        for split, n in written.items()
    ]
    totals = SplitTotals(train=5, validation=2, test=1)
    manifest = builtin()["ssdd"].model_copy(
        update={"expected": None,
                "sardet": Sardet(split="official", images=totals, instances=totals)}
    )  # fmt: skip
    counts = {"s": {"read": {"images": 9, "instances": 9}, "rejected": {"instances": 0}}}
    table = compare(
        manifests={"s": manifest},
        rules={"s": rule},
        counts=counts,
        receipts=receipts,
        changes=count_split_changes(facts, rejected_images, same.dropped, splits),
    )
    return table, written


def plain(table: list[ComparisonRow]) -> list[dict]:
    return [row.model_dump(mode="json") for row in table]


@given(fact_lists(), fact_lists(), duplicate_rules, split_rule)
def test_reasons_add_up_to_the_difference(
    facts: list[ImageFact], gone: list[ImageFact], duplicates: Duplicates, rule: SplitRule
) -> None:
    rejected_images = [
        RejectedImage(f"{f.image_id}x", "s", f.scene_id, f.official_split, f.instances)
        for f in gone
    ]
    found, written = table_of(facts, rejected_images, duplicates, rule)
    table = plain(found)
    assert [row["split"] for row in table] == list(SPLITS)
    for row in table:
        assert row["here"]["images"] == written[row["split"]]
        for unit in ("images", "objects"):
            explained = sum(number[unit] for number in row["reasons"].values())
            assert explained == row["here"][unit] - row["published"][unit]
    # What moves out of one split moves into another, and rejects are counted once.
    for reason in ("moved_with_scene", "moved_with_duplicates"):
        assert sum(r["reasons"].get(reason, {"images": 0})["images"] for r in table) == 0
    rejected = sum(r["reasons"].get("rejected", {"images": 0})["images"] for r in table)
    assert rejected == -len(rejected_images)


def test_the_table_counts_what_moved_and_why() -> None:
    facts = [
        fact("a", "train", pixels="x"), fact("b", "test", pixels="x"),
        fact("c", "train", "p"), fact("d", "test", "p"), fact("e", "train"),
    ]  # fmt: skip
    table, _ = table_of(
        facts, [RejectedImage("s/z", "s", "s/z", "train", 3)], Duplicates(), OFFICIAL
    )
    reasons = {row["split"]: row["reasons"] for row in plain(table)}
    assert reasons["train"]["rejected"] == {"images": -1, "objects": -3}
    assert reasons["test"]["duplicates"] == {"images": -1, "objects": -1}
    assert reasons["train"]["moved_with_duplicates"] == {"images": -1, "objects": -1}
    assert reasons["test"]["moved_with_duplicates"] == {"images": 1, "objects": 1}
    moved = {split: found.get("moved_with_scene", {}).get("images") for split, found in
             reasons.items()}  # fmt: skip
    assert moved in (
        {"train": -1, "validation": None, "test": 1},
        {"train": 1, "validation": None, "test": -1},
    )
    lines = list(comparison_lines(table))
    assert all(len(line) <= 80 for line in lines)
    assert any("moved with its scene" in line for line in lines)
    card = comparison_section(table).splitlines()
    cells = [line.count("|") for line in card if line.startswith("|")]
    assert all(a == b for a, b in pairwise(cells))
    assert any("shown by another picture -1 / -1" in line for line in card)
