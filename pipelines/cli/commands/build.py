"""`sarchat build`: the only command that builds; it imports Beam."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines import launch
from pipelines.build_dataset import build_dataset
from pipelines.cli.build_tables import build_table, comparison_lines, quality_table, task_table
from pipelines.cli.source_tables import print_unverified
from pipelines.console import build_progress, byte_progress, console, print_error, print_line
from pipelines.runners import demand_engine, run
from sarchat_build.dataset.output import WORK_FOLDER
from sarchat_build.errors import InputError
from sarchat_build.publishing.publish import read_outcome
from sarchat_build.publishing.recompute import read_quality
from sarchat_build.sources.choose import choose_sources


def build_sources(
    raw: str,
    output: str,
    *,
    recipe: str,
    sources: Sequence[str],
    runner: str,
    workers: int,
    strict: bool,
    keep_going: bool,
    repacked: str,
    prove: bool,
    manifests: Path | None,
    templates: Path | None,
    settings: Sequence[str],
    beam_options: Sequence[str],
) -> bool:
    """Build a dataset, show what became of its sources, and tell whether none was left out.

    Every argument is the option of the command that has its name.
    """
    workers = workers or os.cpu_count() or 1
    loaded = launch.load_settings(recipe, manifests, templates, settings)
    demand_engine(runner, workers)
    chosen, absent = choose_sources(loaded.manifests, raw, sources)
    if absent and not sources:
        print_line(f"not found under {raw}, left out: {', '.join(absent)}", style="dim")
    print_unverified(chosen.values())
    context = launch.prepare(
        loaded,
        chosen,
        raw=raw,
        out=output,
        strict=strict,
        keep_going=keep_going,
        repacked=repacked,
        prove=prove,
        progress=byte_progress,
    )
    for reason in context.failed.values():
        print_error(InputError(*reason.split("\n")))
    blocks = sum(context.index(source_id).image_blocks for source_id in context.manifests)
    with build_progress(output, blocks, prove):
        run(
            lambda pipeline: build_dataset(pipeline, context),
            runner,
            workers,
            beam_options,
            log_folder=Path(output, WORK_FOLDER, "log"),
        )
    record = read_outcome(output)
    console.print(build_table(record))
    for line in comparison_lines(record.comparison):
        console.print(line, highlight=False, markup=False)
    console.print(task_table(record))
    console.print(quality_table(read_quality(output)))
    print_line(f"Dataset: {output}   card: {Path(output, 'README.md')}")
    print_line(f"Next: sarchat validate {output}")
    if context.failed:
        left_out = ", ".join(context.failed)
        print_error(InputError(f"left out, see above: {left_out} (--keep-going)"))
    return not context.failed
