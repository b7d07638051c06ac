"""`report/quality.json`: every figure by which a dataset is judged, and how it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.report.statistics.figures import (
    box_figures,
    crowding_figures,
    dialogue_figures,
    percent,
)
from sarchat_build.report.statistics.paper import paper_rows, paper_totals
from sarchat_build.report.statistics.phrasings import phrasing_figures
from sarchat_build.report.statistics.tallies import Group, Tallies
from sarchat_build.validation import ShardReport

PATH = "report/quality.json"

_DEFINITIONS = {
    "answers": "by meaning, without numbers of pixels: the most frequent one, and bits per answer",
    "blind_percent": "right answers of someone who never looks: to each question, by its meaning, "
    "the answer most frequent in the train split (on train itself: an upper bound)",
    "balance_percent": "presence: answers that are yes; choice: answers that are named first",
    "facts_in_prompt_percent": "of all that answers state, what the question's text implies",
    "solvable_from_prompt_percent": "rows of whose answer everything is implied by the question",
    "half_solvable_from_prompt_percent": "rows of whose answer at least half is",
    "lengths": "characters and words (separated by blanks) without the picture's mark and the tag",
    "conflicts": "questions of one picture, word for word the same, with different answers",
    "top_1_percent_share": "percent of all rows that the 1 % of pictures with most rows have",
}


def quality_report(
    tallies: Tallies, phrasing: Phrasing, proofs: Iterable[ShardReport]
) -> dict[str, Any]:
    """Compute every figure from the sums of all shards.

    Args:
        tallies: the sums over all shards.
        phrasing: the phrasings that were there to be used.
        proofs: what the checks saw of each shard, none of it with an error; empty when the build
            went without them.
    """
    dialogues = _rolled(tallies, lambda g: bool(g.subtask), _DIALOGUE_LEVELS)
    crowding = _rolled(tallies, lambda g: not g.subtask, (_as_is, _without_source))
    leaves = tallies.only(lambda g: bool(g.subtask))
    images = _rolled(tallies, lambda g: not (g.task or g.subtask), (_as_is, _without_source, _none))
    return {
        "schema_version": 1,
        "definitions": _DEFINITIONS,
        "proofs": proof_figures(images, dialogues, list(proofs)),
        "paper": {
            "totals": paper_totals(_merged(leaves, images)),
            "tasks": paper_rows(_merged(leaves, images)),
        },
        "dialogues": [
            {**_named(group), **dialogue_figures(dialogues, group)} for group in dialogues.groups()
        ],
        "crowding": [
            {**_named(g, without="subtask"), **crowding_figures(crowding.get(g, "rows_per_image"))}
            for g in crowding.groups()
            if crowding.get(g, "rows_per_image")
        ],
        "pictures": [
            {
                **_named(group, without="subtask task"),
                **{name: images.get(group, "images")[name] for name in _IMAGE_COUNTS},
                "box_text_iou": box_figures(images, group),
            }
            for group in images.groups()
        ],
        "phrasings": phrasing_figures(leaves, phrasing),
        "vocabulary": {
            group.split or "all": len(images.get(group, "vocabulary"))
            for group in images.groups()
            if not group.source
        },
    }


_IMAGE_COUNTS = (
    *("images", "objects", "invalid_boxes", "degenerate_texts", "statements", "contradictions"),
)


def proof_figures(
    images: Tallies, dialogues: Tallies, proofs: list[ShardReport]
) -> list[dict[str, Any]]:
    """Give the figures that must be zero, of how many, and who looked.

    `faults` is None where nobody did.
    """
    counts = dialogues.get(Group(), "rows")
    seen = images.get(Group(), "images")
    written = "counted from every row while it was written"
    figures = [
        ("grammar errors", counts["grammar_faults"], 2 * counts["rows"], "texts", written),
        ("wrong negatives", counts["wrong_negatives"], counts["negatives"], "negatives", written),
        ("exact duplicate dialogues", counts["duplicates"], counts["rows"], "dialogues", written),
        ("conflicting answers to one question", counts["conflicts"], counts["rows"], "dialogues",
         written),
        ("cross-task contradictions", seen["contradictions"], seen["statements"],
         "things stated more than once", written),
        ("invalid boxes", seen["invalid_boxes"], seen["objects"], "objects", written),
        ("boxes without area once rounded", seen["degenerate_texts"], seen["objects"], "objects",
         written),
        *_proven(proofs),
        ("near-duplicate pictures across splits", None, seen["images"], "pictures",
         "not computed: this build compares pixels exactly"),
    ]  # fmt: skip
    return [
        {"figure": name, "faults": faults, "of": of, "unit": unit, "established": how,
         "sound_percent": None if faults is None or of is None else percent(of - faults, of)}
        for name, faults, of, unit, how in figures
    ]  # fmt: skip


def _proven(proofs: list[ShardReport]) -> list[tuple[str, int | None, int | None, str, str]]:
    """Give what only the independent checks establish: without them nothing is claimed."""
    names = [
        ("answers that do not follow from the boxes", "dialogues"),
        ("referring phrases that fit more than one object", "phrases"),
        ("scenes in two splits", "scenes"),
        ("pictures in two splits, by pixels", "pictures"),
    ]
    if not proofs:
        how = "not established: built without proof; `sarchat validate` does it"
        return [(name, None, None, unit, how) for name, unit in names]
    counted = [count for proof in proofs for count in proof.dialogues]
    facts = [fact for proof in proofs for fact in proof.images]
    unique = sum(c.dialogues for c in counted if c.subtask == "unique")
    totals = (
        sum(c.dialogues for c in counted),
        unique,
        len({fact.scene_id for fact in facts}),
        len({fact.pixel_sha256 for fact in facts}),
    )
    # A build with a fault stops before this is written: see `Publish`.
    how = "read back and recomputed by the checks before publishing, which a fault stops"
    return [(name, 0, total, unit, how) for (name, unit), total in zip(names, totals, strict=True)]


Coarser = Callable[[Group], Group]


def _as_is(group: Group) -> Group:
    return group


def _without_source(group: Group) -> Group:
    return group._replace(source="")


def _task(group: Group) -> Group:
    return group._replace(source="", subtask="")


def _source(group: Group) -> Group:
    return group._replace(task="", subtask="")


def _split(group: Group) -> Group:
    return Group(group.split)


def _both_splits(group: Group) -> Group:
    return Group(task=group.task, subtask=group.subtask)


def _none(group: Group) -> Group:
    return Group()


_DIALOGUE_LEVELS = (_as_is, _without_source, _task, _source, _split, _both_splits, _none)


def _rolled(
    tallies: Tallies, wanted: Callable[[Group], bool], levels: Iterable[Coarser]
) -> Tallies:
    """Give the sums at every level of detail; no two levels share a group."""
    chosen = tallies.only(wanted)
    return _merged(*(chosen.rolled_up(level) for level in levels))


def _merged(*parts: Tallies) -> Tallies:
    total = Tallies()
    for part in parts:
        total.merge(part)
    return total


def _named(group: Group, without: str = "") -> dict[str, str | None]:
    """Name a group; None where rows are not told apart."""
    return {
        name: value or None
        for name, value in group._asdict().items()
        if name not in without.split()
    }
