"""The one look at everything: stop or go, which duplicates stay, who goes where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.duplicates import DuplicateGroup, ImageFact
from sarchat_build.published.layout import shard_name
from sarchat_build.stable_hash import choose
from sarchat_build.types import SPLITS, ReadCount, Reject, Split


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a kept image goes."""

    image_id: str
    block: str
    split: Split
    shard: str


# What no build goes on with, and what to do about it.
_FATAL = {
    "unreadable_document": "documents about many images cannot be read; fetch the archive again",
    "duplicate_id": "ids that stand for two things; correct the document, or leave it out",
    "split_conflict": "official lists put images into two splits; remove each from one of them",
}
# What the recipe decides about: see `_contradictions` and `_unknown_names`.
_DECIDED = ("unknown_category", "contradicts_manifest")
# What was left out because the recipe wants it so is no sign of a misread source.
_WANTED = ("no_object",)


@dataclass(frozen=True, slots=True)
class RejectCount:
    """Rejects of one kind, counted; `name` says which, where that decides about the build."""

    source_id: str
    reason: str
    name: str
    images: int
    instances: int


def count_rejects(rejects: Iterable[Reject]) -> tuple[RejectCount, ...]:
    """Boil rejects down to what decides whether the build may go on."""
    images: Counter[tuple[str, str, str]] = Counter()
    instances: Counter[tuple[str, str, str]] = Counter()
    for reject in rejects:
        name = reject.detail if reject.reason in _DECIDED else ""
        if reject.reason in _FATAL:
            name = f"{reject.file}: {reject.detail}"
        key = (reject.source_id, reject.reason, name)
        images[key] += reject.images
        instances[key] += reject.instances
    return tuple(RejectCount(*key, images[key], instances[key]) for key in sorted(images))


def reasons_to_stop(
    counts: Iterable[RejectCount],
    facts: Sequence[ImageFact],
    images_listed: Mapping[str, int],
    recipe: Recipe,
) -> tuple[str, ...]:
    """Say why nothing may be written, one sentence each; empty when the build may go on."""
    counts = sorted(counts, key=lambda count: (count.source_id, count.reason, count.name))
    reasons = [*_fatal(counts)]
    if recipe.rejects.unknown_category == "stop":
        reasons += _unknown_names(counts)
    if recipe.rejects.contradiction == "stop":
        reasons += _contradictions(counts)
    rejected: Counter[str] = Counter()
    for count in counts:
        if count.reason not in _WANTED:
            rejected[count.source_id] += count.images
    for source_id, images in sorted(rejected.items()):
        total = images_listed.get(source_id, 0)
        if total and images / total > recipe.rejects.max_image_ratio:
            reasons.append(
                f"{source_id}: {images:,} of {total:,} images rejected, more than the recipe's "
                f"rejects.max_image_ratio = {recipe.rejects.max_image_ratio:g}; see rejects/"
            )
    if not facts and not reasons:
        reasons.append("nothing to write: no image was kept; see rejects/")
    return tuple(reasons)


def other_totals(
    read: Iterable[ReadCount], images_listed: Mapping[str, int], manifests: Mapping[str, Manifest]
) -> tuple[str, ...]:
    """Name every source of which other numbers were read than its manifest says were published."""
    images = Counter(images_listed)
    instances: Counter[str] = Counter()
    for count in read:
        images[count.source_id] += count.images
        instances[count.source_id] += count.instances
    return tuple(
        f"{s}: {images[s]:,} images and {instances[s]:,} instances read, "
        f"{expected.images:,} and {expected.instances:,} published (--strict); if this is the "
        "release you mean to build, leave --strict out"
        for s, expected in ((s, manifests[s].expected) for s in sorted(manifests))
        if expected and (expected.images, expected.instances) != (images[s], instances[s])
    )


def _fatal(counts: Iterable[RejectCount]) -> Iterable[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for count in counts:
        if count.reason in _FATAL:
            places = found.setdefault((count.source_id, count.reason), [])
            if count.name not in places:
                places.append(count.name)
    for (source_id, reason), places in sorted(found.items()):
        yield f"{source_id}: {_FATAL[reason]} ({len(places):,}): {'; '.join(places)}"


def _unknown_names(counts: Iterable[RejectCount]) -> Iterable[str]:
    unknown: Counter[tuple[str, str]] = Counter()
    for count in counts:
        if count.reason == "unknown_category":
            unknown[count.source_id, count.name] += count.instances
    if unknown:
        names = "; ".join(f"{s}: {name!r} × {n:,}" for (s, name), n in sorted(unknown.items()))
        yield (
            f"unknown category names ({names}); list them under [categories.names] in the "
            'manifest, or set rejects.unknown_category = "reject" in the recipe'
        )


def _contradictions(counts: Iterable[RejectCount]) -> Iterable[str]:
    found: Counter[tuple[str, str]] = Counter()
    for count in counts:
        if count.reason == "contradicts_manifest":
            found[count.source_id, count.name] += count.instances
    for (source_id, statement), objects in sorted(found.items()):
        key = statement.split()[0]
        yield (
            f"{source_id}: {statement} ({objects:,} objects); correct the statement with "
            f"--set {source_id}.{key}=VALUE, or set rejects.contradiction = "
            '"reject" in the recipe to leave these objects out'
        )


def kept_images(facts: Iterable[ImageFact], dropped: frozenset[str]) -> tuple[ImageFact, ...]:
    """Give the images that stay, by id."""
    kept = (fact for fact in facts if fact.image_id not in dropped)
    return tuple(sorted(kept, key=lambda fact: fact.image_id))


def assign_shards(
    kept: Sequence[ImageFact], splits: Mapping[str, Split], images_per_shard: int
) -> tuple[Decision, ...]:
    """Spread each split's images over its shards by stable hash.

    The chips of one image stay together, so that its scene is decoded once.
    """
    pictures = Counter[Split]()
    for fact in kept:
        pictures[splits[fact.image_id]] += fact.chips
    shards = {split: -(-pictures[split] // images_per_shard) for split in SPLITS}
    decisions = []
    for fact in kept:
        split = splits[fact.image_id]
        index = choose(shards[split], fact.image_id, "shard")
        name = shard_name(split, index, shards[split])
        decisions.append(Decision(fact.image_id, fact.block, split, name))
    return tuple(decisions)


def shard_names(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """Give every shard of every split, also those that no image was hashed to."""
    counts = {(d.split, int(d.shard.rpartition("-")[2])) for d in decisions}
    return tuple(
        shard_name(split, index, count) for split, count in sorted(counts) for index in range(count)
    )


def duplicate_rows(
    groups: Iterable[DuplicateGroup], splits: Mapping[str, Split]
) -> list[dict[str, object]]:
    """Make the rows of the published table: every member of every group, the best one first."""
    return [
        {
            "group_id": group.group_id,
            "image_id": member.fact.image_id,
            "source": member.fact.source_id,
            "kept": member.kept,
            "reason": member.reason,
            "distance": member.distance,
            "label_conflict": member.label_conflict,
            "split": splits[member.fact.image_id],
            "official_split": member.fact.official_split,
            "pixel_sha256": member.fact.pixel_sha256,
            "instances": member.fact.instances,
            "file": member.fact.file,
        }
        for group in groups
        for member in group.members
    ]


def likeness_warnings(
    facts: Iterable[ImageFact], groups: Iterable[DuplicateGroup]
) -> dict[str, dict[str, int]]:
    """Count, per source, duplicates with other boxes and pictures that show too little to compare.

    Both are kept or resolved as usual; a person should know.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        for member in group.members:
            if member.label_conflict:
                counts[member.fact.source_id]["label_conflict"] += 1
    for fact in facts:
        if not fact.perceptual_hash:
            counts[fact.source_id]["too_flat_to_compare"] += 1
    return {source_id: dict(tally) for source_id, tally in counts.items()}
