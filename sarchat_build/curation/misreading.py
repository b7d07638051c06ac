"""Signs that a whole source is misread: no single object proves it, all together do."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sarchat_build.curation.facts import ImageFact
from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason

# An object or two of these are slips; most of a source are a misreading.
_OF_MOST = (Reason.SHARES_OF_PICTURE, Reason.CONTRADICTS_ITSELF, Reason.ORPHAN_ANNOTATION)
# Percents end at 100. In a picture of this size even an object in the middle reaches farther.
_PERCENTS_END_AT, _PERCENTS_END_PX = 99.5, 100.5
_LARGE_PX = 220
# Chance, of pictures whose objects lie anywhere, below which they are believed to be percents.
_CHANCE = 1e-6
# Pictures of which each box may be two corners, and the share of boxes that leave their picture.
_ENOUGH_PICTURES = 5
_LEAVING_SHARE = 0.25


def signs_of_misreading(
    rejected: Mapping[tuple[str, Reason], int], facts: Sequence[ImageFact]
) -> Iterator[Stop]:
    """Give a reason to stop for each source whose numbers mean something else than is stated.

    Args:
        rejected: number of rejected objects by source and reason.
        facts: the images that were kept.
    """
    totals: Counter[str] = Counter()
    for (source_id, _), objects in rejected.items():
        totals[source_id] += objects
    by_source: dict[str, list[ImageFact]] = defaultdict(list)
    for fact in facts:
        totals[fact.source_id] += fact.instances
        by_source[fact.source_id].append(fact)
    for source_id, total in sorted(totals.items()):
        for reason in _OF_MOST:
            objects = rejected.get((source_id, reason), 0)
            if 2 * objects > total:
                yield _stop(source_id, reason, f"{objects:,} of {total:,} objects")
        kept = [fact for fact in by_source[source_id] if fact.instances]
        if are_percents((fact.extent.far_px, fact.size_px) for fact in kept):
            yield _stop(
                source_id, Reason.SHARES_OF_PICTURE, f"no box reaches beyond 100 in {_size(kept)}"
            )
        if _are_corners(kept):
            leaving = sum(fact.extent.clipped for fact in kept)
            objects = sum(fact.instances for fact in kept)
            evidence = (
                f"each bbox can be two corners, and as it is read {leaving:,} of {objects:,} "
            )
            yield _stop(source_id, Reason.CONTRADICTS_ITSELF, f"{evidence}leave their picture")


def are_percents(pictures: Iterable[tuple[float, tuple[int, int]]]) -> bool:
    """Whether boxes must be percents: they end at 100, in pictures too large for that to be chance.

    Args:
        pictures: of each picture with a box, its largest coordinate, and its width and height.

    Pictures that end at the same number are one sign: copies of a document prove nothing anew. But
    100 itself, where percents end, is each time a sign of its own.

    >>> ends = (97.5, 88.25, 91.0, 64.1, 99.9)
    >>> are_percents((end, (512, 512)) for end in ends)
    True
    >>> are_percents((end, (512, 512)) for end in ends[:4] * 9)
    False
    >>> are_percents((100, (512, 512)) for _ in range(5))
    True
    >>> are_percents((50 + k / 100, (128, 128)) for k in range(5000))  # chips around their targets
    False
    """
    chance = 0.0
    seen: set[float] = set()
    for far, size_px in pictures:
        if far > _PERCENTS_END_PX:
            return False
        at_end = far >= _PERCENTS_END_AT
        if min(size_px) >= _LARGE_PX and (at_end or far not in seen):
            seen.add(far)
            chance += math.log(_PERCENTS_END_PX**2 / (size_px[0] * size_px[1]))
    return chance < math.log(_CHANCE)


def _stop(source_id: str, reason: Reason, evidence: str) -> Stop:
    advice = reason.advice
    if reason is Reason.CONTRADICTS_ITSELF:
        key = f"{source_id}.annotations.bbox"
        advice = (
            f"if COCO boxes are written as corners, say --set '{key}=\"xyxy\"'; if they are corner "
            f"and size all the same, say --set '{key}=\"xywh\"'"
        )
    return Stop(reason, f"{source_id}: {evidence}: {reason.meaning}; {advice}; see rejects/")


def _are_corners(facts: Sequence[ImageFact]) -> bool:
    objects = sum(fact.instances for fact in facts)
    leaving = sum(fact.extent.clipped for fact in facts)
    return (
        len(facts) >= _ENOUGH_PICTURES
        and all(fact.extent.may_be_corners for fact in facts)
        and leaving >= _LEAVING_SHARE * objects
    )


def _size(facts: Sequence[ImageFact]) -> str:
    width_px, height_px = max(fact.size_px for fact in facts)
    return f"{len(facts):,} pictures of up to {width_px:,} × {height_px:,} pixels"
