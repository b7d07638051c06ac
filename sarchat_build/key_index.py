"""Index of keys in arrays, 12 bytes each: it can lie in a file that all processes map."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sarchat_build.stable_hash import stable_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
        # A single number of an array is found faster so.
        self._hashes, self._order = hashes.data, order.data

    @classmethod
    def of(cls, keys: Iterable[str]) -> KeyIndex:
        """Index keys by their positions."""
        import numpy as np

        hashes = np.fromiter(map(stable_hash, keys), np.uint64)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(hashes[order], order)

    def candidates(self, key: str) -> list[int]:
        """Give the positions, in ascending order, at which the key may lie."""
        wanted = stable_hash(key)
        start = end = bisect_left(self._hashes, wanted)
        while end < len(self._hashes) and self._hashes[end] == wanted:
            end += 1
        return self._order[start:end].tolist()
