"""Index of keys in arrays, 12 bytes each: it can lie in a file that all processes map."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sarchat_build.stable_hash import stable_hash


class KeyIndex:
    """Positions of keys, by hashes in ascending order; the keys themselves lie elsewhere.

    Two keys may have one hash, so whoever asks compares what lies at the positions.

    Attributes:
        hashes: one per key, in ascending order.
        order: position of the key that each hash belongs to; equal hashes in order of position.

    >>> KeyIndex.of(["a.png", "b.png", "a.png"]).candidates("a.png")
    [0, 2]
    """

    def __init__(self, hashes: NDArray[np.uint64], order: NDArray[np.int32]) -> None:
        self.hashes, self.order = hashes, order

    @classmethod
    def of(cls, keys: Iterable[str]) -> KeyIndex:
        """Index keys by their positions."""
        hashes = np.fromiter(map(stable_hash, keys), np.uint64)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(hashes[order], order)

    def candidates(self, key: str) -> list[int]:
        """Give the positions, in ascending order, at which the key may lie."""
        start, end = self._range(key)
        return [int(position) for position in self.order[start:end]]

    def count(self, key: str) -> int:
        """Tell how many candidates a key has, without a look at them."""
        start, end = self._range(key)
        return end - start

    def _range(self, key: str) -> tuple[int, int]:
        wanted = np.uint64(stable_hash(key))
        return int(np.searchsorted(self.hashes, wanted, "left")), int(
            np.searchsorted(self.hashes, wanted, "right")
        )
