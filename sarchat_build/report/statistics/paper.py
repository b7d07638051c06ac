"""The counts of the paper beside those of a build, and what each difference is made of."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.config.toml import Model
from sarchat_build.geometry.boxes import round_half_up
from sarchat_build.report.statistics.tallies import Group, Tallies
from sarchat_build.types import TASKS, TaskName

# SARChat-Bench-2M, arXiv 2502.08168v5, table 2: dialogues of each task, train and test.
PAPER_DIALOGUES: dict[TaskName, tuple[int, int]] = {
    "classification": (81_788, 10_024),
    "fine_grained_description": (46_141, 6_032),
    "instance_counting": (95_493, 11_704),
    "spatial_grounding": (94_456, 11_608),
    "cross_modal_identification": (1_423_548, 175_565),
    "referring": (95_486, 11_703),
}
PAPER_SPLITS = ("train", "test")
# SARDet-100K's train and test are the paper's; its objects there.
PAPER_IMAGES = (94_493, 11_613)
PAPER_OBJECTS = (198_747, 24_203)
PAPER_WORDS, PAPER_SENTENCES = 43_978_559, 4_222_143
# What the paper does not ask.
BEYOND_PAPER = frozenset(
    {
        ("classification", "presence"),
        ("spatial_grounding", "presence"),
        ("cross_modal_identification", "category"),
        ("cross_modal_identification", "choice"),
        ("cross_modal_identification", "nearest"),
        ("referring", "unique"),
    }
)
# How many the same questions come to, in the paper's reading and in ours.
_REST: dict[TaskName, str] = {
    "classification": "one per picture; the paper leaves out 13 % of its own, unexplained",
    "fine_grained_description": "one per picture, all listed, with one that passes the screen",
    "instance_counting": "one per picture and category whose objects are all listed",
    "spatial_grounding": "one per picture whose objects are all listed, up to the cap of boxes",
    "cross_modal_identification": "one per object and capped pairs",
    "referring": "one per picture and category whose objects are all listed, up to the cap",
}


class Because(Model):
    """Parts of a difference from the paper's count; they add up to it.

    Fewer or more pictures than the paper's at its own rows per picture; questions that the paper
    does not ask; "no" answers, which it does not give; and the rest.
    """

    pictures: int
    questions_beyond_the_paper: int
    negatives: int
    rest: int


class PaperRow(Model):
    """Dialogues of one task and split in the paper and here.

    `rest_is` says what the rest is due to: other objects per picture, caps and screens.
    """

    task: str
    split: str
    paper: int
    here: int
    difference: int
    because: Because
    rest_is: str


class PaperCount(Model):
    """One total of the paper and the same of a build."""

    paper: int
    here: int


class PaperTotals(Model):
    """Totals of train and test together.

    Words are separated by blanks; the picture's mark and the task's tag do not count. Sentences are
    two per dialogue, a question and an answer: the paper's number is about that.
    """

    dialogues: PaperCount
    words: PaperCount
    sentences: PaperCount
    sentences_by_punctuation: int
    pictures: PaperCount
    objects: PaperCount


class PaperFigures(Model):
    """A build beside the paper."""

    totals: PaperTotals
    tasks: tuple[PaperRow, ...]


def paper_figures(tallies: Tallies) -> PaperFigures:
    """Hold a build against the paper."""
    return PaperFigures(totals=_totals(tallies), tasks=tuple(_rows(tallies)))


def _rows(tallies: Tallies) -> Iterator[PaperRow]:
    counted = {group: tallies.get(group, "rows") for group in tallies.groups() if group.subtask}
    for task in TASKS:
        for column, split in enumerate(PAPER_SPLITS):
            own = [(g, c) for g, c in counted.items() if g.task == task and g.split == split]
            here = sum(c["rows"] for _, c in own)
            beyond = sum(c["rows"] for g, c in own if (task, g.subtask) in BEYOND_PAPER)
            negatives = sum(c["negatives"] for g, c in own if (task, g.subtask) not in BEYOND_PAPER)
            paper = PAPER_DIALOGUES[task][column]
            images = tallies.get(Group(split), "images")["images"]
            pictures = round_half_up(paper * images / PAPER_IMAGES[column]) - paper
            because = Because(
                pictures=pictures,
                questions_beyond_the_paper=beyond,
                negatives=negatives,
                rest=here - paper - pictures - beyond - negatives,
            )
            objects = tallies.get(Group(split), "images")["objects"]
            own_rows = here - beyond - negatives
            rest = _REST[task]
            for unit, ours, theirs in (
                ("picture", images, PAPER_IMAGES[column]),
                ("object", objects, PAPER_OBJECTS[column]),
            ):
                if ours:
                    rest += f"; {own_rows / ours:.3f} per {unit} here, {paper / theirs:.3f} there"
            yield PaperRow(
                task=task,
                split=split,
                paper=paper,
                here=here,
                difference=here - paper,
                because=because,
                rest_is=rest,
            )


def _totals(tallies: Tallies) -> PaperTotals:
    counted = [
        tallies.get(group, "rows")
        for group in tallies.groups()
        if group.subtask and group.split in PAPER_SPLITS
    ]
    dialogues = sum(c["rows"] for c in counted)
    images = [tallies.get(Group(split), "images") for split in PAPER_SPLITS]
    return PaperTotals(
        dialogues=PaperCount(paper=sum(map(sum, PAPER_DIALOGUES.values())), here=dialogues),
        words=PaperCount(paper=PAPER_WORDS, here=sum(c["words"] for c in counted)),
        sentences=PaperCount(paper=PAPER_SENTENCES, here=2 * dialogues),
        sentences_by_punctuation=sum(c["sentences"] for c in counted),
        pictures=PaperCount(paper=sum(PAPER_IMAGES), here=sum(c["images"] for c in images)),
        objects=PaperCount(paper=sum(PAPER_OBJECTS), here=sum(c["objects"] for c in images)),
    )
