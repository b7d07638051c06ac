"""Figures that must be zero: of how many, and how each is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sarchat_build.config.recipe import Duplicates
from sarchat_build.config.toml import Model
from sarchat_build.report.statistics.tallies import Group, Tallies, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofCounts:
    """How much an independent check of the finished shards looked at, and found no error in.

    `near_compared` are pictures whose likeness to those of other splits was looked for: None where
    the check did not. `near_duplicates` are those of them that look like one of another split
    without being an error, which only chips of two scenes are.
    """

    dialogues: int
    unique_phrases: int
    scenes: int
    pictures: int
    near_compared: int | None
    near_duplicates: int


class ProofFigures(Model):
    """One kind of fault; `faults` is None where nobody looked, `sound_percent` then too."""

    figure: str
    faults: int | None
    of: int | None
    unit: str
    established: str
    sound_percent: float | None


class _Known(NamedTuple):
    figure: str
    faults: int | None
    of: int | None
    unit: str
    established: str


_COUNTED = "counted from every row of the finished files"
_PROVEN = "read back and recomputed by the checks before publishing, which a fault stops"
_NOT_PROVEN = "built without proof; `sarchat validate` does it"
_SEARCHED = {
    "drop": "of each group one is kept",
    "report": "all are kept, each group in one split",
}


def proof_figures(
    *, images: Tallies, dialogues: Tallies, duplicates: Duplicates, proven: ProofCounts | None
) -> tuple[ProofFigures, ...]:
    """Give the figures that must be zero.

    Args:
        images: counts of pictures, summed over all groups.
        dialogues: counts of dialogues, summed over all groups.
        duplicates: what the recipe does with pictures that show the same.
        proven: what an independent check saw; None: there was none.
    """
    known = (
        *_counted(images, dialogues),
        *_proven(proven),
        _near_duplicates(images.get(Group(), "images")["images"], duplicates, proven),
    )
    return tuple(
        ProofFigures(
            **entry._asdict(),
            sound_percent=None
            if entry.faults is None or entry.of is None
            else percent(entry.of - entry.faults, entry.of),
        )
        for entry in known
    )


def _counted(images: Tallies, dialogues: Tallies) -> Iterator[_Known]:
    counts, seen = dialogues.get(Group(), "rows"), images.get(Group(), "images")
    rows, objects = counts["rows"], seen["objects"]
    for figure, faults, of, unit in (
        ("grammar errors", counts["grammar_faults"], 2 * rows, "texts"),
        ("wrong negatives", counts["wrong_negatives"], counts["negatives"], "negatives"),
        ("exact duplicate dialogues", counts["duplicates"], rows, "dialogues"),
        ("conflicting answers to one question", counts["conflicts"], rows, "dialogues"),
        ("cross-task contradictions", seen["contradictions"], seen["statements"],
         "things stated more than once"),
        ("invalid boxes", seen["invalid_boxes"], objects, "objects"),
        ("boxes without area once rounded", seen["degenerate_texts"], objects, "objects"),
    ):  # fmt: skip
        yield _Known(figure, faults, of, unit, _COUNTED)


def _proven(proven: ProofCounts | None) -> Iterator[_Known]:
    """Give what only the independent checks establish: without them nothing is claimed."""
    for figure, unit, of in (
        ("answers that do not follow from the boxes", "dialogues",
         proven.dialogues if proven else None),
        ("referring phrases that fit more than one object", "phrases",
         proven.unique_phrases if proven else None),
        ("scenes in two splits", "scenes", proven.scenes if proven else None),
        ("pictures in two splits, by pixels", "pictures", proven.pictures if proven else None),
    ):  # fmt: skip
        if proven:
            yield _Known(figure, 0, of, unit, _PROVEN)
        else:
            yield _Known(figure, None, None, unit, f"not established: {_NOT_PROVEN}")


def _near_duplicates(pictures: int, rule: Duplicates, proven: ProofCounts | None) -> _Known:
    figure, unit = "near-duplicate pictures across splits", "pictures"
    if rule.near == "off":
        how = 'not searched for: duplicates.near is "off", only equal pixels are found'
        return _Known(figure, None, pictures, unit, how)
    # The hash of a picture has one orientation: of a copy that is flipped nothing is known.
    searched = (
        "searched for by the build among whole pictures (rescaled copies are found, mirrored and "
        f'turned ones not); {_SEARCHED[rule.near]} (duplicates.near = "{rule.near}")'
    )
    if proven is None or proven.near_compared is None:
        return _Known(figure, None, pictures, unit, f"{searched}; not verified: {_NOT_PROVEN}")
    how = f"{searched}; compared again, with chips, by the checks before publishing"
    return _Known(figure, proven.near_duplicates, proven.near_compared, unit, how)
