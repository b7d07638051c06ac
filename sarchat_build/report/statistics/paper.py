"""The published counts beside ours, and what each difference is made of."""

from __future__ import annotations

from typing import Any

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


def paper_rows(tallies: Tallies) -> list[dict[str, Any]]:
    """Hold the counts of each task and split against the paper's.

    `because` adds up to `difference`: fewer or more pictures than the paper's at its own rows per
    picture; questions that the paper does not ask; "no" answers, which it does not give; and the
    rest: other objects per picture, caps and screens (`rest_is` says which).
    """
    counted = {group: tallies.get(group, "rows") for group in tallies.groups() if group.subtask}
    rows = []
    for task in TASKS:
        for place, split in enumerate(PAPER_SPLITS):
            own = [(g, c) for g, c in counted.items() if g.task == task and g.split == split]
            here = sum(c["rows"] for _, c in own)
            beyond = sum(c["rows"] for g, c in own if (task, g.subtask) in BEYOND_PAPER)
            negatives = sum(c["negatives"] for g, c in own if (task, g.subtask) not in BEYOND_PAPER)
            paper = PAPER_DIALOGUES[task][place]
            images = tallies.get(Group(split), "images")["images"]
            pictures = round_half_up(paper * images / PAPER_IMAGES[place]) - paper
            because = {
                "pictures": pictures,
                "questions_beyond_the_paper": beyond,
                "negatives": negatives,
                "rest": here - paper - pictures - beyond - negatives,
            }
            objects = tallies.get(Group(split), "images")["objects"]
            own_rows = here - beyond - negatives
            rest = _REST[task]
            for unit, ours, theirs in (
                ("picture", images, PAPER_IMAGES[place]),
                ("object", objects, PAPER_OBJECTS[place]),
            ):
                if ours:
                    rest += f"; {own_rows / ours:.3f} per {unit} here, {paper / theirs:.3f} there"
            rows.append(
                {
                    "task": task,
                    "split": split,
                    "paper": paper,
                    "here": here,
                    "difference": here - paper,
                    "because": because,
                    "rest_is": rest,
                }
            )
    return rows


def paper_totals(tallies: Tallies) -> dict[str, Any]:
    """Hold dialogues, words and sentences of train and test together against the paper's."""
    counted = [
        tallies.get(group, "rows")
        for group in tallies.groups()
        if group.subtask and group.split in PAPER_SPLITS
    ]
    dialogues = sum(c["rows"] for c in counted)
    return {
        "dialogues": {
            "paper": sum(map(sum, PAPER_DIALOGUES.values())),
            "here": dialogues,
        },
        # Separated by blanks; the picture's mark and the task's tag do not count.
        "words": {"paper": PAPER_WORDS, "here": sum(c["words"] for c in counted)},
        # The paper's number is about two per dialogue: it counts a question and an answer.
        "sentences": {"paper": PAPER_SENTENCES, "here": 2 * dialogues},
        "sentences_by_punctuation": sum(c["sentences"] for c in counted),
        "pictures": {
            "paper": sum(PAPER_IMAGES),
            "here": sum(tallies.get(Group(s), "images")["images"] for s in PAPER_SPLITS),
        },
        "objects": {
            "paper": sum(PAPER_OBJECTS),
            "here": sum(tallies.get(Group(s), "images")["objects"] for s in PAPER_SPLITS),
        },
    }
