"""Near-duplicate search: all pairs of close perceptual hashes, without comparing each with each.

Pigeonhole: hashes that differ in at most `distance` bits, cut into `distance // 2 + 1` bands, agree
in some band up to one bit. So each band of each hash is looked up as it is and with each single bit
turned: every close pair is found (recall 1), and only candidates that share a band are compared.
With 11 bands of 23 or 24 bits and a million unrelated hashes that is about 30 candidates a hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sarchat_build.images.hashing import BITS

Indices = NDArray[np.intp]
Hashes = NDArray[np.uint64]  # shape (n, 4)
_Ranges: TypeAlias = tuple[Indices, Indices]  # starts and sizes, each (keys, look-ups)

# Candidate pairs that are compared at once: about 100 MB at the peak of a comparison.
_CHUNK_PAIRS = 1 << 20
_ROOTS = 4096
# Bands of at most 32 bits; more bands than the distance asks for lose nothing.
_MIN_BANDS = 11
# Hashes that are cut up at once: a byte for each of their bits.
_AT_ONCE = 1 << 16
_NONE = np.empty(0, dtype=np.intp)


def unpack_hashes(hexadecimal: Sequence[str]) -> Hashes:
    """Turn hashes of 64 hexadecimal digits into rows of four 64-bit words."""
    data = bytes.fromhex("".join(hexadecimal))
    return np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(-1, BITS // 64)


def connected_components(hashes: Hashes, distance: int) -> list[Indices]:
    """Find the connected components of the graph whose edges are the pairs at `distance` or less.

    Each picture is looked up once, and only among those that no component has taken yet: many
    similar pictures cost their number, not its square.

    Returns:
        The components of two and more, each in ascending order, ordered by their first member.
    """
    index = _Index(hashes, distance)
    components = []
    start = 0
    while start < len(hashes):
        roots, pairs = index.close_pairs_of_first(
            np.arange(start, min(start + _ROOTS, len(hashes)), dtype=np.intp)
        )
        for root, found in _by_seed(*pairs):
            # A root that an earlier component of this round has reached belongs to it.
            if index.unassigned[root]:
                components.append(_grow_component(index, root, found))
        index.unassigned[roots] = False
        start += len(roots)
    return components


def _grow_component(index: _Index, root: int, found: Indices) -> Indices:
    parts = [np.array([root], dtype=np.intp)]
    index.unassigned[root] = False
    while len(found):
        index.unassigned[found] = False
        parts.append(found)
        members = index.close_pairs(found)[1]
        found = np.unique(members)
    return np.sort(np.concatenate(parts))


def band_keys(perceptual_hash: bytes, distance: int) -> Iterator[bytes]:
    """Give the keys under which a hash meets every other one that is close to it.

    Cut into a band more than bits may differ, two close hashes have a whole band in common. These
    are for machines that share nothing: one that has all hashes looks bands up (`_Index`).

    >>> one, other = bytes(32), bytes(31) + bytes([5])
    >>> len(set(band_keys(one, 2)) & set(band_keys(other, 2)))
    1
    """
    bits = np.unpackbits(np.frombuffer(perceptual_hash, dtype=np.uint8))
    for band in range(distance + 1):
        own = np.packbits(bits[band :: distance + 1]).tobytes()
        yield band.to_bytes(2, "big") + own


def connect_band(
    members: Iterable[tuple[str, bytes]], distance: int
) -> tuple[tuple[str, str], ...]:
    """Give pairs by which all pictures of one band are connected that are close to one another.

    Of many similar pictures these are as many pairs, not all there are.

    Args:
        members: ids and hashes of pictures that have the band in common.
        distance: how many bits of close hashes may differ.
    """
    ids, hashes = zip(*sorted(members), strict=True)
    if len(ids) == 1:
        return ()
    words = np.frombuffer(b"".join(hashes), dtype=">u8").astype(np.uint64)
    components = connected_components(words.reshape(-1, BITS // 64), distance)
    return tuple((ids[found[0]], ids[other]) for found in components for other in found[1:])


def components_of_pairs(pairs: NDArray[np.intp]) -> list[Indices]:
    """Find the components that pairs connect, as `connected_components` gives them.

    >>> components_of_pairs(np.array([[5, 9], [2, 7], [9, 2], [3, 4]]))
    [array([2, 5, 7, 9]), array([3, 4])]
    """
    members, places = np.unique(pairs, return_inverse=True)
    sets = UnionFind(len(members))
    for first, second in places.reshape(-1, 2).tolist():
        sets.join(first, second)
    roots = sets.roots()
    order = np.argsort(roots, kind="stable")
    edges = np.flatnonzero(np.diff(roots[order])) + 1
    return np.split(members[order], edges) if len(members) else []


def greedy_clusters(hashes: Hashes, distance: int) -> list[Indices]:
    """Split a component, ordered by preference, into clusters around a center.

    The first remaining picture is a center and takes every remaining one within `distance` of
    itself. So each picture is close to its own center, never only to a neighbor of it, and no two
    centers are close to each other.

    Returns:
        The clusters as positions in `hashes`, each with its center first, possibly alone.
    """
    remaining = np.arange(len(hashes))
    clusters = []
    while len(remaining):
        near = hamming(hashes[remaining], hashes[remaining[0]]) <= distance
        clusters.append(remaining[near])
        remaining = remaining[~near]
    return clusters


def hamming(first: Hashes, second: Hashes) -> NDArray[np.int64]:
    """Count the bits in which rows of hashes differ."""
    counts: NDArray[np.int64] = np.bitwise_count(first ^ second).sum(axis=-1, dtype=np.int64)
    return counts


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


class _Index:
    """Bands of hashes in sorted order; `unassigned` tells which pictures can still be found."""

    def __init__(self, hashes: Hashes, distance: int) -> None:
        self._hashes, self._distance = hashes, distance
        self._keys = _cut_into_bands(hashes, max(_MIN_BANDS, distance // 2 + 1))
        self.unassigned = np.ones(len(hashes), dtype=np.bool_)
        self._rebuild()

    def _rebuild(self) -> None:
        members = np.flatnonzero(self.unassigned)
        self._indexed = len(members)
        self._sorted = []
        for keys, width in self._keys:
            order = members[np.argsort(keys[members], kind="stable")].astype(np.int32)
            self._sorted.append(_Band.of(keys, order, width))

    def close_pairs_of_first(self, seeds: Indices) -> tuple[Indices, tuple[Indices, Indices]]:
        """Give as many of the first seeds as one comparison holds, at least one, and their pairs.

        Of many similar pictures the first should take the others before they are looked up.
        """
        ranges = self._ranges(seeds)
        wanted = sum((sizes.sum(axis=1) for _, sizes in ranges), np.zeros(len(seeds), np.int64))
        count = max(1, int(np.searchsorted(np.cumsum(wanted), _CHUNK_PAIRS)))
        return seeds[:count], self.close_pairs(
            seeds[:count], [(starts[:count], sizes[:count]) for starts, sizes in ranges]
        )

    def close_pairs(
        self, seeds: Indices, ranges: list[_Ranges] | None = None
    ) -> tuple[Indices, Indices]:
        """Give (seed, unassigned picture) within the distance; a pair may come several times."""
        ranges = ranges or self._ranges(seeds)
        planned = sum(int(sizes.sum()) for _, sizes in ranges)
        # Pictures that a component has taken are still in the lists. They are removed when
        # passing over them would cost more than sorting anew.
        if planned > 16 * self._indexed > 16 * np.count_nonzero(self.unassigned):
            self._rebuild()
            ranges = self._ranges(seeds)
        found = [
            pair
            for band, (starts, sizes) in zip(self._sorted, ranges, strict=True)
            for pair in self._compare(seeds, band.order, starts, sizes)
        ]
        return (
            np.concatenate([first for first, _ in found]) if found else _NONE,
            np.concatenate([second for _, second in found]) if found else _NONE,
        )

    def _ranges(self, seeds: Indices) -> list[_Ranges]:
        return [
            band.ranges(keys[seeds])
            for band, (keys, _) in zip(self._sorted, self._keys, strict=True)
        ]

    def _compare(
        self, seeds: Indices, order: NDArray[np.int32], starts: Indices, sizes: Indices
    ) -> Iterator[tuple[Indices, Indices]]:
        # Look-ups that hit, one after the other: number k stands for ends[k - 1] … ends[k] - 1.
        seed, turned = np.nonzero(sizes)
        starts, sizes = starts[seed, turned], sizes[seed, turned]
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if len(ends) else 0
        for begin in range(0, total, _CHUNK_PAIRS):
            number = np.arange(begin, min(begin + _CHUNK_PAIRS, total))
            owner = np.searchsorted(ends, number, side="right")
            members = order[starts[owner] + number - (ends[owner] - sizes[owner])]
            first = seeds[seed[owner]]
            usable = self.unassigned[members] & (members != first)
            first, members = first[usable], members[usable]
            close = hamming(self._hashes[first], self._hashes[members]) <= self._distance
            yield first[close], members[close]


class _Band(NamedTuple):
    """One band's keys in sorted order, whose they are, and where each run of equal keys ends."""

    order: NDArray[np.int32]
    keys: NDArray[np.uint32]
    run_ends: NDArray[np.int32]
    masks: NDArray[np.uint32]

    @classmethod
    def of(cls, keys: NDArray[np.uint32], order: NDArray[np.int32], width: int) -> _Band:
        """Sort `keys[order]`, which is sorted already, into a list that can be searched."""
        sorted_keys = keys[order]
        ends = np.append(np.flatnonzero(sorted_keys[1:] != sorted_keys[:-1]) + 1, len(sorted_keys))
        ends = ends.astype(np.int32) if len(sorted_keys) else _NONE.astype(np.int32)
        run_ends = np.repeat(ends, np.diff(ends, prepend=np.int32(0)))
        masks = np.array([0, *(1 << bit for bit in range(width))], dtype=np.uint32)
        return cls(order, sorted_keys, run_ends, masks)

    def ranges(self, keys: NDArray[np.uint32]) -> _Ranges:
        """Locate the candidates of each key: start and size, per key and turned bit."""
        probes = keys[:, None] ^ self.masks
        starts = np.searchsorted(self.keys, probes)
        if not len(self.keys):
            return starts, np.zeros_like(starts)
        inside = np.minimum(starts, len(self.keys) - 1)
        hit = self.keys[inside] == probes
        return starts, np.where(hit, self.run_ends[inside] - starts, 0)


def _cut_into_bands(hashes: Hashes, count: int) -> list[tuple[NDArray[np.uint32], int]]:
    """Cut each hash into `count` numbers; give them with their width in bits.

    Band k takes every `count`-th bit from bit k on: neighbors in the picture's spectrum are alike
    more often than others, and a band of them would single out less.
    """
    widths = [len(range(band, BITS, count)) for band in range(count)]
    bands = [(np.zeros(len(hashes), dtype=np.uint32), width) for width in widths]
    for start in range(0, len(hashes), _AT_ONCE):
        part = hashes[start : start + _AT_ONCE]
        bits = np.unpackbits(part.astype(">u8").view(np.uint8), axis=1)
        for band, (keys, _) in enumerate(bands):
            own = keys[start : start + _AT_ONCE]
            for column in bits[:, band::count].T:
                np.left_shift(own, 1, out=own)
                np.bitwise_or(own, column, out=own)
    return bands


def _by_seed(seeds: Indices, members: Indices) -> Iterator[tuple[int, Indices]]:
    if not len(seeds):
        return
    pairs = np.unique(np.stack([seeds, members], axis=1), axis=0)
    firsts, starts = np.unique(pairs[:, 0], return_index=True)
    yield from zip(firsts.tolist(), np.split(pairs[:, 1], starts[1:]), strict=True)
