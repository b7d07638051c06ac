"""Planning, called without a pipeline: stop or go, and a plan that hangs together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from fact_strategies import duplicate_rules, fact_lists
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.config.manifest import Expected, Manifest, load_manifests
from sarchat_build.config.recipe import Duplicates, Recipe, load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.plan import DatasetFacts, DatasetPlan, plan_dataset
from sarchat_build.curation.shard_assignment import group_by_shard
from sarchat_build.curation.stop import count_rejects
from sarchat_build.reasons import Reason
from sarchat_build.types import (
    Chip,
    CutImage,
    PixelFacts,
    ReadCount,
    Reject,
    RejectedImage,
    SourceImage,
)

# How long an example takes is no part of any test.

RECIPE = load_recipe(recipe_path("sarchat_2m"))
SSDD = load_manifests(resource_folder("source_manifests"))["ssdd"].model_copy(update={"id": "s"})


def plan(
    facts: DatasetFacts,
    *,
    recipe: Recipe = RECIPE,
    manifest: Manifest = SSDD,
    listed: int = 1000,
    strict: bool = False,
) -> DatasetPlan:
    return plan_dataset(
        facts,
        manifests={"s": manifest},
        recipe=recipe,
        images_listed={"s": listed},
        strict=strict,
    )


def small_shards(**settings: Any) -> Recipe:
    output = RECIPE.output.model_copy(update={"images_per_shard": 3})
    return RECIPE.model_copy(update={"output": output, **settings})


@given(fact_lists(), duplicate_rules, st.randoms(use_true_random=False))
def test_a_plan_covers_every_kept_image_once(
    facts: list[ImageFact], duplicates: Duplicates, random: Any
) -> None:
    recipe = small_shards(duplicates=duplicates)
    found = plan(DatasetFacts(images=facts), recipe=recipe)
    assert found.stop == ()
    dropped = [row["image_id"] for row in found.duplicates if not row["kept"]]
    assigned = [assignment.image_id for assignment in found.assignments]
    assert sorted([*assigned, *dropped]) == sorted(fact.image_id for fact in facts)
    # Every shard of a split is there, and no other is used.
    assert {a.shard for a in found.assignments} <= set(found.shards)
    for name in found.shards:
        split, _, _, count = name.split("-")[:4]
        assert sum(other.startswith(f"{split}-") for other in found.shards) == int(count)
    for assignment in found.assignments:
        assert assignment.shard.startswith(f"{assignment.split}-")
    by_block = dict(found.assignments_by_block())
    assert sorted(a.image_id for group in by_block.values() for a in group) == sorted(assigned)
    # The order in which facts arrive is no part of the plan.
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert plan(DatasetFacts(images=shuffled), recipe=recipe) == found


def reject(reason: Reason, detail: str = "", images: int = 0, instances: int = 1) -> Reject:
    return Reject(
        stage="normalize",
        source_id="s",
        file="1.xml",
        key="s/1",
        reason=reason,
        detail=detail,
        images=images,
        instances=instances,
    )


FACT = ImageFact(
    image_id="s/1",
    source_id="s",
    scene_id="s/1",
    block="s:00000",
    file="1.jpg",
    priority=1,
    official_split="train",
    pixel_sha256="p",
    file_sha256="f",
    perceptual_hash="",
    objects=b"",
    instances=1,
    chips=1,
    chip_instances=1,
)
REJECTS_OF = {
    Reason.UNREADABLE_DOCUMENT: reject(Reason.UNREADABLE_DOCUMENT, "json"),
    Reason.UNKNOWN_CATEGORY: reject(Reason.UNKNOWN_CATEGORY, "boat"),
    Reason.TOO_MANY_REJECTS: reject(Reason.XML_PARSE, images=1),
}


@pytest.mark.parametrize("reason", REJECTS_OF)
def test_rejects_stop_and_then_nothing_is_planned(reason: Reason) -> None:
    counts = count_rejects([REJECTS_OF[reason]])
    found = plan(DatasetFacts(images=[FACT], reject_counts=counts), listed=2)
    assert [stop.reason for stop in found.stop] == [reason]
    assert found == DatasetPlan(stop=found.stop)


def test_no_image_stops_and_so_do_other_totals_when_strict() -> None:
    (stop,) = plan(DatasetFacts(images=[])).stop
    assert stop.reason is Reason.NOTHING_TO_WRITE
    published = SSDD.model_copy(update={"expected": Expected(images=5, instances=7)})
    facts = DatasetFacts(images=[FACT], read=[ReadCount("s", 1, 4), ReadCount("s", 0, 3)])
    assert plan(facts, manifest=published, listed=4, strict=True).stop == ()
    assert plan(facts, manifest=published, listed=5).stop == ()
    (stop,) = plan(facts, manifest=published, listed=5, strict=True).stop
    assert "s: 6 images and 7 instances read, 5 and 7 published (--strict)" in str(stop)


def test_a_rejected_image_is_counted_where_its_list_puts_it() -> None:
    rejected = RejectedImage("s/2", "s", "s/2", "train", 3)
    found = plan(DatasetFacts(images=[FACT], rejected_images=[rejected]))
    assert [(c.split, c.reason, c.pictures, c.objects) for c in found.split_changes] == [
        ("train", "rejected", -1, -3)
    ]
    assert found.notices == {"s": {"too_flat_to_compare": 1}}


def test_images_of_a_block_are_grouped_by_the_shards_of_the_plan() -> None:
    facts = [
        replace(FACT, image_id=f"s/{i}", scene_id=f"s/{i}", pixel_sha256=str(i)) for i in range(20)
    ]
    found = plan(DatasetFacts(images=facts), recipe=small_shards())
    pixels = PixelFacts(9, 9, 1, 8, "PNG", "p", "f", 1)
    cuts = [
        CutImage(
            SourceImage(f"s/{i}", "s", f"s/{i}", ".", "x", pixels, None, ()),
            (Chip(f"s/{i}", None, 9, 9, ()),),
        )
        for i in range(21)
    ]
    by_shard = group_by_shard(cuts, found.assignments)
    assert list(by_shard) == sorted(by_shard)
    # The last one has no assignment.
    assert {
        (shard, planned.image.image_id, planned.split)
        for shard, members in by_shard.items()
        for planned in members
    } == {(a.shard, a.image_id, a.split) for a in found.assignments}
    assert Counter(len(members) for members in by_shard.values()).total() > 1
