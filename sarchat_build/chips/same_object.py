"""Objects that an image lists more than once: told by what an answer could say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sarchat_build.geometry.boxes import box_text
from sarchat_build.types import Instance

# Digits behind the point to which two boxes are compared, as text formats round them.
_EQUAL_DIGITS = 3
# Corners of rotated boxes that are nearer are one: nothing in an answer is finer than a pixel.
_EQUAL_PX = 1.0
# Objects crossed in one upright box with which another one is compared: far more than there are.
_MAX_CROSSED = 64


class ListedObjects:
    """The different objects of one image, in the order in which they were listed.

    Two are one object if they are of one category, whatever the source calls it, and their boxes
    are equal or are written alike in whole pixels, so that no question could tell them apart. Where
    both have a rotated box, these must be the same too: two ships may cross in one upright box.
    """

    def __init__(self) -> None:
        self._instances: list[Instance] = []
        self._keys: list[str] = []
        self._by_place: dict[tuple[object, ...], list[int]] = defaultdict(list)

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Each object once."""
        return tuple(self._instances)

    def add(self, instance: Instance, key: str) -> tuple[str, str] | None:
        """Take an object; `key` says where in its document it stands.

        Returns:
            None for a new one. For one that was listed before, the key of the first, and in words
            how both contradict each other beside their boxes ("" if they do not): a mark that
            either has is kept, and of names and outlines the first.
        """
        places = _places(instance)
        known = (n for place in places for n in self._by_place[place][-_MAX_CROSSED:])
        first = next((n for n in known if _turned_alike(self._instances[n], instance)), None)
        if first is None:
            for place in places:
                self._by_place[place].append(len(self._instances))
            self._instances.append(instance)
            self._keys.append(key)
            return None
        kept = self._instances[first]
        self._instances[first] = replace(
            kept,
            difficult=kept.difficult or instance.difficult,
            truncated=kept.truncated or instance.truncated,
            obb_px=kept.obb_px or instance.obb_px,
            polygon_px=kept.polygon_px or instance.polygon_px,
        )
        return self._keys[first], "; ".join(_contradictions(kept, instance))


def _places(instance: Instance) -> tuple[tuple[object, ...], ...]:
    rounded = (round(value, _EQUAL_DIGITS) for value in instance.bbox)
    return (instance.category, box_text(instance.bbox)), (instance.category, *rounded)


def _turned_alike(first: Instance, second: Instance) -> bool:
    a, b = _corners(first), _corners(second)
    return not a or not b or (_all_near(a, b) and _all_near(b, a))


def _corners(instance: Instance) -> list[tuple[float, float]]:
    return list(zip(instance.obb_px[0::2], instance.obb_px[1::2], strict=True))


def _all_near(
    corners: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]
) -> bool:
    return all(
        any(abs(x - u) < _EQUAL_PX and abs(y - v) < _EQUAL_PX for u, v in others)
        for x, y in corners
    )


def _contradictions(kept: Instance, again: Instance) -> Iterable[str]:
    for name, here, there in (
        ("difficult", again.difficult, kept.difficult),
        ("truncated", again.truncated, kept.truncated),
    ):
        if here != there:
            yield f"{name} is {_word(here)} here and {_word(there)} there, and counts as yes"
    if again.source_category != kept.source_category:
        yield f"is {again.source_category!r} here and {kept.source_category!r} there, which counts"
    if again.polygon_px and kept.polygon_px and again.polygon_px != kept.polygon_px:
        yield "has another outline here than there, where it counts"


def _word(mark: bool) -> str:
    return "yes" if mark else "no"
