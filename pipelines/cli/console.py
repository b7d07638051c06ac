"""What a person sees: progress, tables, and errors of one line each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.progress import count_done
from sarchat_build.config.manifest import Manifest
from sarchat_build.dataset.record import BuildRecord, ComparisonRow
from sarchat_build.report.comparison import explain
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.quality_card import subtask_figures
from sarchat_build.types import SPLITS, TASKS

console = Console()
errors = Console(stderr=True, highlight=False, soft_wrap=True)

_POLL_SECONDS = 0.3
# A few seconds of hashing or unpacking.
_LONG_BYTES = 256 << 20


def say_error(error: Exception) -> None:
    """Print an error as `error: …`, one line for each fault."""
    for line in str(error).splitlines() or [type(error).__name__]:
        errors.print(f"[bold red]error:[/] {escape(line)}")


def say_unverified(manifests: Iterable[Manifest]) -> None:
    """Print, one line per source, what nobody could verify and how to state it otherwise."""
    for manifest in manifests:
        doubts = "; ".join(f"{key}: {doubt}" for key, doubt in manifest.unverified.items())
        if doubts:
            text = f"{manifest.id}, unverified (--set {manifest.id}.KEY=VALUE): {doubts}"
            console.print(escape(text), style="dim", soft_wrap=True, highlight=False)


@contextmanager
def build_progress(out: str, blocks: int, prove: bool) -> Iterator[None]:
    """Show how far a build is, from the marks that its workers leave in the output folder."""
    with _progress() as progress:
        reading = progress.add_task("read and inspect", total=blocks)
        writing = progress.add_task("write shards", total=None)
        reread = progress.add_task("prove shards" if prove else "count shards", total=None)

        def look() -> None:
            progress.update(reading, completed=count_done(out, "inspect"))
            shards = count_done(out, "planned")
            progress.update(writing, completed=count_done(out, "shards"), total=shards or None)
            progress.update(reread, completed=count_done(out, "readings"), total=shards or None)

        with _polling(look):
            yield


@contextmanager
def unit_progress(folder: str, phase: str, title: str, total: int) -> Iterator[None]:
    """Show how many units of one phase have left their mark in a folder."""
    with _progress() as progress:
        task = progress.add_task(title, total=total)
        with _polling(lambda: progress.update(task, completed=count_done(folder, phase))):
            yield


@contextmanager
def counting_progress(
    title: str, total: int, on: Console = console
) -> Iterator[Callable[[int], None]]:
    """Show a bar that the yielded function moves to the number it is given."""
    with _progress(on) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def byte_progress(title: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how many MiB of long work are done; short work is not worth a line."""
    if total_bytes < _LONG_BYTES:
        yield lambda done: None
        return
    with counting_progress(f"{title} (MiB)", total_bytes >> 20) as show:
        yield lambda done: show(done >> 20)


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


def _progress(on: Console = console) -> Progress:
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=on,
    )


@contextmanager
def _polling(look: Callable[[], None]) -> Iterator[None]:
    done = threading.Event()

    def poll() -> None:
        while not done.wait(_POLL_SECONDS):
            look()

    thread = threading.Thread(target=poll, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        look()
