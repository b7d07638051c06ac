"""Tables of `sarchat build`: what was read and written, and how good the dialogues are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich import box
from rich.table import Table

from sarchat_build.dataset.record import BuildRecord, ComparisonRow
from sarchat_build.report.comparison import explain
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.quality_card import subtask_figures
from sarchat_build.types import SPLITS, TASKS


def build_table(record: BuildRecord) -> Table:
    """Show what was read and what became of it, per source, in 80 columns."""
    table = Table(title="Sources", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("source", no_wrap=True)
    table.add_column("")
    for title in ("read", "rejected", "double", "kept", "written", "published"):
        table.add_column(title, justify="right", no_wrap=True)
    for source_id, source in record.sources.items():
        of, expected = source.counts, source.expected
        entries = (of.read, of.rejected, of.deduplicated, of.kept)
        images = [*(entry.images for entry in entries), of.written.images]
        objects = [*(entry.instances for entry in entries), of.written.objects]
        if expected:
            images.append(expected.images)
            objects.append(expected.instances)
        table.add_row(source_id, "images", *(f"{number:,}" for number in images))
        table.add_row("", "objects", *(f"{number:,}" for number in objects))
    return table


def comparison_lines(comparison: Sequence[ComparisonRow]) -> Iterator[str]:
    """Write the build beside SARDet-100K in lines of 80 columns: numbers, then their reasons."""
    if not comparison:
        return
    yield "Beside SARDet-100K (reasons: images / objects)"
    heads = ("images", "published", "diff.", "objects", "published", "diff.")
    yield f"{'source, split':<20}" + "".join(f"{head:>10}" for head in heads)
    before = ""
    for row in comparison:
        if row.source != before:
            yield row.source
            before = row.source
        numbers = ""
        for here, published in (
            (row.here.images, row.published.images),
            (row.here.objects, row.published.objects),
        ):
            numbers += f"{here:>10,}{published:>10,}{here - published:>+10,}"
        yield f"  {row.split:<18}{numbers}"
        yield from wrap(
            explain(row.reasons), 80, initial_indent="      ", subsequent_indent="      "
        )


def task_table(record: BuildRecord) -> Table:
    """Show the number of dialogues, per task and split."""
    splits = [split for split in SPLITS if split in record.counts]
    table = Table(title="Dialogues")
    table.add_column("task")
    for split in splits:
        table.add_column(split, justify="right")
    for task in TASKS:
        table.add_row(task, *(f"{record.counts[split].get(task, 0):,}" for split in splits))
    pictures = (f"{record.counts[split]['images']:,}" for split in splits)
    table.add_row("pictures", *pictures, style="dim")
    return table


def quality_table(figures: QualityFigures) -> Table:
    """Show, per subtask over all splits, how far one gets without looking; in red, faults.

    blind: on the test split; half given: rows of whose answer half follows from the question;
    balance: of yes and no, or of the two options.
    """
    table = Table(title="Quality (report/quality.json has every figure)")
    table.add_column("subtask", no_wrap=True)
    for name in ("rows", "majority", "blind", "half given", "balance"):
        table.add_column(name, justify="right")
    in_test = subtask_figures(figures.dialogues, "test")
    blind = {(d.task, d.subtask): d.blind_percent for d in in_test}
    for entry in subtask_figures(figures.dialogues, None):
        table.add_row(
            f"{_SHORT.get(entry.task, entry.task)}/{entry.subtask}",
            f"{entry.rows:,}",
            _percent(entry.answers.majority_percent),
            _percent(blind.get((entry.task, entry.subtask))),
            _percent(entry.half_solvable_from_prompt_percent),
            _percent(entry.balance_percent),
        )
    for proof in figures.proofs:
        if proof.faults:
            table.add_row(proof.figure, f"{proof.faults:,} of {proof.of:,}", style="red")
    return table


_SHORT = {
    "fine_grained_description": "description",
    "instance_counting": "counting",
    "spatial_grounding": "grounding",
    "cross_modal_identification": "identification",
}


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}%"
