"""The build's pictures and objects beside those of SARDet-100K, and why they differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sarchat_build.config.manifest import Manifest
from sarchat_build.curation.split_changes import SplitChange
from sarchat_build.curation.splits import SplitRule
from sarchat_build.dataset.record import ComparisonRow, PictureCounts
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.types import SPLITS, Split

# What a reason means to a reader of the table.
REASONS = {
    "duplicates": "shown by another picture",
    "moved_with_duplicates": "moved with its duplicates",
    "moved_with_scene": "moved with its scene",
    "rejected": "rejected",
    "archive": "the archive holds other images",
    "rule": "divided by the recipe's rule",
    "hash": "divided by stable hash",
    "tiling": "chips of its scenes",
    "lists": "the lists differ",
}
_COUNTED = ("duplicates", "moved_with_duplicates", "moved_with_scene", "rejected")


def compare(
    *,
    manifests: Mapping[str, Manifest],
    rules: Mapping[str, SplitRule],
    counts: Mapping[str, Mapping[str, Mapping[str, int]]],
    receipts: Sequence[ShardReceipt],
    changes: Iterable[SplitChange],
) -> list[ComparisonRow]:
    """Make the table: one row per source and split, for sources that SARDet-100K holds.

    `here` is what the shards hold, `published` what arXiv 2403.06534, table 2, counts; the numbers
    of `reasons` add up to `here - published`. What no counted reason explains stands under the
    first cause that applies: the archive is not the published one, the recipe divides by another
    rule, no list exists, scenes are cut, objects were rejected, or else the lists differ.

    Args:
        manifests: the sources, by id.
        rules: how each is divided into splits.
        counts: how many images and objects of each were read, rejected and so on.
        receipts: of every shard.
        changes: why splits hold other pictures than their lists say.
    """
    here: dict[tuple[str, Split], Counter[str]] = defaultdict(Counter)
    for receipt in receipts:
        split = next(split for split in SPLITS if receipt.name.startswith(f"{split}-"))
        for source_id, rows in receipt.counts.items():
            here[source_id, split].update({unit: rows[unit] for unit in UNITS})
    reasons: dict[tuple[str, Split], dict[str, Counter[str]]] = defaultdict(dict)
    for change in changes:
        if change.pictures or change.objects:
            found = Counter(images=change.pictures, objects=change.objects)
            reasons[change.source_id, change.split][change.reason] = found
    table = []
    for source_id, manifest in sorted(manifests.items()):
        cause = _cause(manifest, rules[source_id], counts[source_id])
        for split, published in _published(manifest):
            key = source_id, split
            table.append(
                ComparisonRow(
                    source=source_id,
                    split=split,
                    here=_numbers(here[key]),
                    published=_numbers(published),
                    reasons=_with_rest(reasons[key], cause, here[key], published),
                )
            )
    return table


UNITS = ("images", "objects")


def _numbers(counts: Mapping[str, int]) -> PictureCounts:
    return PictureCounts(images=counts["images"], objects=counts["objects"])


def _published(manifest: Manifest) -> Iterator[tuple[Split, Mapping[str, int]]]:
    if manifest.sardet:
        images, instances = manifest.sardet.images, manifest.sardet.instances
        for split in SPLITS:
            yield split, {"images": getattr(images, split), "objects": getattr(instances, split)}


def _with_rest(
    known: Mapping[str, Mapping[str, int]],
    cause: str,
    here: Mapping[str, int],
    published: Mapping[str, int],
) -> dict[str, PictureCounts]:
    reasons = {name: Counter(found) for name, found in known.items()}
    rest = {
        unit: here[unit] - published[unit] - sum(found[unit] for found in known.values())
        for unit in UNITS
    }
    if any(rest.values()):
        reasons.setdefault(cause, Counter()).update(rest)
    return {name: _numbers(found) for name, found in reasons.items()}


def explain(reasons: Mapping[str, PictureCounts]) -> str:
    """Put the reasons of one row into words, with the numbers of images and objects.

    >>> explain({"duplicates": PictureCounts(images=-2, objects=-5)})
    'shown by another picture -2 / -5'
    """
    # Counted ones by name, then the cause of the rest: not as JSON sorts them.
    ordered = sorted(reasons, key=lambda reason: (reason not in _COUNTED, reason))
    return "; ".join(
        f"{REASONS[reason]} {reasons[reason].images:+,} / {reasons[reason].objects:+,}"
        for reason in ordered
    )


def _cause(manifest: Manifest, rule: SplitRule, counts: Mapping[str, Mapping[str, int]]) -> str:
    expected, read = manifest.expected, counts["read"]
    if expected and expected.images != read["images"]:
        return "archive"
    if manifest.sardet and rule.lists != manifest.sardet.split:
        return "rule"
    if rule.lists == "scene":
        return "hash"
    if manifest.tiling:
        return "tiling"
    return "rejected" if counts["rejected"]["instances"] else "lists"
