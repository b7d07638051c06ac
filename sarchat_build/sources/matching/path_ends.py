"""Files by a part of their name and by as many of their folders as somebody wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile

from sarchat_build.key_index import KeyIndex
from sarchat_build.sources.files import FileRef

# Names that more files have are looked at once; there are few of them.
_CROWD = 64


class PathEnds:
    """Files by a key made of their name; of several, those whose folders end as is written."""

    def __init__(
        self,
        files: Sequence[FileRef],
        folders: Callable[[FileRef], tuple[str, ...]],
        key_of: Callable[[FileRef], str],
        index: KeyIndex | None = None,
    ) -> None:
        """Take files, what their folders and keys are, and the index of the keys, if there is one.

        Case does not count in keys.
        """
        self._files = files
        self._folders = folders
        self._key_of = key_of
        self.index = index or KeyIndex.of(self._key(file) for file in files)
        self._crowds: dict[str, Sequence[int]] = {}
        self._ends: dict[str, Mapping[tuple[str, ...], Sequence[int]]] = {}

    def is_only(self, key: str) -> bool:
        """Whether no two files have this name."""
        return len(self._positions(key.casefold())) == 1

    def named(self, key: str) -> list[FileRef]:
        """Give the files that have this name."""
        return [self._files[position] for position in self._positions(key.casefold())]

    def longest(self, key: str, folders: tuple[str, ...]) -> tuple[int, Sequence[int]]:
        """Give the number of folders at the end that most are shared, and the files that do."""
        key = key.casefold()
        found = self._positions(key)
        if not folders or not found:
            return 0, found
        if len(found) > _CROWD:
            return self._longest_of_crowd(key, found, folders)
        shared = [common_length([folders[::-1], self._of(p)[::-1]]) for p in found]
        most = max(shared)
        return most, [p for p, length in zip(found, shared, strict=True) if length == most]

    def _longest_of_crowd(
        self, key: str, best: Sequence[int], folders: tuple[str, ...]
    ) -> tuple[int, Sequence[int]]:
        if key not in self._ends:
            ends: dict[tuple[str, ...], list[int]] = defaultdict(list)
            for position in best:
                own = self._of(position)
                for depth in range(1, len(own) + 1):
                    ends[own[-depth:]].append(position)
            self._ends[key] = dict(ends)
        shared = 0
        while shared < len(folders) and (
            longer := self._ends[key].get(folders[len(folders) - shared - 1 :], [])
        ):
            shared, best = shared + 1, longer
        return shared, best

    def _positions(self, key: str) -> Sequence[int]:
        if key in self._crowds:
            return self._crowds[key]
        found = [p for p in self.index.candidates(key) if self._key(self._files[p]) == key]
        if len(found) > _CROWD:
            self._crowds[key] = found
        return found

    def _key(self, file: FileRef) -> str:
        return self._key_of(file).casefold()

    def _of(self, position: int) -> tuple[str, ...]:
        return self._folders(self._files[position])


def common_length(paths: Iterable[tuple[str, ...]]) -> int:
    """Count the parts that all paths begin with.

    >>> common_length([("a", "b"), ("a", "c"), ("a", "b", "d")])
    1
    """
    common: tuple[str, ...] | None = None
    for path in paths:
        if common is None or path == common:
            common = path
            continue
        pairs = zip(common, path, strict=False)
        common = tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return len(common or ())
