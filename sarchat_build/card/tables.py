"""The tables of the card: dialogues, categories, sources, sensors, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sarchat_build.card.figures import category_numbers
from sarchat_build.dataset.record import BuildRecord, ComparisonRow
from sarchat_build.exports.licenses import plain
from sarchat_build.published.layout import table_folder
from sarchat_build.report.comparison import explain
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.statistics.paper import PAPER_SPLITS
from sarchat_build.report.summary import (
    WORDS,
    dialogue_numbers,
    is_of_paper_size,
    source_numbers,
    splits_of,
)


def dialogues_table(record: BuildRecord) -> str:
    """Count dialogues and pictures by split; at its size beside the paper's."""
    names: list[str] = [*splits_of(record)]
    if is_of_paper_size(record):
        names += [f"paper {split}" for split in PAPER_SPLITS]
    rows = []
    for numbers in dialogue_numbers(record):
        name = "*pictures*" if numbers.name == "pictures" else numbers.name
        rows.append((name, *_numbers(*numbers.here.values(), *numbers.paper.values())))
    return table(("task",), names, rows)


def categories_table(record: BuildRecord, figures: QualityFigures) -> str:
    """Count objects by category and split."""
    rows = [
        (category, *_numbers(*by_split))
        for category, by_split in category_numbers(record, figures).items()
    ]
    return table(("category",), [*splits_of(record)], rows)


def sources_table(record: BuildRecord, figures: QualityFigures) -> str:
    """Say what became of each source."""
    names = ["read", "rejected", "double", "kept", "pictures", "objects", "dialogues"]
    note = (
        f"*Read* to *kept* are images. *Double*: {WORDS['double']}. *Pictures*, *objects*, "
        "*dialogues* are those of the dataset."
    )
    if any(p.chips for p in figures.pictures):
        note += (
            " Chips of a large image are pictures of their own and may overlap: an object that two "
            "of them show counts twice, here as in every table."
        )
    sources, rows = list(source_numbers(record)), []
    if any(of.published for of in sources):
        names.append("published")
        note += " *Published*: images / objects, where about as many images were read."
    for of in sources:
        images = (of.read, of.rejected, of.double, of.kept)
        rows_of = (d.rows for d in figures.dialogues if d.source == of.source_id and not d.task)
        numbers = _numbers(*(amount.images for amount in images), *of.written, sum(rows_of))
        if "published" in names:
            of_all = of.published
            numbers.append(f"{of_all.images:,} / {of_all.objects:,}" if of_all else "")
        title = f"{plain(of.source.title)}{' (synthetic)' if of.source.is_synthetic else ''}"
        rows.append((f"`{of.source_id}`", title, plain(of.source.license), *numbers))
    return f"{table(('source', 'title', 'license'), names, rows)}\n\n{note}"


def sensors_table(record: BuildRecord, figures: QualityFigures) -> str:
    """Say what the authors of each source state of the sensor, and how pictures were made."""
    names = ("source", "platforms", "bands", "polarizations", "resolution, m", "pictures")
    rows = []
    for source_id, source in record.sources.items():
        sar, tiling = source.sar, source.tiling
        meters = ", ".join(f"{meter:g}" for meter in sar.resolutions_m)
        pictures = next(p for p in figures.pictures if p.source == source_id and not p.split)
        whole = pictures.images - pictures.chips
        cut = [f"{whole:,} whole"] if whole or not pictures.chips else []
        if pictures.chips and tiling:
            cut.append(f"{pictures.chips:,} chips of {tiling.chip_px} px")
        stated = (sar.platforms, sar.frequency_bands, sar.polarizations)
        cells = (plain(", ".join(names)) for names in stated)
        rows.append((f"`{source_id}`", *cells, meters, ", ".join(cut)))
    return table(names, (), [tuple(cell or "not stated" for cell in row) for row in rows])


def comparison_section(comparison: Sequence[ComparisonRow]) -> str:
    """Write the table that holds a build against SARDet-100K; nothing without a row."""
    if not comparison:
        return ""
    lines = [
        "## Beside SARDet-100K",
        "",
        "The published pictures of SARChat-Bench-2M are those of SARDet-100K (arXiv 2403.06534, "
        "table 2). Reasons give images / objects.",
        "",
        "| source | split | images | published | objects | published | why they differ |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in comparison:
        here, published = row.here, row.published
        numbers = _numbers(here.images, published.images, here.objects, published.objects)
        lines.append(f"| {' | '.join((row.source, row.split, *numbers, explain(row.reasons)))} |")
    return "\n".join(lines)


def sizes_table(record: BuildRecord) -> str:
    """Say how large each table is on disk."""
    rows = []
    for name in ("images", *record.recipe.tasks.enabled, "rejects", "duplicates"):
        folder = table_folder(name)
        of = [entry for path, entry in record.files.items() if path.startswith(f"{folder}/")]
        cells = _numbers(len(of), sum(entry.rows or 0 for entry in of))
        rows.append((f"`{folder}/`", *cells, size_text(sum(entry.bytes for entry in of))))
    return table(("table",), ("files", "rows", "size"), rows)


def size_text(size_bytes: int) -> str:
    """Give a size as people say it.

    >>> size_text(999), size_text(1_234_567)
    ('1.0 kB', '1.2 MB')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1000:.1f} kB"


def _numbers(*numbers: int) -> list[str]:
    return [f"{number:,}" for number in numbers]


def table(words: Sequence[str], numbers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write a table: columns of words first, then those of numbers."""
    lines = [
        f"| {' | '.join((*words, *numbers))} |",
        f"|{'---|' * len(words)}{'---:|' * len(numbers)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)
