"""Shards: which shard of its split each kept image goes to, by stable hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import overload

import numpy as np

from sarchat_build.curation.facts import SPLIT_OF, Codes, FactTable, Rows, split_of
from sarchat_build.published.layout import shard_name
from sarchat_build.stable_hash import choose
from sarchat_build.types import SPLITS, CutImage, PlannedImage, Split

_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class ShardAssignment:
    """The split and the shard of one kept image; `block` is the key of the block that holds it."""

    image_id: str
    block: str
    split: Split
    shard: str


class Assignments(Sequence[ShardAssignment]):
    """The assignments of many images in columns; each is made when somebody asks for it."""

    def __init__(
        self, kept: FactTable, splits: Codes, numbers: Rows, shards: Mapping[int, int]
    ) -> None:
        """Take the images, their splits, the numbers of their shards, and how many there are."""
        self._kept, self._splits, self._numbers = kept, splits, numbers
        self._names = {
            (code, number): shard_name(split_of(code), number, count)
            for code, count in shards.items()
            for number in range(count)
        }

    @property
    def shards(self) -> tuple[str, ...]:
        """The names of all shards, also of those that no image was hashed to."""
        used = sorted({split_of(code) for code in np.unique(self._splits).tolist()})
        return tuple(
            name
            for split in used
            for (code, _), name in self._names.items()
            if split_of(code) == split
        )

    def by_block(self) -> Iterator[tuple[str, tuple[ShardAssignment, ...]]]:
        """Yield the assignments of each block of images, by its key, in the order of the images."""
        codes, blocks = self._kept.codes("block")
        rank = np.argsort(np.argsort(np.array(blocks, dtype=np.str_)))
        rows = np.argsort(rank[codes], kind="stable")
        for block, members in groupby(self._these(rows), key=lambda a: a.block):
            yield block, tuple(members)

    def __len__(self) -> int:
        """Number of images."""
        return len(self._kept)

    def __iter__(self) -> Iterator[ShardAssignment]:
        """Go through all assignments."""
        return self._these(np.arange(len(self)))

    @overload
    def __getitem__(self, row: int) -> ShardAssignment: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[ShardAssignment, ...]: ...
    def __getitem__(self, row: int | slice) -> ShardAssignment | tuple[ShardAssignment, ...]:
        """Give one assignment, or several."""
        rows = np.arange(len(self))[row]
        return tuple(self._these(rows)) if isinstance(row, slice) else next(self._these(rows[None]))

    def __eq__(self, other: object) -> bool:
        """Whether another sequence holds the same assignments."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def _these(self, rows: Rows) -> Iterator[ShardAssignment]:
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            columns = zip(
                self._kept.texts("image_id", some),
                self._kept.texts("block", some),
                self._splits[some].tolist(),
                self._numbers[some].tolist(),
                strict=True,
            )
            for image_id, block, code, number in columns:
                name = self._names[code, number]
                yield ShardAssignment(image_id, block, split_of(code), name)


def assign_shards(kept: FactTable, splits: Codes, images_per_shard: int) -> Assignments:
    """Spread each split's images over its shards by stable hash.

    The chips of one image stay together, so that its scene is decoded once.

    Args:
        kept: the images to publish, in the order of their ids.
        splits: their splits, as numbers.
        images_per_shard: how many rows of `images` a shard has on average, at most.
    """
    chips = kept.numbers("chips")
    shards = {
        SPLIT_OF.index(split): -(
            -int(chips[splits == SPLIT_OF.index(split)].sum()) // images_per_shard
        )
        for split in SPLITS
    }
    ids = (image_id for batch in kept.batches("image_id") for image_id in batch)
    numbers = np.fromiter(
        (choose(shards[code], i, "shard") for i, code in zip(ids, splits.tolist(), strict=True)),
        np.int64,
    )
    return Assignments(kept, splits, numbers, shards)


def group_by_shard(
    images: Iterable[CutImage], assignments: Iterable[ShardAssignment]
) -> dict[str, tuple[PlannedImage, ...]]:
    """Group the images of one block by their shards; those without an assignment are left out."""
    assigned = {assignment.image_id: assignment for assignment in assignments}
    by_shard: dict[str, list[PlannedImage]] = {}
    for cut in images:
        assignment = assigned.get(cut.image.image_id)
        if assignment is not None:
            planned = PlannedImage(cut.image, cut.chips, assignment.split)
            by_shard.setdefault(assignment.shard, []).append(planned)
    return {shard: tuple(members) for shard, members in sorted(by_shard.items())}
