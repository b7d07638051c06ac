"""What is odd in a synthetic archive on purpose, and what a build must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sarchat_build.curation.duplicates import Sameness
from sarchat_build.reasons import Reason

Outcome: TypeAlias = Literal["reject", "fix", "warning", "duplicate", "none"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a build must say about a quirk, in its own words.

    `reject` is a row of `rejects`, `fix` and `warning` a count in `build.json`, `duplicate` a row
    of `duplicates`; `none` stands for oddities that must change nothing. `images` and `instances`
    are what a reject takes out of the output.
    """

    outcome: Outcome
    stage: str = ""
    reason: Reason | Sameness | None = None
    images: int = 0
    instances: int = 0


@dataclass(frozen=True, slots=True)
class Quirk:
    """One oddity put in on purpose, as real archives have it.

    `image` is the stem of the image, `object_index` the 0-based index of the object in its
    document; `twin` is the stem of the earlier image that a duplicate repeats byte by byte.
    """

    kind: str
    image: str
    object_index: int | None = None
    twin: str | None = None
    expect: Expectation = Expectation("none")


def clipped(image: str, index: int) -> Quirk:
    """Plant an object that leaves its picture: the part inside stays, and is counted."""
    return Quirk(
        "box_overflows", image, index, expect=Expectation("fix", "normalize", Reason.BOX_CLIPPED)
    )


def degenerate(image: str, index: int) -> Quirk:
    """Plant an object without area."""
    loss = Expectation("reject", "normalize", Reason.DEGENERATE, instances=1)
    return Quirk("degenerate_box", image, index, expect=loss)


def repeated(image: str, twin: str, instances: int) -> Quirk:
    """Plant a file that repeats an earlier one byte by byte, with the same labels."""
    loss = Expectation("duplicate", "plan", "file", images=1, instances=instances)
    return Quirk("duplicate", image, twin=twin, expect=loss)


def unnamed(image: str) -> Quirk:
    """Plant a document that does not say which image it is about."""
    expect = Expectation("warning", "read_annotations", Reason.FILENAME_ABSENT)
    return Quirk("no_filename", image, expect=expect)


def misnamed(kind: str, image: str) -> Quirk:
    """Plant a document whose own name, or whose name for its image, is not the image's."""
    expect = Expectation("warning", "read_annotations", Reason.FILENAME_DIFFERS)
    return Quirk(kind, image, expect=expect)


def lost(kind: str, image: str, stage: str, reason: Reason, *, instances: int = 0) -> Quirk:
    """Plant an image, or a document of an absent one, that cannot come out of a build."""
    loss = Expectation("reject", stage, reason, images=1, instances=instances)
    return Quirk(kind, image, expect=loss)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which image has which quirk: the one at `kinds[number % period]`, if any."""

    period: int
    kinds: Mapping[int, str]

    def at(self, number: int) -> str | None:
        """Name the kind of quirk that image `number` has.

        >>> Schedule(50, {4: "duplicate"}).at(104)
        'duplicate'
        """
        return self.kinds.get(number % self.period)
