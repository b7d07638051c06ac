"""One hash for every choice: the same parts give the same number on any machine, in any process."""

from __future__ import annotations

from hashlib import blake2b

_SEPARATOR = "\x1f"


def stable_hash(*parts: str | int) -> int:
    """Give a 64-bit number that depends on nothing but `parts`.

    Python's own `hash()` changes with the process and a generator's numbers with the order of
    calls; this is the only source of variety in the build (phrasing, split, shard, pairs).

    >>> stable_hash("ssdd/000001", "question")
    11418098250534227601
    """
    text = _SEPARATOR.join(str(part) for part in parts)
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def choose(count: int, *parts: str | int) -> int:
    """Pick one of `count` places, 0 ≤ place < count, by the stable hash of `parts`.

    >>> choose(1, "anything")
    0
    """
    return stable_hash(*parts) % count
