"""Stop or go: rejects, counted, and the reasons why nothing may be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.misreading import signs_of_misreading
from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason
from sarchat_build.types import ReadCount, Reject

# Reasons of rejects with which no build goes on.
_FATAL = (Reason.UNREADABLE_DOCUMENT, Reason.DUPLICATE_ID, Reason.SPLIT_CONFLICT)
# Reasons that the recipe decides about: see `_contradictions` and `_unknown_names`.
_BY_RECIPE = (Reason.UNKNOWN_CATEGORY, Reason.CONTRADICTS_MANIFEST)
# Images left out because the recipe wants it so are no sign of a misread source.
_WANTED = (Reason.NO_OBJECT,)


@dataclass(frozen=True, slots=True)
class RejectCount:
    """The number of rejects of one source and reason.

    `name` is what they are about where that decides about the build, and "" elsewhere.
    """

    source_id: str
    reason: Reason
    name: str
    images: int
    instances: int


def count_rejects(rejects: Iterable[Reject]) -> tuple[RejectCount, ...]:
    """Reduce rejects to what decides whether the build may go on."""
    images: Counter[tuple[str, Reason, str]] = Counter()
    instances: Counter[tuple[str, Reason, str]] = Counter()
    for reject in rejects:
        name = reject.detail if reject.reason in _BY_RECIPE else ""
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
    read: Iterable[ReadCount] = (),
) -> tuple[Stop, ...]:
    """List why nothing may be written; empty when the build may go on.

    Args:
        counts: what was rejected.
        facts: the images that were kept.
        images_listed: number of image files by source.
        recipe: says what is tolerated.
        read: images that only documents name; they are rejected, so they are of the total too.
    """
    counts = sorted(counts, key=lambda count: (count.source_id, count.reason, count.name))
    instances: Counter[tuple[str, Reason]] = Counter()
    for count in counts:
        instances[count.source_id, count.reason] += count.instances
    reasons = [*_fatal(counts), *signs_of_misreading(instances, facts)]
    if recipe.rejects.unknown_category == "stop":
        reasons += _unknown_names(counts)
    if recipe.rejects.contradiction == "stop":
        reasons += _contradictions(counts)
    rejected: Counter[str] = Counter()
    for count in counts:
        if count.reason not in _WANTED:
            rejected[count.source_id] += count.images
    totals = _images_read(read, images_listed)
    for source_id, images in sorted(rejected.items()):
        total = totals[source_id]
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


def differences_from_published(
    read: Iterable[ReadCount], images_listed: Mapping[str, int], manifests: Mapping[str, Manifest]
) -> tuple[Stop, ...]:
    """List each source whose numbers of images and objects are not the published ones."""
    read = tuple(read)
    images = _images_read(read, images_listed)
    instances: Counter[str] = Counter()
    for count in read:
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


def _images_read(read: Iterable[ReadCount], images_listed: Mapping[str, int]) -> Counter[str]:
    images = Counter(images_listed)
    for count in read:
        images[count.source_id] += count.images
    return images


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
