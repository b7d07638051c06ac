"""Signs that a whole source is misread: no single object proves it, all together do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarchat_build.curation.facts import FactTable, ImageFact
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
_NONE = np.empty(0, np.int64)


def signs_of_misreading(
    rejected: Mapping[tuple[str, Reason], int], facts: Sequence[ImageFact]
) -> Iterator[Stop]:
    """Give a reason to stop for each source whose numbers mean something else than is stated.

    Args:
        rejected: number of rejected objects by source and reason.
        facts: the images that were kept.
    """
    table = FactTable.of(facts)
    totals: Counter[str] = Counter()
    for (source_id, _), objects in rejected.items():
        totals[source_id] += objects
    of_source, sources = table.codes("source_id")
    instances = table.numbers("instances")
    rows_of = dict.fromkeys(totals, _NONE)
    for number, source_id in enumerate(sources):
        here = of_source == number
        if here.any():
            totals[source_id] += int(instances[here].sum())
            rows_of[source_id] = np.flatnonzero(here & (instances > 0))
    for source_id, total in sorted(totals.items()):
        for reason in _OF_MOST:
            objects = rejected.get((source_id, reason), 0)
            if 2 * objects > total:
                yield _stop(source_id, reason, f"{objects:,} of {total:,} objects")
        kept = _Extents.of(table, rows_of[source_id])
        if are_percents(kept.pictures()):
            yield _stop(
                source_id, Reason.SHARES_OF_PICTURE, f"no box reaches beyond 100 in {kept.size}"
            )
        if kept.are_corners:
            evidence = (
                f"each bbox can be two corners, and as it is read {kept.leaving:,} of "
                f"{kept.objects:,} "
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


class _Extents(NamedTuple):
    """How the boxes of a source's pictures lie, in columns."""

    far_px: NDArray[np.float64]
    width_px: NDArray[np.int32]
    height_px: NDArray[np.int32]
    may_be_corners: NDArray[np.bool_]
    leaving: int
    objects: int

    @classmethod
    def of(cls, table: FactTable, rows: NDArray[np.int64]) -> _Extents:
        return cls(
            far_px=table.numbers("far_px")[rows],
            width_px=table.numbers("width_px")[rows],
            height_px=table.numbers("height_px")[rows],
            may_be_corners=table.numbers("may_be_corners")[rows],
            leaving=int(table.numbers("clipped")[rows].sum()),
            objects=int(table.numbers("instances")[rows].sum()),
        )

    def pictures(self) -> Iterator[tuple[float, tuple[int, int]]]:
        for row in range(len(self.far_px)):
            size_px = (int(self.width_px[row]), int(self.height_px[row]))
            yield float(self.far_px[row]), size_px

    @property
    def are_corners(self) -> bool:
        return (
            len(self.far_px) >= _ENOUGH_PICTURES
            and bool(self.may_be_corners.all())
            and self.leaving >= _LEAVING_SHARE * self.objects
        )

    @property
    def size(self) -> str:
        width_px, height_px = max(size_px for _, size_px in self.pictures())
        return f"{len(self.far_px):,} pictures of up to {width_px:,} × {height_px:,} pixels"
