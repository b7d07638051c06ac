"""Where the files of a dataset lie, and what their names say."""

from __future__ import annotations


def shard_name(split: str, index: int, count: int) -> str:
    """Name a shard the way trainers' globs expect.

    >>> shard_name("train", 3, 64)
    'train-00003-of-00064'
    """
    return f"{split}-{index:05d}-of-{count:05d}"


def parse_shard_name(name: str) -> tuple[str, int, int]:
    """Undo `shard_name`.

    >>> parse_shard_name("train-00003-of-00064")
    ('train', 3, 64)
    """
    split, index, _, count = name.rsplit("-", 3)
    return split, int(index), int(count)
