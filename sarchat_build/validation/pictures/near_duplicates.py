"""Near-duplicate pictures: perceptual hashes computed afresh, and close pairs across splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import cos, log, pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sarchat_build.validation.rules import mapping_at

_BITS = 256
_PAIRS_AT_ONCE = 1 << 22
_CURVE = [round(255 * log(1 + level / 32) / log(1 + 255 / 32)) for level in range(256)]
# As floats for speed: every sum of products stays below 2 ** 53, so none is rounded.
_WAVES = np.array(
    [[round(4096 * cos(pi / 64 * (x + 0.5) * f)) for x in range(64)] for f in range(16)], np.float64
)


class NearDuplicateRule(NamedTuple):
    """The recipe's settings for near-duplicates, as build.json records them."""

    near: str
    distance: int
    min_variance: float


def near_duplicate_rule(build: Mapping[str, Any]) -> NearDuplicateRule:
    """Read the rule; what is not said has the default of recipe `sarchat_2m`.

    >>> near_duplicate_rule({"recipe": {"duplicates": {"near_distance": 4}}})
    NearDuplicateRule(near='drop', distance=4, min_variance=1.0)
    """
    stated = mapping_at(build, "recipe", "duplicates")
    near, distance, floor = (
        stated.get(name) for name in ("near", "near_distance", "near_min_variance")
    )
    return NearDuplicateRule(
        near if isinstance(near, str) else "drop",
        distance if isinstance(distance, int) and 0 <= distance < _BITS else 20,
        float(floor) if isinstance(floor, int | float) else 1.0,
    )


def perceptual_hash(image: Image.Image, min_variance: float) -> str:
    """Hash a picture in whole numbers; "" when its 64 × 64 levels vary less than the floor.

    256 bits in hexadecimal: whether each of the 16 × 16 lowest cosine waves, row by row, is
    stronger than the 128th of them in ascending order.
    """
    gray = image if image.mode == "L" else image.convert("L")
    factor = max(1, min(gray.width, gray.height) // 256)
    gray = gray.reduce(factor) if factor > 1 else gray
    small = gray.point(_CURVE).resize((64, 64), Image.Resampling.HAMMING)
    levels = np.asarray(small, np.float64)
    count, total = levels.size, int(levels.sum())
    if count * int((levels * levels).sum()) - total * total < min_variance * count * count:
        return ""
    strengths = (_WAVES @ levels @ _WAVES.T).ravel()
    middle = np.sort(strengths)[_BITS // 2 - 1]
    return np.packbits(strengths > middle).tobytes().hex()


def close_pairs(
    hashes: Sequence[str], sides: Sequence[str], distance: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (index, index, differing bits) of close pictures on two sides, each pair once.

    Cut into one piece more than bits may differ, two close hashes share a whole piece: pictures
    with an equal piece are compared, and only across sides. The larger side is looked through in
    parts, so that memory stays flat.
    """
    words = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, 32)
    names = np.array(sides)
    pieces = distance + 1
    seen: set[tuple[int, int]] = set()
    for piece in range(pieces):
        keys = np.zeros(len(words), np.uint64)
        for bit in range(piece, _BITS, pieces)[-64:]:
            byte, shift = bit // 8, 7 - bit % 8
            keys = keys * np.uint64(2) + (words[:, byte] >> np.uint8(shift) & np.uint8(1))
        for first, second in _sharing(keys, names):
            differing = np.bitwise_count(words[first] ^ words[second]).sum(axis=1)
            for row in np.flatnonzero(differing <= distance):
                pair = (int(first[row]), int(second[row]))
                if pair not in seen:
                    seen.add(pair)
                    yield (*pair, int(differing[row]))


_Indices = NDArray[np.int64]


def _sharing(keys: NDArray[np.uint64], names: NDArray[Any]) -> Iterator[tuple[_Indices, _Indices]]:
    """Yield indices with equal keys and different names, in parts of bounded size."""
    for name in np.unique(names)[:-1]:
        here, there = np.flatnonzero(names == name), np.flatnonzero(names > name)
        there = there[np.argsort(keys[there], kind="stable")]
        listed = keys[there]
        starts = np.searchsorted(listed, keys[here], side="left")
        sizes = np.searchsorted(listed, keys[here], side="right") - starts
        ends = np.cumsum(sizes)
        for begin in range(0, int(ends[-1]) if len(ends) else 0, _PAIRS_AT_ONCE):
            number = np.arange(begin, min(begin + _PAIRS_AT_ONCE, int(ends[-1])))
            owner = np.searchsorted(ends, number, side="right")
            yield here[owner], there[starts[owner] + number - (ends[owner] - sizes[owner])]
