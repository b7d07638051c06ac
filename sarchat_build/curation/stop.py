"""Stop or go: rejects, counted, and the sentences that say why nothing may be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.facts import ImageFact
from sarchat_build.types import ReadCount, Reject

# Reasons of rejects with which no build goes on, and what to do about each.
_FATAL = {
    "unreadable_document": "documents about many images cannot be read; fetch the archive again",
    "duplicate_id": "ids that stand for two things; correct the document, or leave it out",
    "split_conflict": "official lists put images into two splits; remove each from one of them",
}
# Reasons that the recipe decides about: see `_contradictions` and `_unknown_names`.
_BY_RECIPE = ("unknown_category", "contradicts_manifest")
# Images left out because the recipe wants it so are no sign of a misread source.
_WANTED = ("no_object",)


@dataclass(frozen=True, slots=True)
class RejectCount:
    """The number of rejects of one source and reason.

    `name` is what they are about where that decides about the build, and "" elsewhere.
    """

    source_id: str
    reason: str
    name: str
    images: int
    instances: int


def count_rejects(rejects: Iterable[Reject]) -> tuple[RejectCount, ...]:
    """Reduce rejects to what decides whether the build may go on."""
    images: Counter[tuple[str, str, str]] = Counter()
    instances: Counter[tuple[str, str, str]] = Counter()
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
) -> tuple[str, ...]:
    """List why nothing may be written, one sentence each; empty when the build may go on."""
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


def differences_from_published(
    read: Iterable[ReadCount], images_listed: Mapping[str, int], manifests: Mapping[str, Manifest]
) -> tuple[str, ...]:
    """List each source whose numbers of images and objects are not the published ones."""
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
            names = found.setdefault((count.source_id, count.reason), [])
            if count.name not in names:
                names.append(count.name)
    for (source_id, reason), names in sorted(found.items()):
        yield f"{source_id}: {_FATAL[reason]} ({len(names):,}): {'; '.join(names)}"


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
