"""The proof finds no fault in any split that the build assigns, and finds one that is moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fact_strategies import SEEDS, duplicate_rules, fact_lists, split_rule
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.duplicates import Resolution, resolve_duplicates
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.splits import SplitRule, assign_splits
from sarchat_build.types import Split
from sarchat_build.validation import shard_report as published
from sarchat_build.validation.dataset.duplicates import DuplicateRow, LocatedImage, Member
from sarchat_build.validation.dataset.splits import check_splits
from sarchat_build.validation.findings import Finding, FindingLog

LISTS = SplitRule(lists="official", shares={"train": 1, "validation": 1, "test": 1})


def findings_of(
    facts: list[ImageFact],
    duplicates: Duplicates,
    rule: SplitRule,
    *,
    scenes: bool = False,
    moved: dict[str, Split] | None = None,
) -> tuple[Finding, ...]:
    """What the proof says of pictures that are published as the build decides."""
    same = resolve_duplicates(facts, duplicates)
    splits: dict[str, Split] = dict(assign_splits(facts, [], same.connected, {"s": rule}).final)
    splits |= moved or {}
    images = [
        located(fact, splits[fact.image_id]) for fact in facts if fact.image_id not in same.dropped
    ]
    entry: dict[str, Any] = {
        "sardet": {"split": rule.lists, "images": dict(rule.shares)},
        "scene": {"pattern": "a pattern"} if scenes else None,
        "counts": {"rejected": {"images": 0}},
    }
    build = {
        "recipe": {"split": "sardet", "duplicates": duplicates.model_dump()},
        "sources": {"s": entry},
    }
    log = FindingLog()
    check_splits(images, rows(same, splits), build, log)
    return log.findings


def located(fact: ImageFact, split: Split) -> LocatedImage:
    shown = dict.fromkeys(published.ImageFact._fields)
    shown |= {
        "image_id": fact.image_id,
        "source": fact.source_id,
        "scene_id": fact.scene_id,
        "official_split": fact.official_split,
        "pixel_sha256": fact.pixel_sha256,
        "perceptual_hash": fact.perceptual_hash,
        "is_chip": False,
        "row": 0,
    }
    return LocatedImage(published.ImageFact(**shown), split, f"images/{split}.parquet")  # type: ignore[arg-type]


def rows(same: Resolution, splits: dict[str, Split]) -> list[Member]:
    return [
        Member(
            DuplicateRow(
                group_id=group.group_id,
                image_id=member.fact.image_id,
                source=member.fact.source_id,
                kept=member.kept,
                reason=member.reason,
                distance=member.distance,
                label_conflict=member.label_conflict,
                split=splits[member.fact.image_id],
                official_split=member.fact.official_split,
                pixel_sha256=member.fact.pixel_sha256,
                instances=1,
                file=member.fact.file,
            ),
            "duplicates.parquet",
            0,
        )
        for group in same.groups
        for member in group.members
    ]


@settings(max_examples=50)
@given(fact_lists(), duplicate_rules, split_rule)
def test_no_split_of_a_build_is_a_fault(
    facts: list[ImageFact], duplicates: Duplicates, rule: SplitRule
) -> None:
    alone = [replace(fact, scene_id=fact.image_id) for fact in facts]
    assert findings_of(alone, duplicates, rule) == ()
    assert findings_of(facts, duplicates, rule, scenes=True) == ()


def chain(fact: ImageFact, *, last: int) -> list[ImageFact]:
    """Three pictures: the second 20 bits from the first, the third 20 from the second or more."""
    start = int(SEEDS[0], 16)
    hashes = (start, start ^ (1 << 20) - 1, start ^ (1 << 20 + last) - 1)
    lists = ("test", "train", "train")
    return [
        replace(
            fact,
            image_id=f"s/{number}",
            scene_id=f"s/{number}",
            official_split=listed,
            pixel_sha256=f"{number:064x}",
            perceptual_hash=f"{bits:064x}",
        )
        for number, (bits, listed) in enumerate(zip(hashes, lists, strict=True))
    ]


@settings(max_examples=5)
@given(fact_lists().map(lambda facts: facts[0]), st.sampled_from(["drop", "report"]))
def test_a_picture_near_a_dropped_one_lies_where_that_one_does(fact: ImageFact, near: str) -> None:
    rule = Duplicates(near=near, near_distance=20)  # type: ignore[arg-type]
    bound, free = chain(fact, last=20), chain(fact, last=60)
    assert (
        assign_splits(bound, [], resolve_duplicates(bound, rule).connected, {"s": LISTS}).final[
            "s/2"
        ]
        == "test"
    )
    assert findings_of(bound, rule, LISTS) == ()
    assert findings_of(free, rule, LISTS) == ()
    # Nothing of test is near: there is no reason for its being there.
    (found,) = findings_of(free, rule, LISTS, moved={"s/2": "test"})
    assert (found.check, found.key) == ("split_rule", "s/2")
    # Nor is any of validation.
    (found,) = findings_of(bound, rule, LISTS, moved={"s/2": "validation"})
    assert (found.check, found.key) == ("split_rule", "s/2")
