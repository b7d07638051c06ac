"""Named counters that add up in any order, from which every figure is computed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from zlib import compress, decompress

_SEPARATOR = "/"


class Group(NamedTuple):
    """Rows that are counted together; "" where they are not told apart."""

    split: str = ""
    task: str = ""
    subtask: str = ""
    source: str = ""


class Tallies:
    """Counters by group and kind, all of whole numbers: merging commutes, and nothing is rounded.

    What a kind's keys are is said where it is counted (`counting`).

    >>> one, other = Tallies(), Tallies()
    >>> one.count(Group("train"), "rows", "rows")
    >>> other.count(Group("train"), "rows", "rows", 2)
    >>> one.merge(other)
    >>> one.get(Group("train"), "rows")
    Counter({'rows': 3})
    """

    __slots__ = ("_counters",)

    def __init__(self) -> None:
        self._counters: dict[Group, defaultdict[str, Counter[str]]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tallies) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def count(self, group: Group, kind: str, key: str, times: int = 1) -> None:
        """Add to one counter."""
        self.counter(group, kind)[key] += times

    def counter(self, group: Group, kind: str) -> Counter[str]:
        """Give one counter to add to."""
        return self.counters(group)[kind]

    def counters(self, group: Group) -> defaultdict[str, Counter[str]]:
        """Give the counters of a group by kind, to add to."""
        found = self._counters.get(group)
        if found is None:
            found = self._counters[group] = defaultdict(Counter)
        return found

    def get(self, group: Group, kind: str) -> Counter[str]:
        """Give one counter to read; empty when nothing was counted."""
        kinds = self._counters.get(group)
        return Counter() if kinds is None else kinds.get(kind, Counter())

    def groups(self) -> list[Group]:
        """All groups, sorted."""
        return sorted(self._counters)

    def merge(self, other: Tallies) -> None:
        """Add everything that another part of the dataset counted."""
        for group, kinds in other._counters.items():
            for kind, counter in kinds.items():
                self.counter(group, kind).update(counter)

    def rolled_up(self, coarser: Callable[[Group], Group]) -> Tallies:
        """Give the sums over coarser groups."""
        total = Tallies()
        for group, kinds in self._counters.items():
            for kind, counter in kinds.items():
                total.counter(coarser(group), kind).update(counter)
        return total

    def only(self, wanted: Callable[[Group], bool]) -> Tallies:
        """Give the counters of some groups."""
        chosen = Tallies()
        chosen._counters = {g: kinds for g, kinds in self._counters.items() if wanted(g)}
        return chosen

    def to_json(self) -> dict[str, dict[str, dict[str, int]]]:
        """Give plain values, sorted, without zeros."""
        return {
            _SEPARATOR.join(group): {
                kind: {key: n for key, n in sorted(counter.items()) if n}
                for kind, counter in sorted(kinds.items())
            }
            for group, kinds in sorted(self._counters.items())
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Tallies:
        """Undo `to_json`."""
        tallies = cls()
        for name, kinds in plain.items():
            for kind, counter in kinds.items():
                tallies.counter(Group(*name.split(_SEPARATOR)), kind).update(counter)
        return tallies

    def pack(self) -> bytes:
        """Give compressed JSON, a tenth of the size, to travel between processes."""
        return compress(json.dumps(self.to_json(), ensure_ascii=False).encode())

    @classmethod
    def unpack(cls, packed: bytes) -> Tallies:
        """Undo `pack`.

        >>> tallies = Tallies()
        >>> tallies.count(Group("train"), "rows", "rows")
        >>> Tallies.unpack(tallies.pack()) == tallies
        True
        """
        return cls.from_json(json.loads(decompress(packed)))


def by_value(histogram: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Give (value, times) of a histogram of whole numbers, smallest value first."""
    yield from sorted((int(value), times) for value, times in histogram.items())


def percentile(histogram: Mapping[str, int], percent: int) -> int | None:
    """Give the smallest value that `percent` of 100 do not exceed (nearest rank).

    >>> percentile({"1": 50, "7": 50}, 50), percentile({"1": 50, "7": 50}, 51), percentile({}, 50)
    (1, 7, None)
    """
    wanted = -(-sum(histogram.values()) * percent // 100)
    reached = 0
    for value, times in by_value(histogram):
        reached += times
        if reached >= wanted:
            return value
    return None


def percent(part: int, whole: int) -> float | None:
    """Give a share in percent, to four decimals; None of nothing.

    >>> percent(1, 3), percent(0, 0)
    (33.3333, None)
    """
    return round(100 * part / whole, 4) if whole else None
