"""What a function reads of a JSON document, so that it is not called again where that is unchanged.

notes: Notes = {}
result = function(noted(document, notes))
still_holds(notes, other)   # then function(other) is the same result
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

# Path of keys → what was seen there: a value, all keys, or that nothing or a mapping is there.
Notes = dict[tuple[Any, ...], Any]
_KEYS, _VALUES, _MAPPING, _NOTHING = "its keys", "its values", "a mapping", "nothing"


class _Noted(dict[str, Any]):
    """A mapping that notes what is read of it."""

    def __init__(self, content: dict[str, Any], path: tuple[str, ...], notes: Notes) -> None:
        super().__init__(content)
        self._path, self._notes = path, notes

    def _see(self, key: Any) -> Any:
        found, path = dict.get(self, key, _NOTHING), (*self._path, key)
        if isinstance(found, dict):
            self._notes[path, _MAPPING] = True
            return _Noted(found, path, self._notes)
        self._notes[path, _MAPPING], self._notes[path, _VALUES] = False, found
        return found

    def _see_keys(self) -> None:
        self._notes[self._path, _KEYS] = list(dict.keys(self))

    def _see_all(self) -> None:
        self._notes[self._path, _VALUES] = dict(dict.items(self))

    def __getitem__(self, key: str) -> Any:
        found = self._see(key)
        if key not in dict.keys(self):
            raise KeyError(key)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        found = self._see(key)
        return found if key in dict.keys(self) else default

    def __contains__(self, key: object) -> bool:
        self._see(key)
        return key in dict.keys(self)

    def __iter__(self) -> Iterator[str]:
        self._see_keys()
        return super().__iter__()

    def __len__(self) -> int:
        self._see_keys()
        return super().__len__()

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        self._see_keys()
        return super().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        self._see_all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self._see_all()
        return super().items()

    def __eq__(self, other: object) -> bool:
        self._see_all()
        return super().__eq__(other)

    def __repr__(self) -> str:
        self._see_all()
        return super().__repr__()

    __hash__ = None  # type: ignore[assignment]


def noted(document: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Give a document whose reading is noted."""
    return _Noted(document, (), notes)


def still_holds(notes: Notes, document: dict[str, Any]) -> bool:
    """Tell whether another document says the same in all that was read."""
    return all(_seen(document, path, what) == seen for (path, what), seen in notes.items())


def _seen(document: Any, path: tuple[Any, ...], what: str) -> Any:
    found = document
    for key in path:
        found = found.get(key, _NOTHING) if isinstance(found, dict) else _NOTHING
    if what == _MAPPING:
        return isinstance(found, dict)
    return list(found) if what == _KEYS and isinstance(found, dict) else found
