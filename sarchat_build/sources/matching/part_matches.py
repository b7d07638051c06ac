"""Statements of a manifest that fit a part of what they speak of: counted, with examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sarchat_build.names import printable

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class PartMatch:
    """A statement that some things fit, and others do not.

    Attributes:
        key: its key in the manifest.
        stated: what stands there.
        missed: how many things it does not fit, out of `total`.
        total: all of them.
        meaning: what is the case with those; a clause that follows their number.
        examples: the first of them.

    >>> print(part_match("scene.pattern", "^P(?P<scene_id>.)_", ["x", "y"], 9,
    ...                  "names of images do not fit; each is a scene of its own"))
    scene.pattern = ^P(?P<scene_id>.)_: 2 of 9 names of images do not fit; each is a scene of its \
own: x, y
    """

    key: str
    stated: str
    missed: int
    total: int
    meaning: str
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """Write it in one line."""
        more = ", …" if self.missed > len(self.examples) else ""
        examples = f": {', '.join(self.examples)}{more}" if self.examples else ""
        return printable(
            f"{self.key} = {self.stated}: {self.missed:,} of {self.total:,} {self.meaning}"
            f"{examples}"
        )


def part_match(
    key: str, stated: str, missing: Sequence[str], total: int, meaning: str
) -> PartMatch:
    """Make one from everything that a statement does not fit."""
    return PartMatch(key, stated, len(missing), total, meaning, tuple(missing[:_EXAMPLES]))
