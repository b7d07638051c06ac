"""The drawn figures of a dataset: tasks, categories, words, lengths and boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sarchat_build.card.drawing import Bar, bar_chart
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.published.layout import figure_path
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.statistics.boxes import AREAS_PX2, ASPECT_RATIOS
from sarchat_build.report.statistics.pictures import PictureFigures
from sarchat_build.report.summary import dialogue_numbers, splits_of, subtask_numbers
from sarchat_build.report.words import by_frequency
from sarchat_build.types import CATEGORIES

_WORDS = 24


def draw_figures(record: BuildRecord, figures: QualityFigures) -> dict[str, bytes]:
    """Draw every figure of `layout.FIGURES`; PNG by the path of its file."""
    return {figure_path(name): draw(record, figures) for name, draw in _DRAW.items()}


def category_numbers(record: BuildRecord, figures: QualityFigures) -> dict[str, tuple[int, ...]]:
    """Give the objects of each category by split, in the order of `splits_of`."""
    return _by_split(record, figures, CATEGORIES, lambda of: of.objects_of)


def _by_split(
    record: BuildRecord,
    figures: QualityFigures,
    names: Iterable[str],
    counts: Callable[[PictureFigures], Mapping[str, int]],
) -> dict[str, tuple[int, ...]]:
    """Give a count of the whole by name, split by split, of the names that occur."""
    whole = {p.split: counts(p) for p in figures.pictures if not p.source}
    splits = splits_of(record)
    return {
        name: tuple(whole.get(split, {}).get(name, 0) for split in splits)
        for name in names
        if name in whole.get(None, {})
    }


def _stacked(title: str, record: BuildRecord, rows: Mapping[str, Sequence[int]]) -> bytes:
    bars = [Bar(name, tuple(parts), f"{sum(parts):,}") for name, parts in rows.items()]
    return bar_chart(title, splits_of(record), bars)


def _tasks(record: BuildRecord, figures: QualityFigures) -> bytes:
    rows = {
        numbers.name.replace("_", " "): tuple(numbers.here.values())
        for numbers in dialogue_numbers(record)
        if numbers.name != "pictures"
    }
    return _stacked("Dialogues by task", record, rows)


def _categories(record: BuildRecord, figures: QualityFigures) -> bytes:
    return _stacked("Objects by category", record, category_numbers(record, figures))


def _boxes(record: BuildRecord, figures: QualityFigures) -> bytes:
    ratios = _by_split(record, figures, ASPECT_RATIOS, lambda of: of.aspect_ratios)
    areas = _by_split(record, figures, AREAS_PX2, lambda of: of.areas_px2)
    rows = {f"width to height {name}": parts for name, parts in ratios.items()}
    return _stacked("Boxes by aspect ratio and area", record, rows | areas)


def _words(record: BuildRecord, figures: QualityFigures) -> bytes:
    most = by_frequency(figures.words)[:_WORDS]
    bars = [Bar(word, (texts,), f"{texts:,}") for word, texts in most]
    return bar_chart("Most frequent words, by questions and answers with them", (), bars)


def _lengths(record: BuildRecord, figures: QualityFigures) -> bytes:
    bars = []
    for name, of, _ in subtask_numbers(figures):
        length = of.lengths.answer_words
        median, most = length.p50 or 0, length.p99 or 0
        bars.append(Bar(name.replace("_", " "), (median, most - median), f"{median:,} / {most:,}"))
    return bar_chart("Words of an answer", ("median", "99 % have no more"), bars)


_DRAW: dict[str, Callable[[BuildRecord, QualityFigures], bytes]] = {
    "tasks": _tasks,
    "categories": _categories,
    "words": _words,
    "lengths": _lengths,
    "boxes": _boxes,
}
