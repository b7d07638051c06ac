"""The screen of `sarchat build`: what was read and written, what was left out, what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from rich.console import Group

from pipelines.cli.source_tables import print_unverified
from pipelines.cli.tables import explained, plain_table, print_text, titled
from pipelines.console import console, print_line
from sarchat_build.archives.location import join
from sarchat_build.dataset.record import BuildRecord, ComparisonRow
from sarchat_build.publishing.rejected import Rejected
from sarchat_build.reasons import Reason
from sarchat_build.report.comparison import explain
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.summary import (
    WORDS,
    comparable_rows,
    dialogue_numbers,
    percent_text,
    source_numbers,
    splits_of,
    subtask_numbers,
    totals,
)

_SHOWN_REASONS = 5
_MEANINGS = {str(reason): reason.meaning for reason in Reason}


def print_build(
    output: str,
    record: BuildRecord,
    figures: QualityFigures,
    rejected: Sequence[Rejected],
    seconds: Mapping[str, float],
    *,
    prove: bool,
) -> None:
    """Print what a finished build is: tables first, and what matters last."""
    if console.as_json:
        pictures, dialogues = totals(record)
        console.event(
            "finished",
            output=output,
            proven=prove,
            pictures=pictures,
            dialogues=dialogues,
            rejected_images=sum(entry.images for entry in rejected),
            rejected_objects=sum(entry.objects for entry in rejected),
            stages=dict(seconds),
        )
        return
    console.print(build_table(record))
    for line in comparison_lines(comparable_rows(record)):
        console.print(line, highlight=False, markup=False)
    console.print(task_table(record))
    console.print(quality_table(figures))
    console.print()
    print_rejected(rejected)
    print_unverified({s: source.unverified for s, source in record.sources.items()})
    pictures, dialogues = totals(record)
    proof = "proven" if prove else "not proven (--no-prove)"
    print_line(f"Took:    {stages_text(seconds)}")
    print_line(f"Dataset: {output}, {proof}: {pictures:,} pictures and {dialogues:,} dialogues")
    print_line(f"Card:    {join(output, 'README.md')}")
    print_line(f"Next:    sarchat validate {output}")


def print_submitted(output: str, runner: str, job: str) -> None:
    """Print which job goes on with a build, and how to see how far it is."""
    if console.as_json:
        console.event("submitted", output=output, runner=runner, job=job)
        return
    print_line(f"Submitted: {runner} job {job}")
    print_line(f"Next:      sarchat status {output}")


def stages_text(seconds: Mapping[str, float]) -> str:
    """Say how long each stage took.

    >>> stages_text({"prepare": 2.4, "read and inspect": 3725.0})
    'prepare 2 s, read and inspect 1 h 2 min 5 s'
    """
    return ", ".join(f"{stage} {duration_text(spent)}" for stage, spent in seconds.items())


def duration_text(seconds: float) -> str:
    """Say how long something takes.

    >>> duration_text(0.4), duration_text(61), duration_text(7200)
    ('0 s', '1 min 1 s', '2 h 0 min 0 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours} h " if hours else ""
    return f"{text}{minutes} min {rest} s" if hours or minutes else f"{rest} s"


def build_table(record: BuildRecord) -> Group:
    """Show what was read and what became of it, per source, in 80 columns."""
    numbers = list(source_numbers(record))
    published = [">published"] if any(of.published for of in numbers) else []
    table = plain_table(
        "source", "", ">read", ">rejected", ">double", ">kept", ">written", *published
    )
    for of in numbers:
        amounts = [of.read, of.rejected, of.double, of.kept, of.written]
        if of.published:
            amounts.append(of.published)
        table.add_row(of.source_id, "images", *(f"{amount.images:,}" for amount in amounts))
        table.add_row("", "objects", *(f"{amount.objects:,}" for amount in amounts))
    return titled("Sources", table, *explained(WORDS, ("double", "written")))


def comparison_lines(comparison: Sequence[ComparisonRow]) -> Iterator[str]:
    """Write the build beside SARDet-100K in lines of 80 columns: numbers, then their reasons."""
    if not comparison:
        return
    yield ""
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


def task_table(record: BuildRecord) -> Group:
    """Show the number of dialogues, per task and split."""
    table = plain_table("task", *(f">{split}" for split in splits_of(record)))
    for numbers in dialogue_numbers(record):
        style = "dim" if numbers.name == "pictures" else ""
        table.add_row(numbers.name, *(f"{n:,}" for n in numbers.here.values()), style=style)
    return titled("Dialogues", table)


def quality_table(figures: QualityFigures) -> Group:
    """Show, per subtask over all splits, how far one gets without looking; in red, faults."""
    shown = ("majority", "blind", "half given", "balance")
    table = plain_table("subtask", ">rows", *(f">{name}" for name in shown))
    for name, entry, blind in subtask_numbers(figures):
        shares = (
            entry.answers.majority_percent,
            blind,
            entry.half_solvable_from_prompt_percent,
            entry.balance_percent,
        )
        table.add_row(_short(name), f"{entry.rows:,}", *map(percent_text, shares))
    for proof in figures.proofs:
        if proof.faults:
            table.add_row(proof.figure, f"{proof.faults:,} of {proof.of:,}", style="red")
    everything = "report/quality.json has every figure and its definition"
    return titled("How far one gets without looking", table, *explained(WORDS, shown), everything)


def print_rejected(rejected: Sequence[Rejected]) -> None:
    """Print the most frequent reasons of rejects, what each means, and where to look."""
    if not rejected:
        print_text("Rejected: nothing")
        return
    images = sum(entry.images for entry in rejected)
    objects = sum(entry.objects for entry in rejected)
    print_text(f"Rejected: {images:,} images and {objects:,} objects", style="yellow")
    for entry in rejected[:_SHOWN_REASONS]:
        sources = ", ".join(f"{source} {n:,}" for source, n in entry.records.items())
        meaning = _MEANINGS.get(entry.reason, "a reason of another version")
        print_text(f"{entry.reason}: {meaning}; records: {sources}", indent=2)
    more = len(rejected) - _SHOWN_REASONS
    count = f"{more} more reasons, and each" if more > 0 else "Each"
    print_text(f"{count} record with its file, line and key: rejects/*.parquet", indent=2)


def _short(subtask: str) -> str:
    task, _, name = subtask.partition("/")
    return f"{_SHORT.get(task, task)}/{name}"


_SHORT = {
    "fine_grained_description": "description",
    "instance_counting": "counting",
    "spatial_grounding": "grounding",
    "cross_modal_identification": "identification",
}
