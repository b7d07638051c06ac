"""The one look at everything: stop or go, which duplicates stay, who goes where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.duplicates import DuplicateGroup, ImageFact
from sarchat_build.errors import Stop
from sarchat_build.published.layout import shard_name
from sarchat_build.reasons import Reason
from sarchat_build.stable_hash import choose
from sarchat_build.types import SPLITS, ReadCount, Reject, Split


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a kept image goes."""

    image_id: str
    block: str
    split: Split
    shard: str


# What no build goes on with.
_FATAL = (Reason.UNREADABLE_DOCUMENT, Reason.DUPLICATE_ID, Reason.SPLIT_CONFLICT)
# What the recipe decides about: see `_contradictions` and `_unknown_names`.
_DECIDED = (Reason.UNKNOWN_CATEGORY, Reason.CONTRADICTS_MANIFEST)
# What was left out because the recipe wants it so is no sign of a misread source.
_WANTED = (Reason.NO_OBJECT,)


@dataclass(frozen=True, slots=True)
class RejectCount:
    """Rejects of one kind, counted; `name` says which, where that decides about the build."""

    source_id: str
    reason: Reason
    name: str
    images: int
    instances: int


def count_rejects(rejects: Iterable[Reject]) -> tuple[RejectCount, ...]:
    """Boil rejects down to what decides whether the build may go on."""
    images: Counter[tuple[str, Reason, str]] = Counter()
    instances: Counter[tuple[str, Reason, str]] = Counter()
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
) -> tuple[Stop, ...]:
    """Give every reason why nothing may be written; empty when the build may go on."""
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
            message = (
                f"{source_id}: {images:,} of {total:,} images rejected, more than the recipe's "
                f"rejects.max_image_ratio = {recipe.rejects.max_image_ratio:g}; see rejects/"
            )
            reasons.append(Stop(Reason.TOO_MANY_REJECTS, message))
    if not facts and not reasons:
        message = "nothing to write: no image was kept; see rejects/"
        reasons.append(Stop(Reason.NOTHING_TO_WRITE, message))
    return tuple(reasons)


def other_totals(
    read: Iterable[ReadCount], images_listed: Mapping[str, int], manifests: Mapping[str, Manifest]
) -> tuple[Stop, ...]:
    """Name every source of which other numbers were read than its manifest says were published."""
    images = Counter(images_listed)
    instances: Counter[str] = Counter()
    for count in read:
        images[count.source_id] += count.images
        instances[count.source_id] += count.instances
    return tuple(
        Stop(
            Reason.OTHER_TOTALS,
            f"{s}: {images[s]:,} images and {instances[s]:,} instances read, "
            f"{expected.images:,} and {expected.instances:,} published (--strict); if this is the "
            "release you mean to build, leave --strict out",
        )
        for s, expected in ((s, manifests[s].expected) for s in sorted(manifests))
        if expected and (expected.images, expected.instances) != (images[s], instances[s])
    )


def _fatal(counts: Iterable[RejectCount]) -> Iterable[Stop]:
    found: dict[tuple[str, Reason], list[str]] = {}
    for count in counts:
        if count.reason in _FATAL:
            names = found.setdefault((count.source_id, count.reason), [])
            if count.name not in names:
                names.append(count.name)
    for (source_id, reason), names in sorted(found.items()):
        text = f"{reason.meaning}; {reason.advice} ({len(names):,}): {'; '.join(names)}"
        yield Stop(reason, f"{source_id}: {text}")


def _unknown_names(counts: Iterable[RejectCount]) -> Iterable[Stop]:
    unknown: Counter[tuple[str, str]] = Counter()
    for count in counts:
        if count.reason is Reason.UNKNOWN_CATEGORY:
            unknown[count.source_id, count.name] += count.instances
    if unknown:
        names = "; ".join(f"{s}: {name!r} × {n:,}" for (s, name), n in sorted(unknown.items()))
        yield Stop(
            Reason.UNKNOWN_CATEGORY,
            f"unknown category names ({names}); list them under [categories.names] in the "
            'manifest, or set rejects.unknown_category = "reject" in the recipe',
        )


def _contradictions(counts: Iterable[RejectCount]) -> Iterable[Stop]:
    found: Counter[tuple[str, str]] = Counter()
    for count in counts:
        if count.reason is Reason.CONTRADICTS_MANIFEST:
            found[count.source_id, count.name] += count.instances
    for (source_id, statement), objects in sorted(found.items()):
        key = statement.split()[0]
        yield Stop(
            Reason.CONTRADICTS_MANIFEST,
            f"{source_id}: {statement} ({objects:,} objects); correct the statement with "
            f"--set {source_id}.{key}=VALUE, or set rejects.contradiction = "
            '"reject" in the recipe to leave these objects out',
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
) -> dict[str, dict[Reason, int]]:
    """Count, per source, duplicates with other boxes and pictures that show too little to compare.

    Both are kept or resolved as usual; a person should know.
    """
    counts: dict[str, Counter[Reason]] = defaultdict(Counter)
    for group in groups:
        for member in group.members:
            if member.label_conflict:
                counts[member.fact.source_id][Reason.LABEL_CONFLICT] += 1
    for fact in facts:
        if not fact.perceptual_hash:
            counts[fact.source_id][Reason.TOO_FLAT_TO_COMPARE] += 1
    return {source_id: dict(tally) for source_id, tally in counts.items()}
