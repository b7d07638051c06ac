"""Numbers of a finished build that both its card and the screen show, each worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sarchat_build.config.manifest import Expected
from sarchat_build.dataset.record import BuildRecord, ComparisonRow, ImageCounts, SourceRecord
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.statistics.figures import SubtaskFigures
from sarchat_build.report.statistics.paper import PAPER_DIALOGUES, PAPER_IMAGES, PAPER_SPLITS
from sarchat_build.types import SPLITS, TASKS, Split

# A build of fewer pictures is a sample: published totals beside it say nothing about it.
PUBLISHED_SIZE_PERCENT = 95

# What the words of the tables mean, where they stand.
WORDS = {
    "double": "shows the same as another image, of which one is kept",
    "written": "pictures and objects of the dataset; scenes are cut into chips",
    "majority": "how often the most frequent answer is right",
    "blind": "right answers on the test split of someone who knows the train split's answers to "
    "each kind of question and never looks",
    "half given": "rows whose question already implies at least half of the answer",
    "balance": "answers that are yes, or the option named first; 50 % is best",
}


class Amount(NamedTuple):
    """Images, or pictures, and the objects in them."""

    images: int
    objects: int


class SourceNumbers(NamedTuple):
    """What became of one source; `published` is None unless this much of it was read."""

    source_id: str
    source: SourceRecord
    read: Amount
    rejected: Amount
    double: Amount
    kept: Amount
    written: Amount
    published: Amount | None


class DialogueNumbers(NamedTuple):
    """Rows of one table by split; `paper` are the paper's by split, where they compare."""

    name: str
    here: dict[Split, int]
    paper: dict[str, int]


class SubtaskNumbers(NamedTuple):
    """How far one gets in a subtask without looking at the picture."""

    subtask: str
    figures: SubtaskFigures
    blind_percent: float | None


def source_numbers(record: BuildRecord) -> Iterator[SourceNumbers]:
    """Give what became of each source, in the order of their ids."""
    for source_id, source in record.sources.items():
        of = source.counts
        yield SourceNumbers(
            source_id,
            source,
            read=_amount(of.read),
            rejected=_amount(of.rejected),
            double=_amount(of.deduplicated),
            kept=_amount(of.kept),
            written=Amount(of.written.images, of.written.objects),
            published=_amount(source.expected) if is_of_published_size(source) else None,
        )


def is_of_published_size(source: SourceRecord) -> bool:
    """Tell whether about as many images were read as are published."""
    expected = source.expected
    return expected is not None and _reaches(source.counts.read.images, expected.images)


def comparable_rows(record: BuildRecord) -> tuple[ComparisonRow, ...]:
    """Give the comparison with SARDet-100K for the sources that are of published size."""
    return tuple(
        row for row in record.comparison if is_of_published_size(record.sources[row.source])
    )


def is_of_paper_size(record: BuildRecord) -> bool:
    """Tell whether the splits that the paper has hold about as many pictures as there."""
    pictures = sum(record.counts.get(split, {}).get("images", 0) for split in _paper_splits())
    return _reaches(pictures, sum(PAPER_IMAGES))


def dialogue_numbers(record: BuildRecord) -> Iterator[DialogueNumbers]:
    """Give the numbers of dialogues of each task, and at last those of pictures."""
    tables = [(task, task, PAPER_DIALOGUES[task]) for task in TASKS]
    shows_paper = is_of_paper_size(record)
    for name, table, paper in (*tables, ("pictures", "images", PAPER_IMAGES)):
        here = {split: record.counts[split].get(table, 0) for split in splits_of(record)}
        beside = dict(zip(PAPER_SPLITS, paper, strict=True)) if shows_paper else {}
        yield DialogueNumbers(name, here, beside)


def splits_of(record: BuildRecord) -> list[Split]:
    """Give the splits that hold pictures, in their order."""
    return [split for split in SPLITS if split in record.counts]


def totals(record: BuildRecord) -> tuple[int, int]:
    """Give the numbers of pictures and of dialogues of all splits together."""
    rows = {numbers.name: sum(numbers.here.values()) for numbers in dialogue_numbers(record)}
    pictures = rows.pop("pictures")
    return pictures, sum(rows.values())


def subtask_numbers(figures: QualityFigures) -> Iterator[SubtaskNumbers]:
    """Give the figures of each subtask over all splits, and how much is guessed on test."""
    blind = {(d.task, d.subtask): d.blind_percent for d in _of_split(figures, "test")}
    for entry in _of_split(figures, None):
        key = entry.task, entry.subtask
        yield SubtaskNumbers(f"{entry.task}/{entry.subtask}", entry, blind.get(key))


def _of_split(figures: QualityFigures, split: str | None) -> Iterator[SubtaskFigures]:
    for entry in figures.dialogues:
        if isinstance(entry, SubtaskFigures) and entry.split == split and not entry.source:
            yield entry


def _amount(counts: ImageCounts | Expected | None) -> Amount:
    return Amount(counts.images, counts.instances) if counts else Amount(0, 0)


def _paper_splits() -> list[Split]:
    return [split for split in SPLITS if split in PAPER_SPLITS]


def _reaches(number: int, published: int) -> bool:
    return number * 100 >= published * PUBLISHED_SIZE_PERCENT


def percent_text(value: float | None) -> str:
    """Write a share as card and screen do.

    >>> percent_text(66.666), percent_text(None)
    ('66.67 %', '')
    """
    return "" if value is None else f"{value:.2f} %"
