"""`sarchat score`: a harness's output against a finished dataset, as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Group

from pipelines.cli.tables import plain_table, print_text, titled
from pipelines.console import console, errors, print_line
from pipelines.progress_display import counting_progress
from sarchat_build.scoring.answers import OUTCOMES, THRESHOLDS
from sarchat_build.scoring.evaluation.baselines import BASELINES
from sarchat_build.scoring.evaluation.details import Details, check_details
from sarchat_build.scoring.evaluation.evaluate import evaluate, predicted_tasks
from sarchat_build.scoring.evaluation.figures import PAPER_MODEL, Interval, ScoreFigures
from sarchat_build.scoring.evaluation.frame_check import declared_frame
from sarchat_build.scoring.predictions.join import join_predictions
from sarchat_build.scoring.truth import Dataset

_SHORT = {
    "classification": "classify",
    "fine_grained_description": "describe",
    "instance_counting": "count",
    "spatial_grounding": "ground",
    "cross_modal_identification": "identify",
    "referring": "refer",
}
# What a metric adds to the name of its subtask.
_SUFFIXES = {"box@0.25": " .25", "box@0.5": " .5", "box@0.75": " .75", "position": " cells"}
_HEADS = {"majority": "major", "question": "quest", "empty": "empty", "all boxes": "all"}
# What is said of one, and of several.
_MISSING = (
    "dialogue has no prediction and counts as wrong",
    "dialogues have no prediction and count as wrong",
)
_FAILED = (
    "prediction has no text: the harness failed there; it counts as missing",
    "predictions have no text: the harness failed there; they count as missing",
)
_SHARED = tuple(
    f"{rows} placed in order among dialogues asked and answered alike"
    for rows in ("row is", "rows are")
)
_SEVERAL = tuple(
    f"{rows} several answers, of which the first counts" for rows in ("row holds", "rows hold")
)
_REPEATED = (
    "row repeats another row of its dialogue, and counts once",
    "rows repeat another row of their dialogue, and count once",
)
_COUNTED = tuple(
    f"{counts} taken from the number of boxes, for want of a number"
    for counts in ("count was", "counts were")
)
_UNKNOWN = tuple(
    f"{rows} of no dialogue of this split and these tasks" for rows in ("row is", "rows are")
)
# Fewer rows are done before a bar would be seen.
_LONG_ROWS = 2000


def print_score(
    location: str,
    predictions: Sequence[Path],
    *,
    boxes: str,
    split: str,
    tasks: Sequence[str],
    export: str | None,
    details: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Score, write the details, and print the tables.

    Raises:
        ConfigurationError: `boxes` is no frame, or the details have no known ending.
        InputError: dataset or predictions cannot be read, or do not belong together.
    """
    if details is not None:
        check_details(details, overwrite=overwrite)
    dataset = Dataset(location, split, tasks, export)
    frame, declared = declared_frame(boxes, dataset)
    every = sum(len(dataset.ids(path)) for t in dataset.tasks for path in dataset.shards(t))
    with _progress("read predictions", every) as show:
        joined = join_predictions(predictions, dataset, frame, show)
    rows = sum(predicted_tasks(dataset, joined)[0].values())
    with ExitStack() as stack:
        file = stack.enter_context(Details(details, overwrite=overwrite)) if details else None
        show = stack.enter_context(_progress("score dialogues", rows))
        figures = evaluate(location, dataset, joined, frame, details=file, progress=show)
    for warning in figures.warnings:
        errors.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)
    if as_json:
        console.out(json.dumps(figures.model_dump(mode="json"), indent=2), highlight=False)
        return
    for line in coverage_lines(figures, declared, is_part=dataset.is_part):
        print_text(line)
    for table in (metric_table(figures), outcome_table(figures), size_table(figures)):
        if table is not None:
            console.print(table)
    console.print(benchmark_table(figures))
    if details is not None:
        print_line(f"Details: {details}")


@contextmanager
def _progress(title: str, rows: int) -> Iterator[Callable[[int], None]]:
    """Show a bar if the work is long enough for one to be seen."""
    if rows < _LONG_ROWS:
        yield lambda done: None
        return
    with counting_progress(title, rows, on=errors) as show:
        yield show


def coverage_lines(
    figures: ScoreFigures, declared: str = "", *, is_part: bool = False
) -> Iterator[str]:
    """Say what became of the rows of the files.

    `declared` is who else than the user named the frame; `is_part`: all dialogues were exported.
    """
    own = figures.coverage
    forms = ", ".join(f"{form} {count:,}" for form, count in own.forms.items())
    joined = ", ".join(f"by {how} {count:,}" for how, count in own.joined_by.items())
    by = f" ({declared})" if declared else ""
    yield f"Predictions: {own.rows:,} rows ({forms}); joined {joined}"
    yield f"Dialogues:   {own.dialogues:,} of split {figures.split}, boxes in {figures.boxes}{by}"
    if own.missing:
        yield f"{own.missing:,} {_MISSING[own.missing != 1]}"
        if not is_part:
            yield "If they were not exported, --export DIR leaves them out"
    for count, what in (
        (own.failed, _FAILED),
        (own.shared, _SHARED),
        (own.several, _SEVERAL),
        (own.repeated, _REPEATED),
        (figures.counted_boxes, _COUNTED),
    ):
        if count:
            yield f"{count:,} {what[count != 1]}"
    if own.unknown:
        examples = "; ".join(own.unknown_examples)
        yield f"{own.unknown:,} {_UNKNOWN[own.unknown != 1]}, such as {examples}"
    if figures.not_predicted:
        names = ", ".join(figures.not_predicted)
        yield f"Nothing was predicted of {names}: left out, and no overall score without it"


def metric_table(figures: ScoreFigures) -> Group:
    """Show every metric with its interval, and the baselines beside it."""
    heads = (f">{_HEADS[name]}" for name in BASELINES)
    table = plain_table("subtask", ">rows", ">score", ">95 %", ">mean", *heads)
    for row in figures.metrics:
        name = f"{_SHORT[row.task]}/{row.subtask}".removesuffix("/all")
        table.add_row(
            name + _SUFFIXES.get(row.metric, ""),
            f"{row.dialogues:,}",
            _percent(row.score),
            _range(row.interval),
            _percent(row.mean),
            *(_percent(row.baselines[baseline]) for baseline in BASELINES),
        )
    return titled(
        "Scores, in per cent",
        table,
        ".25, .5, .75: boxes at this IoU; the other lines: what the words say",
        "score: TP / (TP + FP + FN) over all dialogues; mean: of each dialogue's own",
        f"95 %: draws of {figures.scenes:,} scenes; empty: no answer; all: all of the picture",
        f"major: commonest answer of {figures.train_rows:,} of train; quest: by the question alone",
    )


def outcome_table(figures: ScoreFigures) -> Group:
    """Show how many answers of each task came to what."""
    seen = {name for task in figures.tasks for name, count in task.outcomes.items() if count}
    names = [name for name in OUTCOMES if name in seen | {"right", "wrong"}]
    table = plain_table("task", *(f">{name}" for name in names))
    for task in figures.tasks:
        table.add_row(_SHORT[task.task], *(f"{task.outcomes[name]:,}" for name in names))
    return titled("Answers", table, "right: every fact, and every box at IoU .5")


def size_table(figures: ScoreFigures) -> Group | None:
    """Show how many objects of each size were found; None without boxes."""
    if not figures.sizes:
        return None
    thresholds = [f"{threshold:g}" for threshold in THRESHOLDS]
    heads = (f">found at {threshold[1:]}" for threshold in thresholds)
    table = plain_table("size of object", ">boxes", *heads)
    for size in figures.sizes:
        found = (size.found.get(threshold, 0) / size.boxes for threshold in thresholds)
        table.add_row(size.size, f"{size.boxes:,}", *map(_percent, found))
    notes = [f"mean IoU of the pairs at .25: {_percent(figures.mean_iou)}"]
    if figures.rotated_pairs:
        pairs, mean = figures.rotated_pairs, _percent(figures.rotated_iou)
        notes.append(f"mean rotated IoU of {pairs:,} of them, where the truth is rotated: {mean}")
    return titled("Objects found, in per cent", table, *notes)


def benchmark_table(figures: ScoreFigures) -> Group:
    """Show the paper's columns, and the overall score, here and there."""
    table = plain_table("benchmark of the paper", ">here", ">95 %", ">paper", ">untrained")
    for row in figures.benchmarks:
        untrained = row.published_zero_shot
        table.add_row(
            row.name,
            _percent(row.score),
            _range(row.interval),
            f"{100 * row.published:.2f}",
            "" if untrained is None else f"{100 * untrained:.2f}",
        )
    total = figures.overall
    weighted, unweighted = _percent(total.weighted), _percent(total.unweighted)
    published = f"{100 * total.published:.2f}"
    table.add_row("overall, n / N", weighted, _range(total.weighted_interval), published, "")
    table.add_row("overall, tasks alike", unweighted, _range(total.unweighted_interval), "", "")
    return titled(
        "Beside the paper, in per cent",
        table,
        f"paper: {PAPER_MODEL}, its best; untrained: the same one, about 0 where empty",
        "overall: a task is the mean of its lines, weighed by dialogues (n / N) or not",
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _range(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    return f"{100 * interval.low:.1f}–{100 * interval.high:.1f}".replace("100.0", "100")
