"""Union-find: which of many numbers are connected by pairs, directly or over others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class UnionFind:
    """Sets of the numbers 0 … n - 1, each known by its smallest member.

    >>> sets = UnionFind(4)
    >>> sets.join(3, 1)
    >>> sets.roots().tolist()
    [0, 1, 2, 1]
    """

    def __init__(self, size: int) -> None:
        self._parent = np.arange(size, dtype=np.int64)

    def root(self, member: int) -> int:
        """Give the smallest member of a member's set."""
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = int(parent[member])
        return member

    def join(self, first: int, second: int) -> None:
        """Make one set of two."""
        one, other = self.root(first), self.root(second)
        self._parent[max(one, other)] = min(one, other)

    def roots(self) -> NDArray[np.int64]:
        """Give the smallest member of the set of each number."""
        while True:
            above = self._parent[self._parent]
            if np.array_equal(above, self._parent):
                return self._parent
            self._parent = above
