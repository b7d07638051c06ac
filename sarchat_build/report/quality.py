"""`report/quality.json`: every figure by which a dataset is judged, and how it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from sarchat_build.config.recipe import Recipe
from sarchat_build.config.toml import Model
from sarchat_build.report.proofs import ProofCounts, ProofFigures, proof_figures
from sarchat_build.report.statistics.figures import (
    DialogueFigures,
    SubtaskFigures,
    dialogue_figures,
)
from sarchat_build.report.statistics.paper import PaperFigures, paper_figures
from sarchat_build.report.statistics.phrasings import PhrasingFigures, phrasing_figures
from sarchat_build.report.statistics.pictures import (
    CrowdingFigures,
    PictureFigures,
    crowding_figures,
    picture_figures,
)
from sarchat_build.report.statistics.tallies import Group, Tallies
from sarchat_build.report.words import frequent_words

PATH = "report/quality.json"

DEFINITIONS = {
    "answers": "by meaning, without numbers of pixels: the most frequent one, and bits per answer",
    "blind_percent": "right answers of someone who never looks: to each question, by its meaning, "
    "the answer most frequent in the train split (on train itself: an upper bound)",
    "balance_percent": "presence: answers that are yes; choice: answers that are named first",
    "facts_in_prompt_percent": "of all that answers state, what the question's text implies",
    "solvable_from_prompt_percent": "rows of whose answer everything is implied by the question",
    "half_solvable_from_prompt_percent": "rows of whose answer at least half is",
    "lengths": "characters and words (separated by blanks) without the picture's mark and the tag",
    "aspect_ratios": "objects by width to height of their box; areas_px2: by its area",
    "objects_of": "objects of each category; pictures_of: pictures that show any",
    "words": "the most frequent words: how many questions and answers hold them; without words of "
    "sizes, shapes and cells, and without articles, prepositions and the like",
    "conflicts": "questions of one picture, word for word the same, with different answers",
    "arrow_bytes": "by table and split, what its rows take in memory as Arrow, pictures as their "
    "files: the num_bytes of the card",
    "chips": "pictures that were cut from a larger one",
    "top_1_percent_share": "percent of all rows that the 1 % of pictures with most rows have",
}


class QualityFigures(Model):
    """All of `report/quality.json`.

    `vocabulary` are numbers of different words by split, and under "all" of all splits.
    """

    schema_version: Literal[1]
    definitions: dict[str, str]
    proofs: tuple[ProofFigures, ...]
    paper: PaperFigures
    dialogues: tuple[SubtaskFigures | DialogueFigures, ...]
    crowding: tuple[CrowdingFigures, ...]
    pictures: tuple[PictureFigures, ...]
    phrasings: tuple[PhrasingFigures, ...]
    vocabulary: dict[str, int]
    words: dict[str, int]
    arrow_bytes: dict[str, dict[str, int]]


def quality_report(
    *,
    tallies: Tallies,
    recipe: Recipe,
    template_ids: Iterable[str],
    proven: ProofCounts | None,
) -> QualityFigures:
    """Compute every figure from the sums of all shards.

    Args:
        tallies: the sums over all shards.
        recipe: the build's choices.
        template_ids: the phrasings that were there to be used.
        proven: what an independent check saw of the shards, none of it with an error; None when
            there was none.
    """
    dialogues = _rolled(tallies, lambda g: bool(g.subtask), _DIALOGUE_LEVELS)
    crowding = _rolled(tallies, lambda g: not g.subtask, (_as_is, _without_source))
    leaves = tallies.only(lambda g: bool(g.subtask))
    images = _rolled(
        tallies, lambda g: not (g.task or g.subtask), (_as_is, _without_source, _of_source, _none)
    )
    spread = ((group, crowding.get(group, "rows_per_image")) for group in crowding.groups())
    held_out_percent = recipe.phrasing.held_out_percent
    return QualityFigures(
        schema_version=1,
        definitions=DEFINITIONS,
        proofs=proof_figures(
            images=images, dialogues=dialogues, duplicates=recipe.duplicates, proven=proven
        ),
        paper=paper_figures(_merged(leaves, images)),
        dialogues=tuple(dialogue_figures(dialogues, group) for group in dialogues.groups()),
        crowding=tuple(crowding_figures(group, counts) for group, counts in spread if counts),
        pictures=tuple(picture_figures(images, group) for group in images.groups()),
        phrasings=tuple(phrasing_figures(leaves, template_ids, held_out_percent)),
        vocabulary={
            group.split or "all": len(images.get(group, "vocabulary"))
            for group in images.groups()
            if not group.source
        },
        words=frequent_words(images.get(Group(), "vocabulary")),
        arrow_bytes=_arrow_bytes(tallies),
    )


def _arrow_bytes(tallies: Tallies) -> dict[str, dict[str, int]]:
    """Give the sizes of all tables by split."""
    sizes: dict[str, dict[str, int]] = {}
    for group in tallies.groups():
        size = tallies.get(group, "table")["arrow_bytes"]
        if size:
            sizes.setdefault(group.task, {})[group.split] = size
    return sizes


Coarser = Callable[[Group], Group]


def _as_is(group: Group) -> Group:
    return group


def _without_source(group: Group) -> Group:
    return group._replace(source="")


def _task(group: Group) -> Group:
    return group._replace(source="", subtask="")


def _source(group: Group) -> Group:
    return group._replace(task="", subtask="")


def _of_source(group: Group) -> Group:
    return Group(source=group.source)


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
