"""Statements of a manifest that fit a part of what they speak of: counted, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.names import printable
from sarchat_build.reasons import Reason

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


def count_missed(
    by_source: Mapping[str, Iterable[PartMatch]],
) -> dict[str, dict[Reason, int]]:
    """Count by source how many things statements do not fit, as notices are counted."""
    counts = {source_id: sum(p.missed for p in found) for source_id, found in by_source.items()}
    return {source_id: {Reason.PART_MATCH: n} for source_id, n in counts.items() if n}


def part_match(
    key: str, stated: str, missing: Sequence[str], total: int, meaning: str
) -> PartMatch:
    """Make one from everything that a statement does not fit."""
    return PartMatch(key, stated, len(missing), total, meaning, tuple(missing[:_EXAMPLES]))
